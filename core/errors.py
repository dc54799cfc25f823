"""Every error that Unroll raises on purpose.

    UnrollError
    ├── ConfigError      a setting, or a combination of settings, that is not allowed
    ├── TextError        a text that cannot be found, fetched, read or used
    ├── WeightsError     a weight file that cannot be read, or does not fit
    ├── DeviceError      a device that this machine does not have
    ├── RunError         an action that the run's present status does not allow
    ├── StoreError       the store of runs, or an exported run, that cannot be used
    ├── SweepError       a sweep whose workers cannot be reached, or were lost
    └── Diverged         training produced a number that is not finite

Each message is for the person at the keyboard: what was given, what is allowed, what to
do. The command line prints it as it stands, the dashboard shows it as it stands. What was given
is quoted through `shown`: it may come from anybody.
"""

_LONGEST_SHOWN = 80  # characters of a value that a message quotes


def shown(value: object) -> str:
    """A value fit to be quoted in a sentence: one line without control codes, 80 characters."""
    # Nobody's value needs more looked at, and joining a million words would take its time.
    line = " ".join(str(value)[: 10 * _LONGEST_SHOWN].split())
    line = "".join(character for character in line if character.isprintable())
    return line if len(line) <= _LONGEST_SHOWN else line[: _LONGEST_SHOWN - 1] + "…"


class UnrollError(Exception):
    """Base of all errors with a message meant for the user."""


class ConfigError(UnrollError):
    """A setting, or a combination of settings, that is not allowed."""


class TextError(UnrollError):
    """A text that cannot be found, fetched, read or used."""


class WeightsError(UnrollError):
    """A weight file that cannot be read, or that does not fit the configuration."""


class DeviceError(UnrollError):
    """A device that this machine does not have."""


class RunError(UnrollError):
    """An action that the run's present status does not allow."""


class StoreError(UnrollError):
    """The store of runs, or an exported run, that cannot be opened, read or written."""


class SweepError(UnrollError):
    """A sweep whose workers cannot be reached, or were lost; finished cells are kept."""


class Diverged(UnrollError):
    """Training produced a number that is not finite; the last finite weights stand.

    Attributes:
        step: the step that failed, from 1.
        cause: what was not finite: "the loss", "the gradient of W", "the update".
        record: a `core.records.Divergence`, where the step was taken apart.
    """

    def __init__(self, step: int, cause: str, record: object = None, clip: float = 0.0) -> None:
        """`clip` is the threshold in use, 0 for none."""
        advice = (
            f"Lower the learning rate: clipping at {clip:g} is on already."
            if clip
            else "Turn clipping on, or lower the learning rate."
        )
        super().__init__(
            f"Diverged at step {step:,}: {cause} is not a finite number; the weights of the "
            f"step before are kept. {advice}"
        )
        self.step = step
        self.cause = cause
        self.record = record
