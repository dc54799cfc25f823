"""The trainer: a text and a configuration in, one record a step out.

Synchronous; knows nothing of threads, pages or files. The verbs form a ladder:

    train     every step and every report, to the end
      step      one window: loss and gradient, clipping, update
      report    validation loss and a sample
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from time import perf_counter

import numpy as np
import torch
from torch import Tensor

from core.config import LiveSettings, TrainingConfig
from core.data.corpora import Corpus, require_length
from core.data.windows import Cursors
from core.errors import Diverged
from core.insight.evaluation import mean_loss
from core.insight.sampling import sample
from core.networks.build import build_network
from core.networks.initialisers import initial_parameters
from core.networks.parameters import Parameters
from core.networks.stepwise import CharacterModel
from core.records import Report, StepRecord
from core.training.devices import choose_device
from core.training.optimisers import build_optimiser

SAMPLE_LENGTH = 100

# A finite gradient makes finite weights unless it is astronomical; only then are they checked.
_SUSPICIOUS_NORM = 1e15


class Trainer:
    """Trains one network on one text.

    Args:
        config: the experiment.
        corpus: its text; the held-out end is used for validation only.
        initial_weights: start from these (`U, W, b, V, c`) instead of `config.init`.

    Raises:
        TextError: the text is too short for the windows.
        DeviceError: the device is not there.
    """

    def __init__(
        self,
        config: TrainingConfig,
        corpus: Corpus,
        *,
        initial_weights: Mapping[str, Tensor] | None = None,
    ) -> None:
        require_length(corpus, config.batch_size, config.unrollings)
        self.config = config
        self.corpus = corpus
        self.device = choose_device(config)
        self.live = config.live
        self.steps_done = 0
        self.characters_seen = 0
        self.seconds = 0.0

        self.parameters = Parameters(config, device=self.device.name)
        if initial_weights is None:
            generator = torch.Generator().manual_seed(config.seed)
            initial_weights = initial_parameters(config, generator)
        self.parameters.load(initial_weights)
        self.network = build_network(config, self.parameters)
        self._optimiser = build_optimiser(config.optimiser, self.parameters.flat)
        self._cursors = Cursors(corpus.training, config.batch_size)
        self._state = self.network.initial_state(config.batch_size)
        self._loss_sum, self._losses = 0.0, 0  # since the last report

    def train(self) -> Iterator[StepRecord | Report]:
        """Train to `config.steps`, from wherever the trainer stands.

        Yields a report before the first step, a record a step, and a report every
        `config.report_every` steps and after the last one.

        Raises:
            Diverged: a loss, a gradient or an update was not finite.
        """
        if self.steps_done == 0:
            yield self.report()
        while self.steps_done < self.config.steps:
            yield self.step()
            if self.steps_done % self.config.report_every == 0 or (
                self.steps_done == self.config.steps
            ):
                yield self.report()

    @torch.no_grad()
    def step(self) -> StepRecord:
        """Train on the next window.

        Raises:
            Diverged: the weights stay as they were before this step.
        """
        began = perf_counter()
        step, live = self.steps_done + 1, self.live
        inputs, targets = (
            torch.from_numpy(ids).to(self.device.name)
            for ids in self._cursors.next_window(live.unrollings)
        )  # (T, B)
        loss_tensor, state = self.network.loss_and_gradients(inputs, targets, self._state)
        loss = float(loss_tensor)
        gradient = self.parameters.gradient
        norm = float(torch.linalg.vector_norm(gradient))
        if not math.isfinite(loss):
            raise Diverged(step, "the loss")
        if not math.isfinite(norm):
            raise Diverged(step, self._not_finite_gradient())

        clipped = 0 < live.clip < norm
        if clipped:
            gradient.mul_(live.clip / norm)
        learning_rate = self.learning_rate(step)
        self._update(step, learning_rate, norm)

        self._state = state
        self.steps_done = step
        self.characters_seen += inputs.numel()
        self._loss_sum += loss
        self._losses += 1
        self.seconds += perf_counter() - began
        return StepRecord(
            step=step,
            characters_seen=self.characters_seen,
            loss_nats=loss,
            grad_norm=norm,
            grad_norm_clipped=live.clip if clipped else norm,
            clipped=clipped,
            learning_rate=learning_rate,
            seconds=self.seconds,
        )

    def report(self) -> Report:
        """Validation loss and a sample of 100 characters, now."""
        began = perf_counter()
        validation_loss = self.validation_loss()
        text = self.sample(SAMPLE_LENGTH)
        train_loss = self._loss_sum / self._losses if self._losses else None
        self._loss_sum, self._losses = 0.0, 0
        self.seconds += perf_counter() - began
        return Report(
            step=self.steps_done,
            characters_seen=self.characters_seen,
            seconds=self.seconds,
            train_loss_nats=train_loss,
            validation_loss_nats=validation_loss,
            sample=text,
        )

    def validation_loss(self) -> float:
        """Mean loss in nats on the held-out end of the text."""
        return mean_loss(self.network, self.corpus.validation)

    def sample(self, length: int) -> str:
        """A text from the network as it stands.

        The draws depend on the seed and the step alone, not on what was sampled before. The
        text ends early if the weights, on their way to a divergence, give no finite logits.
        """
        generator = np.random.default_rng([self.config.seed, self.steps_done])
        with np.errstate(over="ignore", invalid="ignore"):  # weights about to diverge
            model = CharacterModel(self.weights(), self.config)
        return sample(model, length, generator)

    def weights(self) -> dict[str, np.ndarray]:
        """Copies of `U, W, b, V, c`."""
        return {name: value.numpy() for name, value in self.parameters.copies().items()}

    def learning_rate(self, step: int) -> float:
        """The learning rate of a step (from 1): the set value, down the staircase."""
        stairs = (step - 1) // self.config.decay_steps
        return self.live.learning_rate * self.config.decay_rate**stairs

    def change(self, live: LiveSettings) -> None:
        """Use other live settings from the next step on.

        Raises:
            TextError: the text is too short for these unrollings.
        """
        require_length(self.corpus, self.config.batch_size, live.unrollings)
        self.live = live

    def _update(self, step: int, learning_rate: float, norm: float) -> None:
        weights, gradient = self.parameters.flat, self.parameters.gradient
        at_risk = norm > _SUSPICIOUS_NORM
        before = weights.clone() if at_risk else None
        self._optimiser.update(weights, gradient, learning_rate, step)
        if at_risk and not torch.isfinite(weights).all():
            weights.copy_(before)
            raise Diverged(step, "the update")

    def _not_finite_gradient(self) -> str:
        for name, gradient in self.parameters.gradients.items():
            if not torch.isfinite(gradient).all():
                return f"the gradient of {name}"
        return "the norm of the gradient"  # every entry is finite, their squares are not
