"""How long a newcomer waits: from opening a page to the first thing that it shows of a network.

    python -m benchmarks.arrival [--json] [--rounds 3] [--pages train flow ...]

Each page in each round has a server of its own with an empty home, and is opened twice, by
browsers that have never been there: the first visitor of a server waits for what it imports
and unpacks, too. The time is that of the browser's own clock, since the page was asked for.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from statistics import median

from playwright.sync_api import Page, Playwright, sync_playwright

from benchmarks.server import APP, serve

_PATIENCE = 60_000.0  # milliseconds
_FLAGS = ("--no-sandbox", "--disable-background-networking", "--disable-component-update")
# What a page shows first of a network, by the page's name in the address.
_SHOWN = {
    "train": ".js-plotly-plot .scatterlayer .trace path",
    "compare": ".js-plotly-plot .scatterlayer .trace path",
    "flow": ".js-plotly-plot .heatmaplayer image, .js-plotly-plot .scatterlayer .trace path",
    "article": ".js-plotly-plot .scatterlayer .trace path",
    "learn": "button.commit",
    "sample": "[data-testid=stMain] pre",
    "runs": "[data-testid=stDataFrame] canvas",
}
# Components live in shadow roots, which selectors do not enter by themselves.
_FIND = """(selector) => {
  const seen = (root) => {
    for (const one of root.querySelectorAll(selector)) {
      const box = one.getBoundingClientRect()
      if (box.width + box.height > 0) return true
    }
    return [...root.querySelectorAll("*")].some((one) => one.shadowRoot && seen(one.shadowRoot))
  }
  return seen(document) && performance.now()
}"""
_HEADING = "[data-testid=stMain] h1, [data-testid=stMain] h2"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pages", nargs="+", choices=_SHOWN, default=list(_SHOWN))
    options = parser.parse_args()
    result: dict[str, dict[str, list[float]]] = {name: {} for name in options.pages}
    with sync_playwright() as playwright:
        for _ in range(options.rounds):
            for name, found in result.items():
                for what, seconds in _opened_twice(playwright, name).items():
                    found.setdefault(what, []).append(seconds)
    print(json.dumps(result) if options.json else _in_words(result))


def _opened_twice(playwright: Playwright, name: str) -> dict[str, float]:
    began = time.perf_counter()
    with serve(APP) as server:
        found = {"server answers": time.perf_counter() - began}
        for who in ("first", "second"):
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=_FLAGS
            )
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            path = "" if name == "train" else name
            page.goto(f"http://127.0.0.1:{server.port}/{path}", wait_until="commit")
            found[f"{who}: heading"] = _seconds_until(page, _HEADING)
            found[f"{who}: data"] = _seconds_until(page, _SHOWN[name])
            browser.close()
    return found


def _seconds_until(page: Page, selector: str) -> float:
    found = page.wait_for_function(_FIND, arg=selector, polling="raf", timeout=_PATIENCE)
    return float(found.json_value()) / 1e3


def _in_words(result: dict[str, dict[str, list[float]]]) -> str:
    columns = list(next(iter(result.values())))
    lines = [f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for name, found in result.items():
        cells = [
            f"{median(found[what]):.1f} ({min(found[what]):.1f} to {max(found[what]):.1f})"
            for what in columns
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join((*lines, "", "Seconds: the median, and the least and the most."))


if __name__ == "__main__":
    main()
