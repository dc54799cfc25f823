"""What normalising does, in counts."""

from core.data.alphabet import normalise
from core.data.preview import preview


def test_a_preview_counts_what_happens_to_each_character():
    seen = preview("Né 42,\nok ")
    assert seen.before == "Né 42,\nok "
    assert seen.after == "n four two ok "
    assert seen.characters_before == 10
    assert seen.characters_after == 14
    assert seen.digits_spelled == 2
    assert seen.turned_to_spaces == 3  # é, comma, line end
    assert seen.share_kept == 5 / 7  # N 4 2 o k of N é 4 2 , o k


def test_the_excerpt_is_short_and_the_counts_are_of_the_whole_text():
    raw = "Abc. " * 1000
    seen = preview(raw, length=7)
    assert (seen.before, seen.after) == ("Abc. Ab", "abc ab")
    assert seen.characters_before == 5000
    assert seen.characters_after == len(normalise(raw)) == 4000
    assert seen.share_kept == 0.75


def test_nothing_is_kept_of_another_alphabet_or_of_no_text():
    assert preview("привет, мир").share_kept == 0.0
    assert preview("привет, мир").after == " "
    assert preview("").share_kept == 0.0
    assert preview(" \n").share_kept == 0.0
