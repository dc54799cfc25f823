"""What people read for the names that settings have in code: written once, for every page and file.

Knows no widgets. A value that is not listed is read as it is written.
"""

from __future__ import annotations

FIELDS = {
    "architecture": "Architecture",
    "combine": "Combine",
    "feedback": "Teacher forcing",
    "activation": "Activation",
    "unrollings": "Unrollings T",
    "nodes": "Nodes N",
    "batch_size": "Batch size B",
    "init": "Initial weights",
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
}
"""A setting by its field's name, as a widget is labelled."""

VALUES = {
    "arch1": "Arch 1",
    "arch2": "Arch 2",
    "teacher": "on",
    "free": "off",
    "relu": "ReLU",
    "published": "as published",
    "sgd": "SGD",
    "adadelta": "Adadelta",
    "adam": "Adam",
    "cpu": "CPU",
    "cuda": "CUDA",
}
"""A setting's value."""
