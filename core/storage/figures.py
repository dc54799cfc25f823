"""The curves of a run as self-contained HTML: one file, no script, nothing to download.

Knows nothing of pages; drawn by hand as SVG, so that a run exported from the command line and
one exported from the page hold the same figures, of some 30 kB each. They follow the reader's
light or dark setting.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape

import numpy as np

from core.history import History
from core.labels import TERMS
from core.palette import FLOORS, LOSS, NORM_AFTER, NORM_BEFORE, VALIDATION
from core.records import Report
from core.storage.rows import RunRow

_WIDTH, _HEIGHT = 960, 480
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 130, 30, 50  # margins; the right one holds labels
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; }}
svg {{ width: 100%; height: auto; }}
text {{ fill: currentColor; font-size: 13px; }}
.grid {{ stroke: currentColor; opacity: 0.15; }}
.floor {{ stroke: currentColor; opacity: 0.55; stroke-dasharray: 7 5; }}
</style></head><body><h1>{title}</h1>
<svg viewBox="0 0 {width} {height}" role="img" aria-label="{title}">{body}</svg>
<p>{caption}</p></body></html>
"""


def figures(
    row: RunRow, columns: Mapping[str, np.ndarray], reports: Sequence[Report]
) -> dict[str, str]:
    """Files by name: the loss with its floors, and the gradient norm. Losses in nats.

    Args:
        row: the run.
        columns: its recorded steps; a table, see `core/steps.py`.
        reports: its reports.
    """
    history = History()
    history.extend(columns)
    drawn = history.view().envelope(800)
    step = drawn["step"]
    validation = [r for r in reports if math.isfinite(r.validation_loss_nats)]
    floors = {name: row.floors[name] for name in FLOORS if name in row.floors}
    losses = _Chart(row.planned_steps, [*drawn["loss_mean"], *floors.values()], "nats", log=False)
    for name, floor in floors.items():
        losses.level(floor, TERMS[name])
    losses.line(step, drawn["loss_mean"], LOSS.color, "training", 1.5)
    losses.line(
        [report.step for report in validation],
        [report.validation_loss_nats for report in validation],
        VALIDATION.color,
        "validation",
        2.5,
    )
    norms = _Chart(row.planned_steps, drawn["grad_norm_max"], "global norm", log=True)
    norms.line(step, drawn["grad_norm_max"], NORM_BEFORE.color, "before clipping", 1.2)
    norms.line(step, drawn["grad_norm_clipped"], NORM_AFTER.color, "after", 2)
    about = f"{row.name}, {row.step:,} steps on {row.text_title}."
    return {
        "figure-loss.html": losses.page(
            f"Loss of {row.name}",
            f"{about} Nats per character; the training loss is a mean of 100 steps. "
            "Dashed: what counting n-grams in the training part reaches on the same held-out text.",
        ),
        "figure-gradient.html": norms.page(
            f"Gradient norm of {row.name}",
            f"{about} Logarithmic; of the norm before clipping, the largest of each place.",
        ),
    }


class _Chart:
    """One set of axes; numbers in, SVG out."""

    def __init__(self, steps: int, values: Iterable[float], unit: str, *, log: bool) -> None:
        usable = [float(v) for v in values if math.isfinite(v) and (v > 0 or not log)]
        low, high = (min(usable), max(usable)) if usable else (1.0, 2.0)
        self._log = log
        self._low, self._high = self._scale(low), self._scale(high)
        if not log:  # room above and below; a spike of the loss may leave the picture
            self._high = min(self._high, 4.0)
        self._high = max(self._high, self._low + 0.1)
        self._steps = max(steps, 1)
        self._parts: list[str] = []
        self._labels: list[tuple[float, str]] = []
        self._axes(unit)

    def line(
        self,
        steps: Iterable[float],
        values: Iterable[float],
        colour: str,
        name: str,
        width: float,
    ) -> None:
        """A curve, labelled at its end."""
        points = [
            (self._x(step), self._y(value))
            for step, value in zip(steps, values, strict=True)
            if math.isfinite(value) and (value > 0 or not self._log)
        ]
        if not points:
            return
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>'
        )
        x, y = points[-1]
        self._parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>')
        self._label(y, name)

    def level(self, value: float, name: str) -> None:
        """A dashed line across."""
        y = self._y(value)
        self._parts.append(
            f'<line class="floor" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        self._label(y, name)

    def page(self, title: str, caption: str) -> str:
        """The whole file."""
        return _PAGE.format(
            title=escape(title),
            caption=escape(caption),
            width=_WIDTH,
            height=_HEIGHT,
            body="".join(self._parts),
        )

    def _label(self, y: float, name: str) -> None:
        while any(abs(y - other) < 14 for other, _ in self._labels):
            y += 3
        self._labels.append((y, name))
        self._parts.append(f'<text x="{_WIDTH - _RIGHT + 8}" y="{y + 4:.1f}">{escape(name)}</text>')

    def _axes(self, unit: str) -> None:
        bottom = _HEIGHT - _BOTTOM
        for share in (0, 0.25, 0.5, 0.75, 1):
            x = _LEFT + share * (_WIDTH - _LEFT - _RIGHT)
            self._parts.append(
                f'<text x="{x:.0f}" y="{bottom + 20}" text-anchor="middle">'
                f"{round(share * self._steps):,}</text>"
            )
            scaled = self._low + share * (self._high - self._low)
            y = bottom - share * (bottom - _TOP)
            value = 10**scaled if self._log else scaled
            self._parts.append(
                f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>'
                f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{value:.3g}</text>'
            )
        self._parts.append(
            f'<text x="{_WIDTH - _RIGHT}" y="{bottom + 42}" text-anchor="end">step</text>'
            f'<text x="{_LEFT}" y="16">{escape(unit)}</text>'
        )

    def _scale(self, value: float) -> float:
        return math.log10(value) if self._log else value

    def _x(self, step: float) -> float:
        return _LEFT + step / self._steps * (_WIDTH - _LEFT - _RIGHT)

    def _y(self, value: float) -> float:
        share = (self._scale(float(value)) - self._low) / (self._high - self._low)
        bottom = _HEIGHT - _BOTTOM
        return bottom - min(max(share, 0.0), 1.0) * (bottom - _TOP)
