"""A widget shows what is under its key, also to a browser that hears of a later run alone."""

import ast
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.widgets.held import _as_default

DASHBOARD = Path(__file__).parents[3] / "dashboard"
KINDS = {
    *("checkbox", "multiselect", "number_input", "pills", "radio", "segmented_control"),
    *("select_slider", "selectbox", "slider", "text_area", "text_input", "toggle"),
}


def widget(kind: str, value, *args) -> AppTest:
    """A page with one widget, whose value was set under its key, after a second run."""

    def page(kind, value, args):
        import streamlit as st

        from dashboard.widgets.held import held

        if "one" not in st.session_state:
            st.session_state["one"] = value
        held(getattr(st, kind), "One", *args, key="one")

    app = AppTest.from_function(page, args=(kind, value, args)).run().run()
    assert not app.exception
    assert app.session_state["one"] == value
    return app


LETTERS = ("a", "b", "c")


@pytest.mark.parametrize(
    ("kind", "value", "args", "told"),
    [
        ("selectbox", "b", (LETTERS,), 1),
        ("radio", "c", (LETTERS,), 2),
        ("segmented_control", "c", (LETTERS,), [2]),
        ("pills", "b", (LETTERS,), [1]),
        ("multiselect", ["a", "c"], (LETTERS,), [0, 2]),
        ("select_slider", "b", (LETTERS,), [1.0]),
        ("slider", 5, (0, 9), [5.0]),
        ("number_input", 5, (0, 9), 5.0),
        ("number_input", 5.5, (0.0, 9.0, 1.0), 5.5),  # its own default gives way
        ("toggle", True, (), True),
        ("checkbox", True, (), True),
        ("text_input", "text", (), "text"),
        ("text_area", "text", (), "text"),
    ],
)
def test_the_second_run_of_a_page_tells_the_value_as_the_default(kind, value, args, told):
    proto = widget(kind, value, *args).main.children[0].proto
    assert not proto.set_value
    default = proto.default
    assert (default if isinstance(told, (int, float, str)) else list(default)) == told


@pytest.mark.parametrize("kind", ["selectbox", "segmented_control", "number_input"])
def test_no_choice_is_told_as_none(kind):
    args = () if kind == "number_input" else (LETTERS,)
    proto = widget(kind, None, *args).main.children[0].proto
    assert not (list(proto.default) if kind == "segmented_control" else proto.HasField("default"))


def test_a_value_that_is_not_allowed_any_more_leaves_the_default_alone():
    assert _as_default("selectbox", "z", {"options": LETTERS}) == {}
    assert _as_default("multiselect", ["a", "z"], {"options": LETTERS}) == {}
    assert _as_default("number_input", 10, {"min_value": 0, "max_value": 9}) == {}


def test_every_widget_with_a_key_is_held():
    """One that is not might show something else than the page has: nobody would notice."""
    bare = [
        f"{path.relative_to(DASHBOARD)}:{call.lineno}"
        for path in DASHBOARD.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in KINDS
        and any(one.arg in ("key", None) for one in call.keywords)
    ]
    assert bare == []
