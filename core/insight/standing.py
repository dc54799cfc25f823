"""Where a loss stands among the n-gram floors, in a sentence. Knows nothing of runs."""

from __future__ import annotations

from collections.abc import Mapping

# Within this many nats of a floor a loss counts as being at it: the held-out text's own
# entropy differs from the whole text's by about as much.
_AT = 0.03


def standing(loss_nats: float, floors: Mapping[str, float]) -> str:
    """What a validation loss says about the network's memory.

    Args:
        loss_nats: mean validation loss, nats per character.
        floors: nats per character by name: uniform, unigram, bigram, trigram.
    """
    if loss_nats > floors["uniform"] + _AT:
        return "Worse than guessing evenly: it is sure of characters that do not come."
    if loss_nats >= floors["uniform"] - _AT:
        return "It has learned nothing yet: every character is equally likely to it."
    if loss_nats > floors["unigram"] + _AT:
        return "It is learning how often each character comes."
    if loss_nats >= floors["unigram"] - _AT:
        return "At the unigram floor: it knows how often each character comes, and no more."
    if loss_nats > floors["bigram"] + _AT:
        return "Above the bigram floor: it does not yet use all that the last character tells."
    if loss_nats >= floors["bigram"] - _AT:
        return "At the bigram floor: it uses the last character, and no memory."
    if loss_nats > floors["trigram"] + _AT:
        return "Below the bigram floor: it remembers more than the last character."
    if loss_nats >= floors["trigram"] - _AT:
        return "At the trigram floor: its memory is worth two characters."
    return "Below the trigram floor: its memory is worth more than two characters."
