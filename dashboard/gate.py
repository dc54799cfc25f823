"""Whatever a visitor starts, commands or changes goes through here, and is refused here.

Buttons may be absent, greyed or pressed twice: what is allowed is decided below them. Who may do
what is `core/classroom/visitor.py`; how much, `core/training/limits.py`. Knows no widgets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from core.config import TrainingConfig
from core.data.corpora import Corpus
from core.errors import RunError, StoreError, SweepError
from core.experiments.lanes import Axis
from core.experiments.plan import SweepPlan
from core.experiments.race import Race
from core.records import Event
from core.storage.rows import RunRow
from core.storage.store import Store
from core.storage.stored_run import past_of
from core.storage.zip_import import import_run
from core.training.limits import Limits
from core.training.run import Run
from core.training.snapshot import WatchedRun
from dashboard import texts, visitor
from dashboard.server import library, limits, manager, races, sweeps

LOCKED = "Your teacher has locked starting for now."
ANOTHERS_RACE = "This race was started in another browser, which alone commands it."


# -- one run -----------------------------------------------------------------------------------


def may_command(run: WatchedRun | RunRow | None) -> bool:
    """Whether a run, if there is one, is for this visitor to command."""
    return run is None or visitor.who().commands(run.browser)


def is_own(run: WatchedRun | RunRow) -> bool:
    """Whether to show a run to this visitor when they ask for none: alone, all are one's own."""
    who = visitor.who()
    return not who.shared or who.owns(run.browser)


def may_start() -> bool:
    """Whether this visitor can start anything yet; what they start may be refused all the same."""
    return visitor.who().known


def commanded(run: WatchedRun) -> Run:
    """The run, to give it a command.

    Raises:
        RunError: it is another's, or out of the store and takes none.
    """
    visitor.who().require(run.run_id, run.browser)
    if isinstance(run, Run):
        return run
    status = run.snapshot.status
    where = "trains in another process; command it there" if status.active else f"is {status}"
    raise RunError(f"This run {where}.")


def to_train_on(run: WatchedRun) -> Run:
    """As `commanded`, for a command after which the run takes steps.

    Raises:
        RunError: as there, or starting is locked.
    """
    found = commanded(run)
    _require_unlocked()
    return found


def start(config: TrainingConfig, run_id: str, planned: Sequence[Event]) -> Run:
    """Start a run that belongs to this visitor.

    Raises:
        UnrollError: it may not be, or cannot.
    """
    most = _allowed_to_start(config)
    browser = visitor.who().browser
    return manager().start(config, run_id=run_id, planned=planned, browser=browser, limits=most)


def resume(run_id: str, steps: int | None = None) -> Run:
    """Train a stored run on; it stays with whoever it belongs to.

    Raises:
        UnrollError: it may not go on, or cannot.
    """
    shelf = to_change(run_id)
    if (writer := library().writer) is not None:
        writer.require_written()  # or it would go on from a checkpoint before its last
    config, past = past_of(shelf, run_id, steps)
    browser = shelf.get(run_id).browser
    most = _allowed_to_start(config)
    run = manager().start(config, run_id=run_id, past=past, browser=browser, limits=most)
    library().forget(run_id)
    return run


def to_change(run_id: str) -> Store:
    """The user's store, to change what it keeps of this run.

    Raises:
        RunError: the run is another's.
        StoreError: there is none of this id.
    """
    shelf = library().shelf()
    visitor.who().require(run_id, shelf.get(run_id).browser)
    return shelf


def take_in(data: bytes) -> RunRow:
    """Import a run, which belongs to this visitor here.

    Raises:
        UnrollError: it may not be, or cannot.
    """
    most = _allowed_to_start()
    who, shelf = visitor.who(), library().shelf()
    brought: list[str] = []  # not what the file only names: that may be another's

    def allow(config: TrainingConfig, text: Corpus | None) -> None:
        if most is not None:
            most.require_steps(config)
        if text is not None:
            texts.require_text(len(text), text.key)
            brought.append(text.key)

    # Where others may have the link of a run of its id, it gets another; at home it is the same.
    keep_id = not visitor.shared()
    run_id = import_run(shelf, data, browser=who.browser, keep_id=keep_id, allow=allow)
    library().forget(run_id)  # it may be a copy of a recorded one
    for key in brought:
        texts.note(key)
    return shelf.get(run_id)


def may_export(row: RunRow) -> bool:
    """Whether a run, and with it its weights, is for this visitor to take away."""
    return row.recorded or may_command(row)


def may_export_text(row: RunRow) -> bool:
    """Whether the text goes with it: one's own run may be on a text that another brought along."""
    return not visitor.who().limited or texts.is_own(row.settings["text"])


# -- what is listed ----------------------------------------------------------------------------


def own_first(rows: Sequence[RunRow], watched: str | None = None) -> list[RunRow]:
    """The runs that this visitor finds in lists, their own first.

    What another has noted of a run is not in it.

    Args:
        rows: all there are.
        watched: the id of a run whose link they have.
    """
    who = visitor.who()
    found = [
        row if who.commands(row.browser) else replace(row, starred=False, tags=(), note="")
        for row in rows
        if who.commands(row.browser) or row.id == watched
    ]
    if who.shared:
        found.sort(key=lambda row: not who.owns(row.browser))
    return found


def came_in_a_file(run_id: str) -> bool:
    """Whether a run was imported, though it may have gone on here."""
    with suppress(StoreError):  # no store, no files
        return library().shelf().get(run_id).source == "import"
    return False


def own_measurements() -> list[RunRow]:
    """This visitor's runs that say what their settings lead to, newest first; none with no store.

    As many of them as the store has: what has just ended may not be there yet.
    """
    with suppress(StoreError):
        return [row for row in library().shelf().measurements() if is_own(row)]
    return []


def owners(rows: Sequence[RunRow]) -> list[str]:
    """Whose each run is, in a word, for the teacher; nothing for others, who find their own."""
    who = visitor.who()
    if not who.teacher:
        return []
    return ["you" if who.owns(row.browser) else (row.browser or "server")[:6] for row in rows]


# -- many runs ---------------------------------------------------------------------------------


def own_race() -> Race | None:
    """This visitor's race that runs, or ran last."""
    return races().current(visitor.own_key())


def watched_race(race_id: str | None) -> Race | None:
    """The race whose link this visitor has; their own where they have none, or it is gone."""
    race = races().find(race_id) if race_id else None
    if race is not None and not race.snapshot.active:
        shown = may_command_race(race)
        race = race if shown or not any(library().is_deleted(r.run_id) for r in race.runs) else None
    return race or own_race()


def may_command_race(race: Race) -> bool:
    """Whether a race is for this visitor to hold, to let go on and to end."""
    return visitor.who().commands(race.browser)


def command_race(race: Race, order: Callable[[Race], None]) -> None:
    """Give all lanes of a race a command.

    Raises:
        RunError: it is another's, or starting is locked and they would take steps.
    """
    if not may_command_race(race):
        raise RunError(ANOTHERS_RACE)
    if order in (Race.resume, Race.step):
        _require_unlocked()
    order(race)


def start_race(
    configs: Sequence[TrainingConfig], axis: Axis, amount: float, seeds: int = 1
) -> Race:
    """Start a race of this visitor.

    Raises:
        UnrollError: it may not be, or cannot.
    """
    most = _allowed_to_start()
    owner, browser = visitor.own_key(), visitor.who().browser
    return races().start(configs, axis, amount, seeds, owner=owner, browser=browser, limits=most)


def may_sweep() -> bool:
    """Whether this visitor may start and stop sweeps: they take every core there is."""
    return not visitor.who().limited


def start_sweep(plan: SweepPlan) -> None:
    """Start a sweep.

    Raises:
        UnrollError: it may not be, or cannot.
    """
    _require_sweeps()
    sweeps().start(plan)


def stop_sweep() -> None:
    """End the sweep that runs.

    Raises:
        SweepError: it is not theirs.
    """
    _require_sweeps()
    sweeps().stop()


NO_SWEEPS = (
    "A sweep takes every core of this server, so its teacher alone starts and stops one. What it "
    "measures is for all to see."
)


def _require_sweeps() -> None:
    if not may_sweep():
        raise SweepError(NO_SWEEPS)


def _require_unlocked() -> None:
    """Refuse steps that a teacher wants nobody to take.

    Raises:
        RunError: starting is locked, and this is no teacher.
    """
    if not visitor.teacher_key().is_set:
        return  # nobody could unlock what an earlier class has left
    if visitor.who().limited and visitor.classroom().starting_is_locked:
        raise RunError(LOCKED)


def _allowed_to_start(config: TrainingConfig | None = None) -> Limits | None:
    """What binds this visitor, who may begin something; None for nothing.

    Raises:
        RunError: starting is locked, their browser is not known, or it is too long a run.
        StoreError: they keep too much already.
    """
    who = visitor.who()
    if not who.limited:
        return None
    _require_unlocked()
    who.require_known()
    most, store = limits(), library().store
    if config is not None:
        most.require_steps(config)
    if store is not None and who.browser is not None:
        most.require_room(store.bytes_of(who.browser))
    return most
