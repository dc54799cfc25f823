"""What people read for the names that settings and their values have in code.

Written once, for pages, messages and files. Knows no widgets. A value that is not listed is read
as it is written.
"""

from __future__ import annotations

from typing import Any

from core.config import TrainingConfig

FIELDS = {
    "text": "Text",
    "architecture": "Architecture",
    "combine": "Combine",
    "feedback": "Teacher forcing",
    "inputs": "Inputs",
    "activation": "Activation",
    "unrollings": "Unrollings T",
    "nodes": "Nodes N",
    "batch_size": "Batch size B",
    "init": "Initial weights",
    "loss": "Loss",
    "optimiser": "Optimiser",
    "learning_rate": "Learning rate",
    "decay_rate": "Decay factor",
    "decay_steps": "Decay every",
    "clip": "Clip at norm",
    "steps": "Steps",
    "report_every": "Report every",
    "probe_every": "Probe every",
    "seed": "Seed",
    "device": "Device",
    "engine": "Engine",
}
"""A setting as a widget is labelled."""

VALUES = {
    "arch1": "Arch 1",
    "arch2": "Arch 2",
    "relu": "ReLU",
    "published": "as published",
    "sgd": "SGD",
    "adadelta": "Adadelta",
    "adam": "Adam",
    "cpu": "CPU",
    "cuda": "CUDA",
    "compiled": "compiled code",
    "torch": "PyTorch",
    "squared-error": "squared error",
}
"""A setting's value."""

TERMS = {
    "uniform": "uniform",
    "unigram": "unigram",
    "bigram": "bigram",
    "trigram": "trigram",
    "fourgram": "4-gram",
}
"""A line under a loss, in a word."""

_COUNTED = {
    "uniform": "guessing evenly",
    "unigram": "1 character counted",
    "bigram": "2 characters counted",
    "trigram": "3 characters counted",
    "fourgram": "4 characters counted",
}

# Under a label that says what they are about, and in a sentence that does not.
FEEDBACK = {"teacher": "on", "free": "off"}
_ALONE = {"teacher": "teacher forced", "free": "free running", "stale": "stale inputs"}

_SHORT = {
    "unrollings": "T",
    "nodes": "N",
    "batch_size": "B",
    "learning_rate": "rate",
    "clip": "clip",
    "seed": "seed",
    "decay_rate": "decay",
    "decay_steps": "decay every",
    "steps": "steps",
}


def value_name(value: str) -> str:
    """A value in a choice, where its field's label stands beside it: "ReLU", "on"."""
    return FEEDBACK.get(value) or VALUES.get(value, value)


def floor(name: str) -> str:
    """A line under a loss: "2 characters counted (bigram)"."""
    return f"{_COUNTED[name]} ({TERMS[name]})"


def setting(field: str, value: Any) -> str:
    """A setting in a word or two that need no label: "ReLU", "T 40", "clip off"."""
    if field == "clip" and not value:
        return "clip off"
    if isinstance(value, str):
        shown = _ALONE.get(value) or VALUES.get(value, value)
    else:
        shown = number(value)
    return f"{_SHORT[field]} {shown}" if field in _SHORT else shown


def number(value: int | float) -> str:
    """A number: its thousands are parted where it is long."""
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if value >= 10_000 else str(value)


def run_name(config: TrainingConfig) -> str:
    """What a run is called until somebody names it: "Arch 1 tanh, N 128, T 25"."""
    words = [setting(name, getattr(config, name)) for name in ("architecture", "activation")]
    sizes = [setting(name, getattr(config, name)) for name in ("nodes", "unrollings")]
    return ", ".join([" ".join(words), *sizes])
