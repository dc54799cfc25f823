"""Makes the recordings in this folder anew: `scripts/record`. Without names, all but the article's.

A recording is an export as `runs export` writes it, less what the dashboard makes or has by itself:
figures, code, the built-in text. Everything is trained here, on one core, one after the other, in
some three minutes. Ids do not change, so that links to recordings last.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from core.cli.loop import train_to_end
from core.config import PRESETS, TrainingConfig
from core.data.corpora import load_corpus
from core.engines.warm import compile_all
from core.experiments.plan import SweepPlan
from core.experiments.recorded_sweep import RecordedSweep, to_lines
from core.experiments.train_cell import train_cell
from core.labels import VALUES
from core.paths import replacing
from core.records import Event, EventKind
from core.storage.recorded import ARTICLE, FOLDER, PREFIX, SWEEP
from core.storage.store import Store
from core.storage.zip_export import export_run
from core.storage.zip_parts import LARGEST
from core.training.run import Run
from core.training.slots import Slots
from recordings.article import record_article

_DEMO = PRESETS["demo"].config
# The article's runs take days; their beginnings are recorded, with more reports than those have.
_FIRST = {"steps": 3_000, "report_every": 100, "probe_every": 100}


@dataclass(frozen=True)
class Recording:
    """A run to record.

    Attributes:
        file: its name here, without the ending.
        title: what people read.
        config: its settings, but for the device.
        planned: live changes that it makes by itself.
    """

    file: str
    title: str
    config: TrainingConfig
    planned: tuple[Event, ...] = ()

    @property
    def id(self) -> str:
        """The run's id, which a link names."""
        return hashlib.sha256(f"recording {self.file}".encode()).hexdigest()[:8]


RUNS = (
    Recording("demo", "Quick demo", _DEMO),
    Recording("t1", "Quick demo with T 1", _DEMO.changed(unrollings=1, batch_size=800)),
    Recording(
        "arch1",
        "Arch 1, zero-mean init, first 3,000 steps",
        PRESETS["arch1"].config.changed(**_FIRST),
    ),
    Recording(
        "arch1-published",
        "Arch 1, as published, first 3,000 steps",
        PRESETS["arch1-published"].config.changed(**_FIRST),
    ),
    Recording(
        "arch2",
        "Arch 2, zero-mean init, first 6,000 steps",
        PRESETS["arch2"].config.changed(**_FIRST | {"steps": 6_000}),
    ),
    Recording(
        "diverged",
        "ReLU, clipping off and a larger learning rate",
        _DEMO.changed(
            activation="relu",
            optimiser="sgd",
            learning_rate=1.0,
            steps=2_000,
            report_every=50,
            probe_every=50,
        ),
        # Without clipping it goes on well. Then steps five times as long throw it off.
        (Event(400, EventKind.CLIP, 0.0), Event(600, EventKind.LEARNING_RATE, 5.0)),
    ),
)
PLAN = SweepPlan()
_ARTICLE = "article"  # some ten minutes of one core, and text8


def main() -> int:
    """Record what is named, or all but the article's claims; returns the exit status."""
    known = {recording.file: recording for recording in RUNS}
    wanted = sys.argv[1:] or [*known, SWEEP]
    everything = (*known, SWEEP, _ARTICLE)
    if unknown := [name for name in wanted if name not in everything]:
        print(f"{', '.join(unknown)}: choose of {', '.join(everything)}.", file=sys.stderr)
        return 2
    compile_all()
    for name in wanted:
        if name == SWEEP:
            file_name, data = SWEEP, b"".join(record_sweep())
        elif name == _ARTICLE:
            file_name, data = ARTICLE, b"".join(record_article(made("compiled")))
        else:
            file_name, data = f"{name}.zip", record_run(known[name])
        target = FOLDER / file_name
        with replacing(target) as file:
            file.write(data)
        print(f"{target.name}: {len(data):,} bytes", file=sys.stderr)
    return 0


def record_run(recording: Recording) -> bytes:
    """Train a run, and return its export."""
    with tempfile.TemporaryDirectory() as home, closing(Store(Path(home))) as store:
        run = Run(
            recording.id,
            recording.config.changed(device="cpu"),
            Slots(1),
            planned=recording.planned,
            report_at_end=True,
        )
        run.prepare(None)
        shot = train_to_end(run, store, checkpoint_every=3_600, metrics=None)
        note = f"{made(shot.engine)}: {shot.step:,} steps in {shot.seconds:.1f} s of one core."
        store.edit(recording.id, name=f"{PREFIX}{recording.title}", note=note)
        exported = io.BytesIO()
        export_run(store, recording.id, exported)
    return _needed(exported)


def record_sweep() -> Iterator[bytes]:
    """Train the cells of the grid that the page begins with; yields the lines of their file."""
    began = time.perf_counter()
    sha256 = load_corpus("builtin").sha256
    cells = PLAN.all_cells(sha256)
    results = []
    for number, cell in enumerate(cells, 1):
        results.append(train_cell(cell).result)
        print(f"\r{number} of {len(cells)} cells", end="", file=sys.stderr)
    print(file=sys.stderr)
    seconds = round(time.perf_counter() - began)
    note = f"{made('compiled')}: {len(cells)} cells in {seconds} s of one core."
    yield from to_lines(RecordedSweep(PLAN, sha256, note, tuple(results)))


def made(engine: str) -> str:
    """When and with what."""
    day = time.strftime("%d %B %Y").lstrip("0")
    tools = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba"))
    python = platform.python_version()
    return f"{day}, on a CPU by {VALUES[engine]}, Python {python}, {tools}"


def _needed(exported: io.BytesIO) -> bytes:
    """An export less what no import reads, and less the text, which every machine has."""
    slim = io.BytesIO()
    with (
        zipfile.ZipFile(exported) as whole,
        zipfile.ZipFile(slim, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
    ):
        about = json.loads(whole.read("config.json"))
        if about["config"]["text"] != "builtin":
            raise ValueError("a recording is of the built-in text")
        for name in whole.namelist():
            if name in LARGEST and name != "text.txt":
                archive.writestr(name, whole.read(name))
    return slim.getvalue()


if __name__ == "__main__":
    sys.exit(main())
