"""The trainer: a text and a configuration in, one record a step out.

Synchronous; knows nothing of threads, pages or files. The verbs form a ladder:

    train     every step and every report, to the end
      step      one window: loss and gradient, clipping, update
      report    validation loss and a sample
      probe     gradient flow
      context   what is used of what came before
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from time import perf_counter

import numpy as np
import torch

from core.config import LiveSettings, TrainingConfig
from core.data.corpora import Corpus, require_length
from core.data.windows import Cursors
from core.errors import Diverged, TextError, UnrollError
from core.insight.context import context_curve
from core.insight.divergence import examine
from core.insight.evaluation import mean_loss
from core.insight.flow import MAX_LAGS, held_out_windows, probe
from core.insight.sampling import sample
from core.networks.build import build_network
from core.networks.initialisers import initial_parameters
from core.networks.parameters import Parameters
from core.networks.stepwise import CharacterModel
from core.records import ContextRecord, Event, EventKind, ProbeRecord, Record, Report, StepRecord
from core.training.devices import choose_device
from core.training.graphed import build_stepper
from core.training.state import ACCUMULATOR, CARRIED, CURSORS, Past, TrainerState, require_fit
from core.training.step_time import seconds_of_step
from core.training.stepper import NotFinite

SAMPLE_LENGTH = 100
REPLAY_STEPS = 50
"""A trainer can be taken back by so many steps, at least, from where it diverged."""


class Trainer:
    """Trains one network on one text.

    Args:
        config: the experiment.
        corpus: its text; the held-out end is used for validation only.
        initial_weights: start from these (`U, W, b, V, c`) instead of `config.init`.
        contexts: whether to measure what is used of what came before, too.

    Attributes:
        kept: the states at the last two multiples of 50 steps, oldest first.

    Raises:
        TextError: the text is too short for the windows.
        DeviceError: the device is not there.
    """

    def __init__(
        self,
        config: TrainingConfig,
        corpus: Corpus,
        *,
        initial_weights: Mapping[str, np.ndarray] | None = None,
        contexts: bool = False,
    ) -> None:
        require_length(corpus, config.batch_size, config.unrollings)
        self.config = config
        self.corpus = corpus
        self.device = choose_device(config, seconds_of_step)
        self.live = config.live
        self.steps_done = 0
        self.characters_seen = 0
        self.seconds = 0.0

        self.parameters = Parameters(config, device=self.device.name)
        if initial_weights is None:
            initial_weights = initial_parameters(config, config.seed)
        self.parameters.load(initial_weights)
        self.stepper = build_stepper(config, self.parameters)
        self.network = self.stepper.network
        self._cursors = Cursors(corpus.training, config.batch_size)
        self._state = self.network.initial_state(config.batch_size)
        self._loss_sum, self._losses = 0.0, 0  # since the last report
        self._reported_step: int | None = None
        self._planned: tuple[Event, ...] = ()
        self._probe_text = held_out_windows(corpus.validation, MAX_LAGS)
        self._probed_step: int | None = None
        self._window_gradient: tuple[float, ...] = ()
        self._contexts = contexts
        self.kept: deque[TrainerState] = deque(maxlen=2)

    def train(self) -> Iterator[Record]:
        """Train to `config.steps`, from wherever the trainer stands.

        Yields a report before the first step, a record a step, a report every
        `config.report_every` steps and after the last one, a probe before the first step and
        every `config.probe_every` steps, context curves after some reports if asked for, and an
        event for each planned change as it takes effect.

        Raises:
            Diverged: a loss, a gradient or an update was not finite.
        """
        while True:
            if self._is_probed(self.steps_done) and self.steps_done != self._probed_step:
                yield self.probe()
            if self._report_due:
                yield self.report()
                if self._is_context_measured and (curve := self.context()):
                    yield curve
            if self.steps_done >= self.config.steps:
                return
            yield from self._planned_now()
            yield self.step()

    @property
    def _report_due(self) -> bool:
        # Asked of the state, not of the loop: a trainer that was saved between a step and its
        # report makes that report when it goes on.
        step = self.steps_done
        if step == self._reported_step:
            return False
        return step % self.config.report_every == 0 or step == self.config.steps

    @property
    def _is_context_measured(self) -> bool:
        # After the first report, the second, the fourth, ... and at the end: each costs as much
        # as some seventy steps, and what it shows changes ever more slowly. The step's number
        # alone decides, so that a run that is trained again measures the same.
        if not self._contexts:
            return False
        reports, rest = divmod(self.steps_done, self.config.report_every)
        if self.steps_done == self.config.steps:
            return self.steps_done > 0
        return rest == 0 and reports.bit_count() == 1

    def step(self) -> StepRecord:
        """Train on the next window.

        Raises:
            Diverged: the weights stay as they were before this step.
        """
        began = perf_counter()
        if self.steps_done % REPLAY_STEPS == 0:
            self.kept.append(self.state())
        step, live = self.steps_done + 1, self.live
        inputs, targets = map(torch.from_numpy, self._cursors.next_window(live.unrollings))
        learning_rate = self.learning_rate(step)
        try:
            stepped = self.stepper.step(
                inputs,  # (T, B)
                targets,
                self._state,
                number=step,
                learning_rate=learning_rate,
                clip=live.clip,
                look=self._note_window_gradient if self._is_probed(step) else None,
            )
        except NotFinite as problem:
            device = self.device.name
            record = examine(
                self.network, inputs.to(device), targets.to(device), self._state, step=step
            )
            raise Diverged(step, problem.cause, record, live.clip) from None

        norm, clipped = stepped.norm, 0 < live.clip < stepped.norm
        self._state = stepped.state
        self.steps_done = step
        self.characters_seen += inputs.numel()
        self._loss_sum += stepped.loss
        self._losses += 1
        self.seconds += perf_counter() - began
        return StepRecord(
            step=step,
            characters_seen=self.characters_seen,
            loss_nats=stepped.loss,
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
        self._reported_step = self.steps_done
        self.seconds += perf_counter() - began
        return Report(
            step=self.steps_done,
            characters_seen=self.characters_seen,
            seconds=self.seconds,
            train_loss_nats=train_loss,
            validation_loss_nats=validation_loss,
            sample=text,
        )

    def probe(self) -> ProbeRecord:
        """How far back a loss reaches, on held-out text, now; training is left alone."""
        began = perf_counter()
        record = probe(
            self.weights(),
            self.config,
            *self._probe_text,
            step=self.steps_done,
            window_gradient=self._window_gradient,
        )
        self._probed_step = self.steps_done
        self.seconds += perf_counter() - began
        return record

    def context(self) -> ContextRecord | None:
        """What the network uses of what came before, on held-out text, now; training is left
        alone. None where the text is too short to tell."""
        began = perf_counter()
        # A network of its own: what was trained last, and its buffers, are still asked for.
        network = build_network(self.config, self.parameters)
        record = context_curve(network, self.corpus.validation, step=self.steps_done)
        if record is not None:
            self.seconds += perf_counter() - began
        return record

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

    def plan(self, events: Sequence[Event]) -> None:
        """Make these changes of live settings by themselves, each after its event's step.

        Raises:
            ConfigError: a value that is not allowed.
        """
        for event in events:
            self.live.changed(**{event.kind: event.value})
        self._planned = tuple(sorted(events, key=lambda event: event.step))

    def state(self) -> TrainerState:
        """Copies of all that the next steps depend on."""
        return TrainerState(
            step=self.steps_done,
            characters_seen=self.characters_seen,
            seconds=self.seconds,
            loss_sum=self._loss_sum,
            losses=self._losses,
            reported_step=self._reported_step,
            live=self.live,
            planned=self._planned,
            arrays={
                **self.weights(),
                CURSORS: self._cursors.positions,
                CARRIED: self._state.to("cpu", copy=True).numpy(),
                **{
                    ACCUMULATOR + name: held.to("cpu", copy=True).numpy()
                    for name, held in self.stepper.optimiser.accumulators.items()
                },
            },
        )

    def restore(self, state: TrainerState) -> None:
        """Go on from a state of this configuration and text.

        Raises:
            WeightsError: the state does not fit the configuration.
            TextError: the state does not fit the text.
        """
        accumulators = self.stepper.optimiser.accumulators
        carried = self._state.shape
        require_fit(
            state,
            {
                **self.config.parameter_shapes,
                CURSORS: (self.config.batch_size,),
                CARRIED: tuple(carried),
                **{ACCUMULATOR + name: tuple(held.shape) for name, held in accumulators.items()},
            },
            self.config,
        )
        self.change(state.live)
        self._cursors.restore(state.arrays[CURSORS])
        self.parameters.load(state.weights)
        # Into memory of torch's own: its alignment, which a product's last bit can depend on.
        self._state = torch.empty_like(self._state).copy_(torch.from_numpy(state.arrays[CARRIED]))
        for name, held in accumulators.items():
            held.copy_(torch.from_numpy(state.arrays[ACCUMULATOR + name]))
        self.steps_done, self.characters_seen = state.step, state.characters_seen
        self.seconds = state.seconds
        self._loss_sum, self._losses = state.loss_sum, state.losses
        self._reported_step = state.reported_step
        self._planned = state.planned
        self._probed_step = state.step

    def _is_probed(self, step: int) -> bool:
        return self.config.probe_every > 0 and step % self.config.probe_every == 0

    def go_on(self, past: Past) -> None:
        """Take up a run where it was cut off, or at the start if it had no state yet.

        Raises:
            TextError: the text is not the one that the run began with.
            WeightsError: the state does not fit the configuration.
        """
        if past.text_sha256 not in ("", self.corpus.sha256):
            raise TextError(
                f"The text {self.config.text} is not the one that this run began with: bring "
                "the old text back, or duplicate the run to train on the new one."
            )
        if past.state is not None:
            self.restore(past.state)
        self.plan(past.planned)

    def _planned_now(self) -> Iterator[Event]:
        """Make the planned changes whose step is done."""
        while self._planned and self._planned[0].step <= self.steps_done:
            event, self._planned = self._planned[0], self._planned[1:]
            live = self.live.changed(**{event.kind: event.value})
            if live == self.live:
                continue
            try:
                self.change(live)
            except UnrollError as error:  # the text is too short for these unrollings
                yield Event(self.steps_done, EventKind.REFUSED, text=str(error))
                continue
            yield Event(self.steps_done, event.kind, event.value)

    def _note_window_gradient(self) -> None:
        norms = torch.linalg.vector_norm(self.network.hidden_gradients(), dim=(1, 2))  # (T,)
        self._window_gradient = tuple(norms.tolist())
