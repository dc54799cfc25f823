"""The Train page as a visitor meets it, and what it draws of a run."""

from math import log

import pytest
from verbatim import verbatims
from visit import ENDLESS, TINY, Visit

from core.engines import cost
from core.records import RunStatus
from dashboard import pace
from dashboard.server import manager

pytestmark = pytest.mark.usefixtures("own_server")


def test_a_visitor_arrives_at_the_quick_demo_and_one_start_button():
    visit = Visit()
    assert visit.widget("preset_choice").value == "demo"
    assert visit.allowed() == ["Start"]
    assert visit.page.markdown[0].value == (
        "**Arch 1**, tanh, concat: 43,419 parameters, 800 characters a step (32 windows of 25)."
    )
    assert manager().runs() == []


def test_before_the_first_run_everything_has_its_place_and_nothing_its_value():
    visit = Visit()
    assert visit.status() == "Ready. Start trains the network; its curves and texts appear below."
    assert set(visit.figures().values()) == {"–"}
    for title in ("Loss", "Gradient norm", "Learning rate"):
        notes = visit.chart(title)["layout"]["annotations"]
        assert [note["text"] for note in notes] == ["no steps yet"]
    assert len(verbatims(visit.page)) == 0


def test_a_slow_step_and_a_long_run_are_told_of_before_start(monkeypatch):
    monkeypatch.setattr(cost, "multiplications_a_second", lambda: 1e9)
    visit = Visit(nodes=512, batch_size=64, device="cpu", steps=5_000)
    assert visit.status() == (
        "Ready. Start trains the network, which takes about 1.6 s a step, and 2 hours in all; "
        "its curves and texts appear below. Stop it as soon as you have seen enough: what is "
        "recorded stays, and Resume goes on from there."
    )


def test_what_does_not_fit_is_not_started_and_says_so(monkeypatch):
    monkeypatch.setattr("core.engines.memory.free_bytes", lambda: 976)
    visit = Visit(**TINY)
    visit.click("Start")
    assert "of memory, and 976 bytes are free here" in visit.page.warning[0].value
    assert manager().runs() == []


def test_the_figures_and_the_curves_are_the_runs():
    visit = Visit(**TINY, steps=30, report_every=10, seed=4)
    run = visit.train_to_the_end().snapshot
    shown = visit.figures()
    assert shown["Training loss, nats"] == f"{run.history.mean_loss(100):.3f}"
    assert shown["Validation, nats"] == f"{run.reports[-1].validation_loss_nats:.3f}"
    assert shown["Clipped steps"] == f"{run.history.clipped_share(100):.0%}"
    labels = [note["text"] for note in visit.chart("Loss")["layout"]["annotations"]]
    terms = ["uniform", "unigram", "bigram", "trigram", "4-gram"]
    assert [label.split()[-2] for label in labels] == terms
    assert verbatims(visit.page) == [r.sample for r in reversed(run.reports)]
    assert len(verbatims(visit.page)) == 4


def test_the_last_twelve_samples_are_shown_newest_first():
    visit = Visit(**TINY, steps=15, report_every=1)
    run = visit.train_to_the_end().snapshot
    assert verbatims(visit.page) == [report.sample for report in run.reports[:-13:-1]]


def test_a_run_of_no_steps_finishes_with_one_report():
    visit = Visit(**TINY, steps=0)
    visit.train_to_the_end()
    assert visit.status() == ":blue-badge[finished] step 0 of 0 · CPU, compiled code"
    assert len(verbatims(visit.page)) == 1


def test_divergence_is_told_and_the_last_numbers_fit_their_boxes():
    explosive = {"activation": "relu", "init": "identity", "optimiser": "sgd", "unrollings": 40}
    visit = Visit(**{**TINY, **explosive, "learning_rate": 100, "clip": 0})
    run = visit.train_to_the_end()
    assert run.snapshot.status == RunStatus.DIVERGED
    assert ":red-badge[diverged]" in visit.status()
    assert visit.said("error") == [run.snapshot.message]
    assert "Turn clipping on, or lower the learning rate." in visit.said("error")[0]
    assert all(len(value) < 10 for value in visit.figures().values())
    assert visit.allowed() == ["Start"]


def test_a_run_that_fails_says_why():
    visit = Visit(**TINY, text="own:0123456789ab")
    run = visit.train_to_the_end()
    assert run.snapshot.status == RunStatus.FAILED
    assert ":red-badge[failed]" in visit.status()
    assert visit.said("error") == [run.snapshot.message]
    assert visit.allowed() == ["Start", "Resume"]


def test_bits_are_shown_instead_of_nats():
    visit = Visit(**TINY, steps=10)
    run = visit.train_to_the_end().snapshot
    visit.widget("unit").set_value("bits")
    shown = visit.look().figures()
    assert shown["Training loss, bits"] == f"{run.history.mean_loss(100) / log(2):.3f}"
    assert shown["Validation, bits"] == f"{run.reports[-1].validation_loss_nats / log(2):.3f}"
    assert visit.chart("Loss")["layout"]["yaxis"]["title"]["text"] == "bits per character"
    assert visit.chart("Loss")["layout"]["annotations"][0]["text"] == "uniform 4.75"


@pytest.mark.parametrize(
    ("axis", "title"),
    [("step", "Steps"), ("characters_seen", "Characters"), ("seconds", "Seconds")],
)
def test_the_horizontal_axis_can_be_chosen(axis, title):
    visit = Visit(**TINY, steps=10)
    visit.train_to_the_end()
    visit.widget("axis").set_value(axis)
    visit.look()
    for chart in ("Loss", "Gradient norm", "Learning rate"):
        assert visit.chart(chart)["layout"]["xaxis"]["title"]["text"] == title


def test_a_run_that_waits_behind_others_is_looked_at_less_often_until_its_turn(monkeypatch):
    asked = []
    monkeypatch.setattr(pace, "refresh_seconds", lambda waits=False: asked.append(waits) or 1.0)
    monkeypatch.setenv("UNROLL_SLOTS", "1")
    first, second = Visit(**ENDLESS), Visit(**ENDLESS | {"run": "new"})
    training = first.start()
    training.wait_until(lambda shot: shot.step > 0)
    waiting = second.start()
    while waiting.run_id not in manager().slots.line():
        assert waiting.snapshot.status == RunStatus.QUEUED
    second.look()
    assert asked[-1]
    training.stop()
    waiting.wait_until(lambda shot: shot.status == RunStatus.RUNNING)
    second.look()
    assert not asked[-1]
