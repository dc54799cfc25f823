"""Rules on gradients and units: exploding, vanishing, dead, saturated, one character by design.

Each is a pure function of what was recorded, and returns a `Finding` or None. The thresholds
were set by what healthy and broken runs of the presets showed. A probe speaks of one moment and
one text, and so do the sentences: what a gradient does not reach now it may reach later.
"""

from __future__ import annotations

import numpy as np

from core.data.latch import latch_of
from core.insight.findings import (
    ZERO_MEAN,
    Finding,
    Observed,
    Remedy,
    characters,
    clipping_advice,
    context_words,
    in_words,
    newest_probe,
    newest_report,
    no_path_through_time,
    slower,
)
from core.labels import floor

_DEAD_FLOW = 0.01  # of the flow after one step back; healthy networks keep 20 to 100 %
_SATURATED = 0.9  # healthy tanh networks reach 0.6 to 0.8, and the published init 0.97
_SILENT = 0.5
_SPIKE = 100  # times the median
_RECENT = 500  # steps
_FEW = 100  # steps that are waited for
_SETTLED = 500  # steps within which horizons of healthy runs were seen to halve and to double
_NOT_BACK = 0.05  # nats above the loss before a spike
_ROOM = 8  # unrollings beyond a text's lag


def exploding(run: Observed) -> Finding | None:
    """A norm far above the usual one: lately, or long ago with a loss that never came back."""
    history = run.history
    if len(history) < _FEW:
        return None
    norms = history.column("grad_norm")
    through = norms == history.column("grad_norm_clipped")
    lately = max(0, len(norms) - _RECENT)
    # What clipping let through has moved the weights; what it cut has not, by much.
    for first, counted in ((lately, through), (0, through), (lately, ~through)):
        at = first + int(np.argmax(np.where(counted[first:], norms[first:], 0)))
        middle = float(np.median(norms[first :: max(1, (len(norms) - first) // 4_000)]))
        if not (counted[at] and middle > 0 and norms[at] > _SPIKE * middle):
            continue
        if at < lately and not _worse_since(history.column("loss_nats"), at):
            continue
        applied = counted is through
        return Finding(
            "exploding",
            "error" if applied else "info",
            "Exploding gradients" if applied else "An exploding gradient was clipped",
            f"The gradient's norm was {norms[at]:.3g} at step {history.first_whole + at + 1:,}, "
            f"{_times(norms[at] / middle)} times the median of {middle:.3g}."
            + (" The loss has not come back since." if at < lately else ""),
            _why_exploded(run),
            clipping_advice(run)
            if applied
            else _was_clipped(run, float(history.column("grad_norm_clipped")[at])),
        )
    return None


def _why_exploded(run: Observed) -> str:
    if no_path_through_time(run.config) or run.live.unrollings == 1:
        return "No gradient goes back in time here: the weights, or what they are fed, have grown."
    return "Credit that grows in every step back through time ends as a spike. " + _recurrence(run)


def _was_clipped(run: Observed, left: float) -> Remedy:
    said = f"Nothing: clipping cut it to {left:.3g}"
    if run.live.clip == 0:
        return Remedy(f"{said}. Clipping is off now: the next one would not be cut.")
    shows = "A copy of this run with clipping off shows what it prevents."
    return Remedy(f"{said}. {shows}", {"clip": 0.0})


def mostly_clipped(run: Observed) -> Finding | None:
    """Plain SGD whose steps are nearly all of one length.

    Adam and Adadelta divide a gradient by its own usual size, clipped or not: with them a
    clipped step has no fixed length, and says nothing that would need a remedy.
    """
    if run.config.optimiser != "sgd" or run.live.clip == 0 or len(run.history) < _FEW:
        return None
    share, last = run.history.clipped_share(200), min(200, len(run.history))
    if share <= 0.5:
        return None
    norms = run.history.column("grad_norm")[-last:]
    rate = float(run.history.column("learning_rate")[-1])
    return Finding(
        "mostly-clipped",
        "info",
        "Most steps are clipped",
        f"{in_words(share)} of the last {last} steps were clipped at {run.live.clip:g}; the "
        f"median norm was {np.median(norms):.3g}.",
        "Under plain SGD a clipped step has a fixed length, the learning rate times the "
        f"threshold: {rate * run.live.clip:.3g} now. How steep the loss is no longer matters.",
        Remedy(
            "Nothing, while the loss falls. Once it stops falling, lower the learning rate, or the "
            "threshold, which does the same: both make these steps shorter."
        ),
    )


def recurrence_dead(run: Observed) -> Finding | None:
    """Next to nothing of the gradient gets through the recurrence even once."""
    probe, tanh = newest_probe(run), run.config.activation == "tanh"
    if probe is None or run.config.architecture != "arch1" or len(probe.flow) < 3:
        return None
    if not probe.flow[1] < _DEAD_FLOW:
        return None
    state = (
        f"{in_words(probe.saturated_share)} of the recurrent units' values are beyond ±0.99"
        if tanh
        else f"{in_words(probe.dead_share)} of the recurrent units are never above 0"
    )
    # tanh is never quite flat, and Adam divides the little that passes by its own size.
    may_wake = tanh and run.config.optimiser == "adam" and probe.step < _SETTLED
    cause, remedy = _why_dead(run)
    if may_wake:
        wait = " Or wait: with tanh and Adam it can come back within some hundred steps."
        remedy = Remedy(remedy.text + wait, remedy.settings)
    return Finding(
        "recurrence-dead",
        "warning" if may_wake else "error",
        "The recurrence is dead at this moment" if may_wake else "The recurrence is dead",
        f"At step {probe.step:,}, {in_words(probe.flow[1])} of the gradient arrives one character "
        f"back, and {in_words(probe.flow[2])} two back; {state}.{context_words(run)}",
        f"{cause} As it stands, a loss teaches about the last character only.",
        remedy,
    )


def _why_dead(run: Observed) -> tuple[str, Remedy]:
    """The cause, and what to try."""
    if run.config.combine == "multiply" and run.config.activation == "relu":
        return (  # whatever the first weights are
            "The state starts at 0, every product with it is 0, and there ReLU passes nothing."
        ), Remedy("Choose tanh, or join by concat or add.", {"activation": "tanh"})
    if run.config.init == "published":
        return (
            "The weights start around -0.1 instead of 0: summed over all inputs that is a push so "
            "far to one side that the activation is flat there."
        ), ZERO_MEAN
    return ("The units have been pushed so far that the activation is flat there."), Remedy(
        "Start again with a lower learning rate, from zero-mean or orthogonal weights.",
        {"init": "zero-mean", **slower(run)},
    )


def units_saturated(run: Observed) -> Finding | None:
    """Nearly all values of the tanh units lie where tanh is flat."""
    probe, published = newest_probe(run), run.config.init == "published"
    if probe is None or run.config.activation != "tanh" or probe.saturated_share <= _SATURATED:
        return None
    pushed_by = (
        "The published weights, around -0.1, push the units there"
        if published
        else "What usually pushes units there are steps that are too large"
    )
    return Finding(
        "units-saturated",
        "warning",
        "Units are saturated",
        f"At step {probe.step:,}, {in_words(probe.saturated_share)} of the recurrent units' "
        f"values are beyond ±0.99; their mean slope is {probe.mean_slope:.3f}.",
        "A tanh unit that far out acts like a switch: it passes next to no gradient back. "
        f"{pushed_by}.",
        ZERO_MEAN if published else Remedy("Lower the learning rate and start again.", slower(run)),
    )


def units_silent(run: Observed) -> Finding | None:
    """Most ReLU units never speak."""
    probe, published = newest_probe(run), run.config.init == "published"
    if probe is None or run.config.activation != "relu" or probe.dead_share <= _SILENT:
        return None
    pushed_by = " The published weights, around -0.1, push units there." if published else ""
    slow = Remedy("Lower the learning rate and start again, or choose tanh.", slower(run))
    return Finding(
        "units-silent",
        "warning",
        "Units are silent",
        f"At step {probe.step:,}, {in_words(probe.dead_share)} of the recurrent units stay 0 over "
        "the whole probe.",
        "A ReLU that is below 0 for every input has slope 0 for every input: it gets no gradient, "
        f"and wakes only if what it is fed changes.{pushed_by}",
        ZERO_MEAN if published else slow,
    )


def vanishing(run: Observed) -> Finding | None:
    """The horizon lies within the first quarter of the window, and no longer grows."""
    probe, unrollings = newest_probe(run), run.live.unrollings
    if probe is None or no_path_through_time(run.config) or unrollings < 8:
        return None
    if probe.horizon >= unrollings / 4 or _horizon_moves(run):
        return None
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
        _with_a_short_horizon(run, probe.horizon),
    )


def _horizon_moves(run: Observed) -> bool:
    """Whether the horizon may still grow by itself: it did lately, or it is too early to tell."""
    newest = run.probes[-1]
    lately = [probe.horizon for probe in run.probes if 2 * probe.step >= newest.step]
    return newest.step < _SETTLED or len(lately) < 2 or newest.horizon > lately[0]


def _with_a_short_horizon(run: Observed, horizon: int) -> Remedy:
    lag, _ = latch_of(run.config.text) or (0, 0)
    # The key is guessed on reading what stands one before its echo: lag - 1 after the key.
    if lag - 1 > horizon and run.live.unrollings < lag:
        return Remedy(
            f"Train with more than {lag} unrollings: the key of this text comes back {lag} "
            "characters later, and the horizon grows to there once the network has found it.",
            {"unrollings": lag + _ROOM},
        )
    if lag - 1 > horizon:
        return Remedy(
            f"The window holds the key of this text, which comes back {lag} characters later, and "
            "the gradient does not reach it yet. More steps, other first weights or another seed "
            "may find it."
        )
    fewer = max(4, 2 * horizon)
    return Remedy(
        f"At this moment, on this text, what lies beyond the horizon teaches little. A copy with "
        f"{fewer} unrollings costs less time; a race of the two shows whether it learns as much.",
        {"unrollings": fewer},
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
            f"nats; the line of {floor('bigram')}, which knows the last character alone, is "
            f"{run.floors['bigram']:.3f}."
        )
    return Finding(
        "arch2-no-memory",
        "info",
        "This network sees the last character alone",
        f"{in_words(probe.flow[1]).capitalize()} of the gradient arrives one character back."
        f"{context_words(run)}{loss}",
        "Under teacher forcing the previous output that comes back is the true one, and that is "
        "the character the network reads anyway. Nothing else crosses time.",
        Remedy(
            "Turn teacher forcing off, or choose Arch 1.",
            {"feedback": "free", "inputs": "current"},
        ),
    )


def _worse_since(losses: np.ndarray, at: int) -> bool:
    """Whether the loss now is above what it was before this row; medians, against other spikes."""
    earlier = losses[max(0, at - _FEW) : at]
    return len(earlier) >= _FEW // 4 and bool(
        np.median(losses[-_FEW:]) > np.median(earlier) + _NOT_BACK
    )


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio < 1e6 else f"{ratio:.2g}"


def _recurrence(run: Observed) -> str:
    probe = newest_probe(run)
    if probe is None:
        return ""
    return f"The spectral radius of the recurrent weights is {probe.spectral_radius:.2f}."
