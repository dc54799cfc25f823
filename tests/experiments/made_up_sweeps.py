"""Results of sweeps that nobody trained, whose verdict is known."""

from core.experiments.cells import CellResult, Line
from core.experiments.plan import SweepPlan

PLAN = SweepPlan(lags=(8, 12, 16), seeds=4)
TEXT = SweepPlan(text="builtin", unrollings=(1, 5, 20, 40), seeds=3, activations=("tanh",))
TANH, RELU = Line("tanh"), Line("relu")

FULL = {
    (TANH, 8): (1.0, 1.0, 1.0, 1.0),
    (TANH, 12): (0.2, 0.1, 0.15, 0.05),
    (TANH, 16): (0.1, 0.1, 0.1, 0.1),
    (RELU, 8): (1.0, 1.0, 1.0, 1.0),
    (RELU, 12): (1.0, 1.0, 1.0, 0.8),
    (RELU, 16): (0.1, 0.15, 0.1, 0.15),
}
"""Recalls at the end of each seed: tanh reaches 10, ReLU 13.8."""


def results_of(plan, scores, diverged=()):
    """Results from `{(line, distance): (score of the first seed, of the next, ...)}`."""
    found = {}
    for cell in plan.cells():
        given = scores.get((cell.line, cell.distance), ())
        place = cell.seed - plan.first_seed
        if place < len(given) and given[place] is not None:
            score = given[place]
            found[cell.key] = CellResult(
                cell.key,
                "diverged" if (cell.line, cell.distance, cell.seed) in diverged else "done",
                updates=cell.config.steps,
                characters=cell.characters,
                seconds=1.0,
                loss_nats=1.5 if plan.on_latch else score,
                recall=min(1.0, score + 0.05) if plan.on_latch else None,
                recall_at_end=score if plan.on_latch else None,
                max_grad_norm=10.0 * (place + 1),
            )
    return found
