"""Features of a text, and the units that go with them."""

import numpy as np
import pytest

from core.config import TrainingConfig
from core.data.alphabet import encode
from core.insight.units import Suggestion, correlations, features, read_units, suggestions
from core.networks.stepwise import CharacterModel

TEXT = " the oak is  a "


def test_each_feature_says_what_it_says_of_every_character():
    found = {name: values.astype(int).tolist() for name, values in features(encode(TEXT)).items()}
    assert found == {
        "inside a word": [0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 0, 1, 0],
        "after a space": [0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 1, 0],
        "after a vowel": [0, 0, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 1],
        "position in word": [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 0, 0, 1, 0],
    }


def test_a_text_that_starts_in_a_word_counts_from_its_start():
    assert features(encode("ab c"))["position in word"].tolist() == [1, 2, 0, 1]
    assert features(encode(""))["position in word"].tolist() == []


def test_correlations_are_pearsons_and_0_for_what_never_changes():
    feature = np.array([0.0, 1, 0, 1, 1])
    noise = np.array([0.3, -1, 2, 0.5, 0.1])
    values = np.stack([feature, -2 * feature + 1, np.full(5, 0.7), noise], 1)
    expected = [1, -1, 0, np.corrcoef(feature, noise)[0, 1]]
    np.testing.assert_allclose(correlations(values, feature), expected, atol=1e-12)
    assert correlations(values, np.ones(5)).tolist() == [0, 0, 0, 0]


def test_a_unit_that_was_planted_is_found():
    # Arch 1 with add, no recurrence: unit 2 fires for letters, the others for nothing in sight.
    config = TrainingConfig(nodes=4, combine="add", activation="relu")
    weights = {name: np.zeros(shape) for name, shape in config.parameter_shapes.items()}
    weights["U"][1:, 2] = 1
    ids = encode(TEXT)
    values = read_units(CharacterModel(weights, config), ids)
    assert values.shape == (len(TEXT), 4)
    assert values[:, 2].tolist() == features(ids)["inside a word"].tolist()
    first, *rest = suggestions(values, ids)
    assert first == Suggestion("inside a word", 2, pytest.approx(1))
    assert {suggestion.unit for suggestion in rest} == {2}  # a constant unit is no suggestion


def test_suggestions_come_strongest_first_and_so_many_a_feature():
    generator = np.random.default_rng(0)
    ids = generator.integers(0, 27, 300)
    found = suggestions(generator.normal(size=(300, 9)), ids, each=2)
    assert len(found) == 8
    for one, other in zip(found[::2], found[1::2], strict=True):
        assert one.feature == other.feature
        assert abs(one.correlation) >= abs(other.correlation) > 0


def test_under_concat_the_first_units_see_the_character_alone():
    config = TrainingConfig(nodes=5)
    generator = np.random.default_rng(1)
    shapes = config.parameter_shapes.items()
    model = CharacterModel({name: generator.normal(size=shape) for name, shape in shapes}, config)
    values = read_units(model, encode("abcadb"))
    first, looped = values[:, :5], values[:, 5:]
    np.testing.assert_array_equal(first[0], first[3])  # both an a
    assert not np.allclose(looped[0], looped[3])
