"""What a sweep's results say: the one place where groups become verdicts and sentences.

The summary, the command line and the page all read a `Judgement`. Knows nothing of how it is
shown; the rules themselves are in `latch_verdict.py` and `text_verdict.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.experiments import latch_verdict
from core.experiments.cells import Cell, CellResult, Line
from core.experiments.groups import Group, common_seeds, groups
from core.experiments.horizons import Horizons, horizons
from core.experiments.latch_verdict import LATCH_RULE
from core.experiments.plan import SweepPlan
from core.experiments.reach import FEWEST_SEEDS, Ratio
from core.experiments.text_verdict import TEXT_RULE, text_headline, text_verdicts
from core.experiments.verdict import ARTICLE, FEW_SEEDS, Verdict


@dataclass(frozen=True)
class Judgement:
    """A sweep as judged by the results that are in.

    Attributes:
        plan: what was to be measured.
        groups: the seeds of each line and distance.
        verdicts: how far each line got.
        compared: the two lines that `ratio` compares, the denominator first; None if none are.
        ratio: how many times as far the second reaches; None where nothing can be said.
        headline: the verdicts in a sentence.
        certainty_in_words: whether that is settled, in sentences; may be empty.
        article: how the verdicts stand to the article's numbers.
        rule: by which they were reached.
        further: the grid that would say more, which holds this one; None if none is offered.
        added: what that grid has more: "12 seeds"; empty if none is offered.
        horizons: the second measure, beside a latch grid; None without it.
    """

    plan: SweepPlan
    groups: tuple[Group, ...]
    verdicts: tuple[Verdict, ...]
    compared: tuple[Line, Line] | None
    ratio: Ratio | None
    headline: str
    certainty_in_words: str
    article: str
    rule: str
    further: SweepPlan | None = None
    added: str = ""
    horizons: Horizons | None = None

    @property
    def begun(self) -> bool:
        """Whether any cell of the grid was measured."""
        return any(group.done for group in self.groups)

    @property
    def spreads(self) -> list[str]:
        """For each line that has results, a sentence on what was measured."""
        return [verdict.spread for verdict in self.verdicts if verdict.spread]

    @property
    def ahead(self) -> dict[str, float]:
        """Of two lines, in which share of the draws each reaches further; empty without them."""
        if self.compared is None or self.ratio is None or self.ratio.interval is None:
            return {}
        names = map(self.plan.line_name, self.compared)
        return dict(zip(names, self.ratio.shares, strict=True))


def judge(plan: SweepPlan, cells: Sequence[Cell], results: Mapping[str, CellResult]) -> Judgement:
    """Judge a sweep, finished or not.

    Args:
        plan: what was asked for.
        cells: the plan's cells, also those for horizons.
        results: by a cell's key, as far as they are in.
    """
    found = groups(plan, cells, results)
    if not plan.on_latch:
        return _on_text(plan, found)
    pair = latch_verdict.compared(plan)
    return replace(_on_latch(plan, found), horizons=horizons(plan, cells, results, pair))


def _on_latch(plan: SweepPlan, found: Sequence[Group]) -> Judgement:
    told, ratio = latch_verdict.latch_verdicts(plan, found), latch_verdict.ratio_of(plan, found)
    complete = all(verdict.complete for verdict in told)
    further = latch_verdict.further_plan(plan, told, ratio)
    return Judgement(
        plan=plan,
        groups=tuple(found),
        verdicts=tuple(told),
        compared=latch_verdict.compared(plan),
        ratio=ratio,
        headline=latch_verdict.headline(plan, told, ratio, len(common_seeds(found))),
        certainty_in_words=latch_verdict.certainty(plan, ratio, complete),
        article=latch_verdict.beside_the_article(plan, ratio),
        rule=LATCH_RULE,
        further=further,
        added=latch_verdict.what_is_added(plan, further) if further else "",
    )


def _on_text(plan: SweepPlan, found: Sequence[Group]) -> Judgement:
    told = text_verdicts(plan, found)
    return Judgement(
        plan=plan,
        groups=tuple(found),
        verdicts=tuple(told),
        compared=None,
        ratio=None,
        headline=text_headline(plan, told, found),
        certainty_in_words=FEW_SEEDS if plan.seeds < FEWEST_SEEDS else "",
        article=ARTICLE,
        rule=TEXT_RULE,
    )
