"""What is said of a difference: no more than its interval holds."""

import pytest

from core.config import TrainingConfig
from core.experiments.arm_run import from_json
from core.experiments.claims import Arm, Claim
from core.experiments.reach import Interval
from core.experiments.recorded_article import Mean, RecordedArticle
from dashboard.article.telling import all_of, compared, difference, lost, nats

BASE = TrainingConfig()
ONE, OTHER = Arm("T 5", BASE.changed(unrollings=5)), Arm("T 9", BASE.changed(unrollings=9))
CLAIM = Claim("made up", (ONE, OTHER), seeds=5)


def run_of(arm, seed, loss):
    settings = {"unrollings": arm.config.unrollings} | ({"seed": seed} if seed else {})
    return from_json(
        {
            "settings": settings,
            "text_sha256": "",
            "steps": 1,
            "characters": 1,
            "seconds": 1.0,
            "loss": loss,
            "message": "" if loss else "Diverged at step 1.",
            "flow_at_start": 0.0,
            "flow": 0.0,
            "horizon_at_start": 0,
            "horizon": 0,
            "context": [],
            "full": None,
            "largest": None,
            "largest_twice": None,
            "samples": [],
        }
    )


def recorded(*differences):
    """Seeds whose losses with the second arm are so much higher."""
    runs = [run_of(ONE, seed, 2.0) for seed in range(len(differences))]
    runs += [
        run_of(OTHER, seed, None if more is None else 2.0 + more)
        for seed, more in enumerate(differences)
    ]
    return RecordedArticle("", {}, tuple(runs))


@pytest.mark.parametrize(
    ("differences", "said"),
    [
        ((0.1,) * 5, "T 9: 0.100 [0.100, 0.100] nats higher than T 5."),
        ((-0.002,) * 5, "T 9: 0.0020 [0.0020, 0.0020] nats lower than T 5."),
        ((0.1, 0.1), "T 9 against T 5 was not measured."),  # two seeds have no interval
    ],
)
def test_a_difference_is_said_in_its_direction(differences, said):
    assert compared(recorded(*differences), CLAIM, ONE, OTHER) == said


def test_a_difference_whose_interval_holds_0_is_none_that_seeds_can_tell():
    said = compared(recorded(-0.4, 0.4, -0.3, 0.3, 0.0), CLAIM, ONE, OTHER, ("five", "nine"))
    assert said.startswith("nine: 0.0000 [−0.3000, +0.3000] ")
    assert said.endswith("nats against five, no difference that these seeds can tell.")


def test_what_diverged_is_counted_beside_the_mean_of_the_others():
    some = recorded(0.1, None, 0.1, 0.1, None)
    assert lost(some, CLAIM, OTHER) == " (2 of 5 runs diverged)"
    assert lost(some, CLAIM, ONE) == ""
    assert difference(some, CLAIM, ONE, OTHER) == "+0.100 [+0.100, +0.100]"
    assert all_of(some, CLAIM, OTHER, lambda run: run.loss is None) == "2 of 5 runs"


def test_a_mean_has_its_interval_behind_it():
    assert nats(Mean(2.2866, Interval(2.286, 2.2874))) == "2.287 [2.286, 2.287] nats"
    assert nats(Mean(2.2866, None)) == "2.287 nats"
    assert nats(None) == "not measured"
