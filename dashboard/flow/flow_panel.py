"""Gradient flow of a run as it stands: waterfall, profile, what is used, window, reach, causes.

Reads frozen snapshots only; each chart has a sentence on what it shows and why it matters.
"""

from __future__ import annotations

import math

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.config import TrainingConfig
from core.insight.findings import no_path_through_time
from core.insight.standing import context_in_words
from core.records import ContextRecord, ProbeRecord
from core.training.snapshot import RunSnapshot
from core.words import WORDS
from dashboard.charts import flow as flow_charts
from dashboard.charts.context import context_chart
from dashboard.charts.frames import flow_frame, probes_frame
from dashboard.charts.parts import Figure
from dashboard.charts.reach import reach_chart
from dashboard.widgets.live_chart import live_chart

_HEIGHT = 400


def draw_flow(snapshot: RunSnapshot | None, config: TrainingConfig) -> None:
    """How far one loss reaches, and what is used of what came before: numbers and three charts.

    Args:
        snapshot: of the watched run; without one the panel is empty.
        config: the settings to draw for where there is no run.
    """
    charts, newest, unrollings, revision = _seen(snapshot, config)
    _figures(newest, unrollings)

    left, right = st.columns(2)
    _explained(
        left,
        charts["waterfall"],
        "Each column is a probe: one loss at the end of a held-out text, followed back k "
        "characters. Bright is where its gradient still arrives. Beyond the horizon less than 1 % "
        "of it does, at that moment, on that text.",
        key="waterfall",
        alt="Gradient flow by lag and training step, with the horizon and the unrollings",
        revision=revision,
    )
    _explained(
        right,
        charts["profile"],
        "The newest column. A straight line on this axis is a fixed share lost in every "
        "step. To the shaded unrollings, which cost as much as the others, less than 1 % of it "
        "arrives: at this moment, on this text.",
        key="profile",
        alt="The newest probe's flow by lag, with fit, half-life, horizon and unrollings",
        revision=f"{revision}-{unrollings}",
    )
    context = _newest_context(snapshot)
    _explained(
        st.container(),
        charts["context"],
        _used(context, newest),
        key="context",
        alt="Loss by how many characters come from the text itself, with the horizon and T",
        revision=f"{revision}-{unrollings}",
    )


def draw_windows_and_causes(snapshot: RunSnapshot | None, config: TrainingConfig) -> None:
    """The other gradient, what a window can reach, and why; arguments as `draw_flow`."""
    charts, newest, unrollings, revision = _seen(snapshot, config)
    left, right = st.columns(2)
    _explained(
        left,
        charts["window"],
        "**Another gradient, not the one above.** This is what training uses: at place t the "
        "losses of all later characters add up, so it looks healthy everywhere, however "
        "little of it comes from far away.",
        key="window_gradient",
        alt="Norm of the gradient of the whole window's loss by place in the window",
        revision=f"{revision}-{unrollings}",
    )
    _explained(
        right,
        charts["reach"],
        _reach(unrollings, newest, config),
        key="reach",
        alt="How many characters back each place of a window can learn from",
        revision=str(unrollings),
    )
    left, right = st.columns(2)
    _explained(
        left,
        charts["causes"],
        _product(newest, snapshot.config if snapshot else config),
        key="causes",
        alt="Decay per step, and the weights and slopes that it is the product of",
        revision=revision,
    )
    _explained(
        right,
        charts["units"],
        "A unit passes gradient back in proportion to its slope: nearly nothing where tanh is "
        "saturated, nothing where a ReLU is off.",
        key="units",
        alt="Mean slope, saturated share and dead share of the recurrent units",
        revision=revision,
    )


def _explained(
    place: DeltaGenerator, figure: Figure, words: str, *, key: str, alt: str, revision: str
) -> None:
    """A chart, and below it what it shows and why that matters."""
    with place:
        live_chart(figure, key=key, height=_HEIGHT, alt=alt, revision=revision)
        st.caption(words)


def _seen(
    snapshot: RunSnapshot | None, config: TrainingConfig
) -> tuple[dict[str, Figure], ProbeRecord | None, int, str]:
    """The charts, the newest probe, the unrollings in use, and what names the run."""
    if snapshot is None:
        return _charts("", None, config.unrollings, (), None), None, config.unrollings, ""
    probes, unrollings = snapshot.probes, snapshot.live.unrollings
    newest = probes[-1] if probes else None
    context = _newest_context(snapshot)
    stamp = (
        (newest.step, newest.decay_per_step, len(probes)) if newest else None,
        (context.step, context.full_loss_nats) if context else None,
    )
    charts = _charts(snapshot.run_id, stamp, unrollings, probes, context)
    return charts, newest, unrollings, snapshot.run_id


# Drawn once for all who watch, and not again until there is another probe: that takes longer
# than all the rest of a refresh. Nobody changes them.
@st.cache_resource(max_entries=32, show_spinner=False)
def _charts(
    run_id: str,
    stamp: tuple | None,
    unrollings: int,
    _probes: tuple[ProbeRecord, ...],
    _context: ContextRecord | None,
) -> dict[str, Figure]:
    newest = _probes[-1] if _probes else None
    table = probes_frame(_probes)
    return {
        "waterfall": flow_charts.waterfall_chart(flow_frame(_probes), table, unrollings),
        "profile": flow_charts.profile_chart(newest, unrollings),
        "context": context_chart(_context, newest, unrollings),
        "window": flow_charts.window_gradient_chart(newest),
        "reach": reach_chart(unrollings, newest.horizon if newest else None),
        "causes": flow_charts.causes_chart(table),
        "units": flow_charts.units_chart(table),
    }


def _newest_context(snapshot: RunSnapshot | None) -> ContextRecord | None:
    return snapshot.contexts[-1] if snapshot and snapshot.contexts else None


def _used(context: ContextRecord | None, probe: ProbeRecord | None) -> str:
    """What the picture shows, and what is to be read off it."""
    told = (
        "Each point is the loss on held-out text when all that is earlier than the last k "
        "characters comes from elsewhere, less the loss with the whole history. "
    )
    if context is None:
        return (
            told
            + "It is measured after some of the reports, on texts of at least 20,000 characters."
        )
    reading = context_in_words(context).rstrip(".")
    if probe is None:
        return f"{told}{reading}."
    reach = probe.horizon_in_words
    return f"{told}{reading}; the gradient reaches {reach} back at step {probe.step:,}."


def _figures(probe: ProbeRecord | None, unrollings: int) -> None:
    """The newest probe in five numbers."""
    shown = {
        "Decay per step": flow_charts.factor(probe.decay_per_step) if probe else "–",
        "Half-life": _characters(probe.half_life) if probe else "–",
        "Horizon": _characters(probe.horizon, probe.beyond) if probe else "–",
        "Unrollings": str(unrollings),
        "Weights × slopes": flow_charts.factor(probe.expected_decay) if probe else "–",
    }
    help_texts = {
        "Decay per step": "From the line fitted through the logarithm of the flow.",
        "Half-life": WORDS["half-life"],
        "Horizon": WORDS["horizon"],
        "Unrollings": WORDS["unrollings"],
        "Weights × slopes": "What the decay should be if the gradient had no special direction.",
    }
    for column, (label, value) in zip(st.columns(len(shown)), shown.items(), strict=True):
        column.metric(label, value, help=help_texts.get(label))


def _characters(count: float, at_least: bool = False) -> str:
    if math.isnan(count):  # there was nothing to fit a line through
        return "–"
    if math.isinf(count):
        return "endless"
    sign = "≥ " if at_least else ""
    number = f"{count:d}" if isinstance(count, int) else f"{count:.1f}"
    return f"{sign}{number} char."


def _reach(unrollings: int, probe: ProbeRecord | None, config: TrainingConfig) -> str:
    if no_path_through_time(config):
        return (
            "Nothing crosses time in this network: each prediction learns from its own character "
            "alone, whatever the length of a window."
        )
    mean = (unrollings - 1) / 2
    text = (
        f"With windows of {unrollings}, the prediction at place t learns from t − 1 characters "
        f"back at most: {mean:.1f} on average, not {unrollings}. "
    )
    if probe is not None:
        used = sum(min(t, probe.horizon) for t in range(unrollings)) / unrollings
        text += f"Within the horizon it is {used:.1f}. "
    return text + (
        "The grey area is reached by the carried state alone: its values cross from the window "
        "before, its gradient does not."
    )


def _product(probe: ProbeRecord | None, config: TrainingConfig) -> str:
    if no_path_through_time(config):
        return (
            "Teacher-forced Arch 2 has no path through time: the previous output that comes back "
            "is the character read anyway. So the flow is exactly 0 from one character back on."
        )
    text = "Going back one step multiplies the gradient by weights and by slopes"
    if probe is None:
        return text + "; their product foretells the decay."
    gate = f" × {probe.rms_gate:.2f} (gate)" if probe.rms_gate != 1 else ""
    return (
        f"{text}: {probe.rms_singular_value:.2f} × {probe.rms_slope:.2f}{gate} = "
        f"{flow_charts.factor(probe.expected_decay)}, and "
        f"{flow_charts.factor(probe.decay_per_step)} was measured. The spectral "
        f"radius, {probe.spectral_radius:.2f}, is the factor that the weights alone would come to "
        "after many steps; the slopes in between are others at each place, so the gradient need "
        "not follow it."
    )
