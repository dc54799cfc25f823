"""How fast the Runs page opens and filters with many long runs in the store.

    python -m benchmarks.runs_view [--json] [--runs 500] [--steps 10000]

A real server, and a real Chromium without a window. The runs are made up: their settings,
reports and every recorded step, but no checkpoints, which the page does not read.

Timed by the browser's own clock, from the click or the key to the first time that the name in
the table's first row is drawn. What Playwright would tell from outside is no measure: it asks
at growing intervals, the longest half a second, and the table's rows for screen readers follow
a fifth of a second after the drawn ones.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.server import APP, serve
from core.config import PRESETS
from core.records import Report, RunStatus
from core.storage.batch import Batch, Progress, write
from core.storage.store import Store

_NEEDLES = 25  # every so many-th run is called so, and is searched for
_OPENINGS = 7

# The table is a canvas: what it shows is known from the calls that draw it.
_CLOCK = """
const drawn = new Map()
let asked = 0
for (const kind of ["click", "keydown"])
  addEventListener(kind, (event) => { asked = event.timeStamp; drawn.clear() }, true)
const fill = CanvasRenderingContext2D.prototype.fillText
CanvasRenderingContext2D.prototype.fillText = function (text, ...where) {
  if (!drawn.has(text)) drawn.set(text, performance.now())
  return fill.call(this, text, ...where)
}
window.msUntilDrawn = (text) => drawn.has(text) && drawn.get(text) - asked
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--steps", type=int, default=10_000, help="recorded steps of each")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        fill(home, options.runs, options.steps)
        megabytes = (home / "runs.sqlite").stat().st_size / 1e6
        with serve(APP, {"UNROLL_HOME": str(home)}) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.add_init_script(_CLOCK)
            page.goto(f"http://127.0.0.1:{server.port}")
            result = _measure(page, options.runs)
            browser.close()
    result["store_megabytes"] = megabytes
    print(json.dumps(result) if options.json else _in_words(result, options))


def fill(home: Path, runs: int, steps: int) -> None:
    """A store of finished runs with made-up curves."""
    store = Store(home)
    chance = np.random.default_rng(0)
    config = PRESETS["arch1"].config.changed(steps=steps)
    step = np.arange(1, steps + 1)
    for number in range(runs):
        own = config.changed(seed=number, nodes=int(chance.integers(20, 120)))
        norm = np.exp(chance.normal(size=steps))
        columns = {
            "step": step,
            "characters_seen": step * own.characters_per_step,
            "seconds": step / 500,
            "loss_nats": 1.8 + 1 / np.sqrt(step) + 0.1 * chance.normal(size=steps),
            "grad_norm": norm,
            "grad_norm_clipped": norm.clip(max=own.clip),
            "learning_rate": np.full(steps, own.learning_rate),
        }
        name = f"needle {number}" if number % _NEEDLES == 0 else f"hay {number}"
        run_id = f"{number:08x}"
        store.create(run_id, own, source="cli", name=name)
        reports = [
            Report(s, s * own.characters_per_step, s / 500, 2.0, 1.9, "what it wrote " * 7)
            for s in range(0, steps + 1, own.report_every)
        ]
        row = {"status": RunStatus.FINISHED, "text_title": "Made up"}
        write(store, run_id, Batch(columns, reports, row=row, ended=True), Progress())
    store.close()


def _measure(page: Page, runs: int) -> dict[str, float]:
    page.locator(".main-svg").first.wait_for()  # the first page has arrived
    newest = f"hay {runs - 1}" if (runs - 1) % _NEEDLES else f"needle {runs - 1}"
    needle = f"needle {(runs - 1) // _NEEDLES * _NEEDLES}"
    opened, filtered = [], []
    search = page.get_by_placeholder("name, tag, note")
    for _ in range(_OPENINGS):
        page.get_by_role("link", name="Runs").click()
        opened.append(_seconds(page, newest))
        search.fill("needle")
        search.press("Enter")
        filtered.append(_seconds(page, needle))
        search.fill("")
        search.press("Enter")
        _seconds(page, newest)
        page.get_by_role("link", name="Train").click()
        page.get_by_role("button", name="Start", exact=True).wait_for()
    return {
        "first_opened_s": opened[0],
        "opened_s": median(opened),
        "filtered_s": median(filtered),
        "slowest_filtered_s": max(filtered),
    }


def _seconds(page: Page, name: str) -> float:
    """From the last click or key until this name was drawn in the table."""
    return page.wait_for_function("name => msUntilDrawn(name)", arg=name).json_value() / 1e3


def _in_words(result: dict[str, float], options: argparse.Namespace) -> str:
    return (
        f"{options.runs} runs of {options.steps:,} steps ({result['store_megabytes']:.0f} MB): the "
        f"Runs page opens in {result['opened_s']:.2f} s ({result['first_opened_s']:.2f} s the "
        f"first time), a search is answered in {result['filtered_s'] * 1e3:.0f} ms "
        f"(at the slowest {result['slowest_filtered_s'] * 1e3:.0f} ms)."
    )


if __name__ == "__main__":
    main()
