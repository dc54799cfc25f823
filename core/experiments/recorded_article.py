"""The article's claims as they were measured: every run in one file, a line each.

The first line says when and with what, and what counting reaches on each text. Runs are found by
their settings, so that claims which share an arm share its runs. Knows nothing of pages.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from core.config import TrainingConfig
from core.data.corpora import Corpus
from core.data.ngrams import floors
from core.experiments.arm_run import ArmRun, from_json, name_of, to_json
from core.experiments.claims import Arm, Claim
from core.experiments.reach import Interval, mean_interval
from core.storage.recorded import ARTICLE, FOLDER, switched_off

Figure = Callable[[ArmRun], float | None]
"""What is compared: one number of a run, None where it has none."""


@dataclass(frozen=True)
class MeasuredOn:
    """A text that was trained on, of which this repository holds the numbers alone."""

    title: str
    sha256: str
    length: int  # characters
    floors: Mapping[str, float]  # nats by name, on its held-out end


@dataclass(frozen=True, slots=True)
class Mean:
    """Of some seeds, with the bootstrap's interval; None with too few."""

    value: float
    interval: Interval | None

    def told(self, form: str = ".3f", ends: str = "") -> str:
        """`1.621 [1.613, 1.630]`, the number alone where there is no interval.

        Args:
            form: how numbers are written; with a sign, as `+.3f`, none is where all digits are 0.
            ends: how those of the interval are, if otherwise.
        """
        value = _written(self.value, form)
        if self.interval is None:
            return value
        low, high = (_written(end, ends or form) for end in (self.interval.low, self.interval.high))
        return f"{value} [{low}, {high}]"


@dataclass(frozen=True)
class RecordedArticle:
    """Everything that was measured.

    Attributes:
        note: when and with what, in a sentence or two.
        texts: by the key that settings have for them.
        runs: one a line of the file.
    """

    note: str
    texts: Mapping[str, MeasuredOn]
    runs: tuple[ArmRun, ...]

    @cached_property
    def _by_settings(self) -> dict[str, ArmRun]:
        return {name_of(run.settings): run for run in self.runs}

    def run(self, config: TrainingConfig) -> ArmRun | None:
        """The run of these settings."""
        return self._by_settings.get(name_of(config.model_dump()))

    def of(self, claim: Claim, arm: Arm) -> list[ArmRun]:
        """An arm's runs, by seed, as far as they were measured."""
        found = (self.run(arm.seeded(seed)) for seed in range(claim.seeds))
        return [run for run in found if run is not None]

    def diverged(self, claim: Claim, arm: Arm) -> int:
        """How many of an arm's runs ended before their last step; they have no numbers."""
        return sum(bool(run.message) for run in self.of(claim, arm))

    def values(self, claim: Claim, arm: Arm, figure: Figure) -> list[float]:
        """A number of every run of an arm that has it, by seed."""
        found = map(figure, self.of(claim, arm))
        return [value for value in found if value is not None]

    def mean(self, claim: Claim, arm: Arm, figure: Figure) -> Mean | None:
        """Over an arm's seeds; None where no run has the number."""
        return mean_of(self.values(claim, arm, figure))

    def difference(self, claim: Claim, first: Arm, second: Arm, figure: Figure) -> Mean | None:
        """Of the second arm less the first, each seed compared with itself."""
        pairs = [
            (self.run(first.seeded(seed)), self.run(second.seeded(seed)))
            for seed in range(claim.seeds)
        ]
        differences = []
        for one, other in pairs:
            before, after = (None if run is None else figure(run) for run in (one, other))
            if before is not None and after is not None:
                differences.append(after - before)
        return mean_of(differences)


def _written(value: float, form: str) -> str:
    """With a minus and no hyphen."""
    written = f"{value:{form}}"
    return written.replace("-", "−") if written.strip("+-0.%") else written.lstrip("+-")


def mean_of(values: Sequence[float]) -> Mean | None:
    """Over seeds; None without any."""
    if not values:
        return None
    return Mean(float(np.mean(values)), mean_interval(np.array(values)))


def measured_on(corpus: Corpus) -> MeasuredOn:
    """What is kept of a text."""
    return MeasuredOn(corpus.title, corpus.sha256, len(corpus), asdict(floors(corpus)))


def read_recorded_article(path: Path = FOLDER / ARTICLE) -> RecordedArticle | None:
    """What was recorded; None where there is nothing, or recordings are switched off."""
    if switched_off() or not path.exists():
        return None
    first, *lines = path.read_text(encoding="utf-8").splitlines()
    about = json.loads(first)
    texts = {key: MeasuredOn(**text) for key, text in about["texts"].items()}
    return RecordedArticle(about["note"], texts, tuple(from_json(json.loads(x)) for x in lines))


def to_lines(recorded: RecordedArticle) -> Iterator[bytes]:
    """The file: a line about it, and a line a run."""
    texts = {key: asdict(text) for key, text in recorded.texts.items()}
    yield json.dumps({"note": recorded.note, "texts": texts}).encode() + b"\n"
    for run in recorded.runs:
        yield json.dumps(_short(to_json(run)), separators=(",", ":")).encode() + b"\n"


def _short(value: Any) -> Any:
    """Six digits of a number are more than seeds agree on."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, list | tuple):
        return [_short(item) for item in value]
    if isinstance(value, dict):  # but settings stay exact
        return {key: item if key == "settings" else _short(item) for key, item in value.items()}
    return value
