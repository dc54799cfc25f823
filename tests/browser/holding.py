"""Whether a row of buttons holds still: a press that goes down on a button must come up on it.

Knows no page.
"""

from __future__ import annotations

from playwright.sync_api import Page

_WATCH = """async () => {
  await document.fonts.ready
  const row = () => %s
  const name = (button) => button.innerText.split('\\n').pop()
  const place = (button) => {
    const box = button.getBoundingClientRect()
    return [box.x, box.y, box.width].map(Math.round).join()
  }
  // Whatever the finger can meet: the buttons, and what their labels consist of.
  const parts = (buttons) => buttons.flatMap((button) => [button, ...button.querySelectorAll('*')])
  const first = { parts: parts(row()), places: row().map(place).join(' ') }
  window.moved = []
  const look = () => {
    const now = row()
    const strange = parts(now).filter((part, at) => part !== first.parts[at])
    if (strange.length || parts(now).length !== first.parts.length)
      window.moved.push(`made anew: ${now.map(name)}`)
    const places = now.map(place).join(' ')
    if (places !== first.places) window.moved.push(`moved: ${now.map(name)} to ${places}`)
  }
  // Also what is over before anybody could ask.
  new MutationObserver(look).observe(document.body, {
    subtree: true, childList: true, attributes: true, characterData: true,
  })
}"""
_BUTTONS = "[...document.querySelectorAll('.st-key-commands_{} button')]"


class HeldRow:
    """The buttons of one row as they are now, remembered by element, place and order."""

    def __init__(self, page: Page, name: str) -> None:
        self._page = page
        page.evaluate(_WATCH % _BUTTONS.format(name))

    def moves(self) -> list[str]:
        """What was not as at first at any moment since."""
        return self._page.evaluate("window.moved")
