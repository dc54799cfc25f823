"""What recording costs a run: its pace unrecorded, recorded, and recorded on a slow disk.

    python -m benchmarks.recording [--json]

All in one process, in turn, on one torch thread. Each candidate is a trainer of its own whose
records go where `core train` sends them: nowhere, or through a recorder to the writer's thread.
The slow disk takes 0.3 s longer for every transaction.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from core.config import PRESETS, TrainingConfig
from core.data.corpora import load_corpus
from core.engines.threads import prepare_thread
from core.steps import StepTable
from core.storage.store import Store
from core.storage.writer import Writer
from core.training.trainer import Trainer

_DELAY = 0.3  # seconds
_TURN = 2.0  # seconds: several of the writer's rounds
_CHECKPOINT_EVERY = 30.0  # seconds, the default


class _SlowStore(Store):
    """A store on a disk that takes its time."""

    def twin(self) -> _SlowStore:
        """The writer's own connection is as slow."""
        return _SlowStore(self.home, self._clock, self._ownership)

    @contextmanager
    def transaction(self) -> Iterator:
        """Wait as for a disk: without the interpreter."""
        with super().transaction() as connection:
            yield connection
            time.sleep(_DELAY)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rounds", type=int, default=15, help="turns of each candidate (>= 7)")
    options = parser.parse_args()
    prepare_thread("torch")
    results = {
        name: _measure(PRESETS[name].config.changed(device="cpu"), max(7, options.rounds))
        for name in ("arch1", "arch2")
    }
    if options.json:
        print(json.dumps(results))
        return
    print("| preset | unrecorded | recorded | on a slow disk |")
    print("|---|---|---|---|")
    for name, r in results.items():
        print(
            f"| {name} | {r['steps_per_second']:,.0f} steps/s | {r['recorded']:.1%} "
            f"| {r['slow_disk']:.1%} |"
        )


def _measure(config: TrainingConfig, rounds: int) -> dict[str, float]:
    """The pace unrecorded, and the median share of it that is left of each round's turns."""
    with TemporaryDirectory() as folder:
        stores = {
            "recorded": Store(Path(folder) / "fast"),
            "slow_disk": _SlowStore(Path(folder) / "slow"),
        }
        writers = {
            name: Writer(store, source="cli", checkpoint_every=_CHECKPOINT_EVERY)
            for name, store in stores.items()
        }
        turns = {"unrecorded": _turns(config, None)}
        turns |= {name: _turns(config, writer) for name, writer in writers.items()}
        paces: dict[str, list[float]] = {name: [] for name in turns}
        order = list(turns)
        for number in range(rounds + 1):
            for name in order:
                pace = turns[name]()
                if name in writers:  # what is left to write is not to be the next one's burden
                    writers[name].flush()
                if number:  # the first round warms up
                    paces[name].append(pace)
            order.append(order.pop(0))  # nobody always comes after the same one
        for name, writer in writers.items():
            writer.close()
            stores[name].close()
    plain = paces.pop("unrecorded")
    shares = {
        name: median(pace / alone for pace, alone in zip(own, plain, strict=True))
        for name, own in paces.items()
    }
    return {"steps_per_second": median(plain), **shares}


def _turns(config: TrainingConfig, writer: Writer | None) -> Callable[[], float]:
    trainer = Trainer(config.changed(steps=10_000_000), load_corpus(config.text))
    records = trainer.tell()
    recorder = None
    if writer is not None:
        recorder = writer.recorder(f"{id(trainer):x}", trainer.config, hold=print)

    def turn() -> float:
        """Train for a while; steps a second."""
        began, steps = perf_counter(), 0
        while perf_counter() - began < _TURN:
            for record in islice(records, 5):
                if recorder is not None:
                    recorder.record(record)
                if isinstance(record, StepTable):
                    steps += len(record)
                    if recorder is not None and recorder.checkpoint_due():
                        recorder.checkpoint(trainer.state())
        return steps / (perf_counter() - began)

    return turn


if __name__ == "__main__":
    main()
