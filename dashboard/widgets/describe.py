"""A network in one line of Markdown. Knows no page."""

from __future__ import annotations

from core.config import TrainingConfig
from core.labels import VALUES


def describe(config: TrainingConfig) -> str:
    """The network in one line."""
    activation = VALUES.get(config.activation, config.activation)
    kind = config.combine
    if config.architecture == "arch2":
        kind = f"teacher forcing {VALUES[config.feedback]}"
    return (
        f"**{VALUES[config.architecture]}**, {activation}, {kind}: "
        f"{config.parameter_count:,} parameters, {config.characters_per_step:,} characters a "
        f"step ({config.batch_size} windows of {config.unrollings})."
    )
