"""The drawing of a latch text: what stands under what."""

import pytest

from dashboard.widgets.latch_drawing import latch_drawing


@pytest.mark.parametrize("lag", [1, 2, 8, 40])
def test_the_arrows_stand_under_the_key_and_its_echo(lag):
    text, arrows, words = latch_drawing(lag).splitlines()
    assert [place for place, sign in enumerate(arrows) if sign == "^"] == [0, lag]
    assert text[0] == text[lag]
    assert text[lag + 1] == text[2 * lag + 3] == "␣"
    assert words.startswith("key ")
    assert f"{lag} character{'s' if lag > 1 else ''} later" in words
