"""A network in one line of Markdown. Knows no page."""

from __future__ import annotations

from core.config import TrainingConfig
from core.labels import FEEDBACK, value_name


def describe(config: TrainingConfig) -> str:
    """The network in one line."""
    kind = config.combine
    if config.architecture == "arch2":
        kind = f"teacher forcing {FEEDBACK[config.feedback]}"
    return (
        f"**{value_name(config.architecture)}**, {value_name(config.activation)}, {kind}: "
        f"{config.parameter_count:,} parameters, {config.characters_per_step:,} characters a "
        f"step ({config.batch_size} windows of {config.unrollings})."
    )
