"""Recorded runs side by side, as a race that is over."""

from contextlib import closing

import pytest

from core.experiments.past_race import PastRace
from core.storage.recorded import PREFIX, RecordedRuns
from core.storage.stored_run import StoredRun


@pytest.fixture
def run_of():
    """A recorded run by its name."""
    with closing(RecordedRuns()) as runs:
        ids = {row.name.removeprefix(PREFIX): row.id for row in runs.runs()}
        yield lambda name: StoredRun(runs, ids[name])


def test_it_is_over_and_ends_where_its_runs_ended(run_of):
    runs = [run_of("Quick demo"), run_of("Quick demo with T 1")]
    race = PastRace(runs).snapshot
    assert (race.active, race.stopped, race.held) == (False, False, False)
    assert race.reached == race.end == 12_000 * 800
    assert race.lanes == tuple(run.snapshot for run in runs)


def test_its_lead_is_measured_on_the_held_out_text_like_any_other(run_of):
    runs = [run_of("Quick demo with T 1"), run_of("Quick demo")]
    lead = PastRace(runs).lead()
    assert (lead.lane, lead.second, lead.unknown) == (1, 0, "")
    reported = [run.snapshot.reports[-1].validation_loss_nats for run in runs]
    assert lead.gap_nats == pytest.approx(reported[0] - reported[1], abs=1e-4)
    assert lead.shows_from_nats > 0


def test_runs_that_read_more_than_others_are_no_race(run_of):
    with pytest.raises(ValueError, match="equally many characters"):
        PastRace([run_of("Quick demo"), run_of("Arch 2, zero-mean init, first 6,000 steps")])
