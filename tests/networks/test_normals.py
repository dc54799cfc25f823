"""Normal numbers of a seed: torch's own, whatever is drawn after what."""

import numpy as np
import pytest
import torch

from core.networks.normals import Normals

SEEDS = [*range(30), 2**31 - 1, 2**31, 2**32 - 1]
SIZES = [1, 2, 3, 7, 15, 16, 17, 27, 31, 32, 100, 27 * 64]
# How far two libraries' logarithms and sines may put a number apart, at most 6 from 0.
NEAR = 1e-6


def torch_draws(seed, sizes):
    generator = torch.Generator().manual_seed(seed)
    return [torch.empty(size).normal_(generator=generator).numpy() for size in sizes]


@pytest.mark.parametrize("size", SIZES)
def test_a_draw_is_torchs(size):
    for seed in SEEDS:
        (expected,) = torch_draws(seed, [size])
        found = Normals(seed).draw(size)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=0, atol=NEAR)


def test_draws_that_follow_each_other_are_torchs():
    order = np.random.default_rng(0)
    for seed in SEEDS:
        sizes = order.choice(SIZES, 12).tolist()  # odd sizes leave one of a pair for later
        normals = Normals(seed)
        for size, expected in zip(sizes, torch_draws(seed, sizes), strict=True):
            np.testing.assert_allclose(normals.draw(size), expected, rtol=0, atol=NEAR)


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (2, 7), (27, 1), (5, 11), (100, 27)])
def test_a_cut_draw_is_torchs_trunc_normal(shape):
    for seed in SEEDS:
        generator, normals = torch.Generator().manual_seed(seed), Normals(seed)
        for _ in range(3):  # the same uniforms were used up each time
            expected = torch.empty(shape)
            torch.nn.init.trunc_normal_(expected, a=-2, b=2, generator=generator)
            found = normals.draw_within(2, *shape)
            np.testing.assert_allclose(found, expected.numpy(), rtol=0, atol=NEAR)


def test_a_draw_has_the_shape_that_was_asked_for():
    assert Normals(0).draw(4, 5).shape == Normals(0).draw_within(1, 4, 5).shape == (4, 5)
    np.testing.assert_array_equal(Normals(0).draw(4, 5).ravel(), Normals(0).draw(20))


def test_nothing_lies_beyond_the_cut():
    assert np.abs(Normals(0).draw_within(0.5, 10_000)).max() <= 0.5


def test_the_generators_of_others_are_left_alone():
    ours, torchs = np.random.get_state()[1].copy(), torch.random.get_rng_state()
    Normals(0).draw_within(2, 100)
    np.testing.assert_array_equal(np.random.get_state()[1], ours)
    assert torch.equal(torch.random.get_rng_state(), torchs)
