"""How soon a click is answered while two runs train: a real server, WebSocket clients.

    python -m benchmarks.clicks [--json] [--clicks 200]

Two pages start a run of the article's Arch 1 each and watch it, refreshed as always. A click is
a run of the whole page, which is what a click on any of its widgets asks for; it is timed from
the request to the server's word that the page has run. The clients run on the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from functools import partial
from statistics import median, quantiles

from benchmarks.page import Page
from benchmarks.server import APP, Server, serve

_QUERIES = ("preset=arch1", "preset=arch1&seed=1")
_BETWEEN = 0.2  # seconds from an answer to the next click


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--clicks", type=int, default=200)
    options = parser.parse_args()
    with serve(APP, {"UNROLL_SLOTS": "2"}) as server:
        seconds = asyncio.run(_measure(server, options.clicks))
    result = {
        "clicks": len(seconds),
        "median_ms": median(seconds) * 1e3,
        "p95_ms": quantiles(seconds, n=20)[-1] * 1e3,
        "slowest_ms": max(seconds) * 1e3,
    }
    print(
        json.dumps(result)
        if options.json
        else f"{len(seconds)} clicks while two runs train: median {result['median_ms']:.0f} ms, "
        f"95th percentile {result['p95_ms']:.0f} ms, slowest {result['slowest_ms']:.0f} ms"
    )


async def _measure(server: Server, clicks: int) -> list[float]:
    first, second = (Page(server.stream, query) for query in _QUERIES)
    async with first, second:
        for page in (first, second):
            await page.press("Start")
            await page.until(partial(_moves, page))
        seconds = []
        for number in range(clicks):
            seconds.append(await (first, second)[number % 2].click())
            await asyncio.sleep(_BETWEEN)
        return seconds


def _moves(page: Page) -> bool:
    return page.step > 500


if __name__ == "__main__":
    main()
