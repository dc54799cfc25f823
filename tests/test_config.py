"""Settings: ranges, refusals in sentences, presets and what follows from a configuration."""

import json

import pytest
from pydantic import ValidationError

from core.config import (
    ALPHABET_SIZE,
    PRESETS,
    LiveSettings,
    TrainingConfig,
    allowed,
    bounds,
    choices,
)
from core.errors import ConfigError

RANGES = {
    "unrollings": (1, 200, "a whole number from 1 to 200"),
    "nodes": (1, 1024, "a whole number from 1 to 1,024"),
    "batch_size": (1, 1024, "a whole number from 1 to 1,024"),
    "learning_rate": (1e-6, 100, "a number from 1e-06 to 100"),
    "decay_rate": (0, 1, "a number above 0, up to 1"),
    "decay_steps": (1, 10_000_000, "a whole number from 1 to 10,000,000"),
    "clip": (0, 1e6, "a number from 0 to 1,000,000"),
    "steps": (0, 10_000_000, "a whole number from 0 to 10,000,000"),
    "report_every": (1, 1_000_000, "a whole number from 1 to 1,000,000"),
    "probe_every": (0, 1_000_000, "a whole number from 0 to 1,000,000"),
    "seed": (0, 2**32 - 1, "a whole number from 0 to 4,294,967,295"),
}
WHOLE = [name for name, (_, _, words) in RANGES.items() if "whole" in words]
CHOICES = {
    "architecture": ("arch1", "arch2"),
    "combine": ("concat", "add", "multiply"),
    "feedback": ("teacher", "free"),
    "inputs": ("current", "stale"),
    "activation": ("tanh", "relu"),
    "init": ("published", "zero-mean", "orthogonal", "identity"),
    "loss": ("cross-entropy", "squared-error"),
    "optimiser": ("sgd", "adadelta", "adam"),
    "device": ("auto", "cpu", "cuda"),
    "engine": ("auto", "compiled", "torch"),
}


def refusal(**values) -> str:
    with pytest.raises(ConfigError) as caught:
        TrainingConfig.parse(values)
    return str(caught.value)


def test_every_setting_is_a_range_a_choice_or_the_text():
    assert set(TrainingConfig.model_fields) == {*RANGES, *CHOICES, "text"}
    assert ALPHABET_SIZE == 27


@pytest.mark.parametrize("name", RANGES)
def test_a_range_is_told_by_bounds_and_in_words(name):
    low, high, words = RANGES[name]
    assert bounds(name) == (low, high)
    assert allowed(name) == words


@pytest.mark.parametrize("name", RANGES)
def test_both_ends_of_a_range_are_allowed(name):
    low, high = bounds(name)
    if name == "decay_rate":
        low = 1e-9  # the one range without its lower end
    for value in (low, high):
        assert getattr(TrainingConfig.parse({name: value}), name) == value


@pytest.mark.parametrize("name", RANGES)
def test_a_value_outside_its_range_is_refused_in_a_sentence(name):
    low, high = bounds(name)
    below = low if name == "decay_rate" else low / 2 if name == "learning_rate" else low - 1
    for value in (below, high + 1):
        assert refusal(**{name: value}) == f"{name}={value} is not allowed: choose {allowed(name)}."


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_number_has_no_fraction(name):
    expected = f"{name}=1.5 is not allowed: choose {allowed(name)}."
    assert refusal(**{name: 1.5}) == expected
    assert refusal(**{name: "1.5"}) == expected


@pytest.mark.parametrize("name", [name for name in RANGES if name not in WHOLE])
@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_a_number_is_finite(name, value):
    assert refusal(**{name: value}) == f"{name}={value} is not allowed: choose {allowed(name)}."
    assert refusal(**{name: float(value)}) == refusal(**{name: value})


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_allows_its_values_and_refuses_others_in_a_sentence(name):
    assert choices(name) == CHOICES[name]
    arch2 = {"architecture": "arch2"} if name == "inputs" else {}  # which alone knows stale ones
    for value in choices(name):
        assert getattr(TrainingConfig.parse(arch2 | {name: value}), name) == value
    expected = f"{name}=other is not allowed: choose one of {', '.join(CHOICES[name])}."
    assert refusal(**{name: "other"}) == expected


def test_stale_inputs_are_those_of_arch2_under_teacher_forcing():
    only = "only for arch2 with feedback=teacher: choose these, or inputs=current."
    assert refusal(inputs="stale") == f"inputs=stale is not defined for arch1, {only}"
    given = {"architecture": "arch2", "feedback": "free", "inputs": "stale"}
    assert refusal(**given) == f"inputs=stale is not defined for arch2 with feedback=free, {only}"


def test_a_text_is_a_string():
    words = "builtin, text8, latch:LAG, or the path of a text file"
    assert refusal(text=5) == f"text=5 is not allowed: choose {words}."


def test_an_unknown_setting_is_refused_with_the_known_ones():
    known = ", ".join(TrainingConfig.model_fields)
    assert refusal(nods=5) == f"nods is not a setting; the settings are {known}."


def test_arch2_knows_concat_only():
    message = (
        "combine=add is not defined for arch2, which knows concat only; choose concat, or arch1."
    )
    assert refusal(architecture="arch2", combine="add") == message
    with pytest.raises(ConfigError, match="choose concat, or arch1"):
        TrainingConfig(combine="multiply").changed(architecture="arch2")


def test_every_wrong_setting_has_a_sentence():
    message = refusal(nodes=0, activation="sin", clip=-1)
    assert message == (
        "activation=sin is not allowed: choose one of tanh, relu. "
        "nodes=0 is not allowed: choose a whole number from 1 to 1,024. "
        "clip=-1 is not allowed: choose a number from 0 to 1,000,000."
    )


def test_strings_are_converted_as_the_command_line_needs_it():
    config = TrainingConfig.parse({"nodes": "12", "learning_rate": "1e-3", "clip": "0"})
    assert (config.nodes, config.learning_rate, config.clip) == (12, 0.001, 0.0)


def test_a_configuration_is_frozen():
    config = TrainingConfig()
    with pytest.raises(ValidationError, match="frozen"):
        config.nodes = 5
    assert config == TrainingConfig()
    assert len({config, TrainingConfig(), TrainingConfig(nodes=5)}) == 2


def test_changed_makes_a_checked_copy_and_leaves_the_original():
    config = TrainingConfig(nodes=5)
    other = config.changed(nodes="6", activation="relu")
    assert (config.nodes, config.activation) == (5, "tanh")
    assert (other.nodes, other.activation) == (6, "relu")
    assert other == TrainingConfig(nodes=6, activation="relu")
    with pytest.raises(ConfigError, match="nodes=0 is not allowed"):
        config.changed(nodes=0)


def test_a_configuration_survives_json():
    config = PRESETS["arch2-published"].config.changed(seed=2**32 - 1, decay_rate=0.1 + 0.2)
    assert TrainingConfig.parse(json.loads(config.model_dump_json())) == config


@pytest.mark.parametrize(
    ("settings", "hidden", "shapes", "count"),
    [
        (
            {"nodes": 100},
            200,
            {"U": (27, 100), "W": (200, 100), "b": (200,), "V": (200, 27), "c": (27,)},
            28_327,
        ),
        (
            {"nodes": 10, "combine": "add"},
            10,
            {"U": (27, 10), "W": (10, 10), "b": (10,), "V": (10, 27), "c": (27,)},
            677,
        ),
        (
            {"nodes": 10, "combine": "multiply"},
            10,
            {"U": (27, 10), "W": (10, 10), "b": (10,), "V": (10, 27), "c": (27,)},
            677,
        ),
        (
            {"nodes": 50, "architecture": "arch2"},
            100,
            {"U": (27, 50), "W": (27, 50), "b": (100,), "V": (100, 27), "c": (27,)},
            5_527,
        ),
    ],
)
def test_shapes_and_parameter_counts_follow_the_equations(settings, hidden, shapes, count):
    config = TrainingConfig(**settings)
    assert config.hidden_size == hidden
    assert config.parameter_shapes == shapes
    assert list(config.parameter_shapes) == ["U", "W", "b", "V", "c"]
    assert config.parameter_count == count


def test_characters_per_step_are_batch_times_unrollings():
    assert TrainingConfig(batch_size=32, unrollings=40).characters_per_step == 1_280


def test_live_settings_are_the_three_that_may_change():
    live = TrainingConfig(learning_rate=0.5, clip=2, unrollings=7).live
    assert live == LiveSettings(learning_rate=0.5, clip=2, unrollings=7)
    assert live.changed(clip=0) == LiveSettings(learning_rate=0.5, clip=0, unrollings=7)
    for name in LiveSettings.model_fields:
        low, high = bounds(name)
        for value in (low, high):
            assert getattr(live.changed(**{name: value}), name) == value
        with pytest.raises(ConfigError) as caught:
            live.changed(**{name: high + 1})
        expected = f"{name}={high + 1} is not allowed: choose {allowed(name)}."
        assert str(caught.value) == expected


def test_a_setting_that_is_not_live_is_refused_with_those_that_are():
    with pytest.raises(ConfigError) as caught:
        TrainingConfig().live.changed(nodes=5)
    assert str(caught.value) == (
        "nodes is not a setting; the settings are learning_rate, clip, unrollings."
    )


def test_a_missing_live_setting_is_named():
    with pytest.raises(ConfigError) as caught:
        LiveSettings.parse({"clip": 1, "learning_rate": 1})
    assert str(caught.value) == "unrollings is missing: choose a whole number from 1 to 200."


ARTICLE = {
    "arch1": {
        "batch_size": 32,
        "nodes": 100,
        "unrollings": 40,
        "activation": "relu",
        "combine": "concat",
        "optimiser": "adadelta",
        "learning_rate": 2.5,
        "decay_rate": 0.75,
        "decay_steps": 80_000,
        "clip": 1.25,
        "steps": 800_001,
        "report_every": 1_000,
    },
    "arch2": {
        "batch_size": 64,
        "nodes": 50,
        "unrollings": 20,
        "activation": "tanh",
        "combine": "concat",
        "feedback": "teacher",
        "optimiser": "sgd",
        "learning_rate": 2.5,
        "decay_rate": 0.1,
        "decay_steps": 5_000,
        "clip": 1.25,
        "steps": 50_001,
        "report_every": 1_000,
    },
}


@pytest.mark.parametrize("architecture", ARTICLE)
@pytest.mark.parametrize(("suffix", "init"), [("", "zero-mean"), ("-published", "published")])
def test_the_presets_hold_the_articles_settings(architecture, suffix, init):
    config = PRESETS[architecture + suffix].config
    assert config.architecture == architecture
    assert config.init == init
    for name, value in ARTICLE[architecture].items():
        assert getattr(config, name) == value, name


def test_a_published_preset_differs_from_its_recommendation_in_the_init_alone():
    for architecture in ARTICLE:
        recommended = PRESETS[architecture].config
        assert PRESETS[f"{architecture}-published"].config == recommended.changed(init="published")


def test_every_preset_has_a_title_and_says_what_to_expect():
    assert list(PRESETS) == ["demo", "arch1", "arch1-published", "arch2", "arch2-published"]
    assert len({preset.title for preset in PRESETS.values()}) == len(PRESETS)
    for preset in PRESETS.values():
        assert preset.about.endswith(".")
