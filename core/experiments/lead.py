"""Who is ahead in a race, and whether by more than noise.

A difference of two validation losses is held against two kinds of noise. Other held-out
characters would give another one: the standard error of its means over blocks of the text, both
lanes on the same characters. And so would a report some steps earlier or later: each run's wobble
around its own trend. What other first weights would give, neither knows: several seeds show that.

Knows nothing of threads or pages.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.records import Report, RunStatus
from core.training.snapshot import RunSnapshot

BLOCK = 100
"""Characters in a block: over fewer, neighbours' differences would count as independent."""

_LEAST_BLOCKS = 8
# The last so many reports, and what 95 % of differences stay within, in standard errors: Student's
# t for two runs of as many reports, each less the two numbers of its trend.
_STUDENT = {4: 2.78, 5: 2.45, 6: 2.31}

Losses = Sequence[Sequence[np.ndarray]]
"""Of each lane, and of each of its seeds: losses `(streams, length)` of the same characters."""


@dataclass(frozen=True, slots=True)
class Lead:
    """How the two best lanes of a race stand; lanes by their places."""

    lane: int  # the lowest
    second: int | None = None  # the next one; None if no other is left
    gaps_nats: tuple[float, ...] = ()  # second less lowest, of each seed
    shows_from_nats: float | None = None  # a mean gap below it is noise; None if not known
    unknown: str = ""  # why that is not known

    @property
    def gap_nats(self) -> float:
        """The mean over the seeds."""
        return sum(self.gaps_nats) / len(self.gaps_nats)

    @property
    def seeds_agree(self) -> bool:
        """Whether the second is lower with no seed."""
        return all(gap >= 0 for gap in self.gaps_nats)

    @property
    def ahead(self) -> bool:
        """Whether the lowest is ahead, by more than noise and with every seed."""
        if self.second is None:
            return True
        shows_from = self.shows_from_nats
        return shows_from is not None and self.seeds_agree and self.gap_nats > shows_from


def find_lead(lanes: Sequence[Sequence[RunSnapshot]], losses: Losses | str) -> Lead | None:
    """The lowest lane and the next; None before the first report after a step.

    Args:
        lanes: of each lane its runs, one a seed; a lane with one that diverged is left out.
        losses: what the held-out characters cost each run, or why that was not measured. Without
            them the last reports are compared.
    """
    means = {
        place: [
            _last_loss(run) if isinstance(losses, str) else float(losses[place][seed].mean())
            for seed, run in enumerate(runs)
        ]
        for place, runs in enumerate(lanes)
        if all(map(_stands, runs))
    }
    means = {place: values for place, values in means.items() if np.isfinite(values).all()}
    if not means:
        return None
    first, *others = sorted(means, key=lambda place: sum(means[place]))
    if not others:
        return Lead(first)
    second = others[0]
    gaps = tuple(b - a for a, b in zip(means[first], means[second], strict=True))
    if isinstance(losses, str):
        return Lead(first, second, gaps, unknown=losses)
    pair = (*lanes[first], *lanes[second])
    differences = [b - a for a, b in zip(losses[first], losses[second], strict=True)]
    noise = noise_of(pair, differences)
    if isinstance(noise, str):
        return Lead(first, second, gaps, unknown=noise)
    return Lead(first, second, gaps, noise)


def noise_of(runs: Sequence[RunSnapshot], differences: Sequence[np.ndarray]) -> float | str:
    """What the mean difference between two lanes must exceed, in nats, or why nobody can say.

    All seeds are measured on the same held-out characters: what other ones would change is the
    same for all, and does not become less with their number. What each run wobbles by does.

    Args:
        runs: of both lanes.
        differences: of the losses of each seed's two runs, `(streams, length)`.
    """
    difference = np.mean(differences, axis=0)
    sampled = block_error(difference)
    if sampled is None:
        return (
            f"the held-out text of {difference.size:,} characters is too short to tell a "
            "difference from chance"
        )
    looks = min(max(_STUDENT), *(len(_reports(run)) for run in runs))
    if looks < min(_STUDENT):
        return (
            f"{min(_STUDENT)} reports after the first step show how much a run wobbles, and there "
            f"{'is' if looks == 1 else 'are'} {looks}"
        )
    wobbles = [wobble(_reports(run)[-looks:]) for run in runs]
    return _STUDENT[looks] * math.hypot(sampled, math.hypot(*wobbles) / len(differences))


def block_error(difference: np.ndarray) -> float | None:
    """The standard error of the mean of losses `(streams, length)`, from means over blocks.

    None where there are too few blocks.
    """
    count = max(1, difference.shape[1] // BLOCK)
    blocks = [block.mean(1) for block in np.array_split(difference, count, axis=1)]
    means = np.concatenate(blocks)
    if len(means) < _LEAST_BLOCKS:
        return None
    return float(means.std(ddof=1)) / math.sqrt(len(means))


def wobble(reports: Sequence[Report]) -> float:
    """How far validation losses scatter around their trend, in nats: a standard deviation.

    The trend is a straight line over the logarithm of the step, along which losses fall about
    evenly; over the step itself its bend would count as wobble. At least 3 reports.
    """
    steps = np.log([report.step for report in reports])
    losses = np.array([report.validation_loss_nats for report in reports])
    rest = losses - np.polyval(np.polyfit(steps, losses, 1), steps)
    return math.sqrt(float(rest @ rest) / (len(rest) - 2))


def lead_words(lead: Lead | None, names: Sequence[str], when: str = "") -> str:
    """The lead in a sentence or two.

    Args:
        lead: from `find_lead`.
        names: of the lanes.
        when: such as "at the end"; nothing of a race that goes on.
    """
    if lead is None:
        return "Nobody is ahead yet."
    first, at = names[lead.lane], f" {when}" if when else ""
    if lead.second is None:
        return f"{first} is ahead{at}: no other lane is left."
    second, gap = names[lead.second], f"{lead.gap_nats:.3f} nats"
    if lead.unknown:
        return (
            f"{first} is lower than {second}{at}, by {gap}; whether that is more than noise is not "
            f"known: {lead.unknown}."
        )
    if not lead.seeds_agree:
        each = ", ".join(f"{gap:+.3f}" for gap in lead.gaps_nats)
        return (
            f"Within the noise{at}: the seeds do not agree. {first} is lower than {second} by "
            f"{each} nats."
        )
    if not lead.ahead:
        return (
            f"Within the noise{at}: {gap} between {first} and {second}, where "
            f"{lead.shows_from_nats:.3f} would show."
        )
    many = len(lead.gaps_nats)
    seeds = f"each of {many} seeds" if many > 1 else "this one seed"
    return (
        f"{first} is ahead of {second}{at} with {seeds}: by {gap}, where "
        f"{lead.shows_from_nats:.3f} would show."
    )


def _stands(run: RunSnapshot) -> bool:
    lost = run.status in (RunStatus.DIVERGED, RunStatus.FAILED)
    return bool(_reports(run)) and not lost


def _last_loss(run: RunSnapshot) -> float:
    return run.reports[-1].validation_loss_nats


def _reports(run: RunSnapshot) -> list[Report]:
    return [report for report in run.reports if report.step > 0]
