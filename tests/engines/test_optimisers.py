"""The optimisers against torch's own, and Adadelta against the formula the article ran."""

import numpy as np
import pytest
import torch

from core.config import choices
from core.engines.optimisers import build_optimiser

STEPS, SIZE = 60, 17


def gradients(seed=0):
    """One gradient a step, some of them small, some zero, one large."""
    generator = np.random.default_rng(seed)
    drawn = generator.normal(size=(STEPS, SIZE)) * 10 ** generator.uniform(-4, 1, (STEPS, 1))
    drawn[5] = 0
    drawn[20] *= 1e4
    return drawn


def learning_rate(step):
    return 2.5 * 0.75 ** (step // 10)


def weights_over_time(name):
    weights = torch.linspace(-1, 1, SIZE, dtype=torch.float64)
    optimiser = build_optimiser(name, weights)
    for step, gradient in enumerate(gradients(), start=1):
        optimiser.update(
            weights, torch.from_numpy(gradient), *optimiser.factors(learning_rate(step), step)
        )
        yield weights.clone()


@pytest.mark.parametrize(
    ("name", "theirs"),
    [("sgd", torch.optim.SGD), ("adam", lambda weights, lr: torch.optim.Adam(weights, lr=lr))],
)
def test_sgd_and_adam_equal_torchs_while_the_learning_rate_falls(name, theirs):
    expected = torch.linspace(-1, 1, SIZE, dtype=torch.float64).requires_grad_()
    optimiser = theirs([expected], lr=1.0)
    for step, (weights, gradient) in enumerate(
        zip(weights_over_time(name), gradients(), strict=True), start=1
    ):
        optimiser.param_groups[0]["lr"] = learning_rate(step)
        expected.grad = torch.from_numpy(gradient)
        optimiser.step()
        torch.testing.assert_close(weights, expected.detach(), rtol=1e-12, atol=1e-12)


def test_adadelta_equals_the_formula_of_the_library_the_article_used():
    rho, epsilon = 0.95, 1e-8
    var = np.linspace(-1, 1, SIZE)
    accum = np.zeros(SIZE)
    accum_update = np.zeros(SIZE)
    for step, (weights, grad) in enumerate(
        zip(weights_over_time("adadelta"), gradients(), strict=True), start=1
    ):
        accum = accum * rho + np.square(grad) * (1 - rho)
        update = np.sqrt(accum_update + epsilon) * (1 / np.sqrt(accum + epsilon)) * grad
        accum_update = accum_update * rho + np.square(update) * (1 - rho)
        var = var - learning_rate(step) * update
        np.testing.assert_allclose(weights.numpy(), var, rtol=1e-12, atol=1e-12)


def test_adadeltas_first_step_is_the_one_worked_out_by_hand():
    weights = torch.tensor([1.0], dtype=torch.float64)
    optimiser = build_optimiser("adadelta", weights)
    optimiser.update(weights, torch.tensor([2.0], dtype=torch.float64), *optimiser.factors(2.5, 1))
    step = 1e-4 * 2 / (0.2 + 1e-8) ** 0.5  # a = 0.05 * 2², u = 0
    assert weights.item() == pytest.approx(1 - 2.5 * step, rel=1e-12)
    assert optimiser.accumulators["squared_gradients"].item() == pytest.approx(
        0.2 + 1e-8, rel=1e-12
    )
    assert optimiser.accumulators["squared_updates"].item() == pytest.approx(0.05 * step**2 + 1e-8)


@pytest.mark.parametrize("name", choices("optimiser"))
def test_the_accumulators_start_empty_and_look_like_the_weights(name):
    weights = torch.ones(SIZE, dtype=torch.float64)
    accumulators = build_optimiser(name, weights).accumulators
    assert (
        set(accumulators)
        == {
            "sgd": set(),
            "adadelta": {"squared_gradients", "squared_updates"},
            "adam": {"mean", "square"},
        }[name]
    )
    empty = 1e-8 if name == "adadelta" else 0  # Adadelta keeps its epsilon in them
    for accumulator in accumulators.values():
        assert torch.equal(accumulator, torch.full_like(weights, empty))


def test_adadeltas_accumulators_stay_at_epsilon_where_no_gradient_comes():
    weights = torch.zeros(3)
    optimiser = build_optimiser("adadelta", weights)
    for step in range(1, 2_001):
        optimiser.update(weights, torch.zeros(3), *optimiser.factors(2.5, step))
    for accumulator in optimiser.accumulators.values():
        torch.testing.assert_close(accumulator, torch.full((3,), 1e-8), rtol=1e-6, atol=0)


@pytest.mark.parametrize("name", choices("optimiser"))
def test_the_accumulators_are_all_that_an_optimiser_remembers(name):
    *_, expected = weights_over_time(name)
    weights = torch.linspace(-1, 1, SIZE, dtype=torch.float64)
    optimiser = build_optimiser(name, weights)
    for step, gradient in enumerate(gradients(), start=1):
        if step == STEPS // 2:
            saved = {
                key: accumulator.clone() for key, accumulator in optimiser.accumulators.items()
            }
            optimiser = build_optimiser(name, weights)
            for key, accumulator in saved.items():
                optimiser.accumulators[key].copy_(accumulator)
        optimiser.update(
            weights, torch.from_numpy(gradient), *optimiser.factors(learning_rate(step), step)
        )
    assert torch.equal(weights, expected)


@pytest.mark.parametrize("name", choices("optimiser"))
def test_an_update_leaves_the_gradient_alone_and_zero_gradients_move_nothing(name):
    weights = torch.linspace(-1, 1, 4, dtype=torch.float64)
    gradient = torch.tensor([0.0, 3.0, 0.0, -1.0], dtype=torch.float64)
    before, given = weights.clone(), gradient.clone()
    optimiser = build_optimiser(name, weights)
    for step in range(1, 4):
        optimiser.update(weights, gradient, *optimiser.factors(0.1, step))
    assert torch.equal(gradient, given)
    assert torch.equal(weights[[0, 2]], before[[0, 2]])
    assert weights[1] < before[1]
    assert weights[3] > before[3]
