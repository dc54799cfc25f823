"""Rules on losses: diverged, resting at what counting reaches, learning rate too high or low,
overfitting.

Each is a pure function of what was recorded, and returns a `Finding` or None.
"""

from __future__ import annotations

import numpy as np

from core.insight.findings import (
    Finding,
    Observed,
    Remedy,
    characters,
    clipping_advice,
    context_words,
    faster,
    newest_context,
    newest_probe,
    newest_report,
    slower,
)
from core.labels import floor
from core.records import RunStatus

_AT_FLOOR = 0.03  # nats
_WORTH = 0.05  # nats that the history saves in a network that has found some use for it
_RESTING = 0.02  # nats between two reports, ...
_FEW = 100  # ... so many steps apart; and steps in a mean or a median
_SLOW_STEPS = 500
_MOVES = 0.02  # nats in half of all steps: less may be the noise of two means


def diverged(run: Observed) -> Finding | None:
    """A number was no longer finite."""
    if run.status != RunStatus.DIVERGED:
        return None
    before = ""
    if len(run.history):
        norm, step = run.history.largest_norm()
        before = f" The largest gradient norm before it was {norm:.3g}, at step {step:,}."
    advice = clipping_advice(run)
    return Finding(
        "diverged",
        "error",
        "Diverged",
        f"{run.message.split(';')[0]}.{before}",
        "A gradient grew from step to step through the recurrence until a number no longer fitted "
        "into a float, or one step was so large that the next loss was.",
        Remedy(f"{advice.text} A lower learning rate helps too.", advice.settings),
    )


def at_a_count(run: Observed) -> Finding | None:
    """Two reports, a hundred steps apart, at what counting reaches, with no more in use than that.

    A loss near 2 characters counted (bigram) does not say what the network uses: one on its way
    down passes there with a history that is worth a lot to it. That is measured, or not spoken of.
    """
    last = newest_report(run)
    earlier = [r for r in run.reports if last and 0 < r.step <= last.step - _FEW]
    if last is None or not earlier:
        return None
    losses = [earlier[-1].validation_loss_nats, last.validation_loss_nats]
    if not abs(losses[1] - losses[0]) < _RESTING:
        return None
    context = newest_context(run)
    if context is not None and context.worth_nats > _WORTH:
        return None
    for term, name, counted in (
        ("bigram", "at-2-characters-counted", "which character follows the last one"),
        ("unigram", "at-1-character-counted", "how often each character comes"),
    ):
        level = run.floors.get(term)
        if level is None or max(abs(loss - level) for loss in losses) > _AT_FLOOR:
            continue
        return Finding(
            name,
            "warning",
            f"Sitting at {floor(term)}",
            f"The validation loss was {losses[0]:.3f} nats at step {earlier[-1].step:,} and is "
            f"{losses[1]:.3f} at step {last.step:,}; the line of {floor(term)} is {level:.3f}."
            f"{context_words(run)}",
            f"Counting {counted} predicts these characters as well. Either little reaches back "
            "through the recurrence, or learning is too slow to have got further.",
            _where_it_rests(run),
        )
    return None


def _where_it_rests(run: Observed) -> Remedy:
    probe = newest_probe(run)
    if probe is None:
        return Remedy(
            "Turn probes on: they tell whether the gradient reaches back.", {"probe_every": 200}
        )
    least = "at least " if probe.beyond else ""
    stands = f"The horizon was {least}{characters(probe.horizon)} at step {probe.step:,}"
    if probe.horizon <= 1:
        other = "orthogonal" if run.config.init == "zero-mean" else "zero-mean"
        return Remedy(f"{stands}: start from other first weights.", {"init": other})
    return Remedy(
        f"{stands}, so the gradient does reach back: raise the learning rate, or train longer.",
        faster(run),
    )


def rate_too_high(run: Observed) -> Finding | None:
    """The loss is worse than guessing, or than it was."""
    losses = run.history.column("loss_nats")[-2_000:]
    if len(losses) < 2 * _FEW:
        return None
    # Medians, because one spike says nothing about the rest.
    blocks = losses[len(losses) % _FEW :].reshape(-1, _FEW)
    medians = np.median(blocks, axis=1)
    now, best = float(medians[-1]), float(medians.min())
    uniform = run.floors.get("uniform", np.inf)
    rate = _rate(run)
    if now > uniform + 0.1:
        evidence = (
            f"The median loss of the last {_FEW} steps is {now:.2f} nats, above the {uniform:.2f} "
            f"of pure guessing, at a learning rate of {rate:g}."
        )
    elif now > best + 0.3:
        evidence = (
            f"The median loss of the last {_FEW} steps is {now:.2f} nats; it was {best:.2f} "
            f"before, at a learning rate of {rate:g}."
        )
    else:
        return None
    return Finding(
        "learning-rate-high",
        "error",
        "The learning rate is too high",
        evidence,
        "Each step jumps over the place where the loss is lower, and lands somewhere worse.",
        Remedy(
            "Divide the learning rate by 3 to 10; in a network that is already spoilt, start "
            "again.",
            slower(run),
        ),
    )


def rate_too_low(run: Observed) -> Finding | None:
    """Hundreds of steps, and the loss still comes down from 1 character counted (unigram)."""
    history, floors = run.history, run.floors
    if len(history) < _SLOW_STEPS or not {"unigram", "bigram"} <= floors.keys():
        return None
    losses = history.column("loss_nats")
    now, first = float(losses[-_FEW:].mean()), float(losses[:_FEW].mean())
    half = len(losses) // 2
    late = float(losses[half - _FEW // 2 : half + _FEW // 2].mean()) - now
    # A quarter of the way from 1 character counted to 2 is a matter of a few hundred steps at a
    # rate that fits.
    mark = floors["unigram"] - (floors["unigram"] - floors["bigram"]) / 4
    # One that fell and then rests may have a rate too high, or spoilt units: nobody knows here.
    crawls = late > max(_MOVES, (first - now) / 10)
    stands = abs(first - now) < 0.05
    if not (now > mark and (crawls or stands)):
        return None
    return Finding(
        "learning-rate-low",
        "warning",
        "The learning rate is too low",
        f"After {len(history):,} steps the mean loss of the last {_FEW} is {now:.2f} nats, and of "
        f"the first {_FEW} it was {first:.2f}; the line of {floor('unigram')} is "
        f"{floors['unigram']:.2f}. The learning rate is {_rate(run):g}.",
        "The loss goes the right way in steps that are too small."
        if crawls
        else "The loss is about where it began: steps so small change next to nothing.",
        Remedy("Multiply the learning rate by 3 to 10.", faster(run)),
    )


def overfitting(run: Observed) -> Finding | None:
    """The validation loss rises and the training loss does not."""
    reports = [report for report in run.reports if report.train_loss_nats is not None]
    if len(reports) < 3 or not run.text_length:
        return None
    last, best = reports[-1], min(reports, key=lambda report: report.validation_loss_nats)
    assert last.train_loss_nats is not None, "those were left out"
    gap = last.validation_loss_nats - last.train_loss_nats
    worse = last.validation_loss_nats - best.validation_loss_nats
    passes = last.characters_seen / run.text_length
    if passes < 2 or not (gap > 0.15 and worse > 0.05):
        return None
    return Finding(
        "overfitting",
        "warning",
        "Overfitting",
        f"The training loss is {last.train_loss_nats:.2f} nats and the validation loss "
        f"{last.validation_loss_nats:.2f}, {worse:.2f} above its best, at step {best.step:,}; the "
        f"text of {run.text_length:,} characters has been read {passes:.0f} times.",
        "The network learns this text by heart, and that is no help on the part it does not see.",
        Remedy("Stop earlier, take a longer text, or a smaller network."),
    )


def _rate(run: Observed) -> float:
    """The learning rate of the last step, down its staircase."""
    return float(run.history.column("learning_rate")[-1])
