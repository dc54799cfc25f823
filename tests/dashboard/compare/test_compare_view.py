"""The Compare page as a person meets it: grids, races, and what is found again."""

import base64
import json
from dataclasses import replace
from urllib.parse import parse_qsl

import numpy as np
import pytest
from verbatim import verbatims
from visit import ENDLESS, TINY, Visit

from core.config import PRESETS
from core.experiments.background import BackgroundSweeps
from core.experiments.cells import CellResult, Mark
from core.experiments.cluster import Cluster
from core.experiments.lanes import lane_names, rival
from core.experiments.plan import text_sha256
from core.experiments.recorded_cells import RecordedCells
from core.experiments.sweep_store import SweepStore
from core.experiments.train_cell import train_cell
from core.paths import cache_home
from core.records import RunStatus
from core.storage.store import Store
from dashboard import server
from dashboard.compare import racing, sweeping
from dashboard.compare.sweep_form import GRIDS, QUICK, USUAL
from dashboard.server import library
from dashboard.widgets.footer import WORD_LIST

pytestmark = pytest.mark.usefixtures("own_server", "_nothing_trains_after")

SMALL = QUICK.model_copy(
    update={
        "lags": (1, 2),
        "seeds": 1,
        "amount": 40,
        "horizons": False,
        "base": QUICK.base.changed(nodes=8, batch_size=4),
    }
)

SMALL_FORM = {
    "lags": "1, 2",
    "seeds": 1,
    "amount": 40,
    "horizons": False,
    "nodes": 8,
    "batch_size": 4,
}
"""The same as the form's widgets hold it."""


@pytest.fixture
def _nothing_trains_after():
    yield
    race = server.races().current()
    if race is not None:
        race.stop()
        race.wait(20)
    server.sweeps().stop()
    server.sweeps().wait(20)


@pytest.fixture
def two_workers(cluster, monkeypatch):
    """The page's sweeps on the tests' own cluster."""
    monkeypatch.setattr(server, "Cluster", lambda address: cluster)


RACE_COMMANDS = [
    "race_start",
    *(f"race_{word} all" for word in ("Pause", "Resume", "Step", "Stop")),
]
SWEEP_COMMANDS = ["sweep_start", "sweep_stop", "sweep_more"]


class Comparing(Visit):
    """A visitor of the Compare page."""

    def __init__(self, part="race", **query):
        super().__init__(**query)
        self.page.session_state["compare_part"] = part
        self.page.switch_page("views/compare.py")
        self.look()

    def text(self):
        kinds = ("markdown", "caption", "header", "info", "error")
        written = [item.value for kind in kinds for item in self.page.get(kind)]
        written = "\n".join([*written, *verbatims(self.page)])
        return written.replace(WORD_LIST, "")

    def allowed(self):
        """The commands that can be pressed; the row itself is the same in every state."""
        keys = [str(button.key) for button in self.page.button]
        assert keys in (RACE_COMMANDS, SWEEP_COMMANDS)
        return [button.label for button in self.page.button if not button.disabled]


def measured(plan, recall_of=lambda cell: 1.0, keep=None):
    """Results of a plan's cells, put where the page finds them."""
    store = SweepStore()
    for cell in plan.all_cells(text_sha256(plan))[:keep]:
        recall = None if cell.lag is None else recall_of(cell)
        marks = (Mark(cell.config.steps, cell.characters, 1.3, 5.0, recall),)
        store.put(
            CellResult(
                cell.key,
                "done",
                cell.config.steps,
                cell.characters,
                2.0,
                1.25,
                1.2,
                recall,
                recall,
                5.0,
                marks,
                **horizons_of(cell),
            )
        )
    return store


def horizons_of(cell):
    """tanh begins ahead and ends behind; only real text is probed."""
    if cell.lag is not None:
        return {}
    start, end = (30, 10) if cell.line.activation == "tanh" else (9, 13)
    more = cell.seed % 2
    return {"horizon_at_start": start + more, "horizon_at_end": end + more, "probed_lags": 100}


# -- unrolling limits -------------------------------------------------------------------------


def test_the_first_grid_is_the_usual_one_with_an_estimate_and_an_example_of_its_text():
    visit = Comparing("limits")
    assert server.sweeps().snapshot is None
    assert visit.allowed() == ["Start"]
    assert "0 of 104 cells, 8 of them for horizons · about " in visit.status()
    assert "echo: the key again, 8 characters later" in visit.text()
    words = visit.chart("The map")["data"][0]["text"]
    assert words == [["still to come"] * 3] * 2
    assert "The verdict comes with the first cells." in visit.text()
    assert "No horizon is measured yet." in visit.text()
    assert visit.chart("Horizon on real text")["data"] == []


def test_choosing_a_grid_fills_the_form():
    visit = Comparing("limits")
    visit.page.selectbox(key="grid_choice").set_value("Reach in a hurry: 2 lags, 8 seeds")
    visit.look()
    assert visit.page.text_input(key="grid_lags").value == "8, 16"
    assert visit.page.session_state["sweep_plan"] == QUICK
    assert "0 of 40 cells, 8 of them for horizons" in visit.status()


@pytest.mark.parametrize("name", GRIDS)
def test_every_grid_on_offer_comes_back_from_the_form_as_it_is(name):
    visit = Comparing("limits")
    visit.page.selectbox(key="grid_choice").set_value(name)
    visit.look()
    assert visit.page.session_state["sweep_plan"] == GRIDS[name]


def test_text8_is_on_offer_once_it_was_fetched():
    assert (
        "text8: 100 M of Wikipedia" not in Comparing("limits").page.selectbox("grid_text").options
    )
    folder = cache_home() / "text8"
    folder.mkdir(parents=True)
    (folder / "text8.ids.npy").touch()
    assert "text8: 100 M of Wikipedia" in Comparing("limits").page.selectbox("grid_text").options


def test_what_makes_no_grid_is_told_and_cannot_be_started():
    visit = Comparing("limits")
    visit.page.text_input(key="grid_lags").set_value("8, many")
    visit.look()
    assert "lags=many is not allowed" in visit.said("error")[0]
    assert visit.allowed() == []


def test_cells_measured_before_are_shown_without_training():
    measured(USUAL)
    visit = Comparing("limits")
    assert "104 of 104 cells, 8 of them for horizons, 104 measured before" in visit.status()
    assert "tanh reaches at least 16 characters back" in visit.text()
    words = visit.chart("The map")["data"][0]["text"]
    assert words == [["above halfway<br>100 %<br>16 of 16 seeds"] * 3] * 2
    assert visit.allowed() == ["Add lags 20, 24"]


def sent(values):
    """Numbers of a chart as they were before they were packed for the browser."""
    return np.frombuffer(base64.b64decode(values["bdata"]), f"<{values['dtype']}")


def recall_of(cell):
    """tanh learns lag 8 alone, ReLU in half of its seeds lag 12, too."""
    learned = cell.distance == 8 or (
        cell.line.activation == "relu" and cell.distance == 12 and cell.seed % 2 == 0
    )
    return 1.0 if learned else 0.125


def test_reach_ratio_and_their_intervals_are_told_and_drawn():
    measured(USUAL, recall_of)
    visit = Comparing("limits")
    text = visit.text()
    assert "tanh reaches 10.0 characters back \\[10.0, 10.0\\], ReLU 12.0" in text
    assert "Settled by these seeds, at 95 %: ReLU reaches further here." in text
    assert "2 is outside of that interval." in text
    curves = visit.chart("Recall of the echo at the end, and reach")["data"]
    by_name = {curve["name"]: curve for curve in curves}
    low, reach, high = sent(by_name["ReLU, reach"]["x"])
    assert low < reach == 12.0 < high
    assert list(sent(by_name["ReLU, mean"]["y"])) == [1.0, 0.5625, 0.125]
    assert len(sent(by_name["ReLU, seeds"]["x"])) == 3 * 16
    assert visit.allowed() == []


def test_horizons_on_real_text_stand_below_the_reach():
    measured(USUAL)
    visit = Comparing("limits")
    text = visit.text().replace("\\", "")
    assert "comes to 10.5 characters with tanh [10.0, 11.0], 13.5 with ReLU [13.0, 14.0]" in text
    assert "; before the first update the horizon is 30.5 characters with tanh [30.0, 31.0]" in text
    assert "before it the order is the reverse: the gradient reaches further with tanh" in text
    assert "and not how far back anything is learned." in text
    curves = {curve["name"]: curve for curve in visit.chart("Horizon on real text")["data"]}
    assert list(sent(curves["ReLU"]["y"])) == [9.5, 13.5]
    assert curves["ReLU"]["error_y"]["array"] == pytest.approx([0.5, 0.5])
    assert list(sent(curves["tanh, seeds"]["y"])) == [30, 31, 30, 31, 10, 11, 10, 11]


def test_horizons_are_shown_while_their_cells_train(monkeypatch):
    plan = USUAL.model_copy(update={"lags": (8,), "seeds": 4})
    measured(plan, keep=8 + 4)
    known = server.sweeps().look_up(plan, text_sha256(plan))
    training = known.cells[12]
    running = replace(known, active=True, marks={training.key: Mark(500, 320_000, 1.9, 2.0)})
    monkeypatch.setattr(BackgroundSweeps, "snapshot", running)
    visit = Comparing("limits")
    assert visit.allowed() == ["Stop"]
    assert visit.status().startswith("12 of 16 cells, 8 of them for horizons, 12 measured before")
    assert "So far, with 2 of 4 seeds in: the horizon comes to 10.5 characters" in visit.text()
    curves = {curve["name"]: curve for curve in visit.chart("Horizon on real text")["data"]}
    assert list(sent(curves["tanh, seeds"]["y"])) == [30, 31, 10, 11]
    assert visit.page.toggle(key="grid_horizons").disabled


def test_horizons_can_be_left_out():
    visit = Comparing("limits")
    visit.page.toggle(key="grid_horizons").set_value(False)
    visit.look()
    assert visit.page.session_state["sweep_plan"] == USUAL.model_copy(update={"horizons": False})
    assert "0 of 96 cells · about" in visit.status()
    assert "horizon" not in visit.text().lower()


def test_more_seeds_are_added_by_one_button_and_the_form_follows(monkeypatch):
    few = USUAL.model_copy(update={"seeds": 4})

    def scattered(cell):
        """The first tanh gets as far as any ReLU."""
        return recall_of(cell) if cell.seed else float(cell.distance < 16)

    measured(few, scattered)
    started = []
    visit = Comparing("limits")
    visit.page.number_input(key="grid_seeds").set_value(4)
    visit.look()
    monkeypatch.setattr(server.sweeps(), "start", started.append)
    assert "Not settled: the ratio's interval contains 1." in visit.text()
    (label,) = visit.allowed()
    visit.click(label)
    (plan,) = started
    assert (label, plan) == ("Add 4 seeds", few.model_copy(update={"seeds": 8}))
    assert visit.page.number_input(key="grid_seeds").value == 8
    assert "32 of 56 cells, 8 of them for horizons, 32 measured before" in visit.status()


def test_real_text_says_how_many_windows_each_t_reads():
    visit = Comparing("limits")
    visit.page.selectbox(key="grid_choice").set_value("Real text by unrollings")
    visit.look()
    assert "640 of T 1, 128 of T 5, 32 of T 20, 16 of T 40, about 640 predictions" in visit.text()
    assert "echo: the key again" not in visit.text()


def test_a_grid_measured_in_part_goes_on():
    measured(USUAL, keep=8)
    visit = Comparing("limits")
    assert visit.allowed() == ["Continue, 96 cells to go"]
    assert "So far, with 1 of 16 seeds in: tanh reaches" in visit.text()


def test_the_runs_of_a_cell_lead_to_the_train_page():
    measured(USUAL)
    visit = Comparing("limits")
    (cells,) = [box for box in visit.page.selectbox if box.label == "The runs of"]
    assert cells.options[0] == "tanh, lag 8"
    cells.set_value((USUAL.lines[1], 8))
    visit.look()
    runs = visit.page.dataframe[-1].value
    assert list(runs["Seed"]) == list(range(16))
    assert "text=latch%3A8%3A3" in runs["Repeat it"][3]
    assert "activation=relu" in runs["Repeat it"][0]
    assert list(runs["Its run"]) == [None] * 16  # measured before runs of cells were kept


def test_a_recorded_cell_leads_to_its_run():
    measured(SMALL)
    cells = [cell for cell in SMALL.cells() if cell.distance == 2]
    log = RecordedCells(library().shelf())
    for cell in cells:
        log.finish(cell, train_cell(cell))
    log.close()
    visit = Comparing("limits")
    visit.page.session_state["sweep_plan"] = SMALL
    for name, value in SMALL_FORM.items():
        visit.page.session_state[f"grid_{name}"] = value
    visit.look()
    (box,) = [box for box in visit.page.selectbox if box.label == "The runs of"]
    box.set_value((SMALL.lines[1], 2))
    visit.look()
    (link,) = visit.page.dataframe[-1].value["Its run"]
    query = dict(parse_qsl(link.removeprefix("/?")))
    assert query["run"] == cells[1].key[:8]
    opened = Visit(**query)
    assert "finished" in opened.status()
    assert "step 40 of 40" in opened.status()
    assert opened.chosen()["activation"] == "relu"
    assert len(opened.chart("Loss")["data"]) >= 3


def test_without_a_store_of_runs_a_grid_is_shown_and_says_what_is_missing(monkeypatch, tmp_path):
    home = tmp_path / "newer"
    store = Store(home)
    store._connection.execute("PRAGMA user_version = 99")
    store.close()
    monkeypatch.setenv("UNROLL_HOME", str(home))
    measured(USUAL)
    visit = Comparing("limits")
    assert "Runs are not recorded: of a long one" in visit.said("warning")[0]
    assert "104 of 104 cells" in visit.status()
    (cells,) = [box for box in visit.page.selectbox if box.label == "The runs of"]
    cells.set_value((USUAL.lines[1], 8))
    assert list(visit.look().page.dataframe[-1].value["Its run"]) == [None] * 16


@pytest.mark.usefixtures("two_workers")
def test_a_sweep_runs_and_a_second_tab_finds_it():
    Comparing("limits")
    server.sweeps().start(SMALL.model_copy(update={"amount": 2_000_000}))
    server.sweeps().wait_until(lambda s: s.workers)
    visit = Comparing("limits")
    assert visit.allowed() == ["Stop"]
    assert "0 of 4 cells · 2 workers" in visit.status()
    assert visit.page.text_input(key="grid_lags").value == "1, 2"
    assert visit.page.text_input(key="grid_lags").disabled
    visit.click("Stop")
    server.sweeps().wait(30)
    visit.look()
    assert visit.said("info")[0].startswith("Stopped; finished cells are kept")
    assert not any(row.status.active for row in library().shelf().runs())


@pytest.mark.usefixtures("two_workers")
def test_start_measures_every_cell_and_a_new_server_shows_them():
    visit = Comparing("limits")
    sweeping.choose_plan(SMALL)
    visit.page.session_state["sweep_plan"] = SMALL
    for name, value in SMALL_FORM.items():
        visit.page.session_state[f"grid_{name}"] = value
    visit.look()
    visit.click("Start")
    ended = server.sweeps().wait(60)
    assert (ended.plan, ended.done) == (SMALL, 4)
    visit.look()
    assert "4 of 4 cells" in visit.status()
    rows = library().shelf().runs()
    assert sorted(row.name for row in rows) == [
        f"{name}, lag {lag}, seed 0" for name in ("ReLU", "tanh") for lag in (1, 2)
    ]
    assert {(row.status, row.step, row.source) for row in rows} == {("finished", 40, "sweep")}
    again = BackgroundSweeps(Cluster(), SweepStore()).snapshot
    assert again.results == ended.results


def test_a_scheduler_that_is_none_is_told(monkeypatch):
    monkeypatch.setenv("UNROLL_SCHEDULER", "there")
    try:
        visit = Comparing("limits")
        assert "'there' is no scheduler's address" in visit.said("error")[0]
    finally:
        monkeypatch.delenv("UNROLL_SCHEDULER")


# -- the race ---------------------------------------------------------------------------------


def test_a_race_is_tanh_against_relu_unless_something_else_is_chosen():
    visit = Comparing(**TINY, steps=50)
    visit.click("Start the race")
    race = server.races().current()
    assert [run.snapshot.config.activation for run in race.runs] == ["tanh", "relu"]
    assert {run.snapshot.config.nodes for run in race.runs} == {8}
    assert visit.allowed() == ["Pause all", "Step all", "Stop all"]
    assert "Different: **activation**" in visit.text()
    visit.click("Stop all")
    race.wait(20)
    visit.look()
    assert visit.allowed() == ["Start the race"]
    assert visit.status().startswith("stopped at ")
    assert visit.status().endswith(" of 1,000,008 characters")
    assert {run.snapshot.status for run in race.runs} == {RunStatus.STOPPED}


def test_both_curves_share_one_chart_in_their_own_colours():
    visit = Comparing(**TINY, steps=50)
    visit.page.number_input(key="race_amount_characters_seen").set_value(4_800)
    visit.look()
    visit.click("Start the race")
    server.races().current().wait(30)
    visit.look()
    curves = {c["name"]: c["line"]["color"] for c in visit.chart("Loss")["data"] if "line" in c}
    assert curves == {"tanh": "#0072B2", "ReLU": "#D55E00"}
    assert "more than noise is not known: 4 reports after the first step" in visit.text()
    assert "is ahead" not in visit.text()
    assert visit.status() == "ended at 4,800 of 4,800 characters"


def test_a_race_with_three_seeds_draws_each_lane_as_one_line_with_three_values():
    visit = Comparing(**TINY, steps=50)
    (seeds,) = [group for group in visit.page.get("button_group") if group.key == "race_seeds"]
    seeds.set_value(3)
    visit.page.number_input(key="race_amount_characters_seen").set_value(4_800)
    visit.look()
    visit.click("Start the race")
    race = server.races().current()
    ended = race.wait(30)
    visit.look()
    assert len(race.runs) == 6
    curves = visit.chart("Loss")["data"]
    assert [c["name"] for c in curves if c.get("mode") == "lines" and "line" in c][:2] == [
        "tanh",
        "ReLU",
    ]
    assert "Each lane is 3 runs of other first weights" in visit.text()
    last = [run.reports[-1].validation_loss_nats for run in ended.runs[0]]
    assert ", ".join(f"{loss:.3f}" for loss in last) in visit.text()


def test_pause_and_resume_act_on_the_whole_race():
    visit = Comparing(**ENDLESS)
    visit.click("Start the race")
    visit.click("Pause all")
    assert visit.allowed() == ["Resume all", "Step all", "Stop all"]
    assert server.races().current().snapshot.held
    visit.click("Resume all")
    assert not server.races().current().snapshot.held
    assert visit.allowed() == ["Pause all", "Step all", "Stop all"]


def test_a_lane_that_is_like_another_cannot_be_started():
    visit = Comparing(**TINY)
    visit.page.multiselect(key="race_2_fields").set_value([])
    visit.look()
    assert "Lane 2 is the same as another" in visit.said("error")[0]
    assert visit.allowed() == []


def test_four_lanes_start_with_four_differences():
    visit = Comparing(**ENDLESS)
    (lanes,) = [group for group in visit.page.get("button_group") if group.key == "race_lanes"]
    lanes.set_value(4)
    visit.look()
    visit.click("Start the race")
    configs = [run.snapshot.config for run in server.races().current().runs]
    assert lane_names(configs) == [
        "tanh, T 6, clip 1.25",
        "ReLU, T 6, clip 1.25",
        "tanh, T 12, clip 1.25",
        "tanh, T 6, clip off",
    ]


def test_a_guess_is_held_against_the_outcome_at_the_end():
    visit = Comparing(**TINY)
    visit.page.toggle(key="race_predict").set_value(True)
    visit.look()
    visit.page.radio(key="guess_leader").set_value(1)
    visit.page.number_input(key="guess_horizon_0").set_value(12)
    visit.page.number_input(key="race_amount_characters_seen").set_value(4_800)
    visit.look()
    visit.click("Start the race")
    server.races().current().wait(30)
    visit.look()
    (table,) = [d.value for d in visit.page.dataframe if "You guessed" in d.value]
    assert list(table["You guessed"]) == ["ReLU", "none", "12", "–"]
    assert table["It was"][0] == "not known"
    assert table["It was"][1] == "none"


def test_a_finished_run_can_be_laid_under_a_race():
    visit = Visit(**TINY, steps=5)
    run = visit.start()
    run.wait(30)
    comparing = Comparing(**ENDLESS)
    comparing.click("Start the race")
    library().flush()
    comparing.look()
    comparing.page.selectbox(key="race_under").set_value(run.run_id)
    comparing.look()
    names = [curve["name"] for curve in comparing.chart("Loss")["data"]]
    assert f"under it: run {run.run_id}" in names


def test_one_click_on_the_train_page_races_a_run_against_the_other_activation():
    visit = Visit(**ENDLESS, activation="relu")
    visit.start()
    visit.click("Race this with tanh")
    race = server.races().current()
    assert [run.snapshot.config.activation for run in race.runs] == ["relu", "tanh"]
    assert race.axis == "characters_seen"


def test_a_race_that_runs_already_is_shown_with_the_reason_why_no_other_began():
    visit = Visit(**ENDLESS)
    visit.start()
    visit.click("Race this with ReLU")
    first = server.races().current()
    visit.page.switch_page("views/train.py")
    visit.look().click("Race this with ReLU")
    assert server.races().current() is first
    assert visit.page.header[0].value == "Compare"
    assert "already" in visit.said("error")[0]


def test_lanes_are_named_by_what_differs():
    config = PRESETS["demo"].config
    other = config.changed(unrollings=50, clip=0)
    assert lane_names((config, other)) == ["T 25, clip 1.25", "T 50, clip off"]
    assert racing.lane_styles((config, other))[0].color == "#7E52E3"
    assert json.dumps(lane_names((config, rival(config)))) == '["tanh", "ReLU"]'
