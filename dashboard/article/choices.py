"""The cards about what the article says of settings. Knows no other page."""

from __future__ import annotations

from core.experiments.claims import BY_NAME, Arm
from core.experiments.recorded_article import RecordedArticle
from dashboard.article.card import ClaimCard
from dashboard.article.telling import compared, difference, loss_of, lost, nats


def _rate(recorded: RecordedArticle) -> str:
    claim = BY_NAME["rate"]
    means = {arm: recorded.mean(claim, arm, loss_of) for arm in claim.arms}
    known = {arm: mean for arm, mean in means.items() if mean is not None}
    if not known:
        return "It was not measured."
    best = min(known, key=lambda arm: known[arm].value)
    of_article = [known[arm].value for arm in known if arm.role == "article"]
    others = [
        f"{arm.label} at {nats(known[arm])}{lost(recorded, claim, arm)}"
        for arm in known
        if arm.role != "article"
    ]
    return (
        f"Plain SGD on the same characters ends lowest at rate {best.label}, at "
        f"{nats(known[best])}. From 0.1 to 2.5 it ends between {min(of_article):.3f} and "
        f"{max(of_article):.3f} nats; rate {', '.join(others)}."
    )


def _combine(recorded: RecordedArticle) -> str:
    claim = BY_NAME["combine"]
    concat, add, multiply, large_add, large_multiply, relu, relu_add = claim.arms

    def more(second: Arm, first: Arm = concat) -> str:
        return difference(recorded, claim, first, second)

    large, small = large_add.config, concat.config
    return (
        f"Nats more or less than concat with N {small.nodes} and the same activation, seed by "
        "seed:\n"
        f"- At equal N, with tanh: add {more(add)}, multiply {more(multiply)}.\n"
        f"- At equal parameters (N {large.nodes}: {large.parameter_count:,}, concat "
        f"{small.parameter_count:,}), with tanh: add {more(large_add)}, multiply "
        f"{more(large_multiply)}; with ReLU: add {more(relu_add, relu)}."
    )


def _loss(recorded: RecordedArticle) -> str:
    claim = BY_NAME["loss"]
    first, second, third, fourth = claim.arms
    told = [compared(recorded, claim, *pair) for pair in ((first, second), (third, fourth))]
    told.append("All are compared by the cross-entropy.")
    return "\n".join(f"- {sentence}" for sentence in told)


def _unrollings(recorded: RecordedArticle) -> str:
    claim = BY_NAME["unrollings"]
    relu_5, relu_20, relu_40, tanh_5, tanh_20, tanh_40 = claim.arms
    pairs = ((relu_20, relu_40), (relu_5, relu_40), (tanh_20, tanh_40), (tanh_5, tanh_40))
    return "\n".join(f"- {compared(recorded, claim, *pair)}" for pair in pairs)


RATE = ClaimCard(
    BY_NAME["rate"],
    "Learning rates from 0.1 to 2.5 are those at which most of the learning happens.",
    _rate,
    "The gradient's norm is clipped at 1.25, so that a step is never longer than 1.25 times the "
    "rate: at a small rate the weights get nowhere in so few steps, at a large one they overshoot.",
)
COMBINE = ClaimCard(
    BY_NAME["combine"],
    "Of three ways to join the input and what comes back, side by side (concat), added or "
    "multiplied, concat works best.",
    _combine,
    "Half of concat's hidden layer sees the present character alone, and only N units carry "
    "anything; under multiply each character has a step of its own, since its row of U scales what "
    "comes back.",
    floors=("trigram",),
)
LOSS = ClaimCard(
    BY_NAME["loss"],
    "The squared error in place of the cross-entropy really messes up the training.",
    _loss,
    "Going back through the softmax, the squared error's gradient is multiplied by the "
    "probabilities, so that a character that is thought impossible teaches next to nothing.",
)
UNROLLINGS = ClaimCard(
    BY_NAME["unrollings"],
    "ReLU is said to train up to 40 unrollings and tanh up to 20; Arch 1, with ReLU, takes the 40.",
    _unrollings,
    "On text the next character depends mostly on the last few, and what is carried across "
    "windows is there without any gradient.",
    floors=("trigram",),
)
