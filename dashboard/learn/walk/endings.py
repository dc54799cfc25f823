"""Steps 3, 4 and 6: where recorded runs ended, and what was measured on them."""

from __future__ import annotations

from collections.abc import Mapping

from core.insight.standing import among_lines, context_in_words
from core.labels import TERMS, floor
from dashboard.learn.product_of_slopes import slopes_of_the_walk
from dashboard.learn.unroll_and_cut import unroll_and_cut
from dashboard.learn.walk.questions import Choice, Mark, Number, Outcome, Prediction
from dashboard.learn.walk.recorded import Recorded, recorded_runs, spread
from dashboard.learn.walk.step import Answered
from dashboard.learn.whose_output import whose_output

_AT = 0.05  # nats within which a run counts as being at a line
_LINES = ("unigram", "bigram", "trigram", "fourgram")


# -- T = 1 -----------------------------------------------------------------------------------


def t1_question() -> Number:
    """Where the quick demo ends without any gradient through time."""
    whole, cut = _demo(), _t1()
    first = whole[0].snapshot
    return Number(
        ask=f"The quick demo, T {first.config.unrollings}, ended at {spread(whole)}. Cut every "
        f"step off: T 1 on as many characters ({cut[0].snapshot.characters_seen:,}), the state "
        "still carried. At which validation loss does that end?",
        least=1.0,
        most=3.4,
        digits=2,
        unit="nats",
        tolerance=0.1,
        marks=(
            *_floor_marks(first.floors),
            *(Mark(run.loss, _seed(f"T {first.config.unrollings}", run), "known") for run in whole),
        ),
    )


def t1_draw(answered: Answered) -> None:
    """The second picture."""
    unroll_and_cut(walk=True)


def t1_outcome(prediction: Prediction) -> Outcome:
    """Where it did."""
    whole, cut = _demo(), _t1()
    losses = [run.loss for run in cut]
    nearest = min(max(prediction, min(losses)), max(losses))
    first = cut[0].snapshot
    used = f" {context_in_words(first.contexts[-1])}" if first.contexts else ""
    return Outcome(
        right=t1_question().near(prediction, nearest),
        sentences=f"{_recorded(cut)} ended at {spread(cut)}, after "
        f"{first.characters_seen:,} characters; with T {whole[0].snapshot.config.unrollings} it "
        f"was {spread(whole)}.{used}\nThe state is carried over every cut, whatever it happens to "
        "hold. With T 1 no gradient ever teaches a step what to keep for a later loss.",
        marks=tuple(Mark(run.loss, _seed("T 1", run), "measured") for run in cut),
    )


# -- the horizon -----------------------------------------------------------------------------


def horizon_question() -> Number:
    """How far back the gradient of one loss reaches in the quick demo."""
    probe = _demo()[0].snapshot.probes[-1]
    T = _demo()[0].snapshot.config.unrollings
    return Number(
        ask=f"The quick demo (tanh, T {T}) has trained {probe.step:,} steps. What is its horizon: "
        "the last lag, in characters, that at least 1 % of the gradient of one loss reaches?",
        least=0,
        most=min(60, len(probe.flow) - 1),
        digits=0,
        unit="characters",
        tolerance=4,
        marks=(Mark(T, "T", "known"),),
    )


def horizon_draw(answered: Answered) -> None:
    """The third picture, with the run's probe once it is no answer any more."""
    slopes_of_the_walk(_demo()[0].run if answered.outcome else None)


def horizon_outcome(prediction: Prediction) -> Outcome:
    """What the probe measured."""
    runs = _demo()
    horizons = [run.snapshot.probes[-1].horizon for run in runs]
    nearest = min(max(prediction, min(horizons)), max(horizons))
    probe = runs[0].snapshot.probes[-1]
    early = next((p for p in runs[0].snapshot.probes if p.step), probe)
    return Outcome(
        right=horizon_question().near(prediction, nearest),
        sentences=f"{_recorded(runs[:1])}, its probe at step {probe.step:,}: the horizon is lag "
        f"{probe.horizon}; at step {early.step:,} it was {early.horizon}. A step back keeps about "
        f"{probe.decay_per_step:.3f} of the gradient.\nSet w and z such that the bars follow the "
        "points: a single factor a step comes close.",
        marks=tuple(
            Mark(horizon, _seed("horizon", run), "measured")
            for horizon, run in zip(horizons, runs, strict=True)
        ),
    )


# -- Arch 2 under teacher forcing ------------------------------------------------------------


def arch2_question() -> Choice:
    """At which line teacher-forced Arch 2 ends."""
    step = _arch2()[0].snapshot.reports[-1].step
    return Choice(
        f"Arch 2 with teacher forcing trains on the built-in text, {step:,} steps with T 20. Where "
        "does its validation loss end?",
        {
            "unigram": f"at {floor('unigram')}",
            "bigram": f"at {floor('bigram')}",
            "between": "between 2 and 3 characters counted",
            "below": f"below {floor('trigram')}",
        },
    )


def arch2_draw(answered: Answered) -> None:
    """The fourth picture, its first part."""
    whose_output(walk=True)


def arch2_outcome(prediction: Prediction) -> Outcome:
    """Where it did."""
    runs = _arch2()
    shot = runs[0].snapshot
    used = f" {context_in_words(shot.contexts[-1])}" if shot.contexts else ""
    return Outcome(
        right={_place(run.loss, shot.floors) for run in runs} == {prediction},
        sentences=f"{_recorded(runs)} ended at {spread(runs)}. "
        f"{among_lines(runs[0].loss, shot.floors)} The bigram line is "
        f"{shot.floors['bigram']:.2f}.{used}\nWhat comes back is the letter that is read: who "
        "knows one letter alone is left with the pairs of the text, however long it trains.",
        marks=(
            *_floor_marks(shot.floors),
            *(Mark(run.loss, _seed("Arch 2", run), "measured") for run in runs),
        ),
    )


def _place(loss: float, floors: Mapping[str, float]) -> str:
    """Which of the question's answers a loss is; nothing, where it is none of them."""
    for name in ("unigram", "bigram"):
        if abs(loss - floors[name]) <= _AT:
            return name
    if loss < floors["trigram"]:
        return "below"
    return "between" if loss < floors["bigram"] else ""


def _demo() -> tuple[Recorded, ...]:
    return recorded_runs("demo")


def _t1() -> tuple[Recorded, ...]:
    return recorded_runs("demo", unrollings=1, batch_size=800)


def _arch2() -> tuple[Recorded, ...]:
    return recorded_runs("arch2")


def _floor_marks(floors: Mapping[str, float]) -> tuple[Mark, ...]:
    return tuple(Mark(floors[name], TERMS[name], "floor") for name in _LINES if name in floors)


def _recorded(runs: tuple[Recorded, ...]) -> str:
    return f"The recorded run “{runs[0].name}”" if len(runs) == 1 else f"{len(runs)} recorded runs"


def _seed(name: str, run: Recorded) -> str:
    """The seed is told where it is not the usual one."""
    seed = run.snapshot.config.seed
    return f"{name}, seed {seed}" if seed else name
