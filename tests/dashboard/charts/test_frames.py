"""Records become tables: nothing is lost on the way, and events stand at their step."""

import numpy as np
import pandas as pd
import pytest

from core.history import History
from core.records import Event, Report, StepRecord
from dashboard.charts.frames import events_frame, metrics_frame, reports_frame, smoothed

COLUMNS = {
    "step",
    "characters_seen",
    "seconds",
    "loss_min",
    "loss_max",
    "loss_mean",
    "grad_norm_min",
    "grad_norm_max",
    "grad_norm_clipped",
    "clipped_share",
    "learning_rate",
}


@pytest.fixture(scope="module")
def history():
    """2,000 steps of 10 characters and 0.25 s, with one spike at step 777."""
    history = History()
    for step in range(1, 2_001):
        spike = step == 777
        history.append(
            StepRecord(
                step=step,
                characters_seen=10 * step,
                loss_nats=50.0 if spike else 2.0,
                grad_norm=900.0 if spike else 0.5,
                grad_norm_clipped=1.25 if spike else 0.5,
                clipped=spike,
                learning_rate=0.1,
                seconds=step / 4,
            )
        )
    return history.view()


def test_a_long_run_fits_the_places_and_keeps_its_spike(history):
    frame = metrics_frame(history, places=300)
    assert len(frame) == 250  # 8 steps a place
    assert set(frame.columns) == COLUMNS
    assert frame["step"].iloc[-1] == 2_000
    assert (frame["loss_max"] == 50).sum() == (frame["grad_norm_max"] == 900).sum() == 1
    assert frame["loss_min"].max() == 2


def test_a_short_run_has_a_row_a_step(history):
    frame = metrics_frame(history, places=2_000)
    assert frame["step"].tolist() == list(range(1, 2_001))
    assert frame["characters_seen"].iloc[-1] == 20_000


def test_no_run_is_a_table_without_rows():
    frame = metrics_frame(History().view())
    assert len(frame) == 0
    assert set(frame.columns) == COLUMNS


def test_a_report_is_a_row():
    first = Report(0, 0, 0.1, None, 3.3, "xq")
    second = Report(500, 4_000, 2.5, 2.4, 2.5, "the")
    frame = reports_frame([first, second])
    assert frame["step"].tolist() == [0, 500]
    assert frame["validation_loss_nats"].tolist() == [3.3, 2.5]
    assert np.isnan(frame["train_loss_nats"].astype(float)[0])
    assert frame["sample"].tolist() == ["xq", "the"]


def test_no_report_is_a_table_with_the_same_columns():
    frame = reports_frame([])
    assert len(frame) == 0
    assert list(frame.columns) == list(reports_frame([Report(0, 0, 0, None, 3.3, "")]).columns)


def test_only_changes_of_live_settings_are_marked():
    kinds = ["learning_rate", "paused", "clip", "resumed", "unrollings", "refused", "stopped"]
    events = [Event(step, kind, step / 2) for step, kind in enumerate(kinds)]
    frame = events_frame(events, metrics_frame(History().view()))
    assert frame["kind"].tolist() == ["learning_rate", "clip", "unrollings"]
    assert frame["value"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("places", [2_000, 300, 10])
@pytest.mark.parametrize("step", [0, 1, 777, 1_000, 2_000])
def test_a_change_stands_at_its_step_on_every_axis(history, places, step):
    frame = events_frame([Event(step, "clip", 1.0)], metrics_frame(history, places))
    assert frame["step"].tolist() == [step]
    assert frame["characters_seen"].tolist() == pytest.approx([10 * step])
    assert frame["seconds"].tolist() == pytest.approx([step / 4])


def test_a_change_before_the_first_step_stands_at_the_start():
    frame = events_frame([Event(0, "clip", 1.0)], metrics_frame(History().view()))
    assert frame[["step", "characters_seen", "seconds"]].values.tolist() == [[0, 0, 0]]


def test_no_change_is_a_table_with_the_same_columns(history):
    frame = events_frame([], metrics_frame(history))
    assert len(frame) == 0
    assert set(frame.columns) == {"step", "characters_seen", "seconds", "kind", "value"}


LOSSES = pd.DataFrame({"step": [100, 200, 300, 400], "loss_mean": [4.0, 2.0, 1e30, 1.0]})


def test_smoothing_averages_the_rows_of_the_last_steps_and_none_changes_nothing():
    assert smoothed(LOSSES, 0) is LOSSES
    assert smoothed(LOSSES[:2], 200)["loss_mean"].tolist() == [4.0, 3.0]
    far = pd.DataFrame({"step": [100, 200, 900, 1_000], "loss_mean": [4.0, 2.0, 3.0, 1.0]})
    assert smoothed(far, 300)["loss_mean"].tolist() == [4.0, 3.0, 3.0, 2.0]
    assert far["loss_mean"].tolist() == [4.0, 2.0, 3.0, 1.0]


def test_smoothing_forgets_a_spike_and_leaves_a_loss_that_is_no_number_where_it_stood():
    frame = pd.concat([LOSSES, pd.DataFrame({"step": [500], "loss_mean": [np.inf]})])
    found = smoothed(frame, 100)["loss_mean"].tolist()
    assert found == [4.0, 2.0, 1e30, 1.0, np.inf]
    assert smoothed(frame, 200)["loss_mean"].tolist()[1] == 3.0
