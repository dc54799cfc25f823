"""Train one run of a claim, and measure all that the page Article says of it.

Knows nothing of the claim, of the other runs or of files. Trained as any run is, so that whoever
starts the same settings in the dashboard gets the same network.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from time import process_time
from typing import Any

import numpy as np

from core.config import TrainingConfig
from core.data.corpora import Corpus
from core.errors import Diverged
from core.insight.sampling import Draw, sample
from core.links import MINOR
from core.networks.stepwise import CharacterModel
from core.records import ContextRecord
from core.storage.typed import typed
from core.training.trainer import Trainer

_READ = 2_000  # held-out characters after which the largest probability is looked for
_DEFAULTS = TrainingConfig().model_dump()


@dataclass(frozen=True, slots=True)
class ArmRun:
    """What a run measured, at its end where nothing else is said. Losses in nats a character.

    Attributes:
        settings: what differs from `TrainingConfig()`, how it is computed and reported left out.
        text_sha256: of the text that it was trained on.
        steps, characters: trained.
        seconds: that a core worked on the training, whatever else the machine did meanwhile.
        loss: on held-out text; None if the run diverged, or the loss is not finite.
        message: why it diverged; empty if it did not.
        flow_at_start, flow: ‖∂L_T/∂h_{T−1}‖ / ‖∂L_T/∂h_T‖, before the first step and at the end.
        horizon_at_start, horizon: the last lag with at least 1 %.
        context: loss with the last k characters alone, for each k of `CONTEXT_LENGTHS`.
        full: and with all of them, at the same places.
        largest, largest_twice: the largest probability that a softmax of its logits gives any
            character on held-out text, and the softmax of that softmax.
        samples: what it writes with the one and with the other; none unless asked for.
    """

    settings: Mapping[str, Any]
    text_sha256: str
    steps: int
    characters: int
    seconds: float
    loss: float | None
    message: str
    flow_at_start: float
    flow: float | None
    horizon_at_start: int
    horizon: int | None
    context: tuple[float, ...]
    full: float | None
    largest: float | None
    largest_twice: float | None
    samples: tuple[str, ...]

    @property
    def config(self) -> TrainingConfig:
        """All settings, as the dashboard would start them.

        Raises:
            ConfigError: a value that is not allowed.
        """
        return TrainingConfig.parse(self.settings)

    @property
    def curve(self) -> ContextRecord | None:
        """What it uses of what came before, as charts take it."""
        return None if self.full is None else ContextRecord(self.steps, self.context, self.full)


def settings_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """What names a run: the settings that differ from the defaults, and say what is trained.

    Args:
        values: all of its settings, by name.
    """
    return {
        name: value
        for name, value in values.items()
        if name not in MINOR and value != _DEFAULTS.get(name)
    }


def name_of(values: Mapping[str, Any]) -> str:
    """What equal runs have in common: their settings that count, as text.

    Args:
        values: some of its settings, by name; those that are left out are the defaults.
    """
    return json.dumps(settings_of(values), sort_keys=True)


def train_arm(config: TrainingConfig, corpus: Corpus, text: int = 0) -> ArmRun:
    """Train to the end, then measure on text that was not trained on.

    Args:
        config: the settings, seed included.
        corpus: the text that they name.
        text: how many characters it is to write, with each way to draw them.

    Raises:
        TextError: the text is too short.
    """
    quiet = config.changed(probe_every=0, report_every=max(1, config.steps))
    trainer = Trainer(quiet, corpus)
    start = trainer.probe()
    message, began = "", process_time()
    try:
        for _ in trainer.tell():
            pass
    except Diverged as error:
        message = str(error)
    seconds = process_time() - began
    loss = math.inf if message else trainer.validation_loss()
    whole = math.isfinite(loss)
    end = trainer.probe() if whole else None
    model = CharacterModel(trainer.weights(), config)
    curve = trainer.context() if whole else None
    once, twice = _largest(model, corpus.validation[:_READ]) if whole else (None, None)
    return ArmRun(
        settings=settings_of(config.model_dump()),
        text_sha256=corpus.sha256,
        steps=trainer.steps_done,
        characters=trainer.characters_seen,
        seconds=round(seconds, 3),
        loss=loss if whole else None,
        message=message,
        flow_at_start=start.flow[1],
        flow=end.flow[1] if end else None,
        horizon_at_start=start.horizon,
        horizon=end.horizon if end else None,
        context=curve.loss_nats if curve else (),
        full=curve.full_loss_nats if curve else None,
        largest=once,
        largest_twice=twice,
        samples=_written(model, config, text) if text and whole else (),
    )


def to_json(run: ArmRun) -> dict[str, Any]:
    """A run as it is kept."""
    return {field.name: getattr(run, field.name) for field in fields(run)}


def from_json(values: Mapping[str, Any]) -> ArmRun:
    """A run out of what is kept.

    Raises:
        ValueError, TypeError: it is damaged.
    """
    tuples = {name: tuple(values[name]) for name in ("context", "samples") if name in values}
    return typed(ArmRun(**{**values, **tuples}))


def _largest(model: CharacterModel, ids: np.ndarray) -> tuple[float, float]:
    logits = model.reader().read_all(ids)
    one, two = Draw(), Draw(as_published=True)
    once, twice = (float(max(way.probabilities(o).max() for o in logits)) for way in (one, two))
    return once, twice


def _written(model: CharacterModel, config: TrainingConfig, length: int) -> tuple[str, str]:
    once, twice = (
        sample(model, length, np.random.default_rng(config.seed), draw=Draw(as_published=published))
        for published in (False, True)
    )
    return once, twice
