"""A link opens the experiment it was made from, and cannot do any harm."""

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import PRESETS, TrainingConfig, bounds, choices
from core.errors import ConfigError, shown
from core.links import (
    MOST_EVENTS,
    changes_from,
    events_from,
    from_query,
    linkable,
    nearest_preset,
    to_query,
)
from core.records import Event

DEMO = PRESETS["demo"].config


def field_values(name):
    """Any value that a field allows; texts are those that a link may name."""
    if name == "text":
        own = st.text("0123456789abcdef", min_size=12, max_size=12).map("own:{}".format)
        return st.one_of(
            st.sampled_from(["builtin", "text8", "latch:1", "latch:999", "latch:8:7"]), own
        )
    if allowed := choices(name):
        return st.sampled_from(allowed)
    low, high = bounds(name)
    if TrainingConfig.model_fields[name].annotation is int:
        return st.integers(low, high)
    return st.floats(low, high, exclude_min=name == "decay_rate")


def valid(values):
    try:
        return TrainingConfig.parse(values)
    except ConfigError:  # arch2 knows concat only, and arch1 no stale inputs
        return TrainingConfig.parse({**values, "combine": "concat", "inputs": "current"})


configs = st.fixed_dictionaries({}, optional={n: field_values(n) for n in DEMO.model_dump()})


@given(preset=st.sampled_from(list(PRESETS)), values=configs)
def test_a_link_opens_the_very_experiment_it_was_made_from(preset, values):
    config = valid({**PRESETS[preset].config.model_dump(), **values})
    address = urlencode(to_query(preset, config))
    link = from_query(dict(parse_qsl(address)))
    assert (link.preset, link.config, link.problems) == (preset, config, ())


def test_a_link_is_short_and_readable():
    config = DEMO.changed(activation="relu", learning_rate=0.0005, unrollings=10)
    assert urlencode(to_query("demo", config)) == (
        "v=1&preset=demo&activation=relu&unrollings=10&learning_rate=0.0005"
    )
    assert to_query("arch2", PRESETS["arch2"].config) == {"v": "1", "preset": "arch2"}


def test_changes_are_what_differs_from_the_preset():
    assert changes_from("demo", DEMO) == {}
    assert changes_from("demo", DEMO.changed(nodes=7)) == {"nodes": 7}


@pytest.mark.parametrize("preset", PRESETS)
def test_the_nearest_preset_is_the_one_that_a_configuration_was_changed_from(preset):
    assert nearest_preset(PRESETS[preset].config.changed(steps=123, seed=9).model_dump()) == preset


def test_an_empty_query_opens_the_quick_demo_without_a_word():
    link = from_query({})
    assert (link.preset, link.config, link.problems) == ("demo", DEMO, ())


def test_names_that_are_not_settings_are_left_alone():
    link = from_query({"run": "c0ffee", "embed": "true", "unit": "bits", "Nodes": "9"})
    assert (link.config, link.problems) == (DEMO, ())


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (
            {"unrollings": "201"},
            "In the link, unrollings=201 is not allowed: choose a whole number from 1 to 200. "
            "unrollings=25 is used.",
        ),
        (
            {"nodes": "many"},
            "In the link, nodes=many is not allowed: choose a whole number from 1 to 1,024. "
            "nodes=128 is used.",
        ),
        (
            {"learning_rate": "nan"},
            "In the link, learning_rate=nan is not allowed: choose a number from 1e-06 to 100. "
            "learning_rate=0.004 is used.",
        ),
        (
            {"clip": "-1"},
            "In the link, clip=-1 is not allowed: choose a number from 0 to 1,000,000. "
            "clip=1.25 is used.",
        ),
        (
            {"activation": ""},
            "In the link, activation= is not allowed: choose one of tanh, relu. "
            "activation=tanh is used.",
        ),
        (
            {"preset": "best"},
            "preset=best is not known: choose one of demo, arch1, arch1-published, arch2, "
            "arch2-published. demo is used.",
        ),
    ],
)
def test_a_value_that_is_not_allowed_is_told_and_the_preset_stands(query, sentence):
    link = from_query(query)
    assert link.problems == (sentence,)
    assert (link.preset, link.config) == ("demo", DEMO)


def test_a_wrong_value_does_not_cost_the_right_ones():
    link = from_query({"preset": "arch1", "nodes": "0", "unrollings": "7", "seed": "x"})
    assert link.config == PRESETS["arch1"].config.changed(unrollings=7)
    assert len(link.problems) == 2


def test_arch2_with_another_combine_keeps_concat():
    link = from_query({"architecture": "arch2", "combine": "add"})
    assert (link.config.architecture, link.config.combine) == ("arch2", "concat")
    assert link.problems[0].startswith("In the link, combine=add is not defined for arch2")


def test_a_link_of_another_version_is_read_with_a_warning():
    link = from_query({"v": "2", "nodes": "64"})
    assert link.config.nodes == 64
    assert link.problems == (
        "This link was made by another version (v=2; this one reads v=1): check the settings.",
    )


PATHS = [
    "/etc/passwd",
    "../notes.txt",
    "~/notes.txt",
    "notes.txt",
    "C:\\notes.txt",
    "",
    "own:../../etc/passwd",
    "own:/etc/passwd",
    "own:" + "a" * 11,
    "own:" + "A" * 12,
    "own:" + "a" * 12 + "\n",
    "latch:../x",
    "latch:1000",
    "latch:8:12345678",
    "latch:8:x",
    "builtin ",
]


@pytest.mark.parametrize("text", PATHS)
def test_a_link_never_names_a_file(text):
    assert not linkable(text)
    link = from_query({"text": text, "nodes": "9"})
    assert link.config == DEMO.changed(nodes=9)
    assert link.problems == (
        f"text={shown(text)} is not taken from a link, which may name builtin, text8 or a text "
        "kept here; choose the file on the page.",
    )


def test_a_link_does_not_tell_where_the_senders_files_are():
    query = to_query("demo", DEMO.changed(text="/home/ada/diary.txt", nodes=9))
    assert query == {"v": "1", "preset": "demo", "text": "file", "nodes": "9"}
    assert from_query(query).problems == (
        "The link's experiment was made on a text file that a link cannot bring: choose it on the "
        "page.",
    )


@pytest.mark.parametrize("name", ["v", "preset", "text", "unrollings", "clip", "device"])
@pytest.mark.parametrize("filler", ["9", "a", "é"])
def test_an_endless_value_is_cut_in_the_sentence(name, filler):
    link = from_query({name: filler * 100_000})
    assert link.config == DEMO
    assert len(link.problems) == 1
    assert filler * 40 + "…" in link.problems[0]
    assert len(link.problems[0]) < 250


@given(st.dictionaries(st.sampled_from(["v", "preset", *DEMO.model_dump()]), st.text()))
def test_no_query_is_an_error_and_every_result_is_valid(query):
    link = from_query(query)
    assert TrainingConfig.parse(link.config.model_dump()) == link.config
    assert linkable(link.config.text)
    assert all(problem.endswith(".") for problem in link.problems)


# -- live changes ----------------------------------------------------------------------------


CHANGES = (
    Event(2_000, "learning_rate", 0.000001),
    Event(2_000, "unrollings", 40),
    Event(12_345, "clip", 0),
)


def test_live_changes_travel_readably_and_come_back():
    config = PRESETS["demo"].config
    stopped = Event(12_400, "stopped", text="x")
    query = to_query("demo", config, [*CHANGES, stopped])
    assert query["events"] == "2000-learning_rate-0.000001 2000-unrollings-40 12345-clip-0"
    assert urlencode(query).endswith(
        "events=2000-learning_rate-0.000001+2000-unrollings-40+12345-clip-0"
    )
    link = from_query(query)
    assert (link.events, link.problems) == (CHANGES, ())
    assert "events" not in to_query("demo", config, [stopped])


def test_a_live_change_that_is_not_allowed_is_a_sentence_and_the_others_stand():
    link = from_query({"events": "5-clip-0.5 x-clip-1 7-nodes-3 9-clip--4 2-unrollings-3 8-clip"})
    assert link.events == (Event(2, "unrollings", 3), Event(5, "clip", 0.5))
    assert [problem.split(":")[0] for problem in link.problems] == [
        "The live change x-clip-1 is not understood",
        "The live change 7-nodes-3 is not understood",
        "The live change 9-clip--4",
        "The live change 8-clip",
    ]
    assert all(problem.endswith("It is not repeated.") for problem in link.problems)


def test_more_live_changes_than_a_link_holds_travel_as_a_file():
    many = [Event(step, "clip", 1.0) for step in range(MOST_EVENTS + 1)]
    assert "events" not in to_query("demo", PRESETS["demo"].config, many)
    (problem,) = from_query({"events": " ".join(["1-clip-1"] * 41)}).problems
    assert problem.startswith("events holds 41 live changes where a link may hold 40")


def test_on_the_command_line_a_live_change_that_is_not_understood_is_refused():
    config = PRESETS["demo"].config
    assert events_from("12-clip-2 3-clip-1", config) == (Event(3, "clip", 1), Event(12, "clip", 2))
    with pytest.raises(ConfigError, match="The live change never is not understood"):
        events_from("never", config)
