"""What normalising does, in counts."""

import pytest

from core.data.preview import preview


def test_a_preview_counts_what_happens_to_each_character():
    seen = preview("Né 42,\nok ")
    assert seen.before == "Né 42,\nok "
    assert seen.after == "ne four two ok "
    assert seen.characters_before == 10
    assert seen.digits_spelled == 2
    assert seen.accents_dropped == 1
    assert seen.turned_to_spaces == 2  # comma, line end
    assert seen.share_kept == 6 / 7  # all of N é 4 2 , o k but the comma


def test_the_excerpt_is_short_and_the_counts_are_of_the_whole_text():
    raw = "Abc. " * 1000
    seen = preview(raw, length=7)
    assert (seen.before, seen.after) == ("Abc. Ab", "abc ab")
    assert seen.characters_before == 5000
    assert seen.share_kept == 0.75


def test_nothing_is_kept_of_another_alphabet_or_of_no_text():
    assert preview("привет, мир").share_kept == 0.0
    assert preview("привет, мир").after == " "
    assert preview("").share_kept == 0.0
    assert preview(" \n").share_kept == 0.0


@pytest.mark.parametrize(("raw", "warned"), [("ab ж", False), ("abc жж", False), ("ab жж", True)])
def test_a_text_of_which_much_is_lost_is_warned_of(raw, warned):
    seen = preview(raw)
    assert bool(seen.warning) is warned
    assert (seen.share_kept < 0.6) is warned
    if warned:
        assert seen.warning.startswith("Only 50% of this text is letters a to z and digits")


def test_composed_and_decomposed_letters_are_counted_alike():
    assert preview("u\u0308ü").accents_dropped == 2
    assert preview("u\u0308ü").share_kept == 1.0
