"""Recall and loss on unseen latch texts, of readers whose answer is known."""

import numpy as np
import pytest

from core.data.alphabet import SYMBOLS
from core.data.latch import KEYS, latch_floor
from core.experiments.recall import echo_recall, latch_loss


class MadeUp:
    """A network that reads latch texts as well as can be, or forgets the key."""

    def __init__(self, lag, remembers):
        self.lag, self.remembers = lag, remembers

    def reader(self, batch_size):
        return MadeUpReader(self, batch_size)


class MadeUpReader:
    def __init__(self, network, batch_size):
        self.lag, self.remembers = network.lag, network.remembers
        self.key = self.place = np.full(batch_size, -1)  # the key, and the place in the block

    def read(self, character):
        starts = character >= 1
        starts &= (character <= 8) & ((self.place < 0) | (self.place == self.lag + 1))
        self.key = np.where(starts, character, self.key)
        self.place = np.where(starts, 0, self.place + 1)
        self.logits = np.full((len(character), len(SYMBOLS)), -40.0)
        for row, (key, place) in enumerate(zip(self.key, self.place, strict=True)):
            if place < self.lag - 1:
                self.logits[row, 23:27] = 0
            elif place == self.lag - 1:
                self.logits[row, [key] if self.remembers else range(1, 9)] = 0
            elif place == self.lag:
                self.logits[row, 0] = 0
            else:
                self.logits[row, 1:9] = 0

    def read_all(self, text):
        logits = []
        for characters in text:
            self.read(characters)
            logits.append(self.logits)
        return np.stack(logits)


@pytest.mark.parametrize("lag", [1, 2, 7])
def test_a_perfect_reader_recalls_every_echo_and_reaches_the_floor(lag):
    network = MadeUp(lag, remembers=True)
    assert echo_recall(network, lag) == 1.0
    assert latch_loss(network, lag) == pytest.approx(latch_floor(lag), abs=1e-9)


@pytest.mark.parametrize("lag", [2, 7])
def test_a_reader_without_memory_of_the_key_is_at_chance(lag):
    network = MadeUp(lag, remembers=False)
    # argmax of eight equal logits is always the first key
    assert echo_recall(network, lag) == pytest.approx(1 / len(KEYS), abs=0.04)
    assert latch_loss(network, lag) == pytest.approx(latch_floor(lag, remembers=False), abs=1e-9)
