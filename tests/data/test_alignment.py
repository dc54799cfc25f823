"""What normalising removes, put beside what it leaves."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.alignment import Piece, align
from core.data.alphabet import normalise


def marked(raw):
    """The pieces as one string, the removed ones in brackets."""
    return "".join(f"[{p.text}]" if p.removed else p.text for p in align(raw))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("", ""),
        ("plain text", "plain text"),
        ("Capitals", "capitals"),
        ("für", "f[ü]ur"),
        ("fu\u0308r", "fu[\u0308]r"),
        ("Maß жук", "ma[ß]ss [жук]"),
        ("too   wide", "too [  ]wide"),
        ("no. 3!", "no[.] [ 3]three [!]"),
        ("a3b", "a[3] three b"),
        ("<b>", "[<] b[>] "),
        ("\u212a", "[\u212a]k"),  # the Kelvin sign, which Unicode takes for a K
        ("é", "[é]e"),
    ],
)
def test_a_text_stands_with_what_was_removed_in_its_place(raw, expected):
    assert marked(raw) == expected


@given(st.text(st.sampled_from("ab AZ 09 .<>üßж\n\u212a\u0308"), max_size=40))
def test_what_is_not_removed_is_the_normalised_text(raw):
    assert "".join(p.text for p in align(raw) if not p.removed) == normalise(raw)


@given(st.text(max_size=30))
def test_neighbours_of_one_kind_are_one_piece_and_none_is_empty(raw):
    pieces = align(raw)
    assert all(piece.text for piece in pieces)
    assert all(one.removed != other.removed for one, other in pairwise(pieces))


def test_a_piece_is_a_plain_value():
    assert align("a") == [Piece("a", removed=False)]
