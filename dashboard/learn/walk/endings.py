"""Steps 3 and 6: where recorded runs ended, and what was measured on them."""

from __future__ import annotations

from collections.abc import Mapping

from core.experiments.claims import BY_NAME
from core.experiments.recorded_article import mean_of
from core.insight.standing import used_in_words
from core.labels import TERMS, floor
from dashboard.learn.unroll_and_cut import unroll_and_cut
from dashboard.learn.walk.questions import Choice, Mark, Number, Outcome, Prediction
from dashboard.learn.walk.recorded import Ending, article_ending
from dashboard.learn.walk.step import Answered
from dashboard.learn.whose_output import whose_output

_AT = 0.05  # nats within which a run counts as being at a line
_LINES = ("unigram", "bigram", "trigram", "fourgram")
_CLAIM = BY_NAME["t1"]
_WHOLE, _CUT = _CLAIM.arms[:2]  # on the built-in text: the demo's T, and T 1
_TEACHER = BY_NAME["teacher"]
_FORCED, _FREE = _TEACHER.arms[2], _TEACHER.arms[4]  # both with the article's T


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
        tolerance=0.04,  # less would ask for luck; more, and no difference would be right, too
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


# -- Arch 2 under teacher forcing ------------------------------------------------------------


def arch2_question() -> Choice:
    """At which line teacher-forced Arch 2 ends."""
    config, seeds = _FORCED.config, len(_forced().losses)
    return Choice(
        "Arch 2 with teacher forcing trains on the built-in text, "
        f"{config.steps:,} steps with T {config.unrollings}, from {seeds} different first weights. "
        f"Where do its validation losses end? (At a line is within {_AT:g} nats of it.)",
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
    """Where they did, and where they end without teacher forcing."""
    forced, free = _forced(), article_ending(_TEACHER, _FREE)
    unused = sum(context.worth_nats == 0 for context in forced.contexts)
    return Outcome(
        right={_place(loss, forced.floors) for loss in forced.losses} == {prediction},
        sentences=f"{forced.told} ended at {forced.mean.told()} nats (mean, 95 % over seeds), "
        f"where counting 2 characters reaches {forced.floors['bigram']:.3f}. In {unused} of "
        f"{len(forced.contexts)} all that came before the last character was worth exactly 0 nats. "
        f"Free running, with their own output, {len(free.losses)} others ended at "
        f"{free.mean.told()}.\n"
        "Under teacher forcing the letter that comes back is the one that is read: who knows one "
        "letter alone is left with the pairs of the text, however long it trains.",
        marks=(
            *_floor_marks(forced.floors),
            *forced.marks("forced", "measured"),
            *free.marks("free", "measured"),
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


def _forced() -> Ending:
    return article_ending(_TEACHER, _FORCED)


def _floor_marks(floors: Mapping[str, float]) -> tuple[Mark, ...]:
    return tuple(Mark(floors[name], TERMS[name], "floor") for name in _LINES if name in floors)
