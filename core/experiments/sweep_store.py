"""Where sweeps are kept: every cell that was measured, and the plans that asked for them.

Knows nothing of clusters, threads or pages. A cell is found by its key, so any plan that needs
the same measurement again finds it, whoever made it. One SQLite file; several processes may
use it at once.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import astuple, fields
from pathlib import Path

from core.experiments.cells import CellResult, Mark
from core.experiments.plan import SweepPlan
from core.paths import data_home
from core.storage.database import Database, Schema

FILE = "sweeps.sqlite"
_AT_ONCE = 500  # names in one question; SQLite allows more on newer versions only

_TABLES = """
CREATE TABLE IF NOT EXISTS cells (
    key TEXT PRIMARY KEY,
    result TEXT NOT NULL,
    measured REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS plans (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    plan TEXT NOT NULL UNIQUE,
    text_sha256 TEXT NOT NULL,
    started REAL NOT NULL
);
"""
SWEEPS = Schema(
    title="The store of sweeps",
    migrations=(_TABLES,),
    remedy="make room there, move the file away, or set UNROLL_HOME to another folder.",
    sets_aside=False,
)


class SweepStore(Database):
    """Measured cells and plans in one file.

    Thread safety: every method may be called from any thread.

    Args:
        path: the file; the user's own by default.

    Raises:
        StoreError: the file cannot be opened, or is of a newer version.
    """

    def __init__(self, path: Path | None = None) -> None:
        super().__init__(path or data_home() / FILE, SWEEPS)

    def put(self, result: CellResult) -> None:
        """Keep a result; it is on disk when this returns.

        Raises:
            StoreError: the file cannot be written.
        """
        with self.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO cells VALUES (?, ?, ?)",
                (result.key, result_to_json(result), time.time()),
            )

    def get(self, keys: Iterable[str]) -> dict[str, CellResult]:
        """The results that are kept of these cells.

        Raises:
            StoreError: the file cannot be read.
        """
        wanted = list(keys)
        found: dict[str, CellResult] = {}
        with self.reading() as connection:
            for start in range(0, len(wanted), _AT_ONCE):
                some = wanted[start : start + _AT_ONCE]
                marks = ", ".join("?" * len(some))
                rows = connection.execute(
                    f"SELECT key, result FROM cells WHERE key IN ({marks})", some
                )
                for key, text in rows:
                    try:
                        found[key] = result_from_json(text)
                    except (ValueError, TypeError, KeyError):
                        continue  # damaged: it is measured again
        return found

    def put_plan(self, plan: SweepPlan, text_sha256: str = "") -> None:
        """Note that a plan was started, as the newest.

        Raises:
            StoreError: the file cannot be written.
        """
        text = plan.model_dump_json()
        with self.transaction() as connection:
            connection.execute("DELETE FROM plans WHERE plan = ?", (text,))
            connection.execute(
                "INSERT INTO plans (plan, text_sha256, started) VALUES (?, ?, ?)",
                (text, text_sha256, time.time()),
            )

    def latest_plan(self) -> tuple[SweepPlan, str] | None:
        """The plan that was started last, and its text's SHA-256; None before the first.

        Raises:
            StoreError: the file cannot be read.
        """
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT plan, text_sha256 FROM plans ORDER BY number DESC"
            ).fetchall()
        for text, sha256 in rows:
            try:
                return SweepPlan.model_validate_json(text), sha256
            except ValueError:
                continue  # of another version: not worth an error
        return None


def result_to_json(result: CellResult) -> str:
    """A result as it is kept."""
    values = {field.name: getattr(result, field.name) for field in fields(result)}
    return json.dumps(values | {"marks": [astuple(mark) for mark in result.marks]})


def result_from_json(text: str) -> CellResult:
    """A result out of what is kept.

    Raises:
        ValueError, TypeError, KeyError: it is damaged.
    """
    values = json.loads(text)
    return CellResult(**{**values, "marks": tuple(Mark(*mark) for mark in values["marks"])})
