"""Steps 3, 4 and 6: where recorded runs ended, and what was measured on them."""

from __future__ import annotations

from collections.abc import Mapping

from core.experiments.claims import BY_NAME
from core.experiments.recorded_article import mean_of
from core.insight.standing import among_lines, context_in_words, used_in_words
from core.labels import TERMS, floor
from dashboard.learn.product_of_slopes import slopes_of_the_walk
from dashboard.learn.unroll_and_cut import unroll_and_cut
from dashboard.learn.walk.questions import Choice, Mark, Number, Outcome, Prediction
from dashboard.learn.walk.recorded import Ending, Recorded, article_ending, ending, recorded_runs
from dashboard.learn.walk.step import Answered
from dashboard.learn.whose_output import whose_output

_AT = 0.05  # nats within which a run counts as being at a line
_LINES = ("unigram", "bigram", "trigram", "fourgram")
_CLAIM = BY_NAME["t1"]
_WHOLE, _CUT = _CLAIM.arms[:2]  # on the built-in text: the demo's T, and T 1


# -- T = 1 -----------------------------------------------------------------------------------


def t1_question() -> Number:
    """Where the quick demo ends without any gradient through time."""
    whole = article_ending(_CLAIM, _WHOLE)
    T = _WHOLE.config.unrollings
    return Number(
        ask=f"The quick demo with T {T}, after {whole.characters:,} characters, ended at "
        f"{whole.spread}. Cut every step off: T 1 on as many characters, in as many updates, the "
        "state still carried. At which validation loss do those seeds end?",
        least=1.0,
        most=3.4,
        digits=2,
        unit="nats",
        tolerance=0.05,  # less would ask for luck; more, and no difference would be right, too
        marks=(*_floor_marks(whole.floors), *whole.marks(f"T {T}", "known")),
    )


def t1_draw(answered: Answered) -> None:
    """The second picture."""
    unroll_and_cut(walk=True)


def t1_outcome(prediction: Prediction) -> Outcome:
    """Where they did, seed by seed."""
    whole, cut = (article_ending(_CLAIM, arm) for arm in (_WHOLE, _CUT))
    more = mean_of([b - a for a, b in zip(whole.losses, cut.losses, strict=True)])
    assert more is not None, "an ending is of one run at least"
    T = _WHOLE.config.unrollings
    return Outcome(
        right=all(t1_question().near(prediction, loss) for loss in cut.losses),
        sentences=f"{cut.told} with T 1 ended at {cut.mean.told()} nats, those with T {T} at "
        f"{whole.mean.told()}. T 1 less T {T}, seed by seed: {more.told('+.3f')}. These are means "
        f"with 95 % intervals over seeds. With T 1 they used {used_in_words(cut.contexts)}.\n"
        "The state is carried over every cut, whatever it happens to hold. With T 1 no gradient "
        "ever teaches a step what to keep for a later loss.",
        marks=cut.marks("T 1", "measured"),
        table=(
            ("seed", f"T {T}", "T 1"),
            *(
                (str(seed), f"{a:.3f}", f"{b:.3f}")
                for seed, (a, b) in enumerate(zip(whole.losses, cut.losses, strict=True))
            ),
        ),
    )


# -- the horizon -----------------------------------------------------------------------------


def horizon_question() -> Number:
    """How far back the gradient of one loss reaches in the quick demo."""
    run = _probed().snapshot
    T, probe = run.config.unrollings, run.probes[-1]
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
    slopes_of_the_walk(_probed().run if answered.outcome else None)


def horizon_outcome(prediction: Prediction) -> Outcome:
    """What the probe measured."""
    run = _probed()
    probes = run.snapshot.probes
    newest, early = probes[-1], next(probe for probe in probes if probe.step)
    return Outcome(
        right=horizon_question().near(prediction, newest.horizon),
        sentences=f"The recorded run “{run.name}”, its probe at step {newest.step:,}: the horizon "
        f"is lag {newest.horizon}; at step {early.step:,} it was {early.horizon}. Another seed has "
        "another one: this is one run. A step back "
        f"keeps about {newest.decay_per_step:.3f} of the gradient.\nSet w and z such that the "
        "bars follow the points: a single factor a step comes close.",
        marks=(Mark(newest.horizon, "horizon", "measured"),),
    )


def _probed() -> Recorded:
    return recorded_runs("demo")[0]


# -- Arch 2 under teacher forcing ------------------------------------------------------------


def arch2_question() -> Choice:
    """At which line teacher-forced Arch 2 ends."""
    step = _arch2()[0].snapshot.reports[-1].step
    return Choice(
        f"Arch 2 with teacher forcing trains on the built-in text, {step:,} steps with T 20. Where "
        f"does its validation loss end? (At a line is within {_AT:g} nats of it.)",
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
    ended = ending(_arch2())
    return Outcome(
        right={_place(loss, ended.floors) for loss in ended.losses} == {prediction},
        sentences=f"{ended.told} ended at {ended.spread}. "
        f"{among_lines(ended.losses[0], ended.floors)} The bigram line is "
        f"{ended.floors['bigram']:.2f}.{_used(ended)}\nWhat comes back is the letter that is "
        "read: who knows one letter alone is left with the pairs of the text, however long it "
        "trains.",
        marks=(*_floor_marks(ended.floors), *ended.marks("Arch 2", "measured")),
    )


def _place(loss: float, floors: Mapping[str, float]) -> str:
    """Which of the question's answers a loss is; nothing, where it is none of them."""
    for name in ("unigram", "bigram"):
        if abs(loss - floors[name]) <= _AT:
            return name
    if loss < floors["trigram"]:
        return "below"
    return "between" if loss < floors["bigram"] else ""


def _arch2() -> tuple[Recorded, ...]:
    return recorded_runs("arch2")


def _floor_marks(floors: Mapping[str, float]) -> tuple[Mark, ...]:
    return tuple(Mark(floors[name], TERMS[name], "floor") for name in _LINES if name in floors)


def _used(ended: Ending) -> str:
    """What the first of them used of what came before, after a space; nothing if unmeasured."""
    return f" {context_in_words(ended.contexts[0])}" if ended.contexts else ""
