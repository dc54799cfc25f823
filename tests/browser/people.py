"""The browsers of people, kept from test to test: with loaded scripts, and nothing they have done.

To fetch and read Streamlit's and Plotly's scripts anew takes longer than most tests. Knows no page.
"""

from __future__ import annotations

from playwright.sync_api import Browser, BrowserContext, CDPSession


class People:
    """Each has a browser context, with cookies and a storage that no other sees.

    What outlasts a page in another way, as a clock that stands still does, needs a context of its
    own. The plugin's --tracing, --video and --screenshot do not see these ones.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._here: list[BrowserContext] = []
        self._gone: list[BrowserContext] = []
        self._cleaners: dict[BrowserContext, CDPSession] = {}

    def come(self) -> BrowserContext:
        """The browser of somebody who has never been to any page."""
        context = self._gone.pop(0) if self._gone else self._new()
        self._here.append(context)
        return context

    def go(self) -> None:
        """All leave: their pages are closed, and what they have left behind is cleared."""
        for context in self._here:
            for page in context.pages[1:]:
                page.close()
            everything = {"origin": "*", "storageTypes": "all"}  # but what was loaded
            self._cleaners[context].send("Storage.clearDataForOrigin", everything)
        self._gone = [*self._here, *self._gone]  # who came first comes first again
        self._here = []

    def close(self) -> None:
        """Close their browsers."""
        for context in self._cleaners:
            context.close()

    def _new(self) -> BrowserContext:
        context = self._browser.new_context()
        self._cleaners[context] = context.new_cdp_session(context.new_page())
        return context
