"""Step 4: how far back one loss reaches in the quick demo, by the seeds that were recorded.

Knows no other step.
"""

from __future__ import annotations

from core.experiments.claims import BY_NAME
from core.experiments.recorded_article import mean_of
from core.insight.flow import MAX_LAGS
from dashboard.learn.product_of_slopes import slopes_of_the_walk
from dashboard.learn.walk.questions import Number, Outcome, Prediction
from dashboard.learn.walk.recorded import Ending, Recorded, article_ending, marks_of, recorded_runs
from dashboard.learn.walk.step import Answered

_CLAIM = BY_NAME["t1"]
_ARM = _CLAIM.arms[0]  # the quick demo's settings on the built-in text, and fewer steps
_STEPS = _ARM.config.steps
_FURTHEST = 60  # characters, on the scale


def question() -> Number:
    """How far back the gradient of one loss reaches."""
    seeds, T = len(_ended().horizons), _ARM.config.unrollings
    _probed()  # without the run there is nothing to be drawn
    return Number(
        ask=f"The quick demo (tanh, T {T}) has trained {_STEPS:,} steps, from {seeds} different "
        "first weights. What are the horizons: the last lag, in characters, that at least 1 % of "
        "the gradient of one loss reaches?",
        least=0,
        most=_FURTHEST,
        digits=0,
        unit="characters",
        tolerance=4,
        marks=marks_of([T], "T", "known"),
    )


def draw(answered: Answered) -> None:
    """The third picture, with a run's probe once it is no answer any more."""
    slopes_of_the_walk(_probed().run if answered.outcome else None, _STEPS)


def outcome(prediction: Prediction) -> Outcome:
    """What the probes measured, seed by seed."""
    ended, run = _ended(), _probed()
    found = sorted(ended.horizons)
    before, mean = ended.horizons_at_start, mean_of(found)
    assert mean is not None, "an ending is of one run at least"
    newest = run.snapshot.probes[-1]
    asked = question()
    return Outcome(
        right=all(asked.near(prediction, horizon) for horizon in found),
        sentences=f"{ended.told}, probed at step {_STEPS:,}: {', '.join(map(str, found))} "
        f"characters, on average {mean.told('.1f')}, with a 95 % interval over seeds. Before the "
        f"first step it was {min(before)} to {_up_to(max(before))}.\nThe points are one run, the "
        f"recorded "
        f"“{run.name}”. Set w and z such that the bars follow them: a single factor a step comes "
        f"close. It went on: at step {newest.step:,} its horizon was {newest.horizon_in_words}.",
        marks=marks_of(found, "horizon", "measured"),
    )


def _up_to(horizon: int) -> str:
    return f"at least {horizon}" if horizon == MAX_LAGS else f"{horizon}"


def _ended() -> Ending:
    return article_ending(_CLAIM, _ARM)


def _probed() -> Recorded:
    return recorded_runs("demo")[0]
