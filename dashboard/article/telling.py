"""Numbers of the recorded claims as words: a mean with its interval, a difference, a count.

Pure functions; no page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.experiments.arm_run import ArmRun
from core.experiments.claims import Arm, Claim
from core.experiments.recorded_article import Mean, RecordedArticle

_SMALL = 0.01  # nats: a difference below gets a digit more


def loss_of(run: ArmRun) -> float | None:
    """What is compared on most cards, in nats."""
    return run.loss


def nats(mean: Mean | None) -> str:
    """`2.287 [2.286, 2.288] nats`."""
    return "not measured" if mean is None else f"{mean.told()} nats"


def means_of(recorded: RecordedArticle, claim: Claim, arms: Sequence[Arm]) -> str:
    """From which to which the arms' mean losses are: "2.288 to 2.289 nats"."""
    means = [recorded.mean(claim, arm, loss_of) for arm in arms]
    values = [mean.value for mean in means if mean is not None]
    return f"{min(values):.3f} to {max(values):.3f} nats" if values else "not measured"


def compared(
    recorded: RecordedArticle,
    claim: Claim,
    first: Arm,
    second: Arm,
    names: tuple[str, str] | None = None,
) -> str:
    """Whether the second arm's loss is another than the first's, seed by seed, and by how much.

    Args:
        names: of the two, where they are not their labels.
    """
    one, other = names or (first.label, second.label)
    found = recorded.difference(claim, first, second, loss_of)
    if found is None or found.interval is None:
        return f"{other} against {one} was not measured."
    form = ".3f" if abs(found.value) >= _SMALL else ".4f"
    if found.interval.contains(0.0):
        size = found.told(f"+{form}")
        return f"{other}: {size} nats against {one}, no difference that these seeds can tell."
    low, high = sorted(abs(end) for end in (found.interval.low, found.interval.high))
    word = "lower" if found.value < 0 else "higher"
    return (
        f"{other}: {abs(found.value):{form}} [{low:{form}}, {high:{form}}] nats {word} than {one}."
    )


def difference(recorded: RecordedArticle, claim: Claim, first: Arm, second: Arm) -> str:
    """The second arm's loss less the first's, seed by seed: `+0.033 [+0.027, +0.041]`."""
    found = recorded.difference(claim, first, second, loss_of)
    return "not measured" if found is None else found.told("+.3f")


def lost(recorded: RecordedArticle, claim: Claim, arm: Arm) -> str:
    """ " (2 of 5 runs diverged)", where some did: means are of the others."""
    count = recorded.diverged(claim, arm)
    return f" ({count} of {claim.seeds} runs diverged)" if count else ""


def all_of(
    recorded: RecordedArticle, claim: Claim, arm: Arm, holds: Callable[[ArmRun], bool]
) -> str:
    """In how many of an arm's runs something holds: "5 of 5 runs"."""
    runs = recorded.of(claim, arm)
    return f"{sum(map(holds, runs))} of {len(runs)} runs"
