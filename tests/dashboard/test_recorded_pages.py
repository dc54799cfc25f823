"""Every page is full on arrival, with recorded runs that nobody takes for their own."""

import json
import re

import numpy as np
import pytest
from visit import ENDLESS, TINY, Visit

from core.config import PRESETS
from core.errors import SweepError
from core.experiments.cluster import Cluster
from core.insight.sampling import sample
from core.networks.stepwise import CharacterModel
from core.storage.recorded import FOLDER, PREFIX
from core.storage.zip_import import import_run
from dashboard.server import library, manager, sweeps

MARK = ":violet-badge[:material/history: recorded]"
START_ALONE = ["Start"]
pytestmark = pytest.mark.usefixtures("own_server", "recordings")


@pytest.fixture
def ids():
    """The ids of the recorded runs by the beginning of their names, "Recorded:" left out."""
    found = {row.name.removeprefix(PREFIX): row.id for row in library().recordings()}
    return lambda begins: next(found[name] for name in found if name.startswith(begins))


class Newcomer(Visit):
    """A visitor who turns to a page."""

    def __init__(self, view="train", **query):
        super().__init__(**query)
        if view != "train":
            self.turn_to(view)

    def turn_to(self, view):
        self.page.switch_page(f"views/{view}.py")
        return self.look()

    def titles(self):
        """Of all charts on the page."""
        sent = [json.loads(element.proto.json) for element in self.page.get("bidi_component")]
        return [data["figure"]["layout"]["title"]["text"] for data in sent if "figure" in data]

    def notes(self):
        """The lines that say of what is below that it is recorded."""
        return [text.value for text in self.page.markdown if text.value.startswith(MARK)]

    def button(self, key):
        (found,) = [button for button in self.page.button if button.key == key]
        return found


def test_train_shows_the_recorded_demo_and_start_is_the_visitors():
    visit = Newcomer()
    assert visit.titles() == [
        "Loss · recorded",
        "Gradient norm · recorded",
        "Learning rate · recorded",
    ]
    assert visit.status().startswith(":blue-badge[finished] step 12,000 of 12,000 · " + MARK)
    note = library().recordings()[0].note
    day = note.partition(",")[0]
    assert visit.status().endswith(f"{day}. Start trains a run of your own.")
    assert visit.allowed() == START_ALONE
    assert visit.chosen() == PRESETS["demo"].config.model_dump()
    assert "run" not in visit.page.query_params
    assert manager().runs() == []


def test_a_run_of_ones_own_takes_its_place():
    visit = Newcomer(**TINY, steps=10)
    visit.train_to_the_end()
    assert visit.titles() == ["Loss", "Gradient norm", "Learning rate"]
    assert MARK not in visit.status()
    library().flush()
    for view in ("train", "flow", "sample"):
        assert not any("recorded" in title for title in Newcomer(view).titles())


def test_a_run_that_trains_is_shown_to_the_next_visitor():
    run = Newcomer(**ENDLESS).started_and_paused()
    assert Newcomer().page.query_params["run"] == run.run_id


def test_whoever_wants_no_run_sees_none():
    visit = Newcomer(run="new")
    assert visit.status().startswith("Ready.")
    assert visit.titles() == ["Loss", "Gradient norm", "Learning rate"]


@pytest.mark.parametrize(
    ("preset", "shown"), [("arch2", "Arch 2"), ("arch2-published", "Quick demo")]
)
def test_a_link_with_settings_shows_the_recorded_run_of_its_preset(ids, preset, shown):
    visit = Newcomer(preset=preset)
    assert visit.page.session_state["run_id"] == ids(shown)
    assert visit.chosen() == PRESETS[preset].config.model_dump()


def test_a_recorded_run_is_found_by_its_address(ids):
    run_id = ids("Arch 1, as published")
    visit = Newcomer(run=run_id)
    assert visit.page.query_params["run"] == run_id
    assert visit.chosen()["init"] == "published"
    assert MARK in visit.status()
    assert visit.allowed() == START_ALONE


def test_gradient_flow_is_full(ids):
    visit = Newcomer("flow")
    assert len(visit.titles()) == 10
    assert all(title.endswith(" · recorded") for title in visit.titles())
    assert MARK in visit.status()
    horizon = library().stored(ids("Quick demo")).snapshot.probes[-1].horizon
    assert visit.figures()["Horizon"] == f"{horizon} char."
    assert visit.said("info") == []


def test_one_that_diverged_is_trained_again_with_clipping_as_ones_own(ids):
    visit = Newcomer(run=ids("ReLU")).turn_to("flow")
    visit.button("restart").click()
    visit.look()
    [run] = manager().runs()
    assert run.run_id != ids("ReLU")
    assert [event.value for event in run.planned if event.kind == "clip"] == [0.0, 1.25]
    assert visit.notes() == []
    run.stop()


def test_sample_opens_with_what_the_recorded_network_writes_now(ids):
    visit = Newcomer("sample")
    assert len(visit.notes()) == 1
    step, weights = library().stored(ids("Quick demo")).weights()
    model = CharacterModel(weights, PRESETS["demo"].config)
    written = sample(model, 400, np.random.default_rng(0))
    assert [code.value for code in visit.page.code] == [written]
    assert f"seed 0 · temperature 1 · no prime · weights of step {step:,}" in visit.said("caption")


@pytest.mark.parametrize("part", ["Step through", "Score"])
def test_the_pictures_of_a_recorded_network_are_marked(part):
    visit = Newcomer("sample")
    visit.page.session_state["sample_part"] = part
    titles = visit.look().titles()
    assert titles
    assert all(title.endswith(" · recorded") for title in titles)


def test_a_race_of_two_recorded_runs_stands_until_somebody_races():
    visit = Newcomer("compare")
    assert all(title.endswith(" · recorded") for title in visit.titles())
    assert len(visit.titles()) == 3
    [note] = visit.notes()
    assert "one after the other, not in lockstep" in note
    [words] = [text.value for text in visit.page.markdown if text.value.startswith("#####")]
    assert re.match("##### T 25, B 32 is ahead of T 1, B 800 at the end .*: by 0.0", words)
    assert not visit.button("race_start").disabled
    assert visit.button("race_Stop all").disabled


def test_the_limits_are_the_recorded_ones_and_start_measures_all_cells():
    visit = Newcomer("compare")
    visit.page.session_state["compare_part"] = "limits"
    visit.look()
    assert {"The map · recorded", "Horizon on real text · recorded"} <= set(visit.titles())
    assert visit.status() == "104 of 104 cells, 8 of them for horizons"
    [note] = visit.notes()
    assert re.search(r" 20\d\d\. Start trains these cells here: about [0-9]", note)
    [how] = [text.help for text in visit.page.markdown if text.value == note]
    assert re.search("on a CPU by compiled code, Python .* 104 cells in", how)
    start = visit.button("sweep_start")
    assert (start.label, start.disabled) == ("Start", False)
    assert visit.button("sweep_more").disabled


def test_a_sweep_that_could_not_begin_says_why_in_place_of_the_recorded_one(monkeypatch):
    why = "The scheduler cannot be reached: start it."

    def client(cluster):
        raise SweepError(why)

    monkeypatch.setattr(Cluster, "client", client)
    visit = Newcomer("compare")
    visit.page.session_state["compare_part"] = "limits"
    visit.look().button("sweep_start").click()
    visit.look()
    sweeps().wait(20)
    visit.look()
    assert why in visit.said("error")
    assert visit.notes() == []


def test_another_grid_is_not_recorded():
    visit = Newcomer("compare")
    visit.page.session_state["compare_part"] = "limits"
    visit.look()
    visit.page.session_state["grid_seeds"] = 15
    visit.look()
    assert visit.notes() == []
    assert visit.status().startswith("0 of 98 cells")


# -- the list of runs ------------------------------------------------------------------------


def chosen(visit, run_id):
    visit.page.session_state["runs_chosen"] = [run_id]
    return visit.look()


def names(visit):
    (table,) = visit.page.dataframe
    return list(table.value["Name"])


def test_the_list_shows_recorded_runs_until_there_are_others():
    visit = Newcomer("runs")
    assert len(names(visit)) == 6
    assert all(name.startswith(PREFIX) for name in names(visit))
    Newcomer(**TINY, steps=5).train_to_the_end()
    visit = Newcomer("runs")
    assert len(names(visit)) == 1
    visit.page.session_state["runs_recorded"] = True
    visit.look()
    assert len(names(visit)) == 7
    assert not names(visit)[0].startswith(PREFIX)


def test_a_recorded_run_can_be_opened_repeated_and_taken_along_but_not_changed(ids):
    visit = chosen(Newcomer("runs"), ids("Quick demo"))
    assert len(visit.notes()) == 1
    disabled = {
        button.key: button.disabled
        for button in visit.page.button
        if str(button.key).startswith("runs_")
    }
    assert disabled == {
        "runs_open": False,
        "runs_resume": True,
        "runs_duplicate": False,
        "runs_delete": True,
    }
    assert [box.label for box in visit.page.text_input] == ["Search"]
    visit.button("runs_duplicate").click()
    visit.look()
    assert visit.chosen() == PRESETS["demo"].config.changed(device="cpu").model_dump()
    assert visit.page.query_params["run"] == "new"


def test_the_changes_of_a_recorded_run_are_repeated_with_it(ids):
    visit = chosen(Newcomer("runs"), ids("ReLU"))
    visit.button("runs_duplicate").click()
    visit.look()
    assert "Repeats 2 live changes" in [button.label for button in visit.page.button]


def test_several_recorded_runs_lie_over_each_other_marked(ids):
    visit = Newcomer("runs")
    visit.page.session_state["runs_chosen"] = [ids("Arch 1, zero"), ids("Arch 1, as")]
    visit.look()
    assert [title.endswith(" · recorded") for title in visit.titles()] == [True, True]


def test_an_imported_copy_is_the_visitors_own(ids):
    run_id = import_run(library().shelf(), FOLDER / "diverged.zip")
    assert run_id == ids("ReLU")
    assert library().recording(run_id) is None
    assert library().shelf().get(run_id).source == "import"
