"""Where the teacher leads."""

import pytest

from core.errors import RunError


def test_each_place_has_a_number_of_its_own_and_the_newest_counts(classroom, open_classroom):
    assert classroom.guide.place() is None
    first = classroom.guide.lead("Learn", {"picture": "slopes"})
    second = classroom.guide.lead("Train", {"run": "cafe0001"}, step=1_200)
    assert second.number > first.number
    assert open_classroom().guide.place() == second
    assert (second.query, second.step) == ({"run": "cafe0001"}, 1_200)


def test_a_number_is_not_used_again_after_the_teacher_has_left(classroom):
    first = classroom.guide.lead("Learn")
    classroom.guide.leave()
    assert classroom.guide.place() is None
    assert classroom.guide.lead("Learn").number > first.number


def test_an_address_that_is_too_long_is_not_sent(classroom):
    with pytest.raises(RunError, match="4,000 can be sent"):
        classroom.guide.lead("Train", {"events": "x" * 4_000})
    assert classroom.guide.place() is None
