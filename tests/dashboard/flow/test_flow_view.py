"""The page Gradient flow and the findings on Train, as a visitor reads them."""

import math

import numpy as np
import pytest
import streamlit as st
from visit import ENDLESS as UNPROBED_ENDLESS
from visit import TINY as UNPROBED
from visit import Visit

from core.config import TrainingConfig
from core.insight.gradient_check import Comparison
from core.insight.standing import context_in_words
from core.records import RunStatus
from dashboard import session
from dashboard.flow.flow_panel import _characters
from dashboard.flow.replay import _repeat
from dashboard.flow.unit_map import sorted_units
from dashboard.server import library, manager

pytestmark = pytest.mark.usefixtures("own_server")

TINY = UNPROBED | {"probe_every": 20}
ENDLESS = UNPROBED_ENDLESS | {"probe_every": 10}
DIVERGING = {
    **TINY,
    "activation": "relu",
    "init": "identity",
    "optimiser": "adam",
    "learning_rate": 100,
    "clip": 0,
    "unrollings": 40,
    "nodes": 20,
    "steps": 500,
}
CHARTS = (
    "Gradient flow while training",
    "What is used, and what is trained",
    "Window gradient",
    "Honest reach of a window",
    "Why: weights × slopes",
    "Recurrent units",
    "Norms, step by step",
    "Histogram of norms",
    "Recurrent units over held-out text",
)


def to_flow(visit):
    visit.page.switch_page("views/flow.py")
    return visit.look()


def text(visit):
    """All that is written on the page."""
    kinds = ("markdown", "caption", "subheader", "info", "header")
    return "\n".join(line for kind in kinds for line in visit.said(kind))


def popovers(visit):
    return [popover.proto.popover.label for popover in visit.page.get("popover")]


def test_without_a_run_the_page_says_so_and_is_complete():
    visit = to_flow(Visit())
    assert visit.status().startswith("Ready.")
    for title in CHARTS:
        visit.chart(title)
    assert set(visit.figures().values()) == {"–", "25"}  # the unrollings of the settings
    (check,) = [b for b in visit.page.button if b.label == "Check the gradient"]
    assert check.disabled


def test_a_run_is_named_and_can_be_started_held_and_stopped():
    visit = to_flow(Visit(**ENDLESS))
    run = visit.start()
    assert f"Run {run.run_id}: **Arch 1**" in text(visit)
    visit.click("Pause")
    run.wait_until(lambda snapshot: snapshot.status == RunStatus.PAUSED)
    visit.look().click("Stop")
    assert run.wait(30).status == RunStatus.STOPPED


def test_a_run_shows_its_newest_probe_and_its_norms():
    visit = Visit(**TINY, steps=40)
    run = visit.train_to_the_end()
    to_flow(visit)
    probe = run.snapshot.probes[-1]
    assert probe.step == 40
    figures = visit.figures()
    assert figures["Decay per step"] == f"{probe.decay_per_step:.3f}"
    assert figures["Weights × slopes"] == f"{probe.expected_decay:.3f}"
    assert figures["Unrollings"] == "6"
    assert figures["Largest spike"] == f"{run.snapshot.history.column('grad_norm').max():.3g}"
    assert len(visit.chart("Gradient flow while training")["data"]) > 1
    visit.chart("How far one loss reaches at step 40")
    visit.chart("Window gradient at step 40")
    assert "At step 40: 0 of 8 are saturated" in text(visit)


def test_what_is_used_stands_beside_how_far_the_gradient_reaches():
    visit = Visit(**TINY | {"probe_every": 20}, text="latch:4", steps=40, report_every=20)
    run = visit.train_to_the_end().snapshot
    to_flow(visit)
    newest = run.contexts[-1]
    assert newest.step == 40
    figure = visit.chart("What is used, and what is trained")
    assert [trace["name"] for trace in figure["data"]] == ["used at step 40"]
    assert context_in_words(newest).rstrip(".") in text(visit)
    assert f"the gradient reaches {run.probes[-1].horizon} back at step 40" in text(visit)


def test_teacher_forced_arch2_is_told_why_nothing_flows():
    visit = Visit(**TINY, preset="arch2", steps=5)
    visit.train_to_the_end()
    to_flow(visit)
    assert "no path through time" in text(visit)
    assert "None of the gradient arrives" in text(visit)


def test_the_gradient_is_checked_on_the_runs_own_weights():
    visit = Visit(**TINY, steps=10)
    visit.train_to_the_end()
    to_flow(visit).click("Check the gradient")
    assert "At step 10 the largest relative difference is" in text(visit)
    assert "agree to rounding" in text(visit)
    (table,) = visit.page.dataframe
    assert list(table.value["gradient of"]) == ["U", "W", "b", "V", "c", "h, at every t"]


def test_numbers_that_grew_past_float32_are_told_in_a_sentence():
    visit = Visit(**TINY, steps=10)
    run = visit.train_to_the_end()
    compared = (Comparison("W", 1e50, 1e-16, math.inf),)
    visit.page.session_state["gradient_check"] = (run.run_id, 10, compared)
    to_flow(visit)
    assert "a training step on such a window would diverge" in text(visit)
    (table,) = visit.page.dataframe
    assert list(table.value["difference, float32"]) == ["does not fit"]


def test_a_diverged_run_is_replayed_and_trained_again_beside_it_with_clipping():
    visit = Visit(**DIVERGING)
    run = visit.train_to_the_end()
    assert run.snapshot.status == RunStatus.DIVERGED
    to_flow(visit)
    step = run.snapshot.divergence.step
    assert f"How it diverged at step {step}" in text(visit)
    assert f"Step {step} was not taken" in text(visit)
    assert "Clipping at 1.25 would have left" in text(visit) or "too late" in text(visit)
    visit.chart("The last steps")
    visit.click("Train it again as a new run, with clipping at 1.25")
    again, before = manager().runs()
    assert before is run
    assert visit.page.query_params["run"] == again.run_id
    again.wait_until(lambda shot: shot.step >= 1 or not shot.status.active)
    again.stop()
    shot = again.wait(30)
    assert [(e.step, e.value) for e in shot.events if e.kind == "clip"] == [(0, 1.25)]


def test_the_way_on_is_taken_once_however_often_it_is_clicked(monkeypatch):
    visit = Visit(**DIVERGING)
    run = visit.train_to_the_end()
    to_flow(visit)
    taken = []
    monkeypatch.setattr(session, "watched_run", lambda: None)  # another one is watched already
    monkeypatch.setattr(session, "start", lambda *given: taken.append(given))
    _repeat(run)
    assert taken == []


def test_a_run_that_diverged_with_clipping_on_is_not_sent_there_again():
    visit = Visit(**DIVERGING | {"clip": 1})
    run = visit.train_to_the_end()
    assert run.snapshot.status == RunStatus.DIVERGED
    to_flow(visit)
    assert "Clipping was on already, at 1," in text(visit)
    assert "learning rate below 100." in text(visit)
    assert "harmless" not in text(visit)
    assert [b.label for b in visit.page.button if b.key == "restart"] == []


def test_a_diverged_run_out_of_the_store_is_trained_again_with_clipping():
    visit = Visit(**DIVERGING)
    run = visit.train_to_the_end()
    library().close()
    st.cache_resource.clear()  # as after a restart of the server

    visit = to_flow(Visit(run=run.run_id))
    assert f"How it diverged at step {run.snapshot.divergence.step}" in text(visit)
    assert "is not kept" in text(visit)
    visit.chart("The last steps")
    visit.click("Train it again as a new run, with clipping at 1.25")
    (again,) = manager().runs()
    assert visit.page.query_params["run"] == again.run_id != run.run_id
    shot = again.wait(30)
    changes = [(e.step, e.kind, e.value) for e in shot.events if e.kind == "clip"]
    assert changes == [(0, "clip", 1.25)]
    assert shot.config == run.snapshot.config.changed(engine="compiled")


def test_an_unknown_run_is_told_here_too():
    visit = to_flow(Visit(run="c0ffee00"))
    assert visit.said("warning") == [
        "Run c0ffee00 is not known here: it was deleted, or the link is from another machine."
    ]


def test_findings_stand_behind_one_button_on_train_and_at_length_on_flow():
    visit = Visit(**TINY | {"nodes": 100}, init="published", steps=5)
    assert "No findings so far" in popovers(visit)
    visit.train_to_the_end()
    assert ":orange[The recurrence is dead at this moment]" in popovers(visit)
    to_flow(visit)
    assert "The weights start around -0.1" in text(visit)
    assert "Start from zero-mean weights." in text(visit)


@pytest.mark.parametrize("page", ["train", "flow"])
def test_what_a_finding_says_to_try_is_set_up_on_train_in_one_click(page):
    visit = Visit(**TINY | {"nodes": 100}, init="published", steps=5)
    run = visit.train_to_the_end()
    if page == "flow":
        to_flow(visit)
    visit.click("Set up: Initial weights zero-mean")
    assert visit.page.session_state["run_id"] == "new"
    assert visit.chosen()["init"] == "zero-mean"
    assert visit.allowed() == ["Start"]
    assert visit.start().snapshot.config == run.snapshot.config.changed(init="zero-mean")


def test_what_is_set_up_from_a_run_that_trains_repeats_its_other_changes():
    visit = Visit(**ENDLESS | {"nodes": 100, "probe_every": 5}, init="published")
    run = visit.started_and_paused()
    run.change(learning_rate=0.5, clip=0.25)
    run.wait_until(lambda s: s.live.clip == 0.25)
    visit.look()
    visit.click("Set up: Initial weights zero-mean")
    assert run.snapshot.status == RunStatus.PAUSED
    begun = visit.start()
    assert begun.snapshot.config == run.snapshot.config.changed(init="zero-mean")
    assert {event.kind: event.value for event in begun.planned} == {
        "learning_rate": 0.5,
        "clip": 0.25,
    }


def test_a_button_names_what_changes_alone_and_is_not_there_where_nothing_does():
    visit = Visit(**TINY | {"probe_every": 5}, architecture="arch2", steps=5)
    visit.train_to_the_end()
    labels = [button.label for button in visit.page.button if button.key.startswith("try_")]
    assert labels == ["Set up: Teacher forcing off"]


def test_a_run_that_trains_can_be_watched():
    visit = Visit(**ENDLESS)
    run = visit.started_and_paused()
    to_flow(visit)
    assert visit.figures()["Decay per step"] != "–"
    assert run.snapshot.status == RunStatus.PAUSED


def test_stuck_units_stand_at_the_edges_of_the_map():
    hidden = np.zeros((10, 8), np.float32)
    hidden[:, 4:] = [0.5, 0.0, 0.995, 0.2]  # the recurrent half
    shown = sorted_units(hidden, TrainingConfig(nodes=4))
    assert shown.values[0].tolist() == pytest.approx([0.995, 0.5, 0.2, 0.0])
    assert (shown.units, shown.saturated, shown.dead) == (4, 1, 0)
    shown = sorted_units(hidden, TrainingConfig(nodes=4, activation="relu"))
    assert (shown.saturated, shown.dead) == (0, 1)
    huge = np.full((10, 8), 1e38, np.float32)  # a run just before it diverges
    assert sorted_units(huge, TrainingConfig(nodes=4, activation="relu")).units == 4
    many = sorted_units(np.ones((3, 600), np.float32), TrainingConfig(nodes=300))
    assert many.values.shape == (3, 128)


@pytest.mark.parametrize(
    ("count", "shown"),
    [(2.34, "2.3 char."), (14, "14 char."), (math.inf, "endless"), (math.nan, "–")],
)
def test_a_number_of_characters_is_told_as_far_as_there_is_one(count, shown):
    assert _characters(count) == shown
