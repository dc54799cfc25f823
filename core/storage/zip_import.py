"""A run out of a .zip that somebody exported. Files come from strangers.

Everything is read within bounds and checked before anything is written: a file that is not
right in every part is refused in a sentence and leaves no trace. What its parts may hold is
`zip_parts.py`. Knows nothing of pages.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from core import bounded
from core.bounded import Archive
from core.config import TrainingConfig
from core.data.corpora import Corpus, keep, load_corpus, names_file, own_corpus, own_key
from core.errors import ConfigError, StoreError, TextError, shown
from core.labels import run_name
from core.paths import opened
from core.records import Event, live_changes, new_run_id
from core.storage.batch import Batch, Progress, write
from core.storage.checkpoints import Checkpoint, read_checkpoint, save_checkpoint
from core.storage.store import Store
from core.storage.stored_run import same_experiment
from core.storage.zip_format import ABOUT, FLOORS_HELD_OUT, FORMAT_VERSION, KEYS, seconds
from core.storage.zip_parts import Parts, contexts_of, event_of, probes_of, report_of, step_tables

_LARGEST_ZIP = 500 * 2**20
_LONGEST_IMPORT = 3_600.0  # seconds after which what a killed process has left is forgotten
_WRONG = (  # what reading a part that is not as it should be may raise
    ConfigError,
    TextError,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    RecursionError,
)


@dataclass(frozen=True)
class _Arrival:
    """A run that was found right in every part, its steps left in the archive."""

    wanted_id: str
    config: TrainingConfig
    planned: tuple[Event, ...]
    batch: Batch
    checkpoint: Checkpoint | None
    text: Corpus | None  # to be kept here
    source: str
    created: float | None  # None means now


def import_run(
    store: Store,
    source: Path | bytes,
    *,
    recorded: bool = False,
    browser: str | None = None,
    keep_id: bool = True,
    allow: Callable[[TrainingConfig, Corpus | None], None] = lambda config, text: None,
) -> str:
    """Take a run in; returns its id here, which is its own if that is to be kept and was free.

    The file may have been unpacked and packed again, its folder with it.

    Args:
        store: where to.
        source: the file, or its bytes.
        recorded: whether it is one of those that come with Unroll: it is marked so, and keeps its
            date.
        browser: who owns it here; the file does not say whose it was.
        keep_id: whether it may have the id that it says; others may know that as another run's.
        allow: told what the run is and of a text that comes along, before anything is kept; an
            error refuses all of it.

    Raises:
        RunError: out of `allow`.
        StoreError: the file is not an exported run, or not a whole one.
    """
    name = shown(source.name) if isinstance(source, Path) else "This file"
    try:
        with _opened(source) as file, Archive(file) as archive:
            parts = Parts(archive)
            return _stored(store, parts, _checked(parts, recorded, allow), browser, keep_id)
    except bounded.Refused as error:
        raise StoreError(f"{name} cannot be imported ({error}): export it again.") from None
    except _WRONG as error:
        reason = str(error).rstrip(".") if isinstance(error, ConfigError | TextError) else ""
        raise StoreError(
            f"{name} is not a run that can be imported"
            f"{f' ({reason})' if reason else ': a part of it is missing or damaged'}; export it "
            "again."
        ) from None
    except StoreError as error:
        raise StoreError(f"{name} cannot be imported. {error}") from None


def _opened(source: Path | bytes) -> BinaryIO:
    try:
        file = io.BytesIO(source) if isinstance(source, bytes) else opened(source)
    except OSError as error:
        raise StoreError(f"It cannot be read ({error.strerror}): check the name.") from None
    if file.seek(0, io.SEEK_END) > _LARGEST_ZIP:
        file.close()
        raise StoreError(f"It is larger than {bounded.size(_LARGEST_ZIP)}, which no run is.")
    return file


def _checked(
    parts: Parts, recorded: bool, allow: Callable[[TrainingConfig, Corpus | None], None]
) -> _Arrival:
    about = parts.json("config.json")
    if about["unroll"] != FORMAT_VERSION:
        raise StoreError("It was exported by a newer Unroll: update this one.")
    row = {field: check(about[KEYS.get(field, field)]) for field, check in ABOUT.items() if check}
    if not about.get(FLOORS_HELD_OUT):
        row["floors"] = {}
    config, text = _with_text(TrainingConfig.parse(about["config"]), parts, row["text_sha256"])
    allow(config, text)
    row["name"] = row["name"] or run_name(config)
    reports = [report_of(report) for report in about["reports"]]
    told = parts.json("events.json")
    events = [event_of(event) for event in told["events"]]
    planned = tuple(event_of(event) for event in told["planned"])
    for event in (*planned, *live_changes(events)):
        config.live.changed(**{event.kind: event.value})
    if not recorded:  # a stranger's are read twice: nothing is begun before all are right
        for table in step_tables(parts):
            if table["step"][-1] > config.steps:
                raise ValueError("it took more steps than it planned")
    checkpoint = None
    if "checkpoint.safetensors" in parts:
        checkpoint = read_checkpoint(parts.read("checkpoint.safetensors"))
        _require_same(checkpoint, config)
        checkpoint = replace(checkpoint, config=config)
        row["engine"] = checkpoint.state.engine
    batch = Batch(
        reports=reports,
        events=events,
        probes=probes_of(parts),
        contexts=contexts_of(parts),
        row=row,
        ended=True,
    )
    return _Arrival(
        str(about["id"]),
        config,
        planned,
        batch,
        checkpoint,
        text,
        source="recorded" if recorded else "import",
        created=seconds(about["created"]) if recorded else None,
    )


def _stored(
    store: Store,
    parts: Parts,
    arrival: _Arrival,
    browser: str | None,
    keep_id: bool,
) -> str:
    """Write it bit by bit: in one piece a long run would keep all others' records waiting.

    Until it is whole it counts as deleted, so that no list has it, and what a killed process leaves
    of it goes as any deleted run does.
    """
    now = store.now()
    begun = {
        "source": arrival.source,
        "created": now if arrival.created is None else arrival.created,
        "updated": now,
        "planned": arrival.planned,
        "browser": browser,
        "deleted": now + _LONGEST_IMPORT,
    }
    with store.transaction():  # two who import the same file at once take an id each
        run_id = _free_id(store, arrival.wanted_id) if keep_id else new_run_id()
        store.insert(arrival.config, id=run_id, **begun, **arrival.batch.row)
    try:
        if arrival.text is not None:
            keep(arrival.text, rename=False)
        if arrival.checkpoint is not None:
            save_checkpoint(store.checkpoint_path(run_id), arrival.checkpoint)
        progress = Progress()
        for table in step_tables(parts):
            progress = write(store, run_id, Batch(table), progress)
        with store.transaction():
            write(store, run_id, arrival.batch, progress)
            store.undelete(run_id)
    except BaseException as error:
        with suppress(StoreError):  # the disk fails: it goes as what a killed process leaves
            store.forget(run_id)
        if isinstance(error, OSError):
            raise StoreError(f"There is no room for it ({error.strerror}).") from None
        raise
    return run_id


def _with_text(
    config: TrainingConfig, parts: Parts, sha256: str
) -> tuple[TrainingConfig, Corpus | None]:
    """The configuration with a text that is found here by its hash, and the text if it came along.

    A stranger's path must not name a file of this machine, nor another text take its text's place.
    """
    if "text.txt" not in parts:
        named = config.text if not names_file(config.text) else own_key(sha256)
        return config.changed(text=named), None
    corpus = own_corpus(parts.read("text.txt").decode("ascii"), "Imported text")
    if corpus.sha256 != sha256:
        raise TextError("its text is not the one that it was trained on")
    if config.text == "builtin" and load_corpus("builtin").sha256 == sha256:
        return config, None
    return config.changed(text=corpus.key), corpus


def _require_same(checkpoint: Checkpoint, config: TrainingConfig) -> None:
    if not same_experiment(checkpoint.config, config):
        raise StoreError("Its checkpoint is of another configuration.")


def _free_id(store: Store, wanted: str) -> str:
    """Its own id, if that is one and nobody has it; nothing a stranger wrote becomes a path."""
    fits = 0 < len(wanted) <= 32 and all(c in "0123456789abcdef" for c in wanted)
    if fits:
        try:
            store.get(wanted)
        except StoreError:
            return wanted
    return new_run_id()
