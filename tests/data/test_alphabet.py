"""The 27 symbols, and text8's rules."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import ALPHABET_SIZE
from core.data import alphabet
from core.data.alphabet import SPELLINGS, SYMBOLS, decode, encode, normalise
from core.errors import TextError

SPELLED = {letter: plain for plain, letters in SPELLINGS.items() for letter in letters}
WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def slow_normalise(text: str) -> str:
    """The rule, one character at a time."""
    out = ""
    decomposed = unicodedata.normalize("NFD", text)
    for character in "".join(SPELLED.get(character, character) for character in decomposed):
        if "\u0300" <= character <= "\u036f":
            continue
        if "A" <= character <= "Z":
            piece = chr(ord(character) + 32)
        elif "a" <= character <= "z":
            piece = character
        elif character in "0123456789":
            piece = f" {WORDS[int(character)]} "
        else:
            piece = " "
        for symbol in piece:
            if symbol != " " or not out.endswith(" "):
                out += symbol
    return out


def test_the_alphabet_is_space_and_a_to_z():
    assert len(SYMBOLS) == ALPHABET_SIZE == 27
    ids = encode(" az")
    assert ids.tolist() == [0, 1, 26]
    assert ids.dtype == np.uint8


@given(st.text(alphabet=SYMBOLS))
def test_decode_undoes_encode(text):
    assert decode(encode(text)) == text


def test_decode_takes_any_sequence_of_ids():
    assert decode([8, 9, 0]) == "hi "
    assert decode(np.array([8, 9], dtype=np.int64)) == "hi"
    assert decode([]) == ""


@pytest.mark.parametrize("wrong", [-1, 27, 300])
def test_decode_refuses_what_is_no_id(wrong):
    with pytest.raises(TextError, match=f"^{wrong} is not the id of a symbol: ids go from 0 to 26"):
        decode([1, wrong, 2])


@pytest.mark.parametrize("character", ["A", "é", "7", "\n", "_", "\N{GRINNING FACE}", "\ud800"])
def test_encode_refuses_a_text_that_is_not_normalised(character):
    with pytest.raises(TextError, match="at position 2 is not one of the 27 symbols"):
        encode("ab" + character + "c")


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Hello, World", "hello world"),
        ("in 1987.", "in one nine eight seven "),
        ("7", " seven "),
        ("a\r\n\t b", "a b"),
        ("café über ΑΒΓ", "cafe uber "),
        ("4 \N{KELVIN SIGN} \N{LATIN CAPITAL LETTER I WITH DOT ABOVE}x ſ ﬁ", " four k ix "),
        ("\N{ARABIC-INDIC DIGIT SEVEN}½²", " "),
        ("\ud800a", " a"),
        ("  ends  ", " ends "),
        ("", ""),
    ],
)
def test_text8s_rules(text, normal):
    assert normalise(text) == normal


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("für", "fur"),
        ("Größe", "grosse"),
        ("STRAẞE Œuvre Łódź smørrebrød", "strasse oeuvre lodz smorrebrod"),
        ("Ελλάς й", " "),
    ],
)
def test_a_letter_with_accents_is_the_letter_however_it_is_composed(form, text, normal):
    assert normalise(unicodedata.normalize(form, text)) == normal


def test_former_versions_took_letters_with_accents_for_spaces():
    assert normalise("für Größe", accents=False) == "f r gr e"


@given(st.text(alphabet=st.one_of(st.sampled_from("aZ09 \n.éß\u0301"), st.characters())))
def test_normalise_is_the_slow_rule(text):
    assert normalise(text) == slow_normalise(text)


@given(st.text())
def test_a_normalised_text_stays_as_it_is(text):
    once = normalise(text)
    assert normalise(once) == once
    assert encode(once).max(initial=0) <= 26


@pytest.mark.parametrize("block", [1, 2, 3, 7])
def test_the_borders_of_blocks_leave_no_trace(block, monkeypatch):
    monkeypatch.setattr(alphabet, "_BLOCK", block)
    text = "  a, 12  b - - - c9\n\nd é\u0301  \u0301 "
    assert normalise(text) == slow_normalise(text)
