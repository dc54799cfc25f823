"""A run: one trainer in one background thread, commanded here and watched through snapshots.

This is the only file that starts a thread that trains; `driver.py` is what that thread does.
Knows nothing of pages or files: what a run does its observers are told, who may keep it.

Thread safety: `Run`'s public methods may be called from any thread. Orders are noted under one
lock, and taken and obeyed by the training thread between two steps; readers get snapshots that
never change, published by replacement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from threading import Thread

from numpy import ndarray

from core.config import LiveSettings, TrainingConfig
from core.data.corpora import load_corpus
from core.data.text8 import Progress
from core.errors import RunError
from core.records import Event, RunStatus
from core.training.driver import Driver, LoadText
from core.training.exchange import Exchange, Weights
from core.training.observer import Observers, RunObserver
from core.training.orders import Orders
from core.training.publisher import Publisher
from core.training.slots import Owner, Places
from core.training.snapshot import RunSnapshot
from core.training.state import Past
from core.training.turns import InTurn


class Run:
    """One training run.

    Args:
        run_id: its name in links.
        config: the experiment.
        slots: where to wait for a place to train.
        browser: who owns it, by the hash of a browser's secret; None where nobody does.
        load_text: from a text's key to its corpus; tests pass a small one.
        initial_weights: start from these instead of `config.init`.
        planned: changes of live settings that are to happen by themselves.
        past: go on from here instead of from the start.
        race: asked before every step whether it is this run's turn.
        report_at_end: make a last report even if it is stopped or diverges.
    """

    def __init__(
        self,
        run_id: str,
        config: TrainingConfig,
        slots: Places,
        *,
        browser: Owner = None,
        load_text: LoadText = load_corpus,
        initial_weights: Mapping[str, ndarray] | None = None,
        planned: Sequence[Event] = (),
        past: Past | None = None,
        race: InTurn | None = None,
        report_at_end: bool = False,
    ) -> None:
        def wake() -> None:
            slots.wake()
            if race:
                race.wake()

        self.run_id = run_id
        self.browser = browser
        self.in_race = race is not None
        self.planned = tuple(planned) or (past.planned if past else ())
        self.past = past
        self.given_weights = initial_weights is not None
        self._exchange = Exchange(
            RunSnapshot(run_id, config, config.live, RunStatus.QUEUED),
            Orders(past.state.live if past and past.state else config.live),
            wake,
        )
        self._publisher = Publisher(self._exchange, config.steps)
        self._driver = Driver(
            self._exchange,
            self._publisher,
            config,
            slots,
            browser=browser,
            load_text=load_text,
            initial_weights=initial_weights,
            planned=self.planned,
            past=past,
            race=race,
            report_at_end=report_at_end,
        )
        self._thread = Thread(target=self._work, name=f"run-{run_id}", daemon=True)

    # -- before it begins ----------------------------------------------------------------

    def observed_by(self, *observers: RunObserver) -> None:
        """Tell these of everything that happens; before `start`."""
        self._publisher.observers = Observers(*observers)

    def prepare(self, progress: Progress | None = None) -> None:
        """Load the text and make the network now, so that the caller hears what is wrong.

        Without this the run does so itself once it is started, and fails if it cannot.

        Args:
            progress: told of the bytes done and in all, if a text has to be fetched.

        Raises:
            TextError: the text cannot be had, is too short, or is not the one of the past.
            DeviceError: the device is not there.
            WeightsError: the past is of another configuration.
        """
        self._driver.prepare(progress)

    def start(self) -> None:
        """Begin; at most once.

        Raises:
            RunError: the system has no thread for it, and the run has failed.
        """
        try:
            self._thread.start()
        except RuntimeError as error:
            if self._thread.ident is not None:  # a second time
                raise
            sentence = f"This machine has no thread for the run ({error}): stop some others first."
            self._driver.never_begin(sentence)
            raise RunError(sentence) from None

    def _work(self) -> None:
        try:
            self._driver.work()
        finally:
            self.past = None  # with a history of its own, for as long as the ended run is kept

    # -- commands ------------------------------------------------------------------------

    def pause(self) -> None:
        """Hold still after the present step.

        Raises:
            RunError: the run has ended.
        """
        self._exchange.order(lambda orders: replace(orders, pause=True, granted=0))

    def hold(self, reason: str) -> None:
        """Pause for a reason that the user should read. Nothing if the run has ended."""
        with suppress(RunError):
            self._exchange.order(
                lambda orders: replace(orders, pause=True, granted=0, reason=reason)
            )

    def resume(self) -> None:
        """Go on after a pause.

        Raises:
            RunError: the run has ended.
        """
        self._exchange.order(lambda orders: replace(orders, pause=False, granted=0, reason=""))

    def advance(self, steps: int = 1) -> None:
        """Take so many steps, then hold still; a run that trains is paused first.

        Raises:
            RunError: the run has ended, or `steps` is less than 1.
        """
        if steps < 1:
            raise RunError(f"steps={steps} is not allowed: choose 1 or more.")
        self._exchange.order(
            lambda orders: replace(orders, pause=True, granted=orders.granted + steps, reason="")
        )

    def change(self, **changes: float) -> None:
        """Change `learning_rate`, `clip` or `unrollings` from the next step on.

        Each change is recorded as an event. So is a refusal, where the text is too short for
        the unrollings asked for.

        Raises:
            ConfigError: a value that is not allowed.
            RunError: the run has ended.
        """
        self._exchange.order(lambda orders: replace(orders, live=orders.live.changed(**changes)))

    def stop(self) -> None:
        """End the run after the present step; its records stay. Nothing if it has ended."""
        with suppress(RunError):
            self._exchange.order(lambda orders: replace(orders, stop=True))

    def interrupt(self, reason: str = "") -> None:
        """As `stop`, for a program that ends or for another reason: it is to be resumed later."""
        with suppress(RunError):
            self._exchange.order(
                lambda orders: replace(orders, stop=True, interrupted=True, reason=reason)
            )

    def abandon(self) -> None:
        """End the run at once, in the middle of a step; what was kept last is what stays.

        Its thread comes to its end later, unheard. Nothing if the run has ended.
        """
        self._publisher.abandon()

    def forget(self) -> None:
        """Keep neither records nor weights of a run that has ended and is found in the store now.

        A page that is open holds on to the run that it was drawn of.
        """
        self._exchange.forget()

    # -- what can be seen of it ----------------------------------------------------------

    @property
    def snapshot(self) -> RunSnapshot:
        """The run as it stands, at most 50 ms old."""
        return self._exchange.snapshot

    @property
    def live(self) -> LiveSettings:
        """The live settings as last asked for; the snapshot's are those in use."""
        return self._exchange.orders.live

    @property
    def held(self) -> bool:
        """Whether it was told to hold still; it does so after the present step."""
        return self._exchange.orders.pause

    def weights(self, timeout: float = 2.0) -> Weights | None:
        """The step and copies of the weights as they stand; None before the network exists.

        A run that trains hands them out between two steps and is not disturbed further. One
        that does not get there within `timeout` seconds leaves those that it handed out last.
        """
        return self._exchange.weights(timeout)

    def wait(self, timeout: float | None = None) -> RunSnapshot:
        """Block until the run has ended, or for so many seconds."""
        if self._thread.ident is not None:  # it has been started
            self._thread.join(timeout)
        return self.snapshot

    def wait_until(
        self, condition: Callable[[RunSnapshot], bool], timeout: float = 30.0
    ) -> RunSnapshot:
        """Block until a published snapshot meets `condition`.

        Raises:
            TimeoutError: it did not in time.
        """
        return self._exchange.wait_until(condition, timeout)
