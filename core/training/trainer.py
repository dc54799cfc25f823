"""The trainer: a text and a configuration in, one record a step out.

Synchronous; knows nothing of threads, pages or files. The verbs form a ladder:

    train      every step and every report, to the end
      tell     the same, with as many steps in a table as are taken at once
        advance   some windows: loss and gradient, clipping, update
        report    validation loss and a sample
        probe     gradient flow
        context   what is used of what came before

Steps are taken many at a time (`stretch.py` says how many), up to wherever something else comes
next (`agenda.py` says what).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from time import perf_counter

import numpy as np

from core.config import LiveSettings, TrainingConfig
from core.data.corpora import Corpus, require_length
from core.data.windows import Cursors
from core.engines.build import choose
from core.engines.engine import Engine
from core.engines.memory import require_memory
from core.engines.step_time import seconds_of_step
from core.errors import Diverged, TextError, UnrollError, shown
from core.insight.context import context_curve
from core.insight.divergence import examine
from core.insight.flow import MAX_LAGS, held_out_windows, probe
from core.insight.held_out import mean_loss
from core.insight.sampling import sample
from core.networks.initialisers import initial_parameters
from core.networks.stepwise import CharacterModel
from core.records import ContextRecord, Event, EventKind, ProbeRecord, Record, Report, StepRecord
from core.steps import StepTable, Told
from core.training.agenda import Agenda
from core.training.held_engine import HeldEngine
from core.training.measured import completed, learning_rates
from core.training.state import CURSORS, Past, TrainerState, require_fit
from core.training.stretch import Stretch

SAMPLE_LENGTH = 100

Room = Callable[[], int]
"""How many steps may be taken before whoever drives the trainer must be asked again."""


MANY_STEPS = 1_000_000_000
"""More than are ever taken at once."""


class Trainer:
    """Trains one network on one text.

    Args:
        config: the experiment.
        corpus: its text; the held-out end is used for validation only.
        initial_weights: start from these (`U, W, b, V, c`) instead of `config.init`.
        contexts: whether to measure what is used of what came before, too.
        past: where the run was cut off, if it is to `go_on`.

    Attributes:
        choice: the engine and the device, and why.

    Raises:
        TextError: the text is too short for the windows.
        DeviceError: the device is not there.
        ConfigError: the engine does not run on the device, or the memory does not hold the windows.
    """

    def __init__(
        self,
        config: TrainingConfig,
        corpus: Corpus,
        *,
        initial_weights: Mapping[str, np.ndarray] | None = None,
        contexts: bool = False,
        past: Past | None = None,
    ) -> None:
        require_length(corpus, config.batch_size, config.unrollings)
        self.config = config
        self.corpus = corpus
        began_with = past.state.engine if past and past.state else None
        self.choice = choose(config, seconds_of_step, began_with, goes_on=past is not None)
        self._require_memory(config.unrollings)
        self.live = config.live
        self.steps_done = 0
        self.characters_seen = 0
        self.seconds = 0.0

        weights = initial_weights or initial_parameters(config, config.seed)
        self._engine = HeldEngine(config, self.choice, weights)
        self._cursors = Cursors(corpus.training, config.batch_size)
        self._loss_sum, self._losses = 0.0, 0  # since the last report
        self._agenda = Agenda(config, contexts)
        self._probe_text = held_out_windows(corpus.validation, MAX_LAGS)
        self._window_gradient: tuple[float, ...] = ()
        self._stretch = Stretch()

    @property
    def engine(self) -> Engine:
        """What makes the steps; built anew if the trainer has rested.

        Raises:
            ConfigError: it needs more memory than there is now; the trainer rests on.
        """
        if self.rests:  # others may have taken the memory meanwhile
            self._require_memory(self.live.unrollings)
        return self._engine.awake

    @property
    def rests(self) -> bool:
        """Whether the engine was let go of and no step was made since."""
        return self._engine.rests

    def rest(self) -> None:
        """Let go of the engine, most of a trainer's memory, until the next step.

        The steps to come are the same, bit for bit on the CPU.
        """
        self._engine.rest()

    def train(self) -> Iterator[Record]:
        """Train to `config.steps`, from wherever the trainer stands.

        Yields a report before the first step, a record a step, a report every
        `config.report_every` steps and after the last one, a probe before the first step and
        every `config.probe_every` steps, context curves after some reports if asked for, and an
        event for each planned change as it takes effect.

        Raises:
            Diverged: a loss, a gradient or an update was not finite.
        """
        for told in self.tell(lambda: 1):  # the trainer is nowhere ahead of its records
            if isinstance(told, StepTable):
                yield from told.records()
            else:
                yield told

    def tell(self, room: Room = lambda: MANY_STEPS) -> Iterator[Told]:
        """As `train`, with the steps that were taken at once in one table.

        Args:
            room: asked before steps are taken.
        """
        agenda = self._agenda
        while True:
            if agenda.probe_due(self.steps_done):
                yield self.probe()
            if agenda.report_due(self.steps_done):
                yield self.report()
                if agenda.is_context_measured(self.steps_done) and (curve := self.context()):
                    yield curve
            if self.steps_done >= self.config.steps:
                return
            yield from self._planned_now()
            free = agenda.free_steps(self.steps_done)
            taken, failed = self._try(min(free, max(1, self._stretch.steps()), max(1, room())))
            if len(taken):
                yield taken
            if failed:
                raise failed

    def step(self) -> StepRecord:
        """Train on the next window.

        Raises:
            Diverged: the weights stay as they were before this step.
        """
        return next(self.advance(1).records())

    def advance(self, steps: int) -> StepTable:
        """Train on the next windows.

        Raises:
            Diverged: the weights stay as they were before the step that could not be made.
        """
        taken, failed = self._try(steps)
        if failed:
            raise failed
        return taken

    def _try(self, steps: int) -> tuple[StepTable, Diverged | None]:
        """The steps that were made of so many, and why it was not all."""
        began = perf_counter()
        done, live = self.steps_done, self.live
        numbers = np.arange(done + 1, done + steps + 1)
        rates = learning_rates(self.config, live, numbers)
        look = steps == 1 and self._agenda.is_probed(done + 1)
        work_began = self.engine.clock()
        made = self.engine.steps(
            self._cursors, live.unrollings, rates, live.clip, first=done + 1, look=look
        )
        worked = self.engine.clock() - work_began
        if look:
            self._window_gradient = made.window_gradient
        count = len(made.losses)
        self.steps_done += count
        for loss in made.losses.tolist():  # one by one: the same sum, however many come at once
            self._loss_sum += loss
        self._losses += count
        ended = perf_counter()
        self._stretch.took(count, worked, ended)
        seconds = ended - began
        measured = {
            "seconds": self.seconds + seconds * np.arange(1, count + 1) / max(1, count),
            "loss_nats": made.losses,
            "grad_norm": made.norms,
        }
        table = StepTable(completed(measured, self.config, live, done, self.characters_seen))
        if count:
            self.characters_seen = int(table.columns["characters_seen"][-1])
            self.seconds += seconds
        if not made.problem:
            return table, None
        record = examine(self.engine.passes, step=done + count + 1, unrollings=live.unrollings)
        return table, Diverged(done + count + 1, made.problem, record, live.clip)

    def report(self) -> Report:
        """Validation loss and a sample of 100 characters, now."""
        began = perf_counter()
        validation_loss = self.validation_loss()
        text = self.sample(SAMPLE_LENGTH)
        train_loss = self._loss_sum / self._losses if self._losses else None
        self._loss_sum, self._losses = 0.0, 0
        self._agenda.reported_step = self.steps_done
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
        self._agenda.probed_step = self.steps_done
        self.seconds += perf_counter() - began
        return record

    def context(self) -> ContextRecord | None:
        """What the network uses of what came before, on held-out text, now; training is left
        alone. None where the text is too short to tell."""
        began = perf_counter()
        record = context_curve(self._model(), self.corpus.validation, step=self.steps_done)
        if record is not None:
            self.seconds += perf_counter() - began
        return record

    def validation_loss(self) -> float:
        """Mean loss in nats on the held-out end of the text."""
        return mean_loss(
            self.weights(), self.config, self.corpus.validation, compiled=self._is_compiled
        )

    def sample(self, length: int) -> str:
        """A text from the network as it stands.

        The draws depend on the seed and the step alone, not on what was sampled before. The
        text ends early if the weights, on their way to a divergence, give no finite logits.
        """
        generator = np.random.default_rng([self.config.seed, self.steps_done])
        return sample(self._model(), length, generator)

    def weights(self) -> dict[str, np.ndarray]:
        """Copies of `U, W, b, V, c`."""
        return self._engine.weights()

    def learning_rate(self, step: int) -> float:
        """The learning rate of a step (from 1): the set value, down the staircase."""
        return float(learning_rates(self.config, self.live, np.array([step]))[0])

    def change(self, live: LiveSettings) -> None:
        """Use other live settings from the next step on.

        Raises:
            TextError: the text is too short for these unrollings.
            ConfigError: they need more memory than there is.
        """
        require_length(self.corpus, self.config.batch_size, live.unrollings)
        if live.unrollings > self.live.unrollings:
            self._require_memory(live.unrollings)
        if live.unrollings != self.live.unrollings:
            self._stretch.forget()
        self.live = live

    def _require_memory(self, unrollings: int) -> None:
        if self.choice.device == "cpu":
            settled = {"device": "cpu", "engine": self.choice.engine}
            require_memory(self.config.changed(unrollings=unrollings, **settled))

    def plan(self, events: Sequence[Event]) -> None:
        """Make these changes of live settings by themselves, each after its event's step.

        Raises:
            ConfigError: a value that is not allowed.
        """
        for event in events:
            self.live.changed(**{event.kind: event.value})
        self._agenda.plan(events)

    def state(self) -> TrainerState:
        """Copies of all that the next steps depend on."""
        agenda = self._agenda
        return TrainerState(
            step=self.steps_done,
            characters_seen=self.characters_seen,
            seconds=self.seconds,
            loss_sum=self._loss_sum,
            losses=self._losses,
            reported_step=agenda.reported_step,
            probed_step=agenda.probed_step,
            window_gradient=self._window_gradient if agenda.probe_due(self.steps_done) else (),
            live=self.live,
            planned=agenda.planned,
            arrays={**self._engine.arrays(), CURSORS: self._cursors.positions},
            engine=self.choice.engine,
        )

    def restore(self, state: TrainerState) -> None:
        """Go on from a state of this configuration and text.

        Raises:
            WeightsError: the state does not fit the configuration.
            TextError: the state does not fit the text.
        """
        expected = {CURSORS: (self.config.batch_size,), **self._engine.shapes()}
        require_fit(state, expected, self.config)
        self.change(state.live)
        self._cursors.restore(state.arrays[CURSORS])
        self._engine.fill(state.arrays)
        self.steps_done, self.characters_seen = state.step, state.characters_seen
        self.seconds = state.seconds
        self._loss_sum, self._losses = state.loss_sum, state.losses
        self._agenda.plan(state.planned)
        self._agenda.reported_step = state.reported_step
        self._agenda.probed_step = state.probed_step
        self._window_gradient = state.window_gradient

    def go_on(self, past: Past) -> None:
        """Take up a run where it was cut off, or at the start if it had no state yet.

        Raises:
            TextError: the text is not the one that the run began with.
            WeightsError: the state does not fit the configuration.
        """
        if past.text_sha256 not in ("", self.corpus.sha256):
            raise TextError(
                f"The text {shown(self.config.text)} is not the one that this run began with: "
                "bring the old text back, or duplicate the run to train on the new one."
            )
        if past.state is not None:
            self.restore(past.state)
        self.plan(past.planned)

    def _planned_now(self) -> Iterator[Event]:
        """Make the planned changes whose step is done."""
        while event := self._agenda.next_change(self.steps_done):
            live = self.live.changed(**{event.kind: event.value})
            if live == self.live:
                continue
            try:
                self.change(live)
            except UnrollError as error:  # the text is too short for these unrollings
                yield Event(self.steps_done, EventKind.REFUSED, text=str(error))
                continue
            yield Event(self.steps_done, event.kind, event.value)

    @property
    def _is_compiled(self) -> bool:
        # Texts are read as steps are made, so that all of a run is the same when it is repeated.
        return self.choice.engine == "compiled"

    def _model(self) -> CharacterModel:
        return CharacterModel(self.weights(), self.config, compiled=self._is_compiled)
