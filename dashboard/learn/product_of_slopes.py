"""Picture 3: a product of slopes by lag, and the newest probe of a real run over it."""

from __future__ import annotations

from math import isfinite
from typing import Any

from core.labels import run_name
from core.palette import ACTIVATIONS, RUNS
from core.training.snapshot import WatchedRun
from dashboard import session
from dashboard.learn.toy import Ask, toy
from dashboard.server import library

_LAGS = 40  # characters back, as many as bars are readable beside each other
_NO_PROBE = (
    "No run has a probe of its gradient yet: start one on Train, and its newest probe is drawn "
    "here."
)
_ASKED = "The probe of the run that is asked about is drawn here once you have committed."
_draw = toy("product_of_slopes")


def product_of_slopes(ask: Ask | None = None) -> None:
    """Draw it, with the run that is watched, or else with the first recorded one with a probe.

    Args:
        ask: lets the question be put to a room.
    """
    _draw(key="product_of_slopes", data=_picture_of(_run_with_a_probe(), _NO_PROBE), ask=ask)


def slopes_of_the_walk(run: WatchedRun | None, step: int) -> None:
    """Draw it without its question; with a run's probe at a step, once that is no answer."""
    data = _picture_of(run, _ASKED, step) | {"activation": "tanh", "walk": True}
    _draw(key="walk_product_of_slopes", data=data)


def _picture_of(run: WatchedRun | None, none: str, step: int | None = None) -> dict[str, Any]:
    """What the picture is given; `none` is said where there is no run."""
    return {
        "activation": session.config().activation,
        "lags": _LAGS,
        "colours": {name: style.color for name, style in ACTIVATIONS.items()},
        "probe_colour": RUNS[0].color,
        "probe": None if run is None else newest_probe(run, step),
        "none": none,
    }


def newest_probe(run: WatchedRun, step: int | None = None) -> dict[str, Any]:
    """What the picture says of a run's newest probe, or the newest one up to a step.

    Keys: `name` of the run; `step`; `flow` by lag, 1 at lag 0, None where it was too large;
    `decay`, its share from step to step, or None; `horizon` in characters, as the probe measured
    it, and `lags`, how far back it looked. The run has a probe, and one at its start.
    """
    probe = [p for p in run.snapshot.probes if step is None or p.step <= step][-1]
    recording = library().recording(run.run_id)
    name = recording.name if recording else run_name(run.snapshot.config)
    return {
        "name": f"run {run.run_id} ({name})",
        "step": probe.step,
        "flow": [_finite(value) for value in probe.flow[: _LAGS + 1]],
        "decay": _finite(probe.decay_per_step),
        "horizon": probe.horizon,
        "lags": len(probe.flow) - 1,
    }


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


def _run_with_a_probe() -> WatchedRun | None:
    watched = session.watched_run()
    if watched is not None and watched.snapshot.probes:
        return watched
    recorded = (library().stored(row.id) for row in library().recordings())
    return next((run for run in recorded if run is not None and run.snapshot.probes), None)
