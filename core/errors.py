"""Every error that Unroll raises on purpose.

    UnrollError
    ├── ConfigError      a setting, or a combination of settings, that is not allowed
    ├── TextError        a text that cannot be found, fetched, read or used
    ├── WeightsError     a weight file that cannot be read, or does not fit
    ├── DeviceError      a device that this machine does not have
    └── RunError         an action that the run's present status does not allow

Each message is for the person at the keyboard: what was given, what is allowed, what to
do. The command line prints it as it stands, the dashboard shows it as it stands.
"""


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
