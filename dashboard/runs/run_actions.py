"""What is done with runs of the list: go on, repeat, edit, delete, undo, pack.

Draws nothing. A refusal waits, as a sentence, for the page to show it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from core.errors import StoreError, UnrollError
from core.insight.findings import calmer
from core.paths import opened
from core.records import Event, live_after, live_changes
from core.storage.checkpoints import read_checkpoint
from core.storage.rows import RunRow
from core.storage.store import UNDO_SECONDS
from core.storage.stored_run import StoredRun, with_kept_text
from core.storage.weights import LARGEST_FILE
from core.storage.zip_export import export_run
from dashboard import gate, session
from dashboard.server import find_run, library, manager

# Keys of st.session_state.
_REFUSAL, _DELETED = "runs_refusal", "runs_deleted"


def refusal() -> str | None:
    """Why the last action was refused; told once."""
    return st.session_state.pop(_REFUSAL, None)


def go(action: Callable[[], object]) -> None:
    """Do it and show the Train page; a refusal stays here."""
    if attempt(action):
        st.switch_page(session.TRAIN)
    st.rerun()


def attempt(action: Callable[[], object]) -> bool:
    """Do it; False if it was refused."""
    try:
        action()
    except UnrollError as error:
        st.session_state[_REFUSAL] = str(error)
        return False
    return True


def open_run(run_id: str) -> None:
    """Show a run and its settings on the Train page.

    Raises:
        StoreError: it is not there any more, or damaged.
    """
    session.watch(find_run(run_id) or StoredRun(library().holder(run_id), run_id))


def events_of(row: RunRow) -> tuple[Event, ...]:
    """What happened to a run.

    Raises:
        StoreError: it is not there any more, or cannot be read.
    """
    return library().holder(row.id).ledger.events(row.id)


def duplicate(row: RunRow, **changes: float) -> None:
    """Fill in a run's settings and live changes, some of them changed, to start it again.

    A live setting that is changed here stays as it is: the run's own changes of it are dropped.

    Raises:
        UnrollError: it was stored by a version that allowed other values, or its text was a file
            that is not the same any more.
    """
    events = (*row.planned, *live_changes(events_of(row)))
    # A planned change that took effect was recorded too; once is enough.
    planned: dict[tuple[int, str], Event] = {
        (event.step, event.kind): event for event in events if event.kind not in changes
    }
    session.set_up(row.preset, with_kept_text(row).changed(**changes), tuple(planned.values()))


def remedy(row: RunRow) -> tuple[str, dict[str, float]]:
    """What to change in a run that diverged: in words, and as changes for `duplicate`.

    Raises:
        UnrollError: it was stored by a version that allowed other values.
    """
    changes = calmer(live_after(row.config.live, events_of(row)))
    words = {"clip": "clipping at", "learning_rate": "learning rate"}
    return ", ".join(f"{words[name]} {value:g}" for name, value in changes.items()), changes


def edit(run_id: str, **changes: Any) -> None:
    """Keep what a user says about a run; without a name it would not be found again."""
    if not changes.get("name", "a name").strip():
        st.session_state[_REFUSAL] = (
            "A name of no letters is not allowed: the run keeps its old one."
        )
        return
    attempt(lambda: gate.to_change(run_id).edit(run_id, **changes))


def delete(rows: Sequence[RunRow]) -> None:
    """Take runs out of the list, for a minute to be had back."""
    for row in rows:
        if attempt(partial(_delete, row.id)):
            # Else its link would go on to show it, as long as the server runs.
            manager().forget(row.id)
            library().forget(row.id)
            session.deleted(row.id)
            st.session_state[_DELETED] = (
                *st.session_state.get(_DELETED, ()),
                (row.id, row.name),
            )


def _delete(run_id: str) -> None:
    gate.to_change(run_id).delete(run_id)


def undo(run_ids: Sequence[str]) -> None:
    """Bring deleted runs back."""
    for run_id in run_ids:
        attempt(partial(_undelete, run_id))
    st.session_state.pop(_DELETED, None)


def _undelete(run_id: str) -> None:
    gate.to_change(run_id).undelete(run_id)


def deleted_runs() -> tuple[list[tuple[str, str]], float]:
    """Id and name of the runs deleted here that can still be had back, and for how long."""
    kept, seconds = [], 0.0
    for run_id, name in st.session_state.get(_DELETED, ()):
        with suppress(UnrollError):  # gone for good
            deleted = library().shelf().get(run_id).deleted
            left = 0.0 if deleted is None else deleted + UNDO_SECONDS - library().shelf().now()
            if left > 0:
                kept.append((run_id, name))
                seconds = max(seconds, left)
    st.session_state[_DELETED] = tuple(kept)
    return kept, seconds


def packed(run_id: str, with_text: bool) -> bytes:
    """A run as a .zip; without weights where its checkpoint is damaged, as the page has said.

    Args:
        run_id: the run.
        with_text: whether a text of somebody's own goes with it.

    Raises:
        StoreError: it is not there any more.
    """
    library().flush()
    try:
        return _packed(run_id, with_text)
    except StoreError:  # what is damaged has been set aside
        return _packed(run_id, with_text)


def _packed(run_id: str, with_text: bool) -> bytes:
    file = io.BytesIO()
    export_run(library().holder(run_id), run_id, file, with_text=with_text)
    return file.getvalue()


def missing_weights(row: RunRow) -> str:
    """Why a run's .zip would hold no weights, as a sentence; nothing where it does."""
    if row.status.active or not row.step:
        return ""
    path = library().holder(row.id).checkpoint_path(row.id)
    try:
        _read_once(str(path), path.stat().st_mtime_ns)
    except FileNotFoundError:
        reason = "This run left no checkpoint."
    except (OSError, StoreError) as error:
        reason = str(error)
    else:
        return ""
    return f"{reason} Download holds its curves and texts alone; Duplicate trains it again."


# Only looked at: to load a damaged checkpoint sets it aside, and Resume has to tell of it first.
@st.cache_resource(max_entries=64, show_spinner=False)
def _read_once(path: str, changed: int) -> bool:
    with opened(Path(path)) as file:
        read_checkpoint(file.read(LARGEST_FILE + 1))
    return True
