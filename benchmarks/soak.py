"""Thirty people on one server: what they wait for, what training loses, what goes wrong.

    python -m benchmarks.soak [--json] [--people 30] [--minutes 10] [--think 6] [--text FILE]

Each of them has a browser of their own and starts, watches, changes, pauses and stops runs of the
article's Arch 1, reloads, goes to other pages and answers their teacher's questions, at random,
from a seed (`person.py`). All runs are alike, so that the pace of one can be compared with that
of a lone run, which is measured on the same server before and after.

A click is answered when the server says that the page has run. The clients run on the same
machine and take their share of it, which real ones do not. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles

from benchmarks.person import Person, Teacher
from benchmarks.server import APP, Server, serve
from benchmarks.trend import Trend, trend
from core.classroom.store import ClassroomStore
from core.data.own_text import take_file

_LONE_SECONDS = 15.0
_SAMPLE_EVERY = 5.0
_WARM_SHARE = 1 / 3  # of the time, after which the memory's slope is looked at
_PATIENCE = 300.0  # seconds for a lone run to begin: all that people did is lost if it does not


@dataclass
class Gauge:
    """The server's memory and the machine's load, looked at all the while."""

    seconds: list[float]
    megabytes: list[float]
    load: list[float]
    processor: list[float]  # seconds that the server has used
    late: list[float]  # seconds by which these clients themselves came late to a look

    async def watch(self, server: Server) -> None:
        """Look until cancelled."""
        began = time.monotonic()
        while True:
            self.seconds.append(time.monotonic() - began)
            self.megabytes.append(server.memory_bytes() / 1e6)
            self.load.append(os.getloadavg()[0])
            self.processor.append(server.cpu_seconds())
            due = time.monotonic() + _SAMPLE_EVERY
            await asyncio.sleep(_SAMPLE_EVERY)
            self.late.append(time.monotonic() - due)

    def by_minute(self) -> list[float]:
        """Megabytes at the start and after each whole minute."""
        looks = list(zip(self.seconds, self.megabytes, strict=True))
        minutes = range(int(self.seconds[-1] / 60) + 1)
        return [next(held for at, held in looks if at >= 60 * minute) for minute in minutes]

    def busy(self) -> float:
        """How much of one core the server took."""
        took = self.seconds[-1] - self.seconds[0]
        return (self.processor[-1] - self.processor[0]) / max(1e-9, took)

    def growth(self) -> Trend | None:
        """Megabytes a minute after the warm-up; None where it was looked at too seldom."""
        warm = int(len(self.seconds) * _WARM_SHARE)
        if len(self.seconds) - warm < 3:
            return None
        return trend(self.seconds[warm:], self.megabytes[warm:])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--people", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--think", type=float, default=6.0, help="mean seconds between two clicks")
    parser.add_argument("--steps", type=int, default=4_000, help="of a run")
    parser.add_argument("--text", type=Path, help="train on this file, not on the built-in text")
    options = parser.parse_args()
    key = secrets.token_urlsafe(16)
    with tempfile.TemporaryDirectory() as home:
        env = {"UNROLL_HOME": home, "UNROLL_TEACHER_KEY": key}
        log = Path(home) / "server.log"
        query = f"preset=arch1&text={_kept(options.text, home)}"
        with serve(APP, env, log) as server:
            result = asyncio.run(_measure(server, key, query, options))
        printed = log.read_text(encoding="utf-8", errors="replace")
        result["votes"] = _votes(ClassroomStore(Path(home)), result.pop("teacher"), result["who"])
        del result["who"]
        result["tracebacks"] = printed.count("Traceback (most recent call last)")
        if result["tracebacks"]:
            result["log"] = printed[-4_000:]
    print(json.dumps(result) if options.json else _in_words(result))


def _kept(text: Path | None, home: str) -> str:
    """The key of a text, kept in the server's folder."""
    if text is None:
        return "builtin"
    os.environ["UNROLL_HOME"] = home
    return take_file(text).corpus.key


async def _measure(server: Server, key: str, query: str, options: argparse.Namespace) -> dict:
    lone = [await _lone_pace(server, query)]
    gauge = Gauge([], [], [], [], [])
    watching = asyncio.create_task(gauge.watch(server))
    people = [
        Person(server.stream, number, f"{query}&steps={options.steps}&seed={number}", options.think)
        for number in range(options.people)
    ]
    teacher = Teacher(server.stream, key, every=30.0)
    ends = time.time() + 60 * options.minutes
    async with asyncio.TaskGroup() as all_of_them:
        for person in (teacher, *people):
            all_of_them.create_task(person.spend(ends, people))
    watching.cancel()
    await teacher.empty_queue()  # what trains ends by itself, soon
    lone.append(await _lone_pace(server, query))
    return _found(people, teacher, gauge, lone)


async def _lone_pace(server: Server, query: str) -> float:
    """Steps a second of one run, with its own page open and no other."""
    person = Person(server.stream, secrets.randbits(64), query, 0)
    async with person.opened() as page:
        await page.click("Start")
        await page.until(lambda: page.status == "running" and page.step > 500, _PATIENCE)
        step, at = page.step, page.step_at
        await asyncio.sleep(_LONE_SECONDS)
        pace = (page.step - step) / (page.step_at - at)
        await page.click("Stop")
        return pace


def _found(people: Sequence[Person], teacher: Teacher, gauge: Gauge, lone: Sequence[float]) -> dict:
    everybody = (*people, teacher)
    seconds: dict[str, list[float]] = {}
    for person in everybody:
        for kind, took in person.seconds:
            seconds.setdefault(kind, []).append(took)
    trained = [stretch for person in people for stretch in person.trained]
    pace = sum(steps for steps, _ in trained) / max(1e-9, sum(took for _, took in trained))
    refusals: Counter[str] = Counter()
    for person in everybody:
        refusals.update(person.refusals)
    growth = gauge.growth()
    return {
        "people": len(people),
        "clicks": _times([took for kind in seconds.values() for took in kind]),
        "kinds": {kind: _times(took) for kind, took in sorted(seconds.items())},
        "steps_per_second": pace,
        "lone_steps_per_second": list(lone),
        "share": pace / (sum(lone) / len(lone)),
        "watched_seconds": sum(took for _, took in trained),
        "megabytes": [gauge.megabytes[0], max(gauge.megabytes), gauge.megabytes[-1]],
        "megabytes_by_minute": gauge.by_minute(),
        "megabytes_per_minute": asdict(growth) if growth else None,
        "busy": gauge.busy(),
        "late_ms": median(gauge.late) * 1e3,
        "load": median(gauge.load),
        "lost": sum(person.lost for person in everybody),
        "exceptions": [told for person in everybody for told in person.exceptions],
        "refusals": refusals.most_common(8),
        "who": people,
        "teacher": teacher,
    }


def _times(seconds: Sequence[float]) -> dict[str, float]:
    found = sorted(seconds)
    return {
        "number": len(found),
        "median_ms": median(found) * 1e3,
        "p95_ms": (quantiles(found, n=20, method="inclusive")[-1] if len(found) > 1 else found[0])
        * 1e3,
        "slowest_ms": found[-1] * 1e3,
    }


def _votes(room: ClassroomStore, teacher: Teacher, people: Iterable[Person]) -> list[int]:
    """How many last answers there were, and how many of them the server has."""
    numbers = {question.text: question.number for question in room.questions.all()}
    given = kept = 0
    for person in people:
        stored = room.questions.answers_of(person.browser)
        for text, votes in person.votes.items():
            ended = teacher.locked.get(text)
            if ended is None or votes[-1][0] > ended:  # it may have come too late
                continue
            given += 1
            kept += stored.get(numbers[text]) == votes[-1][1]
    room.close()
    return [given, kept]


def _in_words(result: dict) -> str:
    first, most, last = result["megabytes"]
    before, after = result["lone_steps_per_second"]
    lines = [
        f"{result['people']} people, load of the machine {result['load']:.1f}; the server used "
        f"{result['busy']:.0%} of a core, and the clients themselves were late by "
        f"{result['late_ms']:.0f} ms at the median",
        "",
        "| | number | median | p95 | slowest |",
        "|---|---|---|---|---|",
    ]
    for kind, times in {"**all clicks**": result["clicks"], **result["kinds"]}.items():
        lines.append(
            f"| {kind} | {times['number']:,} | {times['median_ms']:.0f} ms | "
            f"{times['p95_ms']:.0f} ms | {times['slowest_ms']:.0f} ms |"
        )
    given, kept = result["votes"]
    lines += [
        "",
        f"Pace of a run: {result['steps_per_second']:.0f} steps/s, {result['share']:.0%} of a lone "
        f"run's ({before:.0f} before, {after:.0f} after); seen for "
        f"{result['watched_seconds']:.0f} s of page time.",
        f"Memory: {first:.0f} MB at first, {most:.0f} at most, {last:.0f} at last; after the first "
        f"third {_growth(result['megabytes_per_minute'])}. By the minute: "
        f"{', '.join(f'{one:.0f}' for one in result['megabytes_by_minute'])}.",
        f"Votes: {kept} of {given} last answers are kept.",
        f"Errors: {len(result['exceptions'])} on pages, {result['lost']} lost connections, "
        f"{result['tracebacks']} tracebacks in the log.",
    ]
    lines += [f"  {told} (x{often})" for told, often in Counter(result["exceptions"]).items()]
    if result["refusals"]:
        lines.append("Refusals read, and how often they were drawn:")
        lines += [f"  {often:>4} {told}" for told, often in result["refusals"]]
    return "\n".join((*lines, result.get("log", ""))).rstrip()


def _growth(found: dict | None) -> str:
    if found is None:
        return "it was looked at too seldom"
    slope, low, high = found["slope"], found["low"], found["high"]
    return f"{slope:+.1f} [{low:+.1f}, {high:+.1f}] MB a minute"


if __name__ == "__main__":
    main()
