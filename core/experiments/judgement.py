"""What a sweep's results say: the one place where groups become verdicts and sentences.

The summary, the command line and the page all read a `Judgement`. Knows nothing of how it is
shown; the rules themselves are in `verdict.py` and `certainty.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.experiments.cells import Cell, CellResult
from core.experiments.certainty import Certainty, certainty, in_words
from core.experiments.plan import SweepPlan
from core.experiments.verdict import (
    LATCH_RULE,
    TEXT_RULE,
    Group,
    Verdict,
    beside_the_article,
    groups,
    headline,
    verdicts,
)


@dataclass(frozen=True)
class Judgement:
    """A sweep as judged by the results that are in.

    Attributes:
        plan: what was to be measured.
        groups: the seeds of each line and distance.
        verdicts: how far each line got.
        certainty: how much that owes to the seeds; None where nothing can be said.
        headline: the verdicts in a sentence.
        certainty_in_words: the certainty in sentences; may be empty.
        article: how the verdicts stand to the article's numbers.
        rule: by which they were reached.
    """

    plan: SweepPlan
    groups: tuple[Group, ...]
    verdicts: tuple[Verdict, ...]
    certainty: Certainty | None
    headline: str
    certainty_in_words: str
    article: str
    rule: str

    @property
    def begun(self) -> bool:
        """Whether any cell was measured."""
        return any(group.done for group in self.groups)

    @property
    def spreads(self) -> list[str]:
        """For each line that has results, a sentence on how its seeds scatter."""
        return [verdict.spread for verdict in self.verdicts if verdict.spread]


def judge(plan: SweepPlan, cells: Sequence[Cell], results: Mapping[str, CellResult]) -> Judgement:
    """Judge a sweep, finished or not.

    Args:
        plan: what was asked for.
        cells: the plan's cells.
        results: by a cell's key, as far as they are in.
    """
    found = groups(plan, cells, results)
    reached = verdicts(plan, found)
    sure = certainty(plan, found)
    return Judgement(
        plan=plan,
        groups=tuple(found),
        verdicts=tuple(reached),
        certainty=sure,
        headline=headline(plan, reached),
        certainty_in_words=in_words(plan, sure),
        article=beside_the_article(plan, reached),
        rule=LATCH_RULE if plan.on_latch else TEXT_RULE,
    )
