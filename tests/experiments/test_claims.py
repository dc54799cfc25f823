"""What the claims' arms show, in a few hundred steps; the page tells of longer runs."""

from functools import cache

import numpy as np
import pytest

from core.data.corpora import load_corpus
from core.data.ngrams import cached_floors
from core.experiments.arm_run import train_arm
from core.experiments.claims import BY_NAME, CLAIMS, RATES
from core.insight.sampling import Draw


@cache
def trained(name, place, steps):
    """The first seed of an arm after so many steps."""
    config = BY_NAME[name].arms[place].seeded(0)
    return train_arm(config.changed(steps=steps), load_corpus("builtin"))


def bigram():
    return cached_floors(load_corpus("builtin")).bigram


def unused(run):
    """Whether what came before the last character was worth nothing at all."""
    return all(loss == run.full for loss in run.context)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_arms_have_names_of_their_own_and_train_on_as_many_characters(claim):
    assert len({arm.label for arm in claim.arms}) == len(claim.arms)
    read = {arm.config.steps * arm.config.characters_per_step for arm in claim.arms}
    assert len(read) == 1 or claim.name == "loss"  # whose two pairs are of two presets
    assert {config.seed for _, config in claim.runs()} == set(range(claim.seeds))


def test_published_weights_pass_no_gradient_back_and_zero_mean_ones_learn_more():
    published, zero = trained("init", 0, 400), trained("init", 1, 400)
    assert (published.flow_at_start, published.flow, published.horizon) == (0.0, 0.0, 0)
    assert unused(published)
    assert bigram() - 0.03 < published.loss < bigram() + 0.15
    assert zero.flow > 0.1
    assert zero.loss < published.loss - 0.1


@pytest.mark.parametrize("place", range(4), ids=["T 1", "T 5", "T 20", "T 80"])
def test_teacher_forcing_counts_pairs_whatever_the_unrollings(place):
    run = trained("teacher", place, 2_000)
    assert abs(run.loss - bigram()) < 0.05
    assert unused(run)
    assert run.flow == 0.0


def test_free_running_passes_a_gradient_back():
    assert trained("teacher", 4, 200).flow > 0.0


def test_two_softmaxes_put_no_more_than_a_bound_on_a_character():
    bound = np.e / (np.e + 26)
    certain = np.full(27, -1e3)
    certain[5] = 1e3
    assert Draw(as_published=True).probabilities(certain).max() == pytest.approx(bound, rel=1e-12)
    run = trained("softmax", 0, 2_000)
    assert run.largest_twice < bound < 0.5 < run.largest


def test_stale_inputs_cost_nothing():
    stale, current = trained("stale", 0, 2_000), trained("stale", 1, 2_000)
    assert abs(stale.loss - current.loss) < 0.005
    assert abs(stale.loss - bigram()) < 0.03


def test_a_small_rate_of_plain_sgd_gets_nowhere():
    slow, fast = trained("rate", RATES.index(0.01), 200), trained("rate", RATES.index(1.0), 200)
    assert fast.loss < slow.loss - 0.4


def test_add_and_multiply_have_as_many_parameters_as_concat():
    counts = {arm.label: arm.config.parameter_count for arm in BY_NAME["combine"].arms}
    concat = counts["tanh, concat, N 100"]
    for label, count in counts.items():
        equal = "N 143" in label or "concat" in label
        assert (abs(count - concat) < 0.001 * concat) == equal


def test_the_squared_error_learns_less_in_as_many_steps():
    crossed, squared = trained("loss", 2, 500), trained("loss", 3, 500)
    assert crossed.loss < squared.loss - 0.05


def test_the_arms_of_t_1_differ_in_how_the_same_predictions_are_cut():
    long, short = (arm.config for arm in BY_NAME["t1"].arms[:2])
    assert (long.unrollings, long.batch_size) == (25, 32)
    assert (short.unrollings, short.batch_size) == (1, 800)
    assert long.changed(unrollings=1, batch_size=800) == short
