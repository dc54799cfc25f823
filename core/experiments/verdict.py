"""From the results of a grid to a verdict: pure functions, the rule beside the sentence.

Knows nothing of how cells are trained, or where results are kept. The two rules are RULES;
what they decide is decided here and nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median, stdev
from typing import Literal

from core.experiments.plan import MARKS, ROOM, Cell, CellResult, Line, SweepPlan
from core.labels import value_name

LEARNED = 0.9
"""Recall from which an echo counts as learned."""
PARTLY = 0.25
"""Recall from which an echo counts as partly learned: twice what chance gives."""
ARTICLE = {"tanh": 20, "relu": 40}
"""Up to how many unrollings the article says that each activation trains."""

Outcome = Literal["learned", "partly", "not", "diverged", "measured", "waiting"]

LATCH_RULE = (
    "The limit of an activation is the largest lag whose echo the median seed recalls at 90 % or "
    f"better within the budget, trained with unrollings = lag + {ROOM}. Recall is measured on "
    f"1,000 unseen echoes {MARKS} times on the way, and the best time counts; what is recalled "
    "at the end stands beside it. A seed that diverged counts as recalling nothing. Chance is "
    "12.5 %."
)
TEXT_RULE = (
    "The limit of an activation is the largest number of unrollings T that improves the "
    "validation loss over T/2 by more than twice the standard error across seeds, each seed "
    "compared with itself."
)


@dataclass(frozen=True, slots=True)
class Group:
    """The seeds of one line at one distance."""

    line: Line
    distance: int
    planned: int  # seeds
    scores: tuple[float, ...]  # by seed: recall, or validation loss in nats; sorted
    by_seed: Mapping[int, float]
    losses: tuple[float, ...]  # nats, sorted; on latch texts beside the scores
    at_end: float | None  # latch texts: what the median seed recalls at the end
    learned: int  # seeds at LEARNED or better; latch texts only
    diverged: int
    failed: int
    updates: int  # a cell's planned ones
    characters: int
    max_grad_norm: float
    outcome: Outcome

    @property
    def done(self) -> int:
        """Seeds measured."""
        return len(self.scores)

    @property
    def median(self) -> float | None:
        """Of the seeds measured."""
        return median(self.scores) if self.scores else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """How far one line got. Sentences speak of what was measured, and say what was not yet."""

    line: Line
    limit: int | None  # the lag, or T; None if no distance of the grid passes
    open_ended: bool  # the limit is the grid's last distance: it may lie beyond
    complete: bool  # every seed of this line is in
    spread: str  # a sentence


def groups(
    plan: SweepPlan, cells: Sequence[Cell], results: Mapping[str, CellResult]
) -> list[Group]:
    """The results by line and distance, lines in the plan's order, distances rising.

    Args:
        plan: what was asked for.
        cells: the plan's cells.
        results: by a cell's key, as far as they are in.
    """
    found: dict[tuple[Line, int], list[Cell]] = {
        (line, distance): [] for line in plan.lines for distance in plan.distances
    }
    for cell in cells:
        found[cell.line, cell.distance].append(cell)
    return [_group(plan, own, results) for own in found.values()]


def _group(plan: SweepPlan, cells: Sequence[Cell], results: Mapping[str, CellResult]) -> Group:
    measured = [(cell, results[cell.key]) for cell in cells if cell.key in results]
    by_seed = {
        cell.seed: score for cell, result in measured if (score := _score(plan, result)) is not None
    }
    scores = tuple(sorted(by_seed.values()))
    diverged = sum(result.status == "diverged" for _, result in measured)
    return Group(
        line=cells[0].line,
        distance=cells[0].distance,
        planned=len(cells),
        scores=scores,
        by_seed=by_seed,
        losses=tuple(sorted(r.loss_nats for _, r in measured if r.loss_nats is not None)),
        learned=sum(score >= LEARNED for score in scores) if plan.on_latch else 0,
        diverged=diverged,
        failed=sum(result.status == "failed" for _, result in measured),
        at_end=_at_end([result for _, result in measured]),
        updates=cells[0].config.steps,
        characters=cells[0].characters,
        max_grad_norm=max((result.max_grad_norm for _, result in measured), default=0.0),
        outcome=_outcome(plan, scores, diverged),
    )


def _at_end(results: Sequence[CellResult]) -> float | None:
    recalls = [
        0.0 if result.status == "diverged" else result.recall_at_end
        for result in results
        if result.recall_at_end is not None
    ]
    return median(recalls) if recalls else None


def _score(plan: SweepPlan, result: CellResult) -> float | None:
    if result.status == "failed":
        return None
    if plan.on_latch:
        return 0.0 if result.status == "diverged" else result.recall
    # A loss that is not finite is worse than any other, and comparable with none. A cell may
    # have one at its very end although no step diverged.
    finite = result.status != "diverged" and result.loss_nats is not None
    return result.loss_nats if finite else math.inf


def _outcome(plan: SweepPlan, scores: Sequence[float], diverged: int) -> Outcome:
    if not scores:
        return "waiting"
    if 2 * diverged > len(scores):
        return "diverged"
    if not plan.on_latch:
        return "measured"
    typical = median(scores)
    return "learned" if typical >= LEARNED else "partly" if typical >= PARTLY else "not"


def verdicts(plan: SweepPlan, found: Sequence[Group]) -> list[Verdict]:
    """One for each line, by the rule of the plan's instrument."""
    by_line = {line: [group for group in found if group.line == line] for line in plan.lines}
    judge = _judge_latch if plan.on_latch else _judge_text
    return [judge(plan, line, own) for line, own in by_line.items()]


def _judge_latch(plan: SweepPlan, line: Line, own: Sequence[Group]) -> Verdict:
    full = [group for group in own if group.done == group.planned]
    passing = [group for group in full if group.median >= LEARNED]
    limit = passing[-1] if passing else None
    following = [g for g in full if limit is None or g.distance > limit.distance]
    parts = []
    if limit:
        parts.append(f"at lag {limit.distance} {_recalls(limit)}")
    if following:
        parts.append(f"at lag {following[0].distance} {_recalls(following[0])}")
    missed = [g.distance for g in full if limit and g.distance < limit.distance]
    missed = [d for d in missed if d not in [g.distance for g in passing]]
    spread = f"{plan.line_name(line)}: {'; '.join(parts)}." if parts else ""
    if missed:
        spread += f" It did not learn the shorter lag {', '.join(map(str, missed))}."
    return Verdict(
        line=line,
        limit=limit.distance if limit else None,
        open_ended=limit is not None and limit.distance == own[-1].distance,
        complete=len(full) == len(own),
        spread=spread,
    )


def _recalls(group: Group) -> str:
    low, high = (f"{100 * score:.0f}" for score in (group.scores[0], group.scores[-1]))
    seeds = f"{group.learned} of {group.planned} seeds learned it"
    end = "" if group.at_end is None else f", {100 * group.at_end:.0f} % at the end"
    spread = f"lowest {low} %, highest {high} %; {seeds}{end}"
    return f"the median seed recalls {100 * group.median:.0f} % ({spread})"


def _judge_text(plan: SweepPlan, line: Line, own: Sequence[Group]) -> Verdict:
    full = {group.distance: group for group in own if group.done == group.planned}
    limit, parts, compared = None, [], []
    for distance, group in full.items():
        shorter = full.get(distance // 2) if distance % 2 == 0 else None
        if shorter is None:
            continue
        gain, error = improvement(shorter.by_seed, group.by_seed)
        compared.append(distance)
        better = gain is not None and error is not None and gain > 2 * error
        if better:
            limit = distance
        parts.append(f"T {distance} over {distance // 2}: {_gain(gain, error)}")
    return Verdict(
        line=line,
        limit=limit,
        open_ended=limit is not None and limit == max(compared),
        complete=len(full) == len(own),
        spread=f"{plan.line_name(line)}: {'; '.join(parts)}." if parts else "",
    )


def improvement(
    shorter: Mapping[int, float], longer: Mapping[int, float]
) -> tuple[float | None, float | None]:
    """By how many nats the longer window is better, and the standard error of that.

    Seeds are compared each with itself, since a seed shares its first weights and its data.
    None where it cannot be said: a seed diverged, or there is one seed alone.
    """
    seeds = sorted(set(shorter) & set(longer))
    gains = [shorter[seed] - longer[seed] for seed in seeds]
    if not gains or not all(math.isfinite(gain) for gain in gains):
        return None, None
    error = stdev(gains) / math.sqrt(len(gains)) if len(gains) > 1 else None
    return mean(gains), error


def _gain(gain: float | None, error: float | None) -> str:
    if gain is None:
        return "not comparable, a seed diverged"
    size, word = abs(gain), "better" if gain >= 0 else "worse"
    if error is None:
        return f"{size:.4f} nats {word}, with one seed and so no standard error"
    return f"{size:.4f} ± {error:.4f} nats {word}"


def headline(plan: SweepPlan, found: Sequence[Verdict]) -> str:
    """The verdict in a sentence: "tanh: 8 characters, ReLU: 16, in 3,000 updates of Adam ..."."""
    words = []
    for verdict in found:
        limit = _limit(plan, verdict)
        if not words and limit[-1].isdigit():
            limit += " characters" if plan.on_latch else " unrollings"
        words.append(f"{plan.line_name(verdict.line)}: {limit}")
    optimiser = value_name(plan.base.optimiser)
    seeds = "one seed" if plan.seeds == 1 else f"{plan.seeds} seeds"
    measure = f"median of {seeds}" if plan.on_latch else f"mean of {seeds}"
    sentence = (
        f"{', '.join(words)}, in {plan.amount:,} {plan.budget} of {optimiser} at "
        f"{plan.base.learning_rate:g}, {measure}"
    )
    if not all(verdict.complete for verdict in found):
        return f"So far, with seeds still to come: {sentence}."
    return f"{sentence}."


def _limit(plan: SweepPlan, verdict: Verdict) -> str:
    if verdict.limit is not None:
        return f"at least {verdict.limit}" if verdict.open_ended else f"{verdict.limit}"
    if not verdict.complete:
        return "no limit yet"
    if plan.on_latch:
        return f"less than {plan.distances[0]}"
    return "twice the unrollings never helps"


def beside_the_article(plan: SweepPlan, found: Sequence[Verdict]) -> str:
    """How the verdict stands to the article's 20 and 40, in sentences."""
    article = (
        f"The article gives about {ARTICLE['tanh']} unrollings for tanh and {ARTICLE['relu']} for "
        "ReLU, and no rule by which to measure them."
    )
    room = ROOM if plan.on_latch else 0
    told = [
        f"{v.limit + room} for {plan.line_name(v.line)}"
        for v in found
        if v.limit is not None and v.complete
    ]
    if not told:
        return article
    reach = "with which a lag was still learned" if room else "that still lowered the loss"
    return f"{article} Here the most unrollings {reach} are {', '.join(told)}{_ratio(found)}."


def _ratio(found: Sequence[Verdict]) -> str:
    limits = {v.line.activation: v.limit for v in found if v.limit and not v.open_ended}
    if len(found) != 2 or set(limits) != {"tanh", "relu"}:
        return ""
    if limits["relu"] == limits["tanh"]:
        return ": both reach equally far, where the article has ReLU at twice tanh's reach"
    return (
        f": with these seeds ReLU reaches {limits['relu'] / limits['tanh']:.2g} times as far as "
        "tanh, where the article has 2"
    )
