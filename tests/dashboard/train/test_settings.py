"""The settings panel: what its widgets hold, allow, refuse and change in a run."""

import pytest
from visit import ENDLESS, FIELDS, PROSE, TINY, Visit

from core.config import PRESETS, bounds
from dashboard.train.settings import _GRIDS, _TRIALS

pytestmark = pytest.mark.usefixtures("own_server")


@pytest.mark.parametrize("preset", PRESETS)
def test_choosing_a_preset_fills_every_widget_and_describes_its_network(preset):
    other = "arch2" if preset == "demo" else "demo"
    visit = Visit(preset=other, nodes=7, learning_rate=0.3, text="text8")
    visit.widget("preset_choice").set_value(preset)
    visit.look()
    config = PRESETS[preset].config
    assert visit.chosen() == config.model_dump()
    assert f"{config.parameter_count:,} parameters" in visit.page.markdown[0].value
    assert visit.page.query_params == {"v": "1", "preset": preset}


def test_presets_chosen_in_a_row_leave_nothing_behind():
    visit = Visit(nodes=7)
    for preset in ("arch2", "arch1", "arch2-published", "arch1-published", "demo"):
        visit.widget("preset_choice").set_value(preset)
        visit.look()
    assert visit.chosen() == PRESETS["demo"].config.model_dump()


def test_reset_goes_back_to_the_preset():
    visit = Visit(preset="arch1")
    visit.choose(nodes=50)
    visit.click("Back to the preset: undo 1")
    assert visit.chosen() == PRESETS["arch1"].config.model_dump()


def test_the_way_back_has_its_place_before_anything_is_changed():
    visit = Visit()
    way_back = visit.page.button(key="reset_preset")
    assert way_back.disabled
    assert way_back.help == "Nothing is changed."
    way_back = visit.choose(nodes=50, clip=0.5).page.button(key="reset_preset")
    assert not way_back.disabled
    assert way_back.help == "Changed: Nodes N, Clip at norm."


def test_a_fault_of_the_article_that_a_link_brings_is_told_and_can_be_taken_back():
    visit = Visit(preset="arch2", inputs="stale", loss="squared-error")
    assert [note.value for note in visit.page.warning] == [_TRIALS["loss"], _TRIALS["inputs"]]
    assert (visit.chosen()["inputs"], visit.chosen()["loss"]) == ("stale", "squared-error")
    visit.click("Loss: back to cross-entropy")
    visit.choose(architecture="arch1")  # which knows no stale inputs
    assert visit.chosen()["inputs"] == "current"
    assert not [*visit.page.warning, *visit.page.error]
    assert not any("back to" in button.label for button in Visit().page.button)


def test_a_run_that_is_opened_is_named_after_the_preset_it_comes_from():
    visit = Visit(preset="arch1-published", **TINY, steps=20)
    run = visit.train_to_the_end()
    other = Visit(run=run.run_id)
    assert other.widget("preset_choice").value == "arch1-published"


@pytest.mark.parametrize("field", ["learning_rate", "clip"])
def test_slider_and_number_follow_each_other(field):
    visit = Visit()
    visit.widget(f"select_slider_{field}").set_value(0.5)
    visit.look()
    assert visit.chosen()[field] == 0.5
    visit.choose(**{field: 0.52})  # between two stops: the number keeps it, the slider is near
    assert visit.chosen()[field] == 0.52
    assert visit.widget(f"select_slider_{field}").value == 0.5


@pytest.mark.parametrize(
    "field", [name for name in FIELDS if bounds(name)[0] is not None and name != "decay_rate"]
)
def test_every_number_takes_the_ends_of_its_range(field):
    for end in bounds(field):
        visit = Visit(**{field: end})
        assert visit.chosen()[field] == end
        assert visit.allowed() == ["Start"]


@pytest.mark.parametrize("field", ["nodes", "steps", "learning_rate", "clip"])
def test_a_number_that_is_emptied_goes_back_to_what_it_was(field):
    visit = Visit(preset="arch1").choose(**{field: 3})
    visit.choose(**{field: None})
    assert visit.chosen() == PRESETS["arch1"].config.changed(**{field: 3}).model_dump()
    assert visit.allowed() == ["Start"]


def test_an_emptied_number_does_not_change_a_run():
    visit = Visit(**ENDLESS)
    run = visit.started_and_paused()
    visit.choose(learning_rate=0.5)
    run.wait_until(lambda s: s.live.learning_rate == 0.5)
    visit.choose(learning_rate=None)
    assert visit.chosen()["learning_rate"] == run.live.learning_rate == 0.5


def test_arch2_knows_concat_only():
    visit = Visit(combine="add").choose(architecture="arch2")
    assert visit.chosen()["combine"] == "concat"
    assert visit.widget("field_combine").disabled
    assert not visit.widget("field_feedback").disabled
    assert "teacher forcing on" in visit.page.markdown[0].value
    assert visit.allowed() == ["Start"]


def test_multiply_with_relu_is_explained():
    visit = Visit(combine="multiply", activation="relu")
    said = [caption.value for caption in visit.page.caption]
    assert any(sentence.startswith("Multiply with ReLU cannot learn") for sentence in said)


def test_a_value_that_is_not_allowed_greys_start_and_says_so():
    visit = Visit().choose(decay_rate=0.0)
    assert visit.said("error") == [
        "decay_rate=0.0 is not allowed: choose a number above 0, up to 1."
    ]
    assert visit.allowed() == []
    visit.choose(decay_rate=0.5)
    assert visit.said("error") == []
    assert visit.allowed() == ["Start"]


@pytest.mark.parametrize(
    ("field", "value", "label"),
    [("learning_rate", 0.0005, "rate 0.0005"), ("clip", 0.3, "clip 0.3"), ("unrollings", 9, "T 9")],
)
def test_a_live_change_becomes_an_event_and_a_marked_line(field, value, label):
    visit = Visit(**ENDLESS)
    run = visit.started_and_paused()
    visit.choose(**{field: value})
    run.wait_until(lambda s: s.events[-1].kind == field)
    visit.look()
    event = run.snapshot.events[-1]
    assert (event.step, event.value) == (run.snapshot.step, value)
    for title in ("Loss", "Gradient norm", "Learning rate"):
        layout = visit.chart(title)["layout"]
        assert label in [note["text"] for note in layout["annotations"]]
        assert event.step in [s["x0"] for s in layout["shapes"] if s.get("yref") == "paper"]
    visit.click("1 step")
    run.wait_until(lambda s: s.step == event.step + 1)
    assert getattr(run.snapshot.live, field) == value


def test_the_sliders_change_a_run_that_trains():
    visit = Visit(**ENDLESS)
    run = visit.start()
    run.wait_until(lambda s: s.step > 5)
    visit.widget("select_slider_clip").set_value(0.0)
    visit.look()
    run.wait_until(lambda s: s.live.clip == 0)
    assert visit.look().widget("number_input_clip").value == 0
    labels = [note["text"] for note in visit.chart("Gradient norm")["layout"]["annotations"]]
    assert labels == ["clip off"]  # the change is marked, the threshold is gone


def test_the_description_follows_the_unrollings():
    visit = Visit(**ENDLESS)
    visit.started_and_paused()
    visit.choose(unrollings=9)
    assert visit.page.markdown[0].value.endswith("36 characters a step (4 windows of 9).")


def test_unrollings_that_the_text_is_too_short_for_are_refused_until_others_are_taken():
    visit = Visit(**{**ENDLESS, "batch_size": 32})
    visit.upload("short.txt", PROSE)
    run = visit.started_and_paused()
    visit.choose(unrollings=200)
    run.wait_until(lambda s: s.events[-1].kind == "refused")
    visit.look()
    assert visit.said("warning") == [
        "unrollings=200 with batch_size=32 needs 6,432 characters; this text has 2,850. "
        "Lower either, or pick a longer text."
    ]
    assert visit.chosen()["unrollings"] == run.live.unrollings == 6
    visit.choose(unrollings=7)
    run.wait_until(lambda s: s.events[-1].kind == "unrollings")
    assert visit.look().said("warning") == []


def test_a_browser_that_lags_behind_does_not_undo_a_change():
    visit = Visit(**ENDLESS)
    run = visit.started_and_paused()
    slider, before = visit.widget("select_slider_clip"), visit.page._tree
    visit.choose(clip=0.33)
    visit.page._tree = before  # a tick of the fragment reports the slider as it was
    slider.set_value(1.25)
    visit.look()
    assert visit.chosen()["clip"] == run.live.clip == 0.33
    assert visit.widget("select_slider_clip").value == 0.25


def test_a_browser_that_hears_only_of_the_last_of_two_runs_shows_what_the_run_has():
    visit = Visit(**ENDLESS)
    visit.started_and_paused().change(clip=0.3)
    visit.look().look()  # the second run of the page brings no value, and the default holds
    slider, number = visit.widget("select_slider_clip"), visit.widget("number_input_clip")
    assert (slider.proto.set_value, number.proto.set_value) == (False, False)
    assert (_GRIDS["clip"][int(slider.proto.default[0])], number.proto.default) == (0.25, 0.3)


def test_a_change_in_one_tab_moves_the_widgets_of_the_other():
    one = Visit(**ENDLESS)
    one.started_and_paused()
    other = Visit()
    other.choose(learning_rate=0.5)
    assert one.look().chosen()["learning_rate"] == 0.5
    assert one.widget("select_slider_learning_rate").value == 0.5
