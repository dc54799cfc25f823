"""How much of a machine one may take: places to train, and what bounds one of many people.

All of it is read from the environment here, once a server. Knows nothing of pages or of who asks.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from core.config import TrainingConfig
from core.errors import ConfigError, RunError, StoreError, shown

_MOST = 10**12


def _setting(name: str, usual: int, least: int = 1) -> int:
    """A whole number out of the environment.

    Raises:
        ConfigError: it is none, or not allowed.
    """
    given = os.environ.get(name, "").strip()
    if not given:
        return usual
    if not (given.isascii() and given.isdigit() and least <= int(given[:13]) <= _MOST):
        raise ConfigError(
            f"{name}={shown(given)} is not allowed: give a whole number from {least}, or leave it "
            f"out for {usual:,}."
        )
    return int(given)


def slots() -> int:
    """How many runs train at once: one less than there are cores, at least one.

    Raises:
        ConfigError: UNROLL_SLOTS is no number.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return _setting("UNROLL_SLOTS", max(1, (cores or 1) - 1))


def unwatched_seconds() -> float:
    """For how long a run may train unseen on a server of many; infinite where it always may.

    Raises:
        ConfigError: UNROLL_UNWATCHED_MINUTES is no number.
    """
    return 60.0 * _setting("UNROLL_UNWATCHED_MINUTES", 10, least=0) or float("inf")


@dataclass(frozen=True)
class Limits:
    """What one of many people may have at once.

    Attributes:
        runs: that train, wait or are paused; a race counts apart.
        steps: of a run.
        text: characters of a text of one's own.
        texts: of one's own that are kept.
        stored: bytes of all one's recorded runs.
        seconds: of a race that ends by time; its lanes may take any number of steps.
    """

    runs: int = 3
    steps: int = 1_000_000
    text: int = 5_000_000
    stored: int = 500_000_000
    texts: int = 10
    seconds: int = 600

    @staticmethod
    def from_environment() -> Limits:
        """As UNROLL_MOST_RUNS, _STEPS, _CHARACTERS, _MEGABYTES, _TEXTS and _SECONDS say.

        Raises:
            ConfigError: one of them is no number.
        """
        usual = Limits()
        return Limits(
            _setting("UNROLL_MOST_RUNS", usual.runs),
            _setting("UNROLL_MOST_STEPS", usual.steps),
            _setting("UNROLL_MOST_CHARACTERS", usual.text),
            1_000_000 * _setting("UNROLL_MOST_MEGABYTES", usual.stored // 1_000_000),
            _setting("UNROLL_MOST_TEXTS", usual.texts),
            _setting("UNROLL_MOST_SECONDS", usual.seconds),
        )

    def require_runs(self, active: int) -> None:
        """Refuse one run more.

        Raises:
            RunError: so many are active already.
        """
        if active >= self.runs:
            raise RunError(
                f"{active} of your runs train, wait or are paused, and on this server each person "
                f"may have {self.runs}: stop one of them, or wait until it is done."
            )

    def require_steps(self, config: TrainingConfig) -> None:
        """Refuse a run that is too long.

        Raises:
            RunError: it is.
        """
        if config.steps > self.steps:
            raise RunError(
                f"steps={config.steps:,} is too many for a server of many people, where a run may "
                f"have {self.steps:,}: choose fewer."
            )

    def require_seconds(self, seconds: float) -> None:
        """Refuse a race by time that is too long.

        Raises:
            RunError: it is.
        """
        if seconds > self.seconds:
            raise RunError(
                f"{seconds:,.0f} seconds are too many for a server of many people, where a race "
                f"may take {self.seconds:,}: choose fewer."
            )

    def require_text(self, characters: int) -> None:
        """Refuse a text that is too long.

        Raises:
            RunError: it is.
        """
        if characters > self.text:
            raise RunError(
                f"This text has {characters:,} characters, and on this server a text of one's own "
                f"may have {self.text:,}: cut it."
            )

    def require_texts(self, kept: int) -> None:
        """Refuse one text more.

        Raises:
            RunError: so many are kept already.
        """
        if kept >= self.texts:
            raise RunError(
                f"You keep {kept} of the {self.texts} texts that each person may on this server: "
                "delete one of them first."
            )

    def require_room(self, stored: int) -> None:
        """Refuse to record more.

        Raises:
            StoreError: so many bytes are stored already.
        """
        if stored >= self.stored:
            raise StoreError(
                f"Your runs take {stored // 1_000_000:,} MB, and on this server each person may "
                f"have {self.stored // 1_000_000:,}: delete some of them on the Runs page."
            )
