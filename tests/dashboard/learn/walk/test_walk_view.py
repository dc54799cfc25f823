"""The walk on the page Learn, without a browser: what is asked, and what is told afterwards."""

import io
import json
from contextlib import suppress

import pytest
from visit import TINY, Visit

from core.config import PRESETS
from core.data.latch import latch_floor
from core.errors import RunError
from core.experiments.claims import BY_NAME
from core.experiments.recorded_article import read_recorded_article
from core.records import RunStatus
from core.storage.zip_export import export_run
from dashboard import gate
from dashboard.learn.walk import latch, own_runs, repair, target
from dashboard.learn.walk.recorded import Ending, article_ending
from dashboard.learn.walk.steps import STEPS
from dashboard.server import library, manager

pytestmark = pytest.mark.usefixtures("own_server")

ASKED_ON_THE_PAGE = [step for step in STEPS if not step.asked_by_its_picture]
ORDER = ["latch:2", "latch:16", "latch:8", "builtin"]


@pytest.fixture
def short(monkeypatch):
    """Runs that take a moment: 30 steps, of which none learns anything."""
    changes = {"steps": 30, "report_every": 30, "probe_every": 0, "nodes": 8}
    monkeypatch.setattr(latch, "_HERE", changes)


def at(number, visit=None, **answers):
    """The walk at a step, by a visitor whose browser keeps these answers."""
    visit = visit or Visit(run="new")
    visit.page.switch_page("views/learn.py")
    visit.page.session_state["walk_step"] = str(number)
    visit.page.session_state["walk_answers"] = answers
    return visit.look()


def sent(visit):
    """All that the page's components were given."""
    return [json.loads(element.proto.json) for element in visit.page.get("bidi_component")]


def card(visit):
    """What the question was given."""
    (data,) = [data for data in sent(visit) if "asks" in data]
    return data


def number_of(name):
    return 1 + [step.name for step in STEPS].index(name)


def answered(name, prediction, **more):
    return card(at(number_of(name), **{name: prediction}, **more))


def test_the_walk_is_eight_steps_that_fill_45_minutes_without_a_gap():
    minutes = [step.minutes for step in STEPS]
    assert len(minutes) == 8
    assert [first for first, _ in minutes] == [0, *(last for _, last in minutes[:-1])]
    assert minutes[-1][1] == 45


@pytest.mark.parametrize("step", ASKED_ON_THE_PAGE, ids=lambda step: step.name)
def test_before_anything_is_committed_a_step_asks_and_tells_nothing(step, recordings):
    visit = at(number_of(step.name))
    data = card(visit)
    assert (data["step"], data["predicted"], data["outcome"]) == (step.name, None, None)
    assert step.sentences in " ".join(text.value for text in visit.page.markdown)
    assert visit.page.query_params["step"] == str(number_of(step.name))


@pytest.mark.parametrize(
    ("name", "prediction"),
    [("texts", ORDER), ("t1", 2.0), ("horizon", 5), ("arch2", "bigram"), ("target", 50)],
)
def test_no_sentence_and_no_mark_of_the_outcome_is_sent_before(name, prediction, recordings):
    visit = at(number_of(name))
    before = json.dumps(sent(visit)) + "".join(text.value for text in visit.page.markdown)
    visit.page.session_state["walk_answers"] = {name: prediction}
    outcome = card(visit.look())["outcome"]
    for told in [*outcome["sentences"].split("\n"), *outcome["marks"]]:
        if isinstance(told, str) or told["kind"] == "measured":
            assert json.dumps(told) not in before


def test_a_link_opens_a_step_and_the_buttons_go_on_and_back():
    visit = Visit(run="new")
    visit.page.switch_page("views/learn.py")
    visit.page.query_params["step"] = "7"
    visit.look()
    assert visit.page.session_state["walk_step"] == "7"
    visit.click("Next")
    assert visit.page.query_params["step"] == "8"
    (last,) = [button for button in visit.page.button if button.label == "Next"]
    assert last.disabled
    visit.click("Back")
    assert visit.page.query_params["step"] == "7"


def test_the_teachers_note_is_sent_to_whoever_asks_for_it_and_tells_of_every_step():
    def said(visit):
        return " ".join(text.value for text in visit.page.markdown)

    visit = at(1)
    assert "Before the lecture" not in said(visit)
    note = said(visit.click("Teacher's note"))
    assert "Before the lecture" in note
    for number, step in enumerate(STEPS, 1):
        first, last = step.minutes
        assert f"| {first}–{last} | {number} {step.title} |" in note


def test_a_step_that_is_not_there_opens_the_first():
    visit = Visit(run="new")
    visit.page.switch_page("views/learn.py")
    visit.page.query_params["step"] = "9"
    assert visit.look().page.query_params["step"] == "1"


@pytest.mark.parametrize("order", [ORDER, ORDER[::-1]])
def test_texts_are_ordered_by_their_counted_floors(order):
    outcome = answered("texts", order)["outcome"]
    assert outcome["right"] == (order == ORDER)
    heads, *rows = outcome["table"]
    assert heads[2] == "trigram"
    floors = [float(row[2]) for row in rows]
    assert floors == sorted(floors)
    assert [row[3] for row in rows] == [
        f"{latch_floor(2):.2f}",
        f"{latch_floor(16):.2f}",
        f"{latch_floor(8):.2f}",
        "–",
    ]


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [("t1", 1.6, 2.3), ("horizon", 12, 19), ("arch2", "bigram", "between"), ("target", 79, 82)],
)
def test_a_prediction_is_held_against_what_was_recorded_or_counted(name, right, wrong, recordings):
    assert answered(name, right)["outcome"]["right"] is True
    data = answered(name, wrong)
    assert data["predicted"] == wrong
    assert data["outcome"]["right"] is False
    assert any(mark["kind"] == "measured" for mark in data["outcome"]["marks"])


def test_the_outcome_of_t_1_shows_every_recorded_seed_and_the_intervals(recordings):
    article, claim = read_recorded_article(), BY_NAME["t1"]
    whole, cut = (article.values(claim, arm, lambda run: run.loss) for arm in claim.arms[:2])
    outcome = answered("t1", 2.0)["outcome"]
    assert outcome["table"][1:] == [
        [str(seed), f"{a:.3f}", f"{b:.3f}"]
        for seed, (a, b) in enumerate(zip(whole, cut, strict=True))
    ]
    assert [mark["value"] for mark in outcome["marks"]] == sorted(cut)
    assert len(cut) == 5
    for told in ("1.621 [1.613, 1.630]", "1.574 [1.568, 1.581]", "+0.047 [+0.040, +0.054]"):
        assert told in outcome["sentences"]


def test_a_prediction_of_t_1_is_right_if_it_is_near_every_seed(recordings):
    losses = article_ending(BY_NAME["t1"], BY_NAME["t1"].arms[1]).losses
    near_the_lowest_alone = round(min(losses) - 0.05, 2)
    assert max(losses) - near_the_lowest_alone > 0.055
    assert not answered("t1", near_the_lowest_alone)["outcome"]["right"]


def test_every_recorded_horizon_is_shown_and_a_prediction_has_to_be_near_all(recordings):
    recorded, claim = read_recorded_article(), BY_NAME["t1"]
    horizons = recorded.values(claim, claim.arms[0], lambda run: run.horizon)
    outcome = answered("horizon", max(horizons) + 4)["outcome"]
    assert [mark["value"] for mark in outcome["marks"]] == sorted(horizons)
    assert f"step 3,000: {', '.join(map(str, sorted(horizons)))} characters" in outcome["sentences"]
    assert outcome["right"] is (max(horizons) - min(horizons) == 0)


def test_the_bigram_line_is_told_by_eight_seeds_and_free_running_beside_them(recordings):
    recorded, claim = read_recorded_article(), BY_NAME["teacher"]
    forced, free = (recorded.values(claim, claim.arms[i], lambda run: run.loss) for i in (2, 4))
    outcome = answered("arch2", "bigram")["outcome"]
    measured = [mark["value"] for mark in outcome["marks"] if mark["kind"] == "measured"]
    assert measured == [*sorted(forced), *sorted(free)]
    assert "In 8 of 8 all that came before" in outcome["sentences"]


def test_several_seeds_are_told_as_a_range_and_marked_with_one_name():
    ended = Ending("5 recorded runs", (1.5, 1.62, 1.58, 1.6, 1.55), 9_600_000, {})
    assert ended.spread == "1.50 to 1.62 nats over 5 seeds"
    assert ended.mean.value == pytest.approx(1.57)
    marks = ended.marks("T 1", "measured")
    assert [mark.value for mark in marks] == [1.5, 1.55, 1.58, 1.6, 1.62]
    assert [mark.name for mark in marks] == ["", "", "T 1, 5 seeds", "", ""]


def test_the_probe_that_is_asked_about_is_drawn_after_the_answer(recordings):
    def probe(visit):
        (picture,) = [data for data in sent(visit) if "probe" in data]
        return picture["probe"]

    assert probe(at(4)) is None
    assert probe(at(4, horizon=10))["step"] == BY_NAME["t1"].arms[0].config.steps


@pytest.mark.parametrize("name", ["t1", "horizon", "arch2", "repair"])
def test_without_recordings_a_step_says_so_in_a_sentence(name):
    visit = at(number_of(name))
    assert "start Unroll without UNROLL_RECORDED=0" in visit.said("info")[0]
    assert [data for data in sent(visit) if "asks" in data] == []


def test_what_is_no_prediction_is_refused_and_asked_again():
    data = answered("texts", ["latch:2", "/etc/passwd"])
    assert (data["refused"], data["predicted"], data["outcome"]) == (True, None, None)


def test_runs_of_a_step_are_trained_here_and_their_losses_told(short):
    visit = at(5, latch="neither")
    data = card(visit)
    assert (data["outcome"], data["waiting"]) == (None, data["waiting"])
    visit.click("Train the 6 runs here")
    runs = manager().runs()
    assert sorted((run.snapshot.config.unrollings, run.snapshot.config.seed) for run in runs) == [
        (T, seed) for T in (4, 16) for seed in (0, 1, 2)
    ]
    for run in runs:
        run.wait(30)
    outcome = card(visit.look())["outcome"]
    assert outcome["right"] is True  # 30 steps teach nobody
    ends = {run.snapshot.config.unrollings: [] for run in runs}
    for run in runs:
        shot = run.snapshot
        ends[shot.config.unrollings].append(f"{shot.reports[-1].validation_loss_nats:.2f}")
    assert outcome["table"][1:] == [["T\u00a04", *ends[4][::-1]], ["T\u00a016", *ends[16][::-1]]]
    assert len(manager().runs()) == 6  # answered again, nothing is trained again


def test_recorded_seeds_answer_what_a_latch_text_needs_before_anything_is_trained(
    recordings, short
):
    visit = at(5, latch="16")
    recorded, claim = read_recorded_article(), BY_NAME["latch"]
    few, many = (recorded.values(claim, arm, lambda run: run.loss) for arm in claim.arms)
    forgetful = latch_floor(8, remembers=False)
    assert len(few) == len(many) == 8
    assert min(few) > forgetful > sorted(many)[-2]
    outcome = card(visit)["outcome"]
    assert outcome["right"] is True
    below = sum(loss < forgetful for loss in many)
    assert f"{below} of 8 seeds with T\u00a016 ({min(many):.2f} to" in outcome["sentences"]
    assert (outcome["table"], manager().runs()) == ([], [])
    visit.click("Train the 6 runs here")
    for run in manager().runs():
        run.wait(30)
    outcome = card(visit.look())["outcome"]
    assert "Recorded: 0 of 8" in outcome["sentences"]  # and beside it what was trained here
    assert [row[0] for row in outcome["table"]] == ["here", "T\u00a04", "T\u00a016"]
    assert "Train the 6 runs here" not in [button.label for button in visit.page.button]


@pytest.mark.parametrize("name", ["latch", "repair"])
def test_no_empty_chart_stands_where_nothing_is_predicted(name, recordings):
    charts = [data for data in sent(at(number_of(name))) if "figure" in data]
    assert all(data["figure"]["data"] for data in charts)
    assert len(charts) == (name == "repair")


def test_runs_that_had_no_room_are_started_when_there_is(short, monkeypatch):
    monkeypatch.setattr("dashboard.server.MOST_ACTIVE", 2)
    monkeypatch.setattr(latch, "_HERE", latch._HERE | {"steps": 3_000})
    visit = at(5, latch="neither")
    assert manager().runs() == []  # nobody has asked for them yet
    visit.click("Train the 6 runs here")
    assert 2 <= len(manager().runs()) < 6  # the first may have ended by now
    for _ in range(6):
        for run in manager().runs():
            run.wait(30)
        visit.look()
    assert card(visit)["outcome"] is not None
    assert len(manager().runs()) == 6


def test_anothers_runs_of_a_step_neither_answer_it_nor_hold_it_up(short, monkeypatch):
    monkeypatch.setenv("UNROLL_TEACHER_KEY", "chalk")
    first = at(5, Visit("a" * 64, run="new"), latch="neither")
    first.click("Train the 6 runs here")
    theirs = manager().runs()
    for run in theirs[1:]:
        run.wait(30)
    with suppress(RunError):  # it may have ended
        theirs[0].pause()
    second = at(5, Visit("b" * 64, run="new"), latch="neither")
    assert card(second)["outcome"] is None
    assert manager().runs() == theirs  # nobody has asked for any in this browser
    second.click("Train the 6 runs here")
    own = [run for run in manager().runs() if run.browser == "b" * 64]
    while len(own) < 6:  # each may have a few at a time
        for run in own:
            run.wait(30)
        second.look()
        own = [run for run in manager().runs() if run.browser == "b" * 64]
    for run in own:
        run.wait(30)
    assert card(second.look())["outcome"]["table"][0][0] == "here"


def test_a_run_that_was_deleted_is_not_started_again_by_itself(short):
    visit = at(5, latch="neither")
    visit.click("Train the 6 runs here")
    for run in manager().runs():
        run.wait(30)
    library().flush()
    deleted = manager().runs()[0].run_id
    library().shelf().delete(deleted)
    manager().forget(deleted)
    visit.look().look()
    assert len(manager().runs()) == 5
    assert card(visit)["outcome"] is None


def test_a_run_that_came_in_a_file_answers_nothing_though_it_is_resumed_here(short, monkeypatch):
    monkeypatch.setattr(latch, "_HERE", latch._HERE | {"steps": 3_000})
    config = latch._all_here()[0]
    run = manager().start(config)
    run.advance(10)
    run.wait_until(lambda s: s.step == 10)
    run.stop()
    run.wait(30)
    library().flush()
    file = io.BytesIO()
    export_run(library().shelf(), run.run_id, file)
    brought = gate.take_in(file.getvalue()).id
    assert gate.resume(brought).wait(60).status == RunStatus.FINISHED
    assert own_runs.ended([config]) is None
    assert gate.resume(run.run_id).wait(60).status == RunStatus.FINISHED
    assert [shot.run_id for shot in own_runs.ended([config])] == [run.run_id]


def test_a_run_that_was_changed_on_its_way_is_trained_again(recordings):
    visit = at(7, repair=["clip", "init"])
    visit.click("Train it here")
    run = manager().runs()[0]
    run.pause()
    run.wait_until(lambda s: s.status == RunStatus.PAUSED)
    assert f"Paused: resume run {run.run_id} on the Train page" in visit.look().status()
    run.change(learning_rate=0.001)
    run.resume()
    run.wait(30)
    library().flush()
    assert card(visit.look())["outcome"] is None
    visit.click("Train it here")
    again = manager().runs()[0]
    again.wait(30)
    assert again is not run
    assert again.run_id in card(visit.look())["outcome"]["sentences"]


def test_a_repair_is_judged_by_the_diagnosis_of_the_run_with_the_change(recordings):
    visit = at(7, repair=["clip"])
    said = " ".join(text.value for text in visit.page.markdown)
    assert "Why" not in said
    assert "At step 300, none" in said  # as many steps as a repaired run takes
    assert "still so at step 3,000" in said
    assert " 2026. Arch 1, as published, first 3,000 steps" in said  # when, and which run
    for tried, right in ((["clip"], False), (["clip", "init"], True)):
        visit.page.session_state["walk_answers"] = {"repair": tried}
        visit.look().click("Train it here")
        manager().runs()[0].wait(30)
        outcome = card(visit.look())["outcome"]
        assert outcome["right"] is right
        assert manager().runs()[0].run_id in outcome["sentences"]
    assert manager().runs()[0].snapshot.config == repair._START.changed(init="zero-mean")
    assert "**Why:**" in " ".join(text.value for text in visit.page.markdown)


def test_the_target_is_reached_by_a_run_of_ones_own(monkeypatch):
    visit = at(8, target=80)
    assert "Still to do" in visit.said("info")[0]
    visit.click("Set Train up with N = 81")
    assert visit.chosen()["nodes"] == 81
    assert PRESETS["demo"].config.changed(nodes=81).parameter_count <= 20_000
    visit = Visit(**TINY, steps=20, report_every=10)
    run = visit.train_to_the_end()
    visit = at(8, visit, target=80)
    assert "Still to do" in visit.said("info")[0]  # it is small enough, and learned nothing
    (row,) = library().shelf().runs()
    monkeypatch.setattr(target, "_loss", lambda row: row.floors["trigram"] - 0.01)
    assert f"run {row.id} is below" in visit.look().said("success")[0]
    assert row.id == run.run_id
