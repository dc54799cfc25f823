"""The arrays that compiled steps work on, and the way into them from Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.linalg.cython_blas  # noqa: F401  numba's products are scipy's; see below
from numpy import ndarray
from threadpoolctl import threadpool_limits

from core.config import TrainingConfig
from core.networks.compiled import arch1, arch2
from core.networks.layout import NAMES, aligned_zeros, layout

_KEPT_WINDOWS = 4  # for unrollings that go back and forth

# Products this small are faster on one thread, and several runs share the machine. Only libraries
# that are loaded can be told so, and numba would load scipy's with the first product.
threadpool_limits(limits=1, user_api="blas")


class CompiledNetwork:
    """Forward and backward pass over windows of `T` steps and `B` rows, in numpy arrays.

    Attributes:
        flat: all weights; see `layout.py`.
        gradient: laid out like `flat`.
        values: the weights by name, views into `flat`.
        gradients: the gradients by name, views into `gradient`.
        state: what crosses into the next window, `(B, H)` for Arch 1 and `(B, V)` for Arch 2;
            zeros at first.
        kind: the module that reads its windows.
    """

    def __init__(
        self, config: TrainingConfig, batch_size: int, dtype: type[np.floating] = np.float32
    ) -> None:
        self.config = config
        laid_out = layout(config)
        self.flat = aligned_zeros((laid_out.size,), dtype)
        self.gradient = aligned_zeros((laid_out.size,), dtype)
        self._p, self._d = laid_out.see(self.flat), laid_out.see(self.gradient)
        self.values: dict[str, ndarray] = self._p.by_name
        self.gradients: dict[str, ndarray] = self._d.by_name
        symbols = len(self.values["c"])
        self._is_arch1 = config.architecture == "arch1"
        width = config.hidden_size if self._is_arch1 else symbols
        self.state = aligned_zeros((batch_size, width), dtype)
        self.kind = arch1 if self._is_arch1 else arch2
        self._windows: dict[int, arch1.Window | arch2.Window] = {}  # by steps, used last comes last
        self._last: tuple[Any, ndarray, ndarray] | None = None

    def window(self, steps: int) -> Any:
        """The buffers for windows of so many steps."""
        # No `lru_cache` of a method: such a ring of references is let go of by the collector
        # alone, which comes to what has lived for long once in many minutes.
        found = self._windows.pop(steps, None)
        if found is None:
            found = self._arch1(steps) if self._is_arch1 else self._arch2(steps)
        self._windows[steps] = found
        while len(self._windows) > _KEPT_WINDOWS:
            del self._windows[next(iter(self._windows))]
        return found

    def load(self, weights: Mapping[str, ndarray]) -> None:
        """Copy weights in by name; shapes must be the configuration's."""
        for name in NAMES:
            self.values[name][:] = weights[name]

    def weights(self) -> dict[str, ndarray]:
        """Copies of the weights by name."""
        return {name: np.array(value, order="C") for name, value in self.values.items()}

    def loss_and_gradients(self, inputs: ndarray, targets: ndarray) -> float:
        """The mean loss of a window in nats; fills `gradients`, and leaves `state` alone.

        Args:
            inputs: ids x, `(T, B)` int64.
            targets: ids y, `(T, B)` int64.
        """
        window = self.window(len(inputs))
        loss = self.kind.gradients(window, inputs, targets)
        self._last = (window, inputs, targets)
        return float(loss)

    def move_on(self) -> None:
        """Let the state after the last window be that before the next."""
        self.kind.move_on(self._last_window()[0])

    def note_window(self, ids: ndarray) -> None:
        """The window that was read last, where another than this object did: ids `(T+1, B)`."""
        self._last = (self.window(len(ids) - 1), ids[:-1], ids[1:])

    def hidden(self) -> ndarray:
        """The hidden layer at each step of the last window, `(T, B, H)`."""
        window, inputs, _ = self._last_window()
        if isinstance(window, arch1.Window):
            if self.config.combine != "concat":
                return window.g[1:].copy()
            return np.concatenate((window.first[inputs], window.g[1:]), 2)
        read = np.broadcast_to(inputs[0], inputs.shape) if window.way == arch2.STALE else inputs
        second = window.a2 if window.way == arch2.FREE else window.a2[0][inputs]
        return np.concatenate((window.first[read], second), 2)

    def hidden_gradients(self, weights: Mapping[str, ndarray] | None = None) -> ndarray:
        """∂L_window/∂h_t of the last window, `(T, B, H)`.

        The sum over the losses of step t and of all later steps of the window: not to be
        confused with the gradient of one loss at the window's end.

        Args:
            weights: that the window was read with, if they have been updated since.
        """
        window, inputs, targets = self._last_window()
        p = weights or self.values
        V = p["V"]
        if isinstance(window, arch1.Window):
            n = self.config.nodes
            dz, do = window.back[1:, :, :n], window.back[1:, :, n : n + len(p["c"])]
            return np.asarray(dz @ p["W"].T + do @ V.T)
        if window.way != arch2.TEACHER:
            return np.asarray(window.do @ V.T)
        p_after = window.p[0][inputs]  # (T, B, V)
        do = p_after.copy()
        np.put_along_axis(
            do, targets[:, :, None], np.take_along_axis(do, targets[:, :, None], 2) - 1, 2
        )
        if window.squared:
            do = 2 * p_after * (do - (p_after * do).sum(2, keepdims=True))
        return np.asarray(do / inputs.size @ V.T)

    def true_norm(self) -> float | None:
        """The norm of the last window's gradient in float64, which holds larger numbers.

        None if even that is too small.
        """
        _, inputs, targets = self._last_window()
        wide = CompiledNetwork(self.config, len(self.state), np.float64)
        wide.load(self.values)
        wide.state[:] = self.state
        with np.errstate(over="ignore", invalid="ignore"):
            wide.loss_and_gradients(inputs, targets)
            norm = float(np.linalg.norm(wide.gradient))
        return norm if np.isfinite(norm) else None

    def _last_window(self) -> tuple[Any, ndarray, ndarray]:
        if self._last is None:
            raise RuntimeError("no window was read yet: call loss_and_gradients first")
        return self._last

    def _zeros(self, *shape: int) -> ndarray:
        return aligned_zeros(shape, self.flat.dtype)

    def _arch1(self, steps: int) -> arch1.Window:
        p, d, batch, zeros = self._p, self._d, len(self.state), self._zeros
        (symbols, n), row = p.by_name["U"].shape, p.products.shape[1]
        concat, multiply = (self.config.combine == name for name in ("concat", "multiply"))
        rows = symbols + batch if concat else symbols
        return arch1.Window(
            combine=("concat", "add", "multiply").index(self.config.combine),
            relu=self.config.activation == "relu",
            squared=self.config.loss == "squared-error",
            U=p.by_name["U"],
            WV=p.products,
            b=p.biases,
            dU=d.by_name["U"],
            dWV=d.products,
            db=d.biases,
            state=self.state,
            row_of=np.zeros((steps + 1, batch), np.int64),
            first=zeros(rows if concat else 0, n),
            first_back=zeros(rows, row),
            rows=zeros(rows, row),
            g=zeros(steps + 1, batch, n),
            gW=zeros(steps if multiply else 0, batch, n),
            o=zeros(steps, batch, symbols),
            back=zeros(steps + 1, batch, row),
            product=zeros(batch, row),
            credit=zeros(batch, n),
        )

    def _arch2(self, steps: int) -> arch2.Window:
        p, d, batch, zeros = self.values, self.gradients, len(self.state), self._zeros
        symbols, n = p["U"].shape
        teacher, stale = self.config.feedback == "teacher", self.config.inputs == "stale"
        loop = (1, symbols) if teacher else (steps, batch)
        return arch2.Window(
            way=arch2.STALE if stale else arch2.TEACHER if teacher else arch2.FREE,
            relu=self.config.activation == "relu",
            squared=self.config.loss == "squared-error",
            **{name: p[name] for name in NAMES},
            **{f"d{name}": d[name] for name in NAMES},
            state=self.state,
            first=zeros(symbols, n),
            rows=zeros(symbols, symbols),
            rows_back=zeros(symbols, symbols),
            counts=zeros(symbols, symbols),
            p=zeros(loop[0] + (not teacher), loop[1], symbols),
            a2=zeros(*loop, n),
            da2=zeros(*loop, n),
            do=zeros(*((steps, batch) if stale else loop), symbols),
            dp=zeros(batch, symbols),
        )
