"""What a panel reads, and how: its widgets in the sidebar. Draws nothing of what is read."""

from __future__ import annotations

from dashboard.sample.draw_settings import Drawing, draw_settings, reading_settings
from dashboard.sample.source_picker import about_weights, source_picker, weights_in_hand
from dashboard.sample.sources import Source, Taken


def panel_choice(panel: str, part: str) -> tuple[Source | None, tuple[Taken, Drawing] | None]:
    """The widgets of a panel: its source, and its weights and how to draw, if there are any.

    Args:
        panel: its letter.
        part: of the page, as its switch names it.
    """
    source = source_picker(panel)
    taken = weights_in_hand(source, panel) if source else None
    if source is None or taken is None:
        return source, None
    about_weights(source, taken, panel)
    settings = draw_settings if part in ("Write", "Step through") else reading_settings
    return source, (taken, settings(panel, taken.config))
