"""Where a loss stands among the lines of counting, and what is used of the past, in sentences.

The two are kept apart: a loss below a line says that the network predicts better than a counter
that sees so many characters, not by what means. What it uses of what came before is measured by
taking that away, and where that was not measured nothing is said of it. Knows nothing of runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.records import CONTEXT_LENGTHS, CONTEXT_MARGIN_NATS, ContextRecord

# Within this many nats of a line a loss counts as being at it.
_AT = 0.01
_REACHED = {
    "uniform": "guessing evenly",
    "unigram": "counting 1 character",
    "bigram": "counting 2 characters",
    "trigram": "counting 3 characters",
    "fourgram": "counting 4 characters",
}


def standing(
    loss_nats: float, floors: Mapping[str, float], context: ContextRecord | None = None
) -> str:
    """What a validation loss and a context curve say about a network.

    Args:
        loss_nats: mean validation loss, nats per character.
        floors: nats per character by name, on the same characters: uniform, unigram, bigram ...
            Those that are missing are not spoken of.
        context: the newest curve; without one nothing is said of what is used.
    """
    sentence = among_lines(loss_nats, floors)
    return f"{sentence} {context_in_words(context)}" if context else sentence


def among_lines(loss_nats: float, floors: Mapping[str, float]) -> str:
    """The loss against the lines alone."""
    lines = [(floors[name], told) for name, told in _REACHED.items() if name in floors]
    at = [told for level, told in lines if abs(loss_nats - level) <= _AT]
    above = [told for level, told in lines if level < loss_nats]
    # On a short text, longer n-grams may predict worse: the next line above need not be the
    # next shorter one.
    below = [(level, told) for level, told in lines if level > loss_nats]
    if at:
        return f"At what {at[-1]} reaches."
    if not below:
        return "Worse than guessing evenly: it is sure of characters that do not come."
    nearest = f"Below what {min(below)[1]} reaches"
    return f"{nearest}, above {above[0]}." if above else f"{nearest}."


def context_in_words(context: ContextRecord) -> str:
    """What is used of what came before, at the step at which it was measured."""
    when = f"At step {context.step:,}"
    if context.worth_nats <= CONTEXT_MARGIN_NATS:
        return (
            f"{when} it used the last character alone: what came before that was worth nothing "
            "measurable."
        )
    return (
        f"{when} it used {used_in_words([context])}: with the last one alone it would lose "
        f"{context.worth_nats:.2f} nats more."
    )


def used_in_words(contexts: Sequence[ContextRecord]) -> str:
    """How much runs use, one or more seeds of them: "about 9 to 13 characters".

    A few lengths were tried: one is known to lie above the last that was too short.
    """
    if not contexts:
        return "an unknown number"
    least, known = min(context.used_from for context in contexts), [c.used for c in contexts]
    most = max((used for used in known if used is not None), default=None)
    if None in known:
        beyond = f"more than {CONTEXT_LENGTHS[-1]} characters"
        return beyond if most is None else f"about {least} to {beyond}"
    if least == most:
        return "1 character" if most == 1 else f"about {most} characters"
    return f"about {least} to {most} characters"
