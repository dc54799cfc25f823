"""Rules on gradients and units: exploding, vanishing, dead, saturated, no memory by design.

Each is a pure function of what was recorded, and returns a `Finding` or None. The thresholds
were set by what healthy and broken runs of the presets showed.
"""

from __future__ import annotations

import numpy as np

from core.insight.findings import (
    Finding,
    Observed,
    characters,
    clipping_advice,
    in_words,
    newest_probe,
    newest_report,
    no_path_through_time,
)

_DEAD_FLOW = 0.01  # of the flow after one step back; healthy networks keep 20 to 100 %
_SATURATED = 0.9  # healthy tanh networks reach 0.6 to 0.8, and the published init 0.97
_SILENT = 0.5
_SPIKE = 100  # times the median
_RECENT = 500  # steps
_FEW = 100  # steps that are waited for


def exploding(run: Observed) -> Finding | None:
    """A norm far above the usual one, or clipping in most steps."""
    history = run.history
    if len(history) < _FEW:
        return None
    before, after = history.column("grad_norm"), history.column("grad_norm_clipped")
    # A spike that clipping let through has moved the weights: it counts for the whole run. One
    # that was clipped counts while it is recent.
    for norms, first in ((after, 0), (before, max(0, len(before) - _RECENT))):
        seen = norms[first:]
        middle = float(np.median(seen[:: max(1, len(seen) // 4_000)]))
        at = int(np.argmax(seen))
        if middle > 0 and seen[at] > _SPIKE * middle:
            applied = norms is after
            return Finding(
                "exploding",
                "error" if applied else "info",
                "Exploding gradients" if applied else "An exploding gradient was clipped",
                f"The gradient's norm was {seen[at]:.3g} at step {first + at + 1:,}, "
                f"{_times(seen[at] / middle)} times the median of {middle:.3g}.",
                "Credit that grows in every step back through time ends as a spike. "
                + _recurrence(run),
                clipping_advice(run)
                if applied
                else f"Nothing: clipping cut it to {run.live.clip:g}. A copy of this run with "
                "clipping off shows what it prevents.",
            )
    share = history.clipped_share(200)
    if run.live.clip > 0 and share > 0.5:
        return Finding(
            "exploding",
            "warning",
            "Most steps are clipped",
            f"{in_words(share)} of the last {min(200, len(history))} steps were clipped at "
            f"{run.live.clip:g}; the median norm was {np.median(before[-200:]):.3g}.",
            "Either the gradient is large in nearly every step, or the threshold is low. A clipped "
            "step has a fixed length, so the learning rate alone decides how far it goes.",
            "Raise the clipping threshold above the median norm, or lower the learning rate.",
        )
    return None


def recurrence_dead(run: Observed) -> Finding | None:
    """Next to nothing of the gradient gets through the recurrence even once or twice."""
    probe, tanh = newest_probe(run), run.config.activation == "tanh"
    if probe is None or run.config.architecture != "arch1" or len(probe.flow) < 3:
        return None
    stuck = max(probe.saturated_share, probe.dead_share)
    if not (probe.flow[1] < _DEAD_FLOW or (probe.horizon <= 1 and stuck > _SATURATED)):
        return None
    state = (
        f"{in_words(probe.saturated_share)} of the recurrent units' values are beyond ±0.99"
        if tanh
        else f"{in_words(probe.dead_share)} of the recurrent units are never above 0"
    )
    if run.config.init == "published":
        cause = (
            "The weights start around -0.1 instead of 0: summed over all inputs that is a push so "
            "far to one side that the activation's slope is 0 there."
        )
        remedy = "Start from zero-mean weights."
    elif run.config.combine == "multiply" and not tanh:
        cause = "The state starts at 0, every product with it is 0, and there ReLU passes nothing."
        remedy = "Choose tanh, or join by concat or add."
    else:
        cause = "The units have been pushed so far that the activation's slope is 0 there."
        remedy = "Start again with a lower learning rate, from zero-mean or orthogonal weights."
    return Finding(
        "recurrence-dead",
        "error",
        "The recurrence is dead",
        f"At step {probe.step:,}, {in_words(probe.flow[1])} of the gradient arrives one character "
        f"back, and {in_words(probe.flow[2])} two back; {state}.",
        f"{cause} What is left learns from the last character only.",
        remedy,
    )


def units_saturated(run: Observed) -> Finding | None:
    """Nearly all values of the tanh units lie where tanh is flat."""
    probe, published = newest_probe(run), run.config.init == "published"
    if probe is None or run.config.activation != "tanh" or probe.saturated_share <= _SATURATED:
        return None
    pushed_by = "The published weights" if published else "Steps that are too large"
    return Finding(
        "units-saturated",
        "warning",
        "Units are saturated",
        f"At step {probe.step:,}, {in_words(probe.saturated_share)} of the recurrent units' "
        f"values are beyond ±0.99; their mean slope is {probe.mean_slope:.3f}.",
        "A tanh unit that far out acts like a switch: it passes next to no gradient back, and can "
        f"hardly be taught anything else. {pushed_by} push the units there.",
        "Start from zero-mean weights."
        if published
        else "Lower the learning rate and start again.",
    )


def units_silent(run: Observed) -> Finding | None:
    """Most ReLU units never speak."""
    probe = newest_probe(run)
    if probe is None or run.config.activation != "relu" or probe.dead_share <= _SILENT:
        return None
    return Finding(
        "units-silent",
        "warning",
        "Units are silent",
        f"At step {probe.step:,}, {in_words(probe.dead_share)} of the recurrent units stay 0 over "
        "the whole probe.",
        "A ReLU that is below 0 for every input has slope 0 for every input: no gradient will ever "
        "wake it.",
        "Lower the learning rate and start again, or choose tanh.",
    )


def vanishing(run: Observed) -> Finding | None:
    """The horizon lies within the first quarter of the window."""
    probe, unrollings = newest_probe(run), run.live.unrollings
    if probe is None or no_path_through_time(run.config) or unrollings < 8:
        return None
    if probe.horizon >= unrollings / 4:
        return None
    remedy = (
        f"Lower the unrollings to about {max(4, 2 * probe.horizon)}: the steps beyond teach next "
        "to nothing and cost time."
    )
    if run.config.architecture == "arch1" and run.config.init != "orthogonal":
        remedy += " Or start from orthogonal weights, which keep more at first."
    return Finding(
        "vanishing",
        "warning",
        "Vanishing gradients",
        f"At step {probe.step:,} the horizon is {characters(probe.horizon)}, the last lag that at "
        f"least 1 % of the gradient reaches, of {unrollings} unrollings; a step back keeps "
        f"{in_words(probe.decay_per_step)}.",
        "In each step the gradient is multiplied by weights (typically "
        f"{probe.rms_singular_value:.2f}) and slopes (typically "
        f"{probe.rms_slope * probe.rms_gate:.2f}), whose product is "
        f"{probe.expected_decay:.2f}.",
        remedy,
    )


def arch2_has_no_memory(run: Observed) -> Finding | None:
    """Teacher-forced Arch 2, by design."""
    probe, report = newest_probe(run), newest_report(run)
    if not no_path_through_time(run.config) or probe is None:
        return None
    loss = ""
    if report is not None and report.step and "bigram" in run.floors:
        loss = (
            f" The validation loss at step {report.step:,} is {report.validation_loss_nats:.3f} "
            f"nats; the bigram floor is {run.floors['bigram']:.3f}."
        )
    return Finding(
        "arch2-no-memory",
        "info",
        "This network cannot beat the bigram floor",
        f"{in_words(probe.flow[1]).capitalize()} of the gradient arrives one character back.{loss}",
        "Under teacher forcing the previous output that comes back is the true one, and that is "
        "the character the network reads anyway. Nothing else crosses time.",
        "Turn teacher forcing off, or choose Arch 1.",
    )


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio < 1e6 else f"{ratio:.2g}"


def _recurrence(run: Observed) -> str:
    probe = newest_probe(run)
    if probe is None:
        return ""
    return f"The spectral radius of the recurrent weights is {probe.spectral_radius:.2f}."
