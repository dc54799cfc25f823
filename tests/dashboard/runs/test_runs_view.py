"""The Runs page: find a run, go on with it, repeat it, name it, delete it and think again."""

import io
import re
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from visit import ENDLESS, TINY, Visit

from core.config import PRESETS, bounds
from core.data.alphabet import decode
from core.data.corpora import load_corpus
from core.experiments.cells import BASE, Mark
from core.experiments.plan import SweepPlan
from core.experiments.recorded_cells import RecordedCells
from core.experiments.train_cell import train_cell
from core.palette import RUN_COLOURS, run_colour
from core.records import Event, RunStatus
from core.storage.store import Store
from dashboard.charts import race
from dashboard.charts.frames import metrics_frame, smoothed
from dashboard.runs.run_actions import packed
from dashboard.runs.run_colours import run_colours
from dashboard.runs.runs_table import configuration_differences, matching, runs_table
from dashboard.server import find_run, library, manager
from dashboard.widgets.live_chart import figure_payload

pytestmark = pytest.mark.usefixtures("own_server")
PATIENCE = 30


def trained(**changes):
    """A finished run of this server."""
    config = PRESETS["demo"].config.changed(**{**TINY, "steps": 12, "report_every": 5, **changes})
    run = manager().start(config)
    run.wait(PATIENCE)
    library().flush()
    return run


def runs_page(*chosen):
    """The Runs page with these runs chosen, which no test without a browser can click."""
    visit = Visit()
    visit.page.switch_page("views/runs.py")
    visit.page.session_state["runs_chosen"] = chosen
    return visit.look()


def table_of(visit):
    return visit.page.dataframe[0].value


def colours_of(visit):
    """Of the runs in the table, by id."""
    styler, ids = visit.page.dataframe[0].proto.arrow_data.styler, table_of(visit).index
    rules = re.findall(r"([^{}]+)\{\s*color: (#\w{6});?\s*\}", styler.styles)
    places = {int(row): c for cells, c in rules for row in re.findall(r"_row(\d+)_", cells)}
    return {ids[place]: colour for place, colour in places.items()}


def test_an_empty_list_says_what_makes_the_first_run():
    visit = runs_page()
    assert visit.said("info") == ["There are no runs yet: Start on the Train page makes the first."]


def test_runs_stand_in_the_table_newest_first():
    first, second = trained(), trained(activation="relu", unrollings=9)
    table = table_of(runs_page())
    assert table.index.tolist() == [second.run_id, first.run_id]
    row = table.iloc[0]
    assert (row["Name"], row["Status"]) == ("Arch 1 ReLU, N 8, T 9", "finished")
    assert row["Differs"].startswith("Quick demo: ReLU, T 9, N 8, B 4")
    assert (row["Steps"], row["Planned"], row["Characters"]) == (12, 12, 12 * 4 * 9)
    assert row["Gap"] > 0
    assert row["Text"] == "Python's own manual (built in)"


def test_search_and_filters_narrow_the_table():
    trained()
    run = trained(activation="relu")
    library().shelf().edit(run.run_id, tags=["week 3"], starred=True)
    visit = runs_page()
    visit.page.text_input(key="runs_search").set_value("week RELU")
    assert table_of(visit.look()).index.tolist() == [run.run_id]
    visit.page.text_input(key="runs_search").set_value("week tanh")
    assert len(table_of(visit.look())) == 0
    visit.page.text_input(key="runs_search").set_value("")
    visit.page.toggle(key="runs_starred").set_value(True)
    assert table_of(visit.look()).index.tolist() == [run.run_id]


def test_a_run_of_another_process_is_seen_while_it_trains(small):
    other = Store()
    other.create("cafe0001", small(steps=500), source="cli")
    visit = runs_page()
    assert table_of(visit)["Status"].tolist() == ["queued"]
    other.close()
    assert table_of(visit.look())["Status"].tolist() == ["interrupted"]


def test_a_chosen_run_is_named_and_noted():
    run = trained()
    visit = runs_page(run.run_id)
    key = f"runs_word_{run.run_id}"
    visit.page.text_input(key=f"{key}_name").set_value("Mine <b>")
    visit.page.text_input(key=f"{key}_tags").set_value("a, week 3,, ")
    visit.page.toggle(key=f"{key}_starred").set_value(True)
    visit.page.text_area(key=f"{key}_note").set_value("Look!")
    visit.look()
    row = library().shelf().get(run.run_id)
    assert (row.name, row.tags, row.starred, row.note) == (
        "Mine <b>",
        ("a", "week 3"),
        True,
        "Look!",
    )
    assert table_of(visit.look())["Name"].tolist() == ["Mine <b>"]


def test_a_name_of_no_letters_is_refused_and_the_field_shows_the_old_one():
    run = trained()
    visit = runs_page(run.run_id)
    visit.page.text_input(key=f"runs_word_{run.run_id}_name").set_value("  ")
    visit.look()
    assert visit.said("error") == [
        "A name of no letters is not allowed: the run keeps its old one."
    ]
    assert visit.page.text_input(key=f"runs_word_{run.run_id}_name").value == (
        library().shelf().get(run.run_id).name
    )


def test_a_run_has_one_colour_in_the_table_and_on_its_curves():
    first, second = trained(), trained()
    visit = runs_page(first.run_id)
    assert colours_of(visit) == {run.run_id: run_colour(run.run_id) for run in (first, second)}
    library().shelf().edit(first.run_id, name="one")
    visit = runs_page(first.run_id, second.run_id)
    colours = colours_of(visit)
    drawn = {trace["name"]: trace for trace in visit.chart("Loss")["data"]}
    assert drawn["one"]["line"]["color"] == colours[first.run_id] == run_colour(first.run_id)
    (other,) = [name for name in drawn if name != "one" and "validation" not in name]
    assert drawn[other]["line"]["color"] == colours[second.run_id] != colours[first.run_id]


def test_of_chosen_runs_of_one_colour_the_later_takes_one_that_no_other_has(rows):
    ids = [str(number) for number in range(999)]
    own, following = run_colour("0"), RUN_COLOURS[(RUN_COLOURS.index(run_colour("0")) + 1) % 8]
    twins = [run_id for run_id in ids if run_colour(run_id) == own][:2]
    neighbour = next(run_id for run_id in ids if run_colour(run_id) == following)
    older, newer, last = (
        replace(rows[0], id=run_id, created=at) for at, run_id in enumerate([*twins, neighbour])
    )
    free = RUN_COLOURS[(RUN_COLOURS.index(own) + 2) % 8]
    assert run_colours([last, newer, older]) == {older.id: own, newer.id: free, last.id: following}
    assert run_colours([newer]) == {newer.id: own}


def test_smoothing_begins_at_none_and_draws_and_says_its_mean():
    run = trained(steps=400)
    visit = runs_page(run.run_id)
    slider = visit.page.get("select_slider")[0]
    assert slider.value == 0
    rough = metrics_frame(run.snapshot.history)
    sent = visit.chart("Loss")["data"][0]["y"]
    assert race.LINES_AND_MARKERS in visit.said("caption")
    slider.set_value(300)
    visit.look()
    assert (
        f"{race.LINES_AND_MARKERS} Smoothed: each point of a line is the mean of its points of the "
        "last 300 steps."
    ) in visit.said("caption")
    assert (
        visit.chart("Loss")["data"][0]["y"]
        == figure_payload({"y": smoothed(rough, 300)["loss_mean"].to_numpy(np.float32)})["y"]
    )
    assert visit.chart("Loss")["data"][0]["y"] != sent


def test_live_changes_are_marked_on_the_curve():
    config = PRESETS["demo"].config.changed(**{**TINY, "steps": 12})
    run = manager().start(config, planned=[Event(4, "clip", 0.5)])
    run.wait(PATIENCE)
    library().flush()
    visit = runs_page(run.run_id)
    marks = visit.chart("Loss")["data"][-1]
    assert marks["customdata"] == ["clip 0.5 after step 4"]
    assert f"{race.LINES_AND_MARKERS} {race.CHANGES}" in visit.said("caption")


def test_a_run_is_opened_from_the_store_on_the_train_page():
    run = trained(nodes=9)
    manager()._runs.clear()  # as after a restart
    visit = runs_page(run.run_id).click("Open")
    assert "finished" in visit.status()
    assert "step 12 of 12" in visit.status()
    assert visit.chosen()["nodes"] == 9
    assert visit.page.query_params["run"] == run.run_id
    assert len(visit.chart("Loss")["data"]) >= 3


def test_a_link_to_a_run_of_before_the_restart_shows_it():
    run = trained()
    manager()._runs.clear()
    visit = Visit(run=run.run_id)
    assert "step 12 of 12" in visit.status()
    assert visit.said("warning") == []


def test_a_stopped_run_is_resumed_where_it_stopped():
    run = manager().start(PRESETS["demo"].config.changed(**ENDLESS))
    run.wait_until(lambda s: s.step > 5, PATIENCE)
    run.stop()
    at = run.wait(PATIENCE).step
    library().flush()
    visit = runs_page(run.run_id).click("Resume")
    again = manager().get(run.run_id)
    assert again is not run
    shot = again.wait_until(lambda s: s.step > at, PATIENCE)
    assert shot.status == RunStatus.RUNNING
    assert shot.history.column("step")[0] == 1
    assert "Pause" in visit.allowed()


def test_an_interrupted_run_is_resumed_from_the_train_page(small):
    config = PRESETS["demo"].config.changed(**{**TINY, "steps": 20})
    other = Store()
    other.create("cafe0001", config, source="page")
    other.close()
    visit = Visit(run="cafe0001")
    assert visit.said("warning") == [
        "Its process ended. Resume goes on from its last checkpoint, or else from the start."
    ]
    visit.click("Resume")
    run = manager().get("cafe0001")
    assert run.wait(PATIENCE).step == 20
    library().flush()
    assert library().shelf().get("cafe0001").status == RunStatus.FINISHED


def test_a_finished_run_is_extended():
    run = trained()
    visit = runs_page(run.run_id)
    visit.page.number_input(key=f"runs_extend_{run.run_id}").set_value(30)
    visit.click("Go on")
    assert manager().get(run.run_id).wait(PATIENCE).step == 30


def test_a_run_of_as_many_steps_as_are_allowed_can_be_looked_at():
    run = trained()
    most = int(bounds("steps")[1])
    library().shelf().update(run.run_id, run.snapshot.config.changed(steps=most))
    visit = runs_page(run.run_id)
    assert visit.page.number_input(key=f"runs_extend_{run.run_id}").value == most
    assert visit.chart("Loss")["data"]  # the curve of the one that is chosen


def test_the_text_of_a_run_on_a_file_is_kept_or_refused_and_never_another_one(tmp_path):
    run = trained()  # on the built-in text, which a former version may have read from a file
    path = tmp_path / "manual.txt"
    path.write_text("Another text. " * 99)
    library().shelf().update(run.run_id, run.snapshot.config.changed(text=str(path)))
    visit = runs_page(run.run_id).click("Duplicate")
    (said,) = visit.said("error")
    assert "is not the text that this run began with: bring the old one back" in said
    builtin = load_corpus("builtin")
    path.write_text(decode(builtin.ids))
    key = visit.click("Duplicate").chosen()["text"]
    assert key == f"own:{builtin.sha256[:12]}"
    assert load_corpus(key).sha256 == builtin.sha256


def test_a_damaged_row_is_told_of_and_the_others_are_listed():
    lost, _ = trained(seed=1), trained(seed=2)
    with library().shelf().transaction() as connection:
        connection.execute("UPDATE runs SET status = 'x' WHERE id = ?", (lost.run_id,))
    visit = runs_page()
    (said,) = visit.said("warning")
    assert said.startswith(f"What the list knows of run {lost.run_id} is damaged")
    assert len(table_of(visit)) == 1


def test_a_duplicate_brings_settings_and_live_changes_and_starts_another_run():
    config = PRESETS["demo"].config.changed(**{**TINY, "steps": 12})
    run = manager().start(config, planned=[Event(4, "clip", 0.5), Event(99, "clip", 1.0)])
    run.wait(PATIENCE)
    library().flush()
    visit = runs_page(run.run_id).click("Duplicate")
    assert visit.chosen()["clip"] == config.clip
    assert visit.page.query_params["events"] == "4-clip-0.5 99-clip-1.0"
    visit.page.switch_page("views/train.py")  # where the visitor is; AppTest goes back
    visit.choose(nodes=9)
    again = visit.start()
    assert again.run_id != run.run_id
    shot = again.wait(PATIENCE)
    assert (shot.config.nodes, shot.live.clip) == (9, 0.5)
    assert [(e.step, e.kind) for e in shot.events] == [(4, "clip"), (12, "finished")]


def test_live_changes_of_a_link_can_be_left_out():
    visit = Visit(**TINY, steps=12, events="4-clip-0.5 x")
    assert visit.said("warning")[0].startswith("The live change x is not understood")
    visit.click("Repeats 1 live change")
    assert "events" not in visit.page.query_params
    assert [e.kind for e in visit.train_to_the_end().snapshot.events] == ["finished"]


def test_live_changes_are_repeated_once_though_that_run_is_deleted():
    visit = Visit(**TINY, steps=12, events="4-clip-0.5")
    run = visit.train_to_the_end()
    assert [event.kind for event in run.planned] == ["clip"]
    library().flush()
    visit.page.switch_page("views/runs.py")
    visit.look().page.session_state["runs_chosen"] = (run.run_id,)
    visit.look().click("Delete")
    visit.page.switch_page("views/train.py")
    visit.look()
    assert "Repeats 1 live change" not in [button.label for button in visit.page.button]
    assert visit.start().planned == ()


def test_the_link_of_a_run_repeats_its_live_changes_from_its_first_settings():
    visit = Visit(**TINY, steps=40, events="4-unrollings-9")
    run = visit.train_to_the_end()
    assert visit.page.query_params["unrollings"] == "6"
    assert visit.page.query_params["events"] == "4-unrollings-9"
    query = {k: v for k, v in visit.page.query_params.items() if k != "run"}
    again = Visit(**query, run="new").train_to_the_end()
    assert again.snapshot.history.column("loss_nats").tolist() == (
        run.snapshot.history.column("loss_nats").tolist()
    )


def test_a_reload_shows_an_ended_run_with_the_settings_that_it_ended_with():
    visit = Visit(**ENDLESS)
    run = visit.started_and_paused()
    visit.choose(learning_rate=0.001)
    run.wait_until(lambda s: s.live.learning_rate == 0.001)
    visit.look().click("Stop")
    run.wait(PATIENCE)
    query = visit.look().page.query_params
    assert query["events"] == f"{run.snapshot.step}-learning_rate-0.001"
    again = Visit(**query)
    assert again.page.query_params == query
    assert again.chosen()["learning_rate"] == 0.001
    edited = Visit(**{**query, "nodes": 9})
    assert edited.chosen()["nodes"] == 9
    assert edited.chosen()["learning_rate"] == 0.004


def test_a_deleted_run_is_had_back():
    run = trained()
    visit = runs_page(run.run_id).click("Delete")
    assert visit.said("info")[-1] == "Arch 1 tanh, N 8, T 6 deleted; for good in a minute."
    assert library().shelf().runs() == []
    visit.click("Undo")
    assert table_of(visit).index.tolist() == [run.run_id]


def test_the_link_of_a_deleted_run_shows_it_no_more_until_it_is_had_back():
    run = trained()
    stays = Visit(run=run.run_id)
    visit = runs_page(run.run_id).click("Delete")
    assert find_run(run.run_id) is None
    gone = f"Run {run.run_id} was deleted: Start trains a new one, as set here."
    assert stays.look().said("warning") == [gone]
    assert stays.allowed() == ["Start"]
    watching = Visit(run=run.run_id)
    assert f"Run {run.run_id} is not known here: it was deleted" in watching.said("warning")[0]
    visit.click("Undo")
    assert find_run(run.run_id).snapshot.step == 12
    assert stays.look().said("warning") == []
    library().shelf().delete(run.run_id)  # as another process does
    assert find_run(run.run_id) is None


def test_after_a_minute_nothing_offers_the_way_back(monkeypatch):
    run = trained()
    visit = runs_page(run.run_id).click("Delete")
    now = library().shelf().now()
    monkeypatch.setattr(library().shelf(), "now", lambda: now + 60)
    assert "Undo" not in [button.label for button in visit.look().page.button]


def test_a_search_that_finds_nothing_says_so_and_chooses_nothing():
    run = trained()
    visit = runs_page(run.run_id)
    visit.page.text_input(key="runs_search").set_value("zebra")
    captions = [caption.value for caption in visit.look().page.caption]
    assert captions == [
        "No run of 1 fits: search for fewer words, or take a filter away.",
        "Choose a run in the table to open, resume, share or delete it.",
    ]


@pytest.mark.parametrize(
    ("clip", "remedy", "field", "value"),
    [(0, "clipping at 1.25", "clip", 1.25), (1.0, "learning rate 0.5", "learning_rate", 0.5)],
)
def test_a_diverged_run_is_duplicated_with_a_remedy(small, clip, remedy, field, value):
    shelf = library().shelf()
    shelf.create("cafe0001", small(clip=clip, learning_rate=5.0), source="cli")
    shelf.update("cafe0001", status=RunStatus.DIVERGED, message="Diverged at step 3.")
    visit = runs_page("cafe0001")
    assert visit.said("error") == ["Diverged at step 3."]
    chosen = visit.click(f"Duplicate with {remedy}").chosen()
    assert (chosen["unrollings"], chosen[field]) == (6, value)


def test_a_live_change_is_not_repeated_over_the_remedy(small):
    shelf = library().shelf()
    shelf.create("cafe0001", small(clip=1.0), source="cli")
    shelf.update("cafe0001", status=RunStatus.DIVERGED, message="Diverged.")
    shelf.ledger.put_events("cafe0001", 0, [Event(2, "clip", 0.0), Event(3, "learning_rate", 9.0)])
    visit = runs_page("cafe0001").click("Duplicate with clipping at 1.25")
    assert visit.chosen()["clip"] == 1.25
    assert visit.page.query_params["events"] == "3-learning_rate-9.0"


def test_markup_in_a_name_stays_letters_in_the_legend():
    first, second = trained(), trained()
    library().shelf().edit(first.run_id, name="<b>" + "x" * 60)
    visit = runs_page(first.run_id, second.run_id)
    names = {trace["name"] for trace in visit.chart("Loss")["data"]}
    assert "&lt;b&gt;" + "x" * 32 + "…" in names


def test_two_runs_are_overlaid_and_their_settings_compared():
    first, second = trained(), trained(activation="relu", learning_rate=0.5)
    visit = runs_page(first.run_id, second.run_id)
    differences = visit.page.dataframe[1].value
    assert differences.to_dict("index") == {
        "activation": {"Arch 1 ReLU, N 8, T 6": "ReLU", "Arch 1 tanh, N 8, T 6": "tanh"},
        "learning rate": {"Arch 1 ReLU, N 8, T 6": "0.5", "Arch 1 tanh, N 8, T 6": "0.004"},
    }
    names = [trace["name"] for trace in visit.chart("Loss")["data"]]
    assert names[::2] == ["Arch 1 ReLU, N 8, T 6", "Arch 1 tanh, N 8, T 6"]


def test_a_run_goes_out_and_comes_in():
    run = trained()
    visit = runs_page(run.run_id)
    data = packed(run.run_id, with_text=True)
    assert "repeat.py" in zipfile.ZipFile(io.BytesIO(data)).namelist()
    visit.page.file_uploader(key="runs_import").set_value(("run.zip", data, "application/zip"))
    table = table_of(visit.look())
    assert len(table) == 2
    assert table["Best"].nunique() == 1
    visit.page.file_uploader(key="runs_import").set_value(("x.zip", b"no", "application/zip"))
    assert visit.look().said("error") == [
        "This file cannot be imported (it is not a whole .zip file): export it again."
    ]


def test_the_code_of_a_run_is_shown():
    run = trained()
    code = runs_page(run.run_id).page.code[0].value
    assert "import torch" in code
    assert "B, T, N, H = 4, 6, 8, 16" in code


def test_without_a_store_training_goes_on_and_says_so(monkeypatch, tmp_path):
    home = tmp_path / "newer"
    store = Store(home)
    store._connection.execute("PRAGMA user_version = 99")
    store.close()
    monkeypatch.setenv("UNROLL_HOME", str(home))
    visit = Visit(**TINY, steps=5)
    (warning,) = visit.said("warning")
    assert "written by a newer Unroll" in warning
    assert "Runs are not recorded: of a long one" in warning
    assert visit.train_to_the_end().snapshot.step == 5


# -- sweeps' cells ---------------------------------------------------------------------------


@pytest.fixture
def cells():
    """Two cells of a sweep: one is trained, one trains."""
    base = BASE.changed(nodes=8, batch_size=4)
    plan = SweepPlan(lags=(2,), seeds=1, budget="updates", amount=30, base=base)
    log = RecordedCells(library().shelf())
    tanh, relu = plan.cells()
    log.finish(tanh, train_cell(tanh))
    log.mark(relu, Mark(10, 400, 2.5, 1.0))
    yield tanh.key[:8], relu.key[:8]
    log.close()


def test_cells_alone_are_all_shown(cells):
    visit = runs_page()
    assert table_of(visit)["Name"].tolist() == ["ReLU, lag 2, seed 0", "tanh, lag 2, seed 0"]
    assert table_of(visit)["Status"].tolist() == ["running", "finished"]
    assert "runs_cells" not in [toggle.key for toggle in visit.page.toggle]


def test_cells_are_hidden_behind_other_runs_until_they_are_asked_for(cells):
    run = trained()
    visit = runs_page()
    assert table_of(visit).index.tolist() == [run.run_id]
    captions = [caption.value for caption in visit.page.caption]
    assert "2 sweep cells are hidden, 1 of them training." in captions
    library().shelf().edit(cells[0], starred=True)
    assert set(table_of(visit.look()).index) == {run.run_id, cells[0]}
    visit.page.toggle(key="runs_cells").set_value(True)
    assert set(table_of(visit.look()).index) == {run.run_id, *cells}
    assert not any("hidden" in caption.value for caption in visit.page.caption)


def test_a_cell_is_extended_from_the_list(cells):
    visit = runs_page(cells[0])
    visit.page.number_input(key=f"runs_extend_{cells[0]}").set_value(45)
    visit.click("Go on")
    shot = manager().get(cells[0]).wait(PATIENCE)
    assert (shot.step, shot.status) == (45, RunStatus.FINISHED)
    assert shot.history.column("step").tolist() == list(range(1, 46))


# -- the table itself ------------------------------------------------------------------------


@pytest.fixture
def rows(small):
    store = Store()
    for number, changes in enumerate([{}, {"activation": "relu"}, {"text": "latch:9"}]):
        store.create(f"{number}", small(**changes), source="page")
    yield store.runs()
    store.close()


def test_no_runs_are_an_empty_table():
    assert runs_table([]).empty


def test_a_search_looks_for_every_word(rows):
    assert [row.id for row in matching(rows, "ARCH relu", (), False)] == ["1"]
    assert [row.id for row in matching(rows, "", ("finished",), False)] == []
    assert len(matching(rows, "  ", ("queued",), False)) == 3


def test_only_settings_that_differ_are_compared(rows):
    table = configuration_differences(rows[1:])
    assert table.index.tolist() == ["activation"]
    assert configuration_differences(rows[:1]).empty


def test_a_run_of_the_store_can_be_sampled():
    from dashboard.sample.sources import sources

    run = trained()
    manager()._runs.clear()  # as after a restart
    Visit()  # a session for the sources to look into
    (source,) = [source for source in sources() if source.key == f"run:{run.run_id}"]
    assert source.title == f"Saved run {run.run_id} · Arch 1 tanh, N 8, T 6"
    taken = source.take()
    assert (taken.step, taken.config) == (12, run.snapshot.config)
    assert taken.weights["V"].tolist() == run.weights()[1]["V"].tolist()
    assert source.find_run().snapshot.reports == run.snapshot.reports
