"""Normal numbers from a seed: those that `torch.Generator().manual_seed(seed)` would give.

Runs, links and exported scripts name first weights by a seed, and the scripts draw with torch.
So torch's way with its CPU generator, a Mersenne Twister, is followed here step by step:

    16 or more    Box-Muller in float32, on blocks of 16: 8 uniforms u, then 8 uniforms v. A last
                  block that would be cut short is drawn anew over the last 16 numbers.
    fewer         Box-Muller in float64, number by number: a pair gives one now and one later.

    r = sqrt(-2 log(1 - u))        r cos(2πv), r sin(2πv)

Equal to torch's to about 5e-7: logarithm and sine are another library's.
"""

from __future__ import annotations

import math

import numpy as np
from numpy import ndarray

_BLOCK = 16


class Normals:
    """The stream of one seed; each draw takes up where the last one ended.

    Args:
        seed: 0 to 2**32 - 1.
    """

    def __init__(self, seed: int) -> None:
        # The old generator: the new ones stir a seed before they use it, torch does not.
        self._random = np.random.RandomState(seed)
        self._later: float | None = None  # the other one of a pair

    def draw(self, *shape: int) -> ndarray:
        """Standard normal numbers of this shape, float32."""
        size = math.prod(shape)
        numbers = self._in_blocks(size) if size >= _BLOCK else self._one_by_one(size)
        return numbers.reshape(shape)

    def draw_within(self, cut: float, *shape: int) -> ndarray:
        """As `draw`, with what lies beyond ±`cut` drawn again until nothing does.

        As in `torch.nn.init.trunc_normal_`, all are drawn again and only those are replaced.
        """
        numbers = self.draw(*shape)
        while (beyond := np.abs(numbers) > cut).any():
            numbers[beyond] = self.draw(*shape)[beyond]
        return numbers

    def _in_blocks(self, size: int) -> ndarray:
        uniforms = self._uniforms(size)
        whole = size - size % _BLOCK
        numbers = np.empty(size, np.float32)
        numbers[:whole] = _box_muller(uniforms[:whole])
        if whole < size:
            numbers[-_BLOCK:] = _box_muller(self._uniforms(_BLOCK))
        return numbers

    def _uniforms(self, size: int) -> ndarray:
        """From 0 up to 1, on a grid of 2^-24: `(size,)` float32."""
        return (self._words(size) & 0xFFFFFF).astype(np.float32) * np.float32(2**-24)

    def _one_by_one(self, size: int) -> ndarray:
        return np.array([self._next() for _ in range(size)], np.float32)

    def _next(self) -> float:
        if self._later is not None:
            number, self._later = self._later, None
            return number
        v, u = self._uniform64(), self._uniform64()
        radius, angle = math.sqrt(-2 * math.log1p(-u)), 2 * math.pi * v
        self._later = radius * math.sin(angle)
        return radius * math.cos(angle)

    def _uniform64(self) -> float:
        """From 0 up to 1, on a grid of 2^-53."""
        high, low = self._words(2).tolist()
        return math.ldexp((high << 32 | low) & (2**53 - 1), -53)

    def _words(self, size: int) -> ndarray:
        """The generator's next numbers of 32 bits."""
        return self._random.randint(0, 2**32, size, dtype=np.uint32)


def _box_muller(uniforms: ndarray) -> ndarray:
    """Normal numbers `(P,)` of uniform ones, P a multiple of 16."""
    u, v = uniforms.reshape(-1, 2, _BLOCK // 2).swapaxes(0, 1)
    # The angle is rounded as torch rounds it. What follows is not, so that a seed gives the same
    # weights on every machine: libraries for float32 differ in the last bits.
    angle = (np.float32(2 * np.pi) * v).astype(np.float64)
    radius = np.sqrt(-2 * np.log1p(-u.astype(np.float64)))
    return np.stack((radius * np.cos(angle), radius * np.sin(angle)), 1).ravel()
