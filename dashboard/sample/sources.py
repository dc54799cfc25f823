"""Where weights come from: runs of this server and of the store, files, and recorded runs.

Knows nothing of drawing text. A further kind of source is one more function in `PROVIDERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from core.config import TrainingConfig
from core.data.uploads import shown_name
from core.errors import RunError
from core.labels import setting
from core.links import linkable
from core.storage.weights import load_weights_bytes
from core.training.snapshot import RunSnapshot, WatchedRun
from dashboard import session
from dashboard.gate import may_command, own_first
from dashboard.server import library, manager, recorded_note

_UPLOADS = "sample_uploads"  # in the session: name -> Taken
_MOST_UPLOADS = 5
_RUN = "run"  # before a source's name, in its key
_MOST_SAVED = 40  # the newest; the Runs page opens any other


@dataclass(frozen=True, eq=False)
class Taken:
    """Weights in hand; they stay as they are while the run trains on."""

    config: TrainingConfig
    weights: dict[str, np.ndarray]
    step: int | None = None  # None where nobody said
    text: str | None = None  # key of the text trained on; None where it must not be opened
    snapshot: RunSnapshot | None = None  # of the run they came from
    recorded: str = ""  # of a recorded run, when and with what it was made

    @property
    def stamp(self) -> tuple:
        """Tells these weights from others; for keys of caches."""
        run = self.snapshot.run_id if self.snapshot else ""
        return (run, self.step, float(self.weights["V"].sum()), float(self.weights["U"].sum()))


@dataclass(frozen=True)
class Source:
    """A place to take weights from.

    Attributes:
        key: names it in the session.
        title: for people; no two are alike.
        take: its latest weights. Raises UnrollError with a sentence where there are none.
        live: whether later weights may differ.
        find_run: the run behind it, if there is one. Raises RunError where it is gone.
    """

    key: str
    title: str
    take: Callable[[], Taken]
    live: bool = False
    find_run: Callable[[], WatchedRun | None] = lambda: None

    @property
    def link(self) -> dict[str, str]:
        """What a link finds it by again: the run behind it, and nothing for a file."""
        kind, _, run_id = self.key.partition(":")
        return {"run": run_id} if kind == _RUN else {}


def sources() -> list[Source]:
    """All there are, the likeliest choice first: the run that is watched, then the newest."""
    found = [source for provider in PROVIDERS for source in provider()]
    watched = session.watched_run()
    mine = f"{_RUN}:{watched.run_id}" if watched else ""
    return sorted(found, key=lambda source: source.key != mine)


def add_upload(name: str, data: bytes) -> str:
    """Keep an uploaded weight file for this session; returns its source's key.

    Raises:
        WeightsError: the file cannot be used.
    """
    name = shown_name(name)
    weights, config, metadata = load_weights_bytes(data, name=name)
    step = metadata.get("step", "")
    taken = Taken(
        config,
        weights,
        int(step) if step.isascii() and step.isdigit() and len(step) < 12 else None,
        # The file is a stranger's: it must not name a file of this machine to be read.
        config.text if linkable(config.text) else None,
    )
    kept = {**st.session_state.get(_UPLOADS, {})}
    kept.pop(name, None)
    kept[name] = taken
    st.session_state[_UPLOADS] = dict(list(kept.items())[-_MOST_UPLOADS:])
    return f"file:{name}"


def _runs() -> list[Source]:
    watched = session.watched_run()
    own = [run for run in manager().runs() if run is watched or may_command(run)]
    return [_run_source(run, run is watched) for run in own]


def _run_source(run: WatchedRun, is_watched: bool) -> Source:
    snapshot = run.snapshot
    config = snapshot.config
    # No status in it: a title that changed would be another choice to the selectbox.
    network = ", ".join(
        setting(name, getattr(config, name)) for name in ("architecture", "activation", "nodes")
    )
    title = f"{run.run_id} · {network}"
    return Source(
        f"{_RUN}:{run.run_id}",
        f"This run, {title}" if is_watched else f"Run {title}",
        partial(_taken_from, run),
        live=snapshot.status.active,
        find_run=lambda: run,
    )


def _saved() -> list[Source]:
    store = library().store
    here = {run.run_id for run in manager().runs()}
    own = own_first(store.runs(), session.shown()) if store else []
    rows = [row for row in own if row.id not in here and row.step]
    rows.sort(key=lambda row: row.source == "sweep")  # a grid has more cells than fit in here
    return [_saved_source(row.id, f"Saved run {row.id} · {row.name}") for row in rows[:_MOST_SAVED]]


def _recorded() -> list[Source]:
    return [_saved_source(row.id, f"{row.name} · {row.id}") for row in library().recordings()]


def _saved_source(run_id: str, title: str) -> Source:
    def find() -> WatchedRun:  # opened when it is looked at, and not for the list's sake
        run = library().stored(run_id)
        if run is None:
            raise RunError(f"Run {run_id} is no longer in the store: choose another network.")
        return run

    return Source(
        f"{_RUN}:{run_id}",
        title,
        lambda: _taken_from(find()),
        find_run=find,
    )


def _taken_from(run: WatchedRun) -> Taken:
    answer, snapshot = run.weights(), run.snapshot
    if answer is not None:
        step, weights = answer
        text = snapshot.config.text
        return Taken(snapshot.config, weights, step, text, snapshot, recorded_note(run))
    if snapshot.status.active:
        raise RunError(
            f"Run {run.run_id} has no weights yet ({snapshot.status}): wait until it trains, or "
            "choose another network."
        )
    raise RunError(f"Run {run.run_id} left no weights: choose another network.")


def _uploads() -> list[Source]:
    kept: dict[str, Taken] = st.session_state.get(_UPLOADS, {})
    return [
        Source(f"file:{name}", f"File: {name}", partial(_in_hand, taken))
        for name, taken in reversed(kept.items())
    ]


def _in_hand(taken: Taken) -> Taken:
    return taken


PROVIDERS: list[Callable[[], list[Source]]] = [_runs, _saved, _uploads, _recorded]
"""Each lists the sources of one kind."""
