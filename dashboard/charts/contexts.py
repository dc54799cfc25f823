"""What several settings use of what came before, against how far back each is trained.

As `charts/context.py` draws one run, with every seed. Pure function; no page and no run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.palette import Style
from core.records import CONTEXT_LENGTHS, ContextRecord
from dashboard.charts.context import TITLE
from dashboard.charts.parts import Figure, curve, emptied, f4, new_figure, upright

_SEED_WIDTH, _SEED_OPACITY = 1.0, 0.35
_WIDEST = 2.0  # of the axis, as an exponent of 10: room for what stands at the uprights
_LABELS_FROM, _LABELS_APART = 0.92, 0.14  # of the height, for what stands at the uprights


@dataclass(frozen=True)
class Used:
    """The runs of one setting.

    Attributes:
        label: what it is called.
        curves: a run's context curve each.
        horizons: a run's horizon each, in characters back.
    """

    label: str
    style: Style
    curves: Sequence[ContextRecord]
    horizons: Sequence[int]


def contexts_chart(settings: Sequence[Used]) -> Figure:
    """Nats lost without the characters before the last k: thin for each seed, thick their mean.

    Where the gradient of one loss reaches, on average, there is an upright in the same colour.
    """
    figure = new_figure(
        TITLE,
        "characters of its own, k",
        "nats lost",
        xaxis={
            "type": "log",
            "range": (-0.05, _WIDEST),
            "tickvals": CONTEXT_LENGTHS,
            "ticktext": list(CONTEXT_LENGTHS),
        },
        yaxis={"rangemode": "tozero", "hoverformat": ".3f"},
        hovermode="closest",
    )
    if not any(setting.curves for setting in settings):
        return emptied(figure, "nothing measured yet")
    nearest = min((np.mean(s.horizons) for s in settings if len(s.horizons)), default=0.0)
    for place, setting in enumerate(settings):
        lost = np.array([[loss - c.full_loss_nats for loss in c.loss_nats] for c in setting.curves])
        for seed, one in enumerate(lost):
            curve(
                figure,
                x=f4(CONTEXT_LENGTHS),
                y=f4(one),
                name=f"seed {seed}",
                legendgroup=setting.label,
                showlegend=False,
                mode="lines",
                line={**setting.style.line, "width": _SEED_WIDTH},
                opacity=_SEED_OPACITY,
                hoverinfo="skip",
            )
        if len(lost):
            curve(
                figure,
                x=f4(CONTEXT_LENGTHS),
                y=f4(lost.mean(0)),
                name=setting.label,
                legendgroup=setting.label,
                mode="lines+markers",
                line=setting.style.line,
                marker=setting.style.marker,
                hovertemplate="%{x:.0f} characters: %{y:.3f} nats lost<extra></extra>",
            )
        if len(setting.horizons):
            horizon = float(np.mean(setting.horizons))
            upright(
                figure,
                horizon + 1,
                {**setting.style.line, "dash": "dot"},
                f"gradient, {setting.label}: {horizon:.1f} back",
                y=_LABELS_FROM - _LABELS_APART * place,
                xanchor="right" if horizon == nearest else "left",
                yanchor="middle",
            )
            # On a logarithmic axis a shape takes the value itself, a note its exponent.
            figure["layout"]["annotations"][-1]["x"] = float(np.log10(horizon + 1))
    return figure
