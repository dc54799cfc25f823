"""Spectral figures against an eigenvalue decomposition, and in closed form."""

import math

import numpy as np
import pytest

from core.insight.spectrum import largest_singular_value, spectral_radius


def random(size, seed=0):
    return np.random.default_rng(seed).normal(size=(size, size)) / size**0.5


@pytest.mark.parametrize("size", [1, 2, 9, 60])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 40.0])
def test_both_equal_the_decompositions(size, scale):
    matrix = random(size) * scale
    eigenvalues = np.linalg.eigvals(matrix)
    assert spectral_radius(matrix) == pytest.approx(abs(eigenvalues).max(), rel=1e-7)
    singular = np.linalg.svd(matrix, compute_uv=False)
    assert largest_singular_value(matrix) == pytest.approx(singular[0], rel=1e-12)


def test_float32_is_good_enough_to_draw():
    matrix = random(60)
    expected = abs(np.linalg.eigvals(matrix)).max()
    assert spectral_radius(matrix.astype(np.float32)) == pytest.approx(expected, rel=2e-3)


def test_a_rotation_neither_grows_nor_shrinks():
    angle = 1.0  # two eigenvalues of the same size, neither of them real
    rotation = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    assert spectral_radius(np.array(rotation)) == pytest.approx(1, abs=1e-9)


def test_a_shear_stretches_once_but_not_for_ever():
    shear = np.array([[1.0, 100.0], [0.0, 1.0]])
    assert spectral_radius(shear) == pytest.approx(1, abs=1e-6)
    assert largest_singular_value(shear) == pytest.approx(100.01, abs=1e-3)


def test_what_vanishes_after_some_steps_has_radius_zero():
    assert spectral_radius(np.triu(np.ones((6, 6)), 1)) == 0
    assert spectral_radius(np.zeros((3, 3))) == largest_singular_value(np.zeros((3, 3))) == 0


def test_a_matrix_that_is_not_finite_has_no_size():
    matrix = np.array([[math.inf, 0.0], [0.0, 1.0]])
    assert math.isnan(spectral_radius(matrix))
    assert math.isnan(largest_singular_value(matrix))
