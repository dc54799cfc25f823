"""Runs out of the store: to look at as if they were here, and to go on from.

Knows nothing of SQLite or pages. Thread safety: a `StoredRun` may be used from any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from itertools import chain
from threading import Lock
from time import monotonic
from typing import NoReturn

import numpy as np

from core.config import LiveSettings, TrainingConfig
from core.data.corpora import names_file, own_key
from core.data.ngrams import kept_floors
from core.data.own_text import recalled
from core.errors import RunError, StoreError, TextError
from core.history import History
from core.insight.diagnosis import diagnose
from core.records import Event, RunStatus, live_after, live_changes
from core.steps import cut, joined
from core.storage.checkpoints import load_checkpoint
from core.storage.rows import RunRow
from core.storage.store import Store
from core.storage.stretches import stretch_of
from core.training.snapshot import RunSnapshot
from core.training.state import Past

_FREE = ("steps", "device", "text")  # what a run may change when it goes on
_LOOK_EVERY = 0.5  # seconds, at a run that trains in another process


def past_of(
    store: Store, run_id: str, steps: int | None = None, device: str | None = None
) -> tuple[TrainingConfig, Past]:
    """What a run needs to go on, for `RunManager.start`.

    Live changes that were recorded after the last checkpoint are planned again, so that the
    steps that were lost come out the same.

    Args:
        store: where it is kept.
        run_id: the run.
        steps: train on to here instead of to the planned end.
        device: train on there instead of where it was to train.

    Raises:
        StoreError: it is active, has diverged, has no steps left, or its checkpoint is damaged.
        ConfigError: the number of steps or the device is not allowed.
        TextError: it was trained on a file that is not the same any more.
    """
    row = store.get(run_id)
    _require_idle(row)
    config = with_kept_text(row)
    changes = {"steps": steps, "device": device}
    config = config.changed(**{name: new for name, new in changes.items() if new is not None})
    checkpoint = load_checkpoint(store.checkpoint_path(run_id))
    events = store.ledger.events(run_id)
    if checkpoint is None:
        if row.given_weights:
            raise StoreError(
                f"Run {run_id} has no checkpoint, and the weights that it started from were "
                "given from outside: start it again with them."
            )
        return config, Past(planned=_to_come(row.planned, events), text_sha256=row.text_sha256)
    state = checkpoint.state
    if not same_experiment(checkpoint.config, config):
        raise StoreError(
            f"The checkpoint of run {run_id} is of another configuration; duplicate the run to "
            "train it again."
        )
    _require_steps_left(row, state.step, config.steps)
    history = History()
    for columns in store.ledger.tables(run_id):
        history.extend(cut(columns, columns["step"] <= state.step))
    reported, probed = (-1 if n is None else n for n in (state.reported_step, state.probed_step))
    past = Past(
        state=state,
        history=history.view(),
        reports=tuple(r for r in store.ledger.reports(run_id) if r.step <= reported),
        events=events[: checkpoint.events],
        planned=_to_come(state.planned, events[checkpoint.events :]),
        probes=tuple(p for p in store.ledger.probes(run_id) if p.step <= probed),
        contexts=tuple(c for c in store.ledger.contexts(run_id) if c.step <= reported),
        text_sha256=row.text_sha256,
    )
    return config, past


def same_experiment(trained: TrainingConfig, config: TrainingConfig) -> bool:
    """Whether a checkpoint of one configuration goes on with another.

    It may be extended and move to another device. The text is told by its hash: a former version
    may have named the file that it came from.
    """
    return trained.changed(**{name: getattr(config, name) for name in _FREE}) == config


def with_kept_text(row: RunRow) -> TrainingConfig:
    """A run's configuration, whose text stays as it is: where a file was named, it is kept now.

    Raises:
        TextError: the file is gone, or holds another text.
        ConfigError: the configuration was stored by a version that allowed other values.
    """
    config = row.config
    if names_file(config.text) and row.source == "import":  # a stranger's path: it is not read
        return config.changed(text=own_key(row.text_sha256))
    return config.changed(text=recalled(config.text, row.text_sha256))


def note_diagnosis(store: Store, run_id: str) -> None:
    """Name the gravest of what can be found about a run as it stands; nothing if it is well.

    Raises:
        StoreError: the run is not known, or cannot be written.
    """
    found = diagnose(StoredRun(store, run_id).snapshot)
    store.update(run_id, diagnosis=found[0].title if found else "")


class StoredRun:
    """A run of the store with the reading side of `Run`. Commands are refused in a sentence.

    Args:
        store: where it is kept.
        run_id: the run.

    Raises:
        StoreError: it is not known.
    """

    def __init__(self, store: Store, run_id: str, clock: Callable[[], float] = monotonic) -> None:
        self.run_id = run_id
        self._store = store
        self._clock = clock
        self._lock = Lock()
        self._history = History()
        self._looked_at = clock()
        self._seen: tuple[float, RunStatus] | None = None
        self._snapshot = self._look()

    @property
    def browser(self) -> str | None:
        """Who owns it."""
        return self._browser

    @property
    def snapshot(self) -> RunSnapshot:
        """The run as the store has it, at most half a second old: it may train elsewhere."""
        with self._lock:
            if self._clock() - self._looked_at > _LOOK_EVERY:
                self._looked_at = self._clock()
                with suppress(StoreError):  # it cannot be read: what was seen last stands
                    self._snapshot = self._look()
            return self._snapshot

    @property
    def deleted(self) -> bool:
        """Whether it was deleted, for good or not."""
        with suppress(StoreError):  # it cannot be asked: then it stays
            return not self._store.keeps(self.run_id)
        return False

    @property
    def live(self) -> LiveSettings:
        """The live settings in use."""
        return self.snapshot.live

    @property
    def planned(self) -> tuple[Event, ...]:
        """Changes of live settings that it was to make by itself."""
        return self._planned

    @property
    def held(self) -> bool:
        """Whether it holds still."""
        return self.snapshot.status == RunStatus.PAUSED

    def weights(self, timeout: float = 0.0) -> tuple[int, dict[str, np.ndarray]] | None:
        """The step and the weights of the last checkpoint; None if there is none.

        Raises:
            StoreError: the checkpoint is damaged.
        """
        checkpoint = load_checkpoint(self._store.checkpoint_path(self.run_id))
        return None if checkpoint is None else (checkpoint.state.step, checkpoint.state.weights)

    def pause(self, *_: object, **__: object) -> NoReturn:
        """As every command.

        Raises:
            RunError: always.
        """
        status = self.snapshot.status
        where = "trains in another process; command it there" if status.active else f"is {status}"
        raise RunError(f"This run {where}.")

    resume = stop = advance = change = pause

    def _look(self) -> RunSnapshot:
        store, run_id = self._store, self.run_id
        row = store.get(run_id)
        self._planned, self._browser = row.planned, row.browser
        if self._seen == (row.updated, row.status):
            return self._snapshot
        self._read_steps()
        events = store.ledger.events(run_id)
        config = _shown_config(row)
        live = live_after(config.live, events)
        view = self._history.view()
        self._seen = (row.updated, row.status)
        return RunSnapshot(
            run_id=run_id,
            config=config,
            live=live,
            status=row.status,
            message=row.message,
            device=row.device,
            device_reason=row.device_reason,
            engine=row.engine,
            engine_reason=row.engine_reason,
            text_title=row.text_title,
            text_length=row.text_length,
            floors=_floors(row),
            step=row.step,
            characters_seen=row.characters_seen,
            seconds=row.seconds,
            history=view,
            reports=store.ledger.reports(run_id),
            events=events,
            probes=store.ledger.probes(run_id),
            contexts=store.ledger.contexts(run_id),
        )

    def _read_steps(self) -> None:
        """Append what was recorded since the last look, or read all if the run was taken back."""
        known = len(self._history)
        ledger, stretch = self._store.ledger, stretch_of(max(known, 1))
        newest = ledger.tables(self.run_id, stretch)
        first = next(newest, joined(()))
        last_seen = self._history.view().column("seconds")[-1:]
        # A step that is trained again, from a checkpoint further back, ends at another time.
        if not np.array_equal(first["seconds"][first["step"] == known], last_seen):
            self._history = History()
            known, first, newest = 0, joined(()), ledger.tables(self.run_id)
        for columns in chain((first,), newest):
            self._history.extend(cut(columns, columns["step"] > known))


def _require_idle(row: RunRow) -> None:
    if row.status.active:
        raise StoreError(
            f"Run {row.id} is {row.status}{'' if row.here else ' in another process'}: there is "
            "nothing to resume."
        )
    if row.status == RunStatus.DIVERGED:
        raise StoreError(
            f"Run {row.id} diverged, and would do so again: duplicate it with clipping on or a "
            "lower learning rate."
        )


def _require_steps_left(row: RunRow, trained: int, wanted: int) -> None:
    ended = row.status != RunStatus.INTERRUPTED  # else its end is still to be noted
    if trained > wanted or (ended and trained == wanted):
        raise StoreError(
            f"Run {row.id} has trained {trained:,} of {row.planned_steps:,} steps: extend it to "
            f"more than {trained:,}."
        )


def _shown_config(row: RunRow) -> TrainingConfig:
    """The configuration with a text that is found by its hash or not at all: never another one."""
    try:
        return with_kept_text(row)
    except TextError:
        return row.config.changed(text=own_key(row.text_sha256))


def _floors(row: RunRow) -> dict[str, float]:
    """The run's lines; where a former version recorded it, those that were counted here since."""
    if row.floors:
        return row.floors
    kept = kept_floors(row.text_sha256)
    return asdict(kept) if kept else {}


def _to_come(planned: Sequence[Event], lost: Sequence[Event]) -> tuple[Event, ...]:
    """Planned changes, and those that were made by hand in the steps that are lost."""
    return tuple(sorted((*planned, *live_changes(lost)), key=lambda event: event.step))
