"""What watching costs: a real server, and real WebSocket clients in place of the browsers.

    python -m benchmarks.watch [--json] [--seconds 8] [--rounds 3] [--pages 1 10 30] [--full-rate]

Three measurements:
  - the pace of the article's Arch 1 with 0, 1, 10 and 30 pages open, taken in turn while one run
    goes on, and how often each of them is refreshed: as the dashboard does it, or, with
    --full-rate, twice a second however many there are;
  - the time from Start to the first step on a page of a warm server;
  - a refresh of a run with 1,000, 100,000 and 800,000 recorded steps (`long_run.py`): processor
    time of the whole server process, and bytes on the wire. The run does not train.

The clients run on the same machine and take their share of it, which real ones do not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.page import Page
from benchmarks.server import APP, Server, serve

_HERE = Path(__file__).parent
_QUERY = "preset=arch1"
# Seconds until opening pages is over, and those of the turn before no longer count as watchers.
_SETTLED = 9.0
_RECORDED = (1_000, 100_000, 800_000)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each turn")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each number of pages")
    parser.add_argument("--pages", type=int, nargs="+", default=[1, 10, 30], help="open at once")
    parser.add_argument("--full-rate", action="store_true", help="each page twice a second")
    options = parser.parse_args()
    with serve(_HERE / "full_rate.py" if options.full_rate else APP) as server:
        started, pace, refreshed = asyncio.run(
            _measure_pace(server, options.seconds, options.rounds, options.pages)
        )
    refreshes = {}
    for steps in () if options.full_rate else _RECORDED:
        with serve(_HERE / "long_run.py", {"UNROLL_RECORDED_STEPS": str(steps)}) as server:
            refreshes[steps] = asyncio.run(_measure_refresh(server, options.seconds))
    result = {
        "start_to_first_step_s": started,
        "steps_per_second": pace,
        "share": {pages: rate / pace[0] for pages, rate in pace.items()},
        "refreshes_per_second": refreshed,
        "refresh": refreshes,
    }
    print(json.dumps(result) if options.json else _in_words(result))


async def _measure_pace(
    server: Server, seconds: float, rounds: int, counts: list[int]
) -> tuple[float, dict[int, float], dict[int, float]]:
    """Seconds until a run moves; its pace and the refreshes of a page, by how many are open."""
    started = await _start_twice(server)
    found: dict[int, list[tuple[float, float]]] = {pages: [] for pages in (0, *counts)}
    for _ in range(rounds):
        for pages, turns in found.items():
            turns.append(await _pace(server, pages, seconds))
    rates = {pages: median(rate for rate, _ in turns) for pages, turns in found.items()}
    refreshed = {pages: median(often for _, often in turns) for pages, turns in found.items()}
    return started, rates, refreshed


async def _start_twice(server: Server) -> float:
    """Seconds from pressing Start to the first step on the page, of a second run.

    The first one warms the server. The second goes on when the page is closed.
    """
    async with Page(server.stream, _QUERY) as page:
        await page.press("Start")
        await page.until(lambda: page.step > 2_000)
        await page.press("Stop")
        await page.until(lambda: "Start" in page.buttons)
        await asyncio.sleep(1.0)
        stopped, began = page.step, perf_counter()
        await page.press("Start")
        await page.until(lambda: 0 < page.step < stopped)
        return perf_counter() - began


async def _pace(server: Server, pages: int, seconds: float) -> tuple[float, float]:
    """Steps a second with so many pages open, and refreshes a second of each of them.

    Another page looks at the step before and after, and is closed in between.
    """
    async with AsyncExitStack() as stack:
        opened = [
            await stack.enter_async_context(Page(server.stream, _QUERY)) for _ in range(pages)
        ]
        await asyncio.sleep(_SETTLED)
        step, at = await _look(server)
        refreshes = sum(page.refreshes for page in opened)
        await asyncio.sleep(seconds)
        later, later_at = await _look(server)
        refreshes = sum(page.refreshes for page in opened) - refreshes
    elapsed = later_at - at
    return (later - step) / elapsed, refreshes / elapsed / max(1, pages)


async def _look(server: Server) -> tuple[int, float]:
    async with Page(server.stream, _QUERY) as page:
        return page.step, page.step_at


async def _measure_refresh(server: Server, seconds: float) -> dict[str, float]:
    """Of one page: processor time and bytes a refresh."""
    idle = await _idle_cpu(server, seconds / 2)
    async with Page(server.stream, _QUERY) as page:
        await page.until(lambda: page.refreshes >= 3)
        refreshes, received, cpu = page.refreshes, page.received, server.cpu_seconds()
        await asyncio.sleep(seconds)
        refreshes = page.refreshes - refreshes
        spent = server.cpu_seconds() - cpu - idle * seconds
        return {
            "cpu_ms": spent / refreshes * 1e3,
            "kilobytes": (page.received - received) / refreshes / 1e3,
            "refreshes_per_second": refreshes / seconds,
            "recorded_steps_shown": page.step,
        }


async def _idle_cpu(server: Server, seconds: float) -> float:
    """Processor seconds a second without a page, after one has been there."""
    async with Page(server.stream, _QUERY) as page:
        await page.until(lambda: page.refreshes >= 1)
    before = server.cpu_seconds()
    await asyncio.sleep(seconds)
    return (server.cpu_seconds() - before) / seconds


def _in_words(result: dict) -> str:
    pace = result["steps_per_second"]
    lines = [
        f"Start to first step on the page: {result['start_to_first_step_s']:.2f} s",
        "",
        "| pages | steps/s | of the pace with none | refreshes a second of each |",
        "|---|---|---|---|",
    ]
    for pages, rate in pace.items():
        share, refreshed = result["share"][pages], result["refreshes_per_second"][pages]
        lines.append(f"| {pages} | {rate:.0f} | {share:.0%} | {refreshed:.2f} |")
    if result["refresh"]:
        lines += [
            "",
            "| recorded steps | server CPU a refresh | on the wire a refresh |",
            "|---|---|---|",
        ]
    for steps, r in result["refresh"].items():
        lines.append(f"| {steps:,} | {r['cpu_ms']:.0f} ms | {r['kilobytes']:.0f} kB |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
