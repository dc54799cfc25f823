"""What has been asked of a run, as one value."""

from core.config import LiveSettings
from core.training.orders import Orders

LIVE = LiveSettings(learning_rate=0.1, clip=1.0, unrollings=5)


def test_a_step_uses_up_one_grant_and_nothing_else():
    orders = Orders(LIVE, pause=True, granted=2, reason="The disk is full.")
    assert orders.with_a_step_taken() == Orders(
        LIVE, pause=True, granted=1, reason="The disk is full."
    )


def test_a_grant_that_was_taken_back_is_not_used_up_again():
    # Fewer than none would never run out, and the run never pause.
    orders = Orders(LIVE, pause=True)
    assert orders.with_a_step_taken() == orders
