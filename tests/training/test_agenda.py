"""Which steps come with a probe, a report, context curves or a change of settings."""

import pytest

from core.records import Event, EventKind
from core.training.agenda import Agenda


@pytest.fixture
def agenda(small):
    return Agenda(small(steps=250, report_every=100, probe_every=40), contexts=True)


def test_reports_come_before_the_first_step_every_so_many_and_after_the_last(agenda):
    due = []
    for step in range(251):
        if agenda.report_due(step):
            due.append(step)
            agenda.reported_step = step
            assert not agenda.report_due(step)  # once each
    assert due == [0, 100, 200, 250]


def test_probes_come_before_the_first_step_and_every_so_many_and_not_for_the_last(agenda):
    assert [step for step in range(251) if agenda.probe_due(step)] == [
        0,
        40,
        80,
        120,
        160,
        200,
        240,
    ]
    agenda.probed_step = 80
    assert not agenda.probe_due(80)
    assert agenda.is_probed(80)  # which is what its window is kept for


def test_nothing_is_probed_where_nobody_wants_it(small):
    agenda = Agenda(small(steps=10, probe_every=0), contexts=True)
    assert not any(agenda.is_probed(step) for step in range(11))


def test_context_curves_come_after_reports_that_are_ever_further_apart_and_at_the_end(small):
    agenda = Agenda(small(steps=1_950, report_every=100), contexts=True)
    measured = [step for step in range(1_951) if agenda.is_context_measured(step)]
    assert measured == [100, 200, 400, 800, 1_600, 1_950]
    without = Agenda(small(steps=1_950, report_every=100), contexts=False)
    assert not any(without.is_context_measured(step) for step in range(1_951))


def test_a_step_that_is_looked_at_is_taken_alone_and_those_before_it_end_where_it_begins(agenda):
    assert [agenda.free_steps(step) for step in (0, 38, 39, 40, 99, 100)] == [39, 1, 1, 39, 1, 19]


def test_no_step_is_taken_beyond_a_report_the_last_step_or_a_change(small):
    agenda = Agenda(small(steps=250, report_every=100, probe_every=0), contexts=False)
    assert [agenda.free_steps(step) for step in (0, 99, 150, 240)] == [100, 1, 50, 10]
    agenda.plan([Event(170, EventKind.CLIP, 1.0), Event(30, EventKind.CLIP, 2.0)])
    assert [agenda.free_steps(step) for step in (0, 29)] == [30, 1]


def test_changes_are_taken_off_the_plan_in_their_order_once_their_step_is_done(agenda):
    later, sooner = Event(170, EventKind.CLIP, 1.0), Event(30, EventKind.CLIP, 2.0)
    agenda.plan([later, sooner])
    assert agenda.planned == (sooner, later)
    assert agenda.next_change(29) is None
    assert [agenda.next_change(30), agenda.next_change(30)] == [sooner, None]
    assert [agenda.next_change(200), agenda.next_change(200)] == [later, None]
