"""Fits, half-lives and horizons of flows that are made up."""

import math

import numpy as np
import pytest

from core.insight.decay import fit_decay, half_life, horizon, relative


def test_the_horizon_is_the_last_lag_with_one_percent():
    assert horizon(np.array([1, 0.5, 0.02, 0.01, 0.009])) == 3
    assert horizon(np.array([1, 0.001, 0.3, 0.0])) == 2
    assert horizon(np.array([1, 0.0, 0.0])) == 0


def test_a_half_life_is_in_steps():
    assert half_life(0.5) == 1
    assert half_life(0.5**0.25) == pytest.approx(4)
    assert half_life(0.0) == 0
    assert half_life(1.0) == half_life(1.5) == math.inf
    assert math.isnan(half_life(math.nan))


def test_the_fit_stops_where_the_flow_no_longer_matters():
    lags = np.arange(41)
    exact = 0.6**lags
    fit = fit_decay(exact)
    assert fit.decay == pytest.approx(0.6)
    assert (fit.first, fit.last) == (1, 27)  # 0.6^27 = 1.02e-6
    # What comes after is left alone, and so is the step from the output layer.
    exact[28:] = 1e-9
    exact[1:] *= 0.3
    assert fit_decay(exact).decay == pytest.approx(0.6)


def test_a_flow_that_stops_at_once_decays_by_its_only_step():
    fit = fit_decay(np.array([1, 0.25, 0, 0]))
    assert (fit.decay, fit.first, fit.last) == (0.25, 0, 1)
    assert fit_decay(np.array([1.0, 0.0, 0.0])).decay == 0


def test_numbers_that_are_not_finite_are_not_fitted():
    fit = fit_decay(np.array([1, 0.5, 0.25, math.inf, math.nan]))
    assert (fit.decay, fit.last) == (pytest.approx(0.5), 2)


def test_no_gradient_at_all_is_no_flow():
    assert relative(np.zeros(4)).tolist() == [1, 0, 0, 0]
