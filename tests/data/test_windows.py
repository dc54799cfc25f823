"""Windows follow the article's batch rule to the character."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.alphabet import decode, encode
from core.data.windows import Cursors
from core.errors import ConfigError, TextError

texts = st.lists(st.integers(0, 26), min_size=2, max_size=40)


class SlowCursors:
    """The rule as it is written, one character at a time."""

    def __init__(self, text: list[int], batch_size: int) -> None:
        self.text = text
        self.cursors = [b * (len(text) // batch_size) for b in range(batch_size)]

    def next_window(self, unrollings: int) -> tuple[list[list[int]], list[list[int]]]:
        inputs, targets = [], []
        for _ in range(unrollings):
            row, next_row = [], []
            for b in range(len(self.cursors)):
                self.cursors[b] = (self.cursors[b] + 1) % len(self.text)
                row.append(self.text[self.cursors[b]])
                next_row.append(self.text[(self.cursors[b] + 1) % len(self.text)])
            inputs.append(row)
            targets.append(next_row)
        return inputs, targets


@given(texts, st.data())
def test_windows_are_those_of_the_slow_rule(text, data):
    batch_size = data.draw(st.integers(1, len(text)))
    fast = Cursors(np.array(text, dtype=np.uint8), batch_size)
    slow = SlowCursors(text, batch_size)
    for unrollings in data.draw(st.lists(st.integers(1, 100), max_size=5)):
        inputs, targets = fast.next_window(unrollings)
        slow_inputs, slow_targets = slow.next_window(unrollings)
        assert inputs.tolist() == slow_inputs
        assert targets.tolist() == slow_targets
        assert fast.positions.tolist() == slow.cursors


def test_the_picture_in_the_docstring_is_true():
    cursors = Cursors(encode("the cat "), batch_size=2)
    assert cursors.positions.tolist() == [0, 4]
    inputs, targets = cursors.next_window(3)
    assert [decode(inputs[:, b]) for b in range(2)] == ["he ", "at "]
    assert [decode(targets[:, b]) for b in range(2)] == ["e c", "t t"]
    assert cursors.positions.tolist() == [3, 7]
    assert cursors.next_window(1)[0].tolist() == [encode("ct").tolist()]


def test_windows_are_time_major_contiguous_integers():
    cursors = Cursors(np.arange(100, dtype=np.uint8) % 27, batch_size=4)
    for array in cursors.next_window(6):
        assert array.shape == (6, 4)
        assert array.dtype == np.int64
        assert array.flags.c_contiguous


def test_two_windows_read_what_one_of_both_lengths_reads():
    ids = np.random.default_rng(0).integers(0, 27, 500).astype(np.uint8)
    once, twice = Cursors(ids, 8), Cursors(ids, 8)
    whole = once.next_window(50)
    parts = [twice.next_window(20), twice.next_window(30)]
    np.testing.assert_array_equal(whole[0], np.concatenate([parts[0][0], parts[1][0]]))
    np.testing.assert_array_equal(whole[1], np.concatenate([parts[0][1], parts[1][1]]))


@given(texts, st.data())
def test_restored_cursors_read_on_as_if_nothing_had_happened(text, data):
    ids = np.array(text, dtype=np.uint8)
    batch_size = data.draw(st.integers(1, len(text)))
    first = Cursors(ids, batch_size)
    first.next_window(data.draw(st.integers(1, 60)))
    second = Cursors(ids, batch_size)
    second.restore(first.positions.tolist())
    np.testing.assert_array_equal(first.next_window(7), second.next_window(7))


def test_positions_are_a_copy_both_ways():
    cursors = Cursors(np.zeros(10, dtype=np.uint8), 2)
    saved = cursors.positions
    saved += 3
    assert cursors.positions.tolist() == [0, 5]
    cursors.restore(saved)
    saved += 1
    assert cursors.positions.tolist() == [3, 8]


def test_the_text_is_read_and_never_written():
    ids = np.zeros(50, dtype=np.uint8)
    inputs, _ = Cursors(ids, 2).next_window(5)
    inputs += 9
    assert not ids.any()


@pytest.mark.parametrize(("length", "batch_size"), [(4, 5), (1, 1), (0, 1)])
def test_a_text_shorter_than_its_cursors_is_refused(length, batch_size):
    ids = np.zeros(length, dtype=np.uint8)
    with pytest.raises(TextError, match=f"batch_size={batch_size} needs a text of .* has {length}"):
        Cursors(ids, batch_size)


def test_no_cursors_and_no_steps_are_refused():
    ids = np.zeros(10, dtype=np.uint8)
    with pytest.raises(ConfigError, match="batch_size=0 is not allowed: choose 1 or more"):
        Cursors(ids, 0)
    with pytest.raises(ConfigError, match="unrollings=0 is not allowed: choose 1 or more"):
        Cursors(ids, 1).next_window(0)


def test_positions_of_another_batch_size_or_text_are_refused():
    cursors = Cursors(np.zeros(10, dtype=np.uint8), 2)
    with pytest.raises(TextError, match="are for batch_size=3; this run has 2"):
        cursors.restore([1, 2, 3])
    with pytest.raises(TextError, match="reach character 10; this text has 10"):
        cursors.restore([1, 10])
    with pytest.raises(TextError, match="Continue with the text that the run began with"):
        cursors.restore([-1, 2])
    assert cursors.positions.tolist() == [0, 5]
