"""Who somebody is to this server, and what that lets them do. Knows no page and no network.

A browser keeps a secret of 128 random bits and shows it to the server. The server keeps the
secret's hash alone: it names the browser as the owner of runs, and opens nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

from core.errors import RunError

_SECRET = re.compile("[0-9a-f]{32}")
NOBODY = (
    "This page does not know yet which browser it is in: wait a moment, allow it cookies, and try "
    "again."
)


def browser_of(secret: object) -> str | None:
    """The hash that names a browser by its secret; None for what is no secret."""
    if not isinstance(secret, str) or not _SECRET.fullmatch(secret):
        return None
    return sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody at a page.

    Attributes:
        browser: the hash of their browser's secret; None until it has shown one.
        shared: whether many people share this server, so that each commands their own alone.
        teacher: whether they have shown the teacher's key, and command all.
    """

    browser: str | None = None
    shared: bool = False
    teacher: bool = False

    @property
    def limited(self) -> bool:
        """Whether others are to be left something."""
        return self.shared and not self.teacher

    def owns(self, browser: str | None) -> bool:
        """Whether what belongs to this browser is theirs."""
        return browser is not None and browser == self.browser

    def commands(self, browser: str | None) -> bool:
        """Whether they may command and find what belongs to this browser; None is nobody's."""
        return not self.limited or self.owns(browser)

    def require(self, run_id: str, browser: str | None) -> None:
        """Refuse a command of a run that is not theirs.

        Raises:
            RunError: it is another's.
        """
        if not self.commands(browser):
            raise RunError(f"Run {run_id} {whose(browser)}")

    @property
    def known(self) -> bool:
        """Whether what they start would be theirs; for a moment at a first visit it would not."""
        return not self.limited or self.browser is not None

    def require_known(self) -> None:
        """Refuse whoever would own nothing of what they start.

        Raises:
            RunError: their browser has shown no secret.
        """
        if not self.known:
            raise RunError(NOBODY)


def whose(browser: str | None) -> str:
    """The end of a sentence about a run that one may only watch."""
    if browser is None:
        return (
            "was started on the server itself, or before browsers owned runs: its teacher alone "
            "commands it. You can watch it, and set up the same."
        )
    return (
        "was started in another browser, which alone commands it. You can watch it, and set up the "
        "same."
    )
