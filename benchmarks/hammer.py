"""Whether any press is lost and any page goes blank on a busy machine: pressed as a person presses.

    python -m benchmarks.hammer [--json] [--presses 200] [--switches 200] [--busy 2]

A real server and a real Chromium, while two other processes keep both cores busy. On Train,
Compare and Gradient flow the mouse goes down on Pause or Resume, and up 120 ms later, as soon as
the button says that it can be pressed; a press that has changed nothing after 20 seconds is lost.
Then pages are switched under a run that trains, by their links.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from statistics import median

from playwright.sync_api import Error, Locator, Page, expect, sync_playwright

from benchmarks.server import APP, serve

_HELD_DOWN = 0.12  # seconds
_PATIENCE = 20_000.0  # milliseconds
_LINK = "preset=arch1&steps=1000000&nodes=24"
_HEADINGS = {  # by the link that leads there
    "Learn": "Learn",
    "Article": "The article, replayed",
    "Train": "Train",
    "Compare": "Compare",
    "Gradient flow": "Where in time the gradient dies",
    "Sample": "Read what the network learned",
    "Runs": "Runs",
}
_BEGINS: dict[str, tuple[str, str, tuple[str, str]]] = {  # path, what begins, what is pressed
    "Train": ("", "Start", ("Pause", "Resume")),
    "Compare": ("compare", "Start the race", ("Pause all", "Resume all")),
    "Gradient flow": ("flow", "", ("Pause", "Resume")),  # goes on with the run of Train
}


def main() -> None:
    """Press and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--presses", type=int, default=200, help="on each page")
    parser.add_argument("--switches", type=int, default=200)
    parser.add_argument("--busy", type=int, default=2, help="processes that keep the cores busy")
    options = parser.parse_args()
    with _busy(options.busy), serve(APP) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        said: list[str] = []
        # Streamlit asks for some of its own files below each page's address first.
        page.on(
            "console",
            lambda one: (
                said.append(one.text) if one.type == "error" and "404" not in one.text else None
            ),
        )
        page.on("pageerror", lambda error: said.append(str(error)))
        url = f"http://127.0.0.1:{server.port}"
        result: dict[str, object] = {
            title: _hammered(page, url, title, options.presses) for title in _BEGINS
        }
        result["switches"] = _switched(page, options.switches)
        result["console errors"] = said
        browser.close()
    print(json.dumps(result) if options.json else _in_words(result))


@contextmanager
def _busy(processes: int) -> Iterator[None]:
    """Keep so many cores busy."""
    busy = [multiprocessing.Process(target=_turn, daemon=True) for _ in range(processes)]
    for one in busy:
        one.start()
    yield
    for one in busy:
        one.terminate()


def _turn() -> None:
    while True:
        pass


def _hammered(page: Page, url: str, title: str, presses: int) -> dict[str, object]:
    path, begins, names = _BEGINS[title]
    if begins:
        page.goto(f"{url}/{path}?{_LINK}")
        if path == "compare":
            amount = page.get_by_label("How many characters")
            amount.fill("900000000")  # the race outlasts this
            amount.press("Enter")
        _button(page, begins).click(timeout=60_000)
    else:
        page.get_by_role("link", name=title).click()
    places: list[tuple[float, float]] = []
    answered: list[float] = []
    lost = 0
    for number in range(presses):
        now, then = (names[number % 2], names[(number + 1) % 2])
        place = _press(page, _button(page, now))
        began = time.perf_counter()
        try:
            expect(_button(page, then)).to_be_enabled(timeout=_PATIENCE)
            answered.append(time.perf_counter() - began)
        except AssertionError:
            lost += 1
            if _button(page, now).is_enabled():
                _press(page, _button(page, now))  # and go on
        places.append(place)
    return {
        "presses": presses,
        "lost": lost,
        "moved_px": max(
            (_spread(at[axis] for at in places[first::2]) for axis in (0, 1) for first in (0, 1)),
            default=0.0,
        ),
        "median_ms": median(answered) * 1e3 if answered else float("nan"),
        "slowest_ms": max(answered, default=float("nan")) * 1e3,
    }


def _spread(values: Iterator[float]) -> float:
    found = list(values)
    return max(found) - min(found) if found else 0.0


def _button(page: Page, name: str) -> Locator:
    # In the page: Streamlit's header has a Stop of its own.
    main = page.get_by_test_id("stMainBlockContainer")
    return main.get_by_role("button", name=re.compile(rf"^{name}( Shortcut \w)?$"))


def _press(page: Page, button: Locator) -> tuple[float, float]:
    """Press as a person does, and tell where."""
    expect(button).to_be_enabled(timeout=_PATIENCE)
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box is not None, "it was there a moment ago"
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(_HELD_DOWN * 1e3)
    page.mouse.up()
    return box["x"], box["y"]


def _switched(page: Page, switches: int) -> dict[str, object]:
    """Under a run that trains: to a page by its link, and on as soon as its heading is there."""
    page.get_by_role("link", name="Train").click()
    if _button(page, "Resume").is_enabled():
        _button(page, "Resume").click()
    dice, here, blank = Random(0), "Train", list[str]()
    for _ in range(switches):
        here = dice.choice([title for title in _HEADINGS if title != here])
        page.get_by_role("link", name=here, exact=True).click()
        if dice.random() < 0.5:  # some go on at once, as one who is looking for something
            continue
        blank += _blank(page, here)
    blank += _blank(page, here)
    return {"switches": switches, "blank": blank}


def _blank(page: Page, title: str) -> list[str]:
    """The page, if its heading does not come."""
    try:
        page.get_by_role("heading", name=_HEADINGS[title], exact=True).wait_for(timeout=_PATIENCE)
    except Error:  # it waited in vain
        return [title]
    return []


def _in_words(result: dict) -> str:
    lines = ["| | presses | lost | moved by | answered, median | slowest |", "|---" * 6 + "|"]
    for title in _BEGINS:
        found = result[title]
        lines.append(
            f"| {title} | {found['presses']} | {found['lost']} | {found['moved_px']:.1f} px | "
            f"{found['median_ms']:.0f} ms | {found['slowest_ms']:.0f} ms |"
        )
    switches, said = result["switches"], result["console errors"]
    lines += [
        "",
        f"{switches['switches']} switches, blank: {', '.join(switches['blank']) or 'none'}.",
    ]
    lines += [f"Console errors: {len(said)}.", *said]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
