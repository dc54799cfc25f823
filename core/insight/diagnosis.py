"""The diagnosis of a run: every finding that is true of it now.

Findings are pure functions of a run's records, so they hold for a run that trains, one that
has ended and one read from a file. Knows nothing of pages, threads or torch. The rules stand
in `gradient_rules.py` and `learning_rules.py`.
"""

from __future__ import annotations

from core.insight import gradient_rules, learning_rules
from core.insight.findings import Finding, Observed

_RULES = (
    learning_rules.diverged,
    gradient_rules.exploding,
    gradient_rules.mostly_clipped,
    gradient_rules.recurrence_dead,
    gradient_rules.units_saturated,
    gradient_rules.units_silent,
    gradient_rules.vanishing,
    gradient_rules.arch2_has_no_memory,
    learning_rules.at_a_count,
    learning_rules.rate_too_high,
    learning_rules.rate_too_low,
    learning_rules.overfitting,
)
_SPOILT = {"recurrence-dead", "units-saturated", "units-silent"}
# What follows from the findings that explain it: its own remedy would be the wrong one.
_EXPLAINED_BY = {
    "units-saturated": {"recurrence-dead"},
    "units-silent": {"recurrence-dead"},
    "mostly-clipped": {*_SPOILT, "learning-rate-high", "learning-rate-low", "diverged"},
    "vanishing": {*_SPOILT, "learning-rate-high", "learning-rate-low", "diverged"},
    "at-2-characters-counted": {*_SPOILT, "arch2-no-memory", "learning-rate-high", "diverged"},
    "at-1-character-counted": {*_SPOILT, "learning-rate-high", "learning-rate-low", "diverged"},
    "learning-rate-low": {*_SPOILT, "learning-rate-high", "diverged"},
}
_ORDER = ("error", "warning", "info")


def diagnose(run: Observed) -> tuple[Finding, ...]:
    """Every finding that is true of the run now, the gravest first."""
    found = [finding for rule in _RULES if (finding := rule(run)) is not None]
    names = {finding.name for finding in found}
    told = [finding for finding in found if not _EXPLAINED_BY.get(finding.name, set()) & names]
    return tuple(sorted(told, key=lambda finding: _ORDER.index(finding.severity)))
