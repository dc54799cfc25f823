"""A trainer's engine, which may rest: as the arrays that it knows, without the room to work in.

A run that is paused, or waits for its place, keeps a few arrays as large as its weights instead of
an engine's buffers, which are several times as much. Knows nothing of steps, texts or threads.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.config import TrainingConfig
from core.engines.build import Choice, build_engine
from core.engines.engine import Engine
from core.networks.layout import NAMES, layout
from core.training.state import ACCUMULATOR, CARRIED

Arrays = dict[str, np.ndarray]


class HeldEngine:
    """An engine that is let go of on request, and built anew when it is next asked for.

    Thread safety: belongs to the trainer's thread; `weights` may be called from any.

    Args:
        config: the network.
        choice: the engine and its device.
        weights: `U, W, b, V, c` to start from.
    """

    def __init__(
        self, config: TrainingConfig, choice: Choice, weights: Mapping[str, np.ndarray]
    ) -> None:
        self._config, self._choice = config, choice
        engine = build_engine(config, choice.engine, choice.device)
        engine.load(weights)
        # One or the other, in one place: another thread that asks for weights finds either.
        self._held: Engine | Arrays = engine
        self._accumulators = engine.accumulator_names
        self._carried = engine.carried().shape

    @property
    def rests(self) -> bool:
        """Whether it is let go of now."""
        return not isinstance(self._held, Engine)

    @property
    def awake(self) -> Engine:
        """The engine; one that rested goes on to the same bits on the CPU."""
        held = self._held
        if isinstance(held, Engine):
            return held
        engine = build_engine(self._config, self._choice.engine, self._choice.device)
        _fill(engine, held)
        self._held = engine
        return engine

    def rest(self) -> None:
        """Let go of the engine until it is asked for; not on a GPU: one there is long to make."""
        if self._choice.device == "cpu":
            self._held = self.arrays()

    def arrays(self) -> Arrays:
        """Copies of all that it knows, by the names in a `TrainerState`."""
        held = self._held
        if not isinstance(held, Engine):
            return dict(held)  # nobody writes into these
        return {
            **held.weights(),
            CARRIED: held.carried(),
            **{ACCUMULATOR + name: kept for name, kept in held.accumulators().items()},
        }

    def weights(self) -> Arrays:
        """Copies of `U, W, b, V, c`; while it rests always the same, not to be written into."""
        held = self._held
        if isinstance(held, Engine):
            return held.weights()
        return {name: held[name] for name in NAMES}

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of what `arrays` gives."""
        size = (layout(self._config).size,)
        return {
            **self._config.parameter_shapes,
            CARRIED: self._carried,
            **{ACCUMULATOR + name: size for name in self._accumulators},
        }

    def fill(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Go on from what `arrays` once gave."""
        _fill(self.awake, arrays)


def _fill(engine: Engine, arrays: Mapping[str, np.ndarray]) -> None:
    engine.load({name: arrays[name] for name in NAMES})
    accumulators = {name: arrays[ACCUMULATOR + name] for name in engine.accumulator_names}
    engine.restore(arrays[CARRIED], accumulators)
