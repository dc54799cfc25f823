"""Who may take the next step of several that advance together."""

from core.experiments.lockstep import Lockstep


def never():
    return False


def test_only_the_one_furthest_behind_may_go():
    step = Lockstep(["a", "b"])
    assert not step.turn("b", 0.0, lambda: True)
    assert step.turn("a", 0.0, never)  # a tie: both may
    assert not step.turn("a", 10.0, lambda: True)
    assert step.turn("b", 0.0, never)
    assert step.turn("b", 10.0, never)


def test_nobody_goes_before_all_have_arrived():
    step = Lockstep(["a", "b"])
    assert not step.turn("a", 0.0, lambda: True)
    step.leave("b")  # it could not even begin
    assert step.turn("a", 0.0, never)


def test_a_hold_waits_for_those_that_are_in_the_middle_of_a_step():
    step = Lockstep(["a", "b"])
    step.turn("b", 0.0, lambda: True)
    assert step.turn("a", 0.0, never)  # and is on its way to 2
    step.hold()
    assert step.held
    assert not step.turn("b", 0.0, lambda: True)
    assert not step.turn("a", 2.0, lambda: True)
    assert step.turn("b", 0.0, never)  # catches up
    assert not step.turn("b", 2.0, lambda: True)


def test_a_held_lockstep_lets_those_behind_catch_up_and_no_further():
    step = Lockstep(["a", "b"])
    step.turn("a", 4.0, lambda: True)
    step.turn("b", 2.0, lambda: True)
    step.hold()
    assert step.held
    assert step.turn("b", 2.0, never)
    assert not step.turn("b", 4.0, lambda: True)
    step.advance(2.0)
    assert step.turn("b", 4.0, never)
    assert not step.turn("b", 6.0, lambda: True)
    step.go_on()
    step.leave("a")
    assert step.turn("b", 6.0, never)


def test_whoever_is_behind_a_hold_does_not_stand_before_it_has_caught_up():
    step = Lockstep(["a", "b"])
    step.turn("b", 0.0, lambda: True)
    assert step.turn("a", 0.0, never)
    step.hold()
    assert not step.stands(0.0)  # where the hold is comes with a's step
    step.turn("a", 2.0, lambda: True)
    assert (step.stands(2.0), step.stands(0.0)) == (True, False)
    step.go_on()
    assert not step.stands(2.0)


def test_whoever_waits_with_patience_comes_back_without_a_turn():
    step = Lockstep(["a", "b"])
    assert not step.turn("a", 0.0, never, patience=0.01)  # nobody has woken it
    assert not step.turn("b", 2.0, never, patience=0.0)
    assert step.turn("a", 0.0, never, patience=0.0)  # it need not wait
