"""The settings panel: widgets in, a checked configuration out.

Ranges and wordings come from `core.config`. While a run is active its settings are fixed, but
for the three live ones, whose changes go straight to the run. Knows nothing of charts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.config import LATER, PRESETS, TrainingConfig, bounds, choices
from core.engines.devices import cuda_is_available
from core.errors import ConfigError, UnrollError
from core.labels import FIELDS, value_name
from core.links import changes_from
from core.training.snapshot import WatchedRun
from core.words import WORDS
from dashboard import session
from dashboard.gate import commanded, may_command
from dashboard.train.text_picker import text_picker
from dashboard.widgets.held import held
from dashboard.widgets.plain import plain

_SHOWN = "shown_config"  # in st.session_state: the settings that the widgets were given
# The faults of the article that a link or the page Article may bring; no widget offers them.
_TRIALS = {
    "loss": "The squared error is descended instead of the cross-entropy, as in the article's "
    "trial; the curves show the cross-entropy.",
    "inputs": "Every step of a window reads the window's first characters as x, as in the "
    "article's listing of Arch 2.",
}
_HELP = {
    "architecture": "Arch 1: the previous hidden layer comes back. "
    "Arch 2: the previous output comes back.",
    "combine": "How the input and what comes back are joined: side by side, added, or "
    "multiplied. Arch 2 knows concat only.",
    "feedback": "Arch 2 only. On: the true previous output comes back. Off: the network's own "
    "distribution does.",
    "unrollings": WORDS["unrollings"],
    "init": "As published, the weights start around -0.1 and the recurrence starts dead; with "
    "tanh and Adam it comes back within some hundred steps. Zero-mean starts around 0. "
    "Orthogonal and identity set the recurrent block.",
    "learning_rate": "The optimiser's step size, before the staircase of the decay.",
    "clip": WORDS["clip"],
    "decay_rate": "The learning rate is multiplied by this ...",
    "decay_steps": "... every so many steps.",
    "report_every": "Steps between two validation losses and samples.",
    "probe_every": "Steps between two probes of the gradient flow. 0 is off.",
    "seed": "Of the first weights and of the samples: the same seed draws the same curve.",
    "device": "auto times a step on each and takes the faster."
    + ("" if cuda_is_available() else " This machine shows no CUDA device."),
    "engine": "What makes the steps. Compiled code runs on the CPU, and torch on GPUs, too. "
    "auto takes compiled code for small networks, and times a step of each for large ones.",
}
# Where the sliders stop; the number beside each takes any value.
_GRIDS = {
    "learning_rate": tuple(
        float(f"{digits}e{power}")
        for power in range(-5, 2)
        for digits in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
    ),
    "clip": (0.0, 0.1, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0),
}


def settings_panel(run: WatchedRun | None) -> TrainingConfig | None:
    """Draw the panel; returns the configuration chosen, or None if it is not allowed.

    The sentence about what is not allowed is shown here.
    """
    active = run is not None and run.snapshot.status.active
    _seed(run if active else None)
    preset = st.container()  # filled below, when all widgets have been read

    fixed = active and not may_command(run)  # another's run is watched
    _slider_and_number("learning_rate", fixed, format_stop=lambda rate: f"{rate:g}")
    _slider_and_number("clip", fixed, format_stop=lambda clip: f"{clip:g}" if clip else "off")
    low, high = bounds("unrollings")
    shown = st.session_state[_key("unrollings")]
    _live_widget(st.slider, "unrollings", shown, fixed, min_value=low, max_value=high)

    text_picker(_key("text"), disabled=active)
    _trials(active)
    with st.expander("Network", expanded=True):
        _network(active)
    with st.expander("Training"):
        _training(active)
    chosen = _chosen()
    with preset:
        _preset(active)
    return chosen


def _trials(active: bool) -> None:
    """A note for each of the article's faults that is set, and the way back from it."""
    state = st.session_state
    if (state[_key("architecture")], state[_key("feedback")]) != ("arch2", "teacher"):
        state[_key("inputs")] = LATER["inputs"]  # nowhere else is there another
    for field, note in _TRIALS.items():
        if state[_key(field)] == LATER[field]:
            continue
        st.warning(note)
        st.button(
            f"{FIELDS[field]}: back to {value_name(LATER[field])}",
            key=f"back_{field}",
            on_click=state.update,
            args=({_key(field): LATER[field]},),
            disabled=active,
            type="tertiary",
            icon=":material/undo:",
        )


def _network(active: bool) -> None:
    state = st.session_state
    _choice("architecture", active)
    arch2 = state[_key("architecture")] == "arch2"
    if arch2:
        state[_key("combine")] = "concat"
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        _widget(st.selectbox, "combine", active or arch2, **_options("combine"))
    with right:
        _widget(st.selectbox, "feedback", active or not arch2, **_options("feedback"))
    _choice("activation", active)
    if state[_key("combine")] == "multiply" and state[_key("activation")] == "relu":
        st.caption(
            "Multiply with ReLU cannot learn from these weights: the state starts at 0, every "
            "product stays 0, and ReLU passes no gradient there. Choose tanh."
        )
    left, right = st.columns(2)
    with left:
        _number("nodes", active)
    with right:
        _number("batch_size", active)
    _widget(st.selectbox, "init", active, **_options("init"))


def _training(active: bool) -> None:
    _widget(st.selectbox, "optimiser", active, **_options("optimiser"))
    left, right = st.columns(2)
    with left:
        _number("decay_rate", active, step=0.05)
        _number("steps", active, step=1_000)
        _number("seed", active)
    with right:
        _number("decay_steps", active, step=1_000)
        _number("report_every", active, step=50)
        _number("probe_every", active, step=50)
    left, right = st.columns(2)
    with left:
        _widget(st.selectbox, "device", active, **_options("device"))
    with right:
        _widget(st.selectbox, "engine", active, **_options("engine"))


def _key(field: str) -> str:
    return f"field_{field}"


def _seed(active_run: WatchedRun | None) -> None:
    """Give every setting its value, where it has none or the run knows better."""
    state, config = st.session_state, session.config()
    # Another page may have set up another experiment: a run was opened or duplicated there.
    others = state.get(_SHOWN) != config
    state[_SHOWN] = config
    if others or "preset_choice" not in state:
        state["preset_choice"] = session.preset()
    for field, value in config.model_dump().items():
        if others or _key(field) not in state:
            state[_key(field)] = value
    if active_run is not None:
        # Another tab may have changed them.
        for field, value in active_run.live.model_dump().items():
            state[_key(field)] = value


def _choose(config: TrainingConfig) -> None:
    session.set_config(config)
    st.session_state[_SHOWN] = config


def _fill(config: TrainingConfig) -> None:
    _choose(config)
    for field, value in config.model_dump().items():
        st.session_state[_key(field)] = value


def _choose_preset() -> None:
    key = st.session_state["preset_choice"]
    session.set_preset(key)
    _fill(PRESETS[key].config)


def _preset(active: bool) -> None:
    """What the settings started from, and a way back: always there, so that nothing moves."""
    preset = session.preset()
    changes = changes_from(preset, session.config())
    names = ", ".join(FIELDS.get(name, name.capitalize()) for name in changes)
    held(
        st.selectbox,
        "Preset",
        PRESETS,
        format_func=lambda key: PRESETS[key].title,
        key="preset_choice",
        on_change=_choose_preset,
        disabled=active,
    )
    st.caption(PRESETS[preset].about)
    st.button(
        "Back to the preset" + (f": undo {len(changes)}" if changes else ""),
        key="reset_preset",
        on_click=_choose_preset,
        help=f"Changed: {names}." if changes else "Nothing is changed.",
        disabled=active or not changes,
        type="tertiary",
        icon=":material/undo:",
    )


def _chosen() -> TrainingConfig | None:
    values = {name: st.session_state[_key(name)] for name in TrainingConfig.model_fields}
    try:
        config = TrainingConfig.parse(values)
    except ConfigError as error:
        st.error(plain(str(error)))
        return None
    _choose(config)
    return config


def _changed(field: str, name: str, turn: int) -> None:
    """A live setting was moved: take it over, and tell the run if one is active."""
    value = st.session_state.get(f"{name}_{turn}")
    if value is None or turn != st.session_state[f"turn_{name}"]:
        return  # it was emptied, or the browser reports a widget that has been replaced
    st.session_state[_key(field)] = value
    run = session.watched_run()
    if run is None or not run.snapshot.status.active:
        return
    try:
        commanded(run).change(**{field: value})
    except UnrollError as error:
        st.toast(plain(str(error)))


def _refill(field: str) -> None:
    """A number's box that was emptied goes back to what it held."""
    if st.session_state[_key(field)] is None:
        st.session_state[_key(field)] = getattr(session.config(), field)


def _slider_and_number(field: str, fixed: bool, format_stop: Callable[[float], str]) -> None:
    grid, value = _GRIDS[field], st.session_state[_key(field)]
    near = min(grid, key=lambda stop: abs(stop - value))
    slider, number = st.columns([3, 2], vertical_alignment="bottom")
    with slider:
        _live_widget(st.select_slider, field, near, fixed, options=grid, format_func=format_stop)
    with number:
        hidden = {"label_visibility": "collapsed", **_range(field)}
        _live_widget(st.number_input, field, value, fixed, **hidden)


def _choice(field: str, disabled: bool) -> None:
    _widget(st.segmented_control, field, disabled, required=True, **_options(field))


def _number(field: str, disabled: bool, **arguments: Any) -> None:
    arguments |= {"on_change": _refill, "args": (field,), **_range(field)}
    _widget(st.number_input, field, disabled, **arguments)


def _range(field: str) -> dict[str, Any]:
    low, high = bounds(field)
    if TrainingConfig.model_fields[field].annotation is int:
        return {"min_value": low, "max_value": high}
    return {"min_value": float(low), "max_value": float(high), "format": "%g"}


def _options(field: str) -> dict[str, Any]:
    return {"options": choices(field), "format_func": value_name}


def _live_widget(kind: Callable, field: str, shown: float, fixed: bool, **arguments: Any) -> None:
    """A widget of a live setting, at the value `shown`.

    While a run trains, the browser reports what all widgets hold twice a second, and that may
    be older than what was set here since; it would be taken for a wish of the user. So a
    widget is never set: one that must show something else gives way to the next in turn.
    """
    state, name = st.session_state, f"{kind.__name__}_{field}"
    turn = state.setdefault(f"turn_{name}", 0)
    if state.get(f"{name}_{turn}", shown) != shown:
        turn = state[f"turn_{name}"] = turn + 1
    arguments |= {"on_change": _changed, "args": (field, name, turn)}
    arguments |= {"value": shown, "help": _HELP.get(field), "disabled": fixed}
    held(kind, FIELDS[field], key=f"{name}_{turn}", **arguments)


def _widget(kind: Callable, field: str, disabled: bool, **arguments: Any) -> None:
    arguments |= {"help": _HELP.get(field), "disabled": disabled}
    held(kind, FIELDS[field], key=_key(field), **arguments)
