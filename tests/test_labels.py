import pytest

from core.config import PRESETS, TrainingConfig, choices
from core.labels import FIELDS, run_name, setting, value_name


def test_every_setting_has_a_label():
    assert list(FIELDS) and set(FIELDS) == set(TrainingConfig.model_fields)


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("activation", "relu", "ReLU"),
        ("unrollings", 40, "T 40"),
        ("clip", 0.0, "clip off"),
        ("clip", 0.5, "clip 0.5"),
        ("feedback", "free", "free running"),
        ("steps", 800_001, "steps 800,001"),
        ("learning_rate", 0.0004, "rate 0.0004"),
        ("init", "zero-mean", "zero-mean"),
    ],
)
def test_a_setting_needs_no_label_beside_it(field, value, shown):
    assert setting(field, value) == shown


def test_a_choice_stands_beside_its_label():
    assert [value_name(value) for value in choices("feedback")] == ["on", "off"]
    assert [value_name(value) for value in choices("optimiser")] == ["SGD", "Adadelta", "Adam"]


def test_a_run_is_called_by_what_tells_networks_apart():
    assert run_name(PRESETS["demo"].config) == "Arch 1 tanh, N 128, T 25"
    assert run_name(PRESETS["arch1"].config) == "Arch 1 ReLU, N 100, T 40"
