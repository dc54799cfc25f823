"""What a network uses of what came before, against how far back it is trained.

Pure function; no page and no run. Counts characters with the last one among them: k = 1 is the
character just read, and a gradient that reaches 10 back has reached 11.
"""

from __future__ import annotations

from core.palette import GREEN, Style
from core.records import CONTEXT_LENGTHS, ContextRecord, ProbeRecord
from dashboard.charts.flow import HORIZON, UNROLLINGS
from dashboard.charts.parts import Figure, curve, emptied, f4, new_figure, upright

USED = Style(GREEN, "solid", "square", 2.5)
TITLE = "What is used, and what is trained"


def context_chart(
    context: ContextRecord | None, probe: ProbeRecord | None, unrollings: int
) -> Figure:
    """Loss above the whole history's by how many characters come from the text itself.

    Args:
        context: the newest curve.
        probe: the newest one, whose horizon is drawn beside.
        unrollings: T in use.
    """
    end = max(CONTEXT_LENGTHS[-1], unrollings, probe.horizon + 1 if probe else 0) + 1
    figure = new_figure(
        TITLE,
        "characters of its own, k",
        "nats lost without the earlier ones",
        xaxis={"range": (0.5, end)},
        yaxis={"rangemode": "tozero", "hoverformat": ".3f"},
        hovermode="closest",
    )
    if context is None:
        return emptied(figure, "measured with the first report")
    curve(
        figure,
        x=f4(CONTEXT_LENGTHS),
        y=f4([loss - context.full_loss_nats for loss in context.loss_nats]),
        name=f"used at step {context.step:,}",
        mode="lines+markers",
        line=USED.line,
        marker=USED.marker,
        hovertemplate="%{x:.0f} characters: %{y:.3f} nats lost<extra></extra>",
        showlegend=True,
    )
    marks = [(unrollings, f"T = {unrollings}", UNROLLINGS, 0.34)]
    if probe is not None:
        label = f"gradient: {probe.horizon_in_words} back"
        marks.append((probe.horizon + 1, label, HORIZON, 0.2))
    if context.used is not None:
        least, most = context.used_from, context.used
        told = f"used: {most}" if least == most else f"used: {least} to {most}"
        marks.append((most, told, USED, 0.06))
    for x, label, style, at in marks:
        side = "left" if x < 0.8 * end else "right"
        upright(
            figure,
            x,
            {**style.line, "dash": "dot" if style is USED else style.dash},
            label,
            y=1 - at,
            xanchor=side,
            yanchor="middle",
        )
    return figure
