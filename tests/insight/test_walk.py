"""A text stepped through: the moments belong to the text that sampling writes."""

import numpy as np
import pytest

from core.config import ALPHABET_SIZE, TrainingConfig
from core.data.alphabet import encode
from core.insight.sampling import Draw, sample
from core.insight.walk import entropy_bits, walk
from core.networks.stepwise import CharacterModel, softmax


def make(**settings):
    config = TrainingConfig(nodes=6, **settings)
    generator = np.random.default_rng(0)
    shapes = config.parameter_shapes.items()
    return CharacterModel({name: generator.normal(size=shape) for name, shape in shapes}, config)


def rng():
    return np.random.default_rng(5)


@pytest.mark.parametrize(
    "draw", [None, Draw(0), Draw(0.6, top_k=5), Draw(1.4, as_published=True)], ids=str
)
@pytest.mark.parametrize("prime", [None, "the c"])
def test_a_walk_writes_what_a_sample_with_the_same_seed_writes(draw, prime):
    ids = None if prime is None else encode(prime)
    for settings in ({}, {"architecture": "arch2", "feedback": "free"}):
        model = make(**settings)
        walked = walk(model, 80, rng(), prime=ids, draw=draw)
        assert walked.text == sample(model, 80, rng(), prime=ids, draw=draw)


def test_a_moment_holds_what_the_network_had_before_its_character():
    model, draw = make(), Draw(0.7)
    walked = walk(model, 30, rng(), prime=encode("ab"), draw=draw)
    assert len(walked.moments) == 29
    ids = encode(walked.text)
    reader = model.reader()
    for moment, read, comes in zip(walked.moments, ids, ids[1:], strict=False):
        reader.read(int(read))
        logits = reader.logits
        assert moment.character == comes
        np.testing.assert_allclose(moment.probabilities, softmax(logits), rtol=1e-12)
        np.testing.assert_allclose(moment.drawn_from, softmax(logits / 0.7), rtol=1e-9)
        np.testing.assert_array_equal(moment.hidden, model.hidden_layer(int(read), reader.hidden))
    assert [moment.given for moment in walked.moments] == [True] + [False] * 28


def test_a_longer_walk_starts_as_a_shorter_one():
    model = make()
    assert walk(model, 50, rng()).text.startswith(walk(model, 20, rng()).text)


def test_entropy_is_0_for_certainty_and_log2_27_for_no_idea():
    assert entropy_bits(np.eye(ALPHABET_SIZE)[3]) == 0
    assert entropy_bits(np.full(27, 1 / 27)) == pytest.approx(np.log2(27))
    greedy = walk(make(), 5, rng(), draw=Draw(0))
    assert [moment.entropy_bits for moment in greedy.moments] == [0] * 4
