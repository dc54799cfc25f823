"""The cards of the page Article, in the order in which they are told.

A further one is a claim in `core/experiments/claims.py`, what is said of it, and an entry here.
"""

from __future__ import annotations

from dashboard.article.bugs import INIT, SOFTMAX, STALE, TEACHER
from dashboard.article.card import Card
from dashboard.article.choices import COMBINE, LOSS, RATE, UNROLLINGS
from dashboard.article.reach import reach_card
from dashboard.article.t1 import T1

CARDS = (
    INIT.card("Initial weights"),
    TEACHER.card("Teacher forcing"),
    SOFTMAX.card("Double softmax"),
    STALE.card("Stale batch"),
    Card("reach", "20 and 40", reach_card),
    RATE.card("Learning rate"),
    COMBINE.card("Concat"),
    LOSS.card("Squared error"),
    UNROLLINGS.card("40 over 20"),
    T1.card("T = 1"),
)
"""What the page offers to choose from."""
