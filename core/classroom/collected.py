"""All that a class has handed in, as one .zip: each run as an export, and a row for each person.

    runs/ID.zip   a run as `storage/zip_export.py` writes it, to be imported anywhere
    people.csv    name, runs, settings, final validation loss, parameters, answers

Knows no page.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO

from core.classroom.hand_ins import HandIn, HandIns
from core.classroom.members import Members
from core.classroom.question import Question
from core.classroom.questions import Questions
from core.errors import UnrollError
from core.links import to_query
from core.storage.rows import RunRow
from core.storage.store import Store
from core.storage.zip_export import export_run

CSV = "people.csv"
_COLUMNS = (
    "person",
    "name",
    "runs",
    "settings",
    "steps",
    "validation_loss_nats",
    "parameters",
    "not_exported",
)
_BETWEEN = " | "  # the values of several runs of one person, in the order of `runs`
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Collected:
    """What is in the file: people who have a row, runs that are in, runs that could not be."""

    people: int
    runs: int
    missing: int


def collect(
    members: Members,
    questions: Questions,
    hand_ins: HandIns,
    holder: Callable[[str], Store],
    target: IO[bytes],
) -> Collected:
    """Write the .zip.

    A person has a row who handed in or answered, or gave a name. A run that is gone or damaged is
    named in its row, and costs nobody else theirs. What is answered to a question that is hidden
    still is not in it.

    Args:
        members: of the class.
        questions: those whose answers are no secret have a column each.
        hand_ins: of the class.
        holder: the store that has a run.
        target: a file open for writing.

    Raises:
        StoreError: the store of the classroom cannot be read.
    """
    asked = questions.told()
    by_browser: dict[str, list[HandIn]] = {}
    for one in hand_ins.all():
        by_browser.setdefault(one.browser, []).append(one)
    rows: list[list[object]] = []
    exported: dict[tuple[str, str], RunRow | None] = {}
    # Exports are packed already.
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for member in members.all():
            handed_in = by_browser.get(member.browser, [])
            answers = questions.answers_of(member.browser)
            if not (handed_in or answers or member.name):
                continue
            for one in handed_in:
                exported[one.browser, one.run_id] = _export(holder, one, archive)
            runs = [exported[one.browser, one.run_id] for one in handed_in]
            missing = [o.run_id for o in handed_in if exported[o.browser, o.run_id] is None]
            rows.append(
                [
                    member.number,
                    _cell(member.name),
                    *_figures([run for run in runs if run is not None]),
                    _BETWEEN.join(missing),
                    *(_answer(question, answers) for question in asked),
                ]
            )
        archive.writestr(CSV, _table(asked, rows), zipfile.ZIP_DEFLATED)
    found = [row for row in exported.values() if row is not None]
    return Collected(len(rows), len(found), len(exported) - len(found))


def _export(holder: Callable[[str], Store], one: HandIn, archive: zipfile.ZipFile) -> RunRow | None:
    """The run's row, once its export is in the archive; None where it cannot be exported."""
    file = io.BytesIO()
    row = handed_in_row(holder, one)
    if row is None:
        return None
    try:
        export_run(holder(one.run_id), one.run_id, file)
    except UnrollError:
        return None
    archive.writestr(f"runs/{one.run_id}.zip", file.getvalue())
    return row


def handed_in_row(holder: Callable[[str], Store], one: HandIn) -> RunRow | None:
    """What was handed in, as long as whoever did so keeps it; else None."""
    try:
        row = holder(one.run_id).get(one.run_id)
    except UnrollError:
        return None
    return row if row.deleted is None and row.browser == one.browser else None


def _figures(runs: Sequence[RunRow]) -> list[object]:
    """Of a person's runs: ids, settings as a link writes them, steps, loss and parameters."""

    def each(value: Callable[[RunRow], object]) -> str:
        return _BETWEEN.join(str(value(run)) for run in runs)

    return [
        each(lambda run: run.id),
        each(_settings),
        each(lambda run: run.step),
        each(lambda run: "" if run.last_validation is None else round(run.last_validation, 4)),
        each(_parameters),
    ]


def _settings(run: RunRow) -> str:
    try:
        query = to_query(run.preset, run.config)
    except UnrollError:  # of a version that allowed other values
        return run.preset
    return " ".join(f"{name}={value}" for name, value in query.items())


def _parameters(run: RunRow) -> object:
    try:
        return run.config.parameter_count
    except UnrollError:
        return ""


def _answer(question: Question, answers: dict[int, str]) -> object:
    given = answers.get(question.number, "")
    if not given or question.options:
        return _cell(given)
    return f"{float(given):g}"


def _table(asked: Sequence[Question], rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*_COLUMNS, *(_cell(question.text) for question in asked)])
    writer.writerows(rows)
    # With a mark of its encoding: without it some spreadsheets take an ö for two letters.
    return text.getvalue().encode("utf-8-sig")


def _cell(text: str) -> str:
    """What people typed, kept from being computed by a spreadsheet."""
    return f"'{text}" if text.startswith(_FORMULA) else text
