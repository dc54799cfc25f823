"""The Train page as a person meets it: what it shows, what it starts, what it refuses."""

import gzip
import json
import re
from math import log
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.config import PRESETS, TrainingConfig, bounds
from core.records import RunStatus
from dashboard import session

APP = Path(__file__).parents[2] / "dashboard" / "app.py"
TINY = {"nodes": 8, "batch_size": 4, "unrollings": 6, "device": "cpu"}
ENDLESS = {**TINY, "steps": 1_000_000, "report_every": 1_000_000}
EXPLOSIVE = {
    **TINY,
    "unrollings": 40,
    "activation": "relu",
    "init": "identity",
    "optimiser": "sgd",
    "learning_rate": 100,
    "clip": 0,
}
PROSE = ("The cat sat on the mat, and the rat sat on the cat. " * 60).encode()


@pytest.fixture(autouse=True)
def _no_run_outlasts_its_test():
    yield
    session.manager().stop_all()
    st.cache_resource.clear()


class Visit:
    """One visitor's page, opened by a link with this query."""

    def __init__(self, **query):
        self.page = AppTest.from_file(APP, default_timeout=30)
        for name, value in query.items():
            self.page.query_params[name] = str(value)
        self.look()

    def look(self):
        """Draw the page again, as any interaction does."""
        self.page.run()
        assert not self.page.exception
        return self

    def click(self, label):
        self._button(label).click()
        return self.look()

    def choose(self, **values):
        """Move the widgets of these settings, one after the other."""
        for field, value in values.items():
            self.widget(f"field_{field}").set_value(value)
            self.look()
        return self

    def upload(self, name, data):
        self.page.file_uploader(key="uploaded_text").set_value((name, data, "text/plain"))
        return self.look()

    def start(self):
        """Click Start; the run that it has started."""
        self.click("Start")
        return session.manager().get(self.page.query_params["run"])

    def started_and_paused(self):
        run = self.start()
        run.wait_until(lambda s: s.step > 2)
        self.click("Pause")
        run.wait_until(lambda s: s.status == RunStatus.PAUSED)
        self.look()
        return run

    def widget(self, key):
        (found,) = [w for w in self._widgets() if w.key == key]
        return found

    def chosen(self):
        """The settings as the widgets show them."""
        return {name: self.page.session_state[f"field_{name}"] for name in _FIELDS}

    def buttons(self):
        """The row of run controls: label -> enabled."""
        ours = ("start", "command_")
        return {b.label: not b.disabled for b in self.page.button if str(b.key).startswith(ours)}

    def said(self, kind):
        """The sentences of a kind, as the visitor reads them."""
        return [re.sub(r"\\(.)", r"\1", box.value) for box in self.page.get(kind)]

    def status(self):
        return self.page.get("progress")[0].text

    def figures(self):
        """The numbers above the charts by their names."""
        return {metric.label: metric.value for metric in self.page.metric}

    def chart(self, title):
        for element in self.page.get("bidi_component"):
            figure = json.loads(element.proto.json)["figure"]
            if figure["layout"]["title"]["text"] == title:
                return figure
        raise AssertionError(f"no chart {title}")

    def _button(self, label):
        (found,) = [button for button in self.page.button if button.label == label]
        return found

    def _widgets(self):
        kinds = ("selectbox", "number_input", "slider", "select_slider", "button_group")
        return [widget for kind in kinds for widget in self.page.get(kind)]


_FIELDS = tuple(TrainingConfig.model_fields)


def run_to_the_end(visit):
    run = visit.start()
    run.wait(30)
    visit.look()
    return run


# -- arriving ---------------------------------------------------------------------------------


def test_a_visitor_arrives_at_the_quick_demo_and_one_start_button():
    visit = Visit()
    assert visit.widget("preset_choice").value == "demo"
    assert visit.buttons() == {"Start": True}
    assert visit.page.markdown[0].value == (
        "**Arch 1**, tanh, concat: 43,419 parameters, 800 characters a step (32 windows of 25)."
    )
    assert session.manager().runs() == []


def test_before_the_first_run_everything_has_its_place_and_nothing_its_value():
    visit = Visit()
    assert visit.status() == "Ready. Start trains the network; its curves and texts appear below."
    assert set(visit.figures().values()) == {"–"}
    for title in ("Loss", "Gradient norm", "Learning rate"):
        notes = visit.chart(title)["layout"]["annotations"]
        assert [note["text"] for note in notes] == ["no steps yet"]
    assert len(visit.page.code) == 0


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
    visit.click("Reset Nodes N")
    assert visit.chosen() == PRESETS["arch1"].config.model_dump()


@pytest.mark.parametrize("field", ["learning_rate", "clip"])
def test_slider_and_number_follow_each_other(field):
    visit = Visit()
    visit.widget(f"slider_{field}").set_value(0.5)
    visit.look()
    assert visit.chosen()[field] == 0.5
    visit.choose(**{field: 0.52})  # between two stops: the number keeps it, the slider is near
    assert visit.chosen()[field] == 0.52
    assert visit.widget(f"slider_{field}").value == 0.5


@pytest.mark.parametrize(
    "field", [name for name in _FIELDS if bounds(name)[0] is not None and name != "decay_rate"]
)
def test_every_number_takes_the_ends_of_its_range(field):
    for end in bounds(field):
        visit = Visit(**{field: end})
        assert visit.chosen()[field] == end
        assert visit.buttons() == {"Start": True}


# -- links ------------------------------------------------------------------------------------


def test_a_link_sets_every_widget():
    query = {**EXPLOSIVE, "combine": "add", "text": "latch:8", "seed": 5, "decay_rate": 0.0005}
    visit = Visit(preset="arch1", **query)
    assert visit.chosen() == PRESETS["arch1"].config.changed(**query).model_dump()
    assert visit.said("warning") == []


def test_the_address_follows_the_widgets():
    visit = Visit().choose(nodes=64, activation="relu")
    assert visit.page.query_params == {
        "v": "1",
        "preset": "demo",
        "nodes": "64",
        "activation": "relu",
    }


def test_a_bad_link_tells_what_was_not_taken_and_the_page_works():
    visit = Visit(unrollings=0, nodes="many", text="/etc/passwd", preset="best", v=9, seed=3)
    assert len(visit.said("warning")) == 5
    assert visit.chosen() == PRESETS["demo"].config.changed(seed=3).model_dump()
    assert visit.buttons() == {"Start": True}


def test_a_link_puts_neither_pictures_nor_links_on_the_page():
    visit = Visit(preset="![x](http://a.example/x.png)", nodes="[here](http://a.example)")
    for sentence in (warning.value for warning in visit.page.warning):
        assert not re.search(r"(?<!\\)\[", sentence)
    assert "preset=![x](http://a.example/x.png) is not known" in visit.said("warning")[0]


def test_the_sentences_about_a_link_end_with_the_first_start():
    visit = Visit(**ENDLESS, preset="best")
    visit.start()
    assert visit.said("warning") == []


def test_an_unknown_run_is_told_and_its_settings_are_there():
    visit = Visit(run="c0ffee00", nodes=9)
    assert visit.said("warning") == [
        "Run c0ffee00 is not known here: the dashboard was restarted since, or the link is from "
        "another machine. Its settings are filled in; Start repeats it."
    ]
    assert visit.chosen()["nodes"] == 9
    assert visit.buttons() == {"Start": True}


def test_a_link_to_a_run_shows_that_run():
    ended = run_to_the_end(Visit(**TINY, steps=3))
    Visit(**ENDLESS).start()
    visit = Visit(run=ended.run_id)
    assert "step 3 of 3" in visit.status()
    assert visit.chosen() == ended.snapshot.config.model_dump()
    assert visit.page.query_params["run"] == ended.run_id


def test_a_reload_keeps_settings_that_were_changed_after_the_end():
    visit = Visit(**TINY, steps=3)
    run_to_the_end(visit)
    visit.choose(nodes=20)
    again = Visit(**visit.page.query_params)
    assert again.chosen()["nodes"] == 20
    assert "step 3 of 3" in again.status()


# -- a run and its controls -------------------------------------------------------------------


def test_start_trains_and_locks_all_settings_but_the_live_ones():
    visit = Visit(**ENDLESS)
    run = visit.start()
    run.wait_until(lambda s: s.step > 5)
    visit.look()
    assert ":green-badge[running]" in visit.status()
    assert visit.buttons() == dict.fromkeys(["Pause", "1 step", "10 steps", "Stop"], True)
    free = {w.key for w in visit._widgets() if not w.disabled}
    live = {f"field_{name}" for name in ("learning_rate", "clip", "unrollings")}
    assert free == live | {"slider_learning_rate", "slider_clip", "unit", "axis"}
    assert len(visit.page.get("file_uploader")) == 0


def test_the_figures_and_the_curves_are_the_runs():
    visit = Visit(**TINY, steps=30, report_every=10, seed=4)
    run = run_to_the_end(visit).snapshot
    shown = visit.figures()
    assert shown["Training loss, nats"] == f"{run.history.mean_loss(100):.3f}"
    assert shown["Validation, nats"] == f"{run.reports[-1].validation_loss_nats:.3f}"
    assert shown["Clipped steps"] == f"{run.history.clipped_share(100):.0%}"
    labels = [note["text"] for note in visit.chart("Loss")["layout"]["annotations"]]
    assert [label.split()[0] for label in labels] == ["uniform", "unigram", "bigram", "trigram"]
    assert [code.value for code in visit.page.code] == [r.sample for r in reversed(run.reports)]
    assert len(visit.page.code) == 4


def test_the_last_twelve_samples_are_shown_newest_first():
    visit = Visit(**TINY, steps=15, report_every=1)
    run = run_to_the_end(visit).snapshot
    assert [code.value for code in visit.page.code] == [
        report.sample for report in run.reports[:-13:-1]
    ]


def test_pause_holds_the_run_and_resume_lets_it_go_on():
    visit = Visit(**ENDLESS)
    run = visit.started_and_paused()
    step = run.snapshot.step
    assert ":orange-badge[paused]" in visit.status()
    assert list(visit.buttons()) == ["Resume", "1 step", "10 steps", "Stop"]
    assert visit.figures()["Time left"] == "–"
    visit.click("Resume")
    run.wait_until(lambda s: s.status == RunStatus.RUNNING and s.step > step)
    visit.look()
    assert list(visit.buttons()) == ["Pause", "1 step", "10 steps", "Stop"]


@pytest.mark.parametrize(("label", "count"), [("1 step", 1), ("10 steps", 10)])
def test_a_paused_run_takes_exactly_the_steps_asked_for(label, count):
    visit = Visit(**ENDLESS)
    run = visit.started_and_paused()
    step = run.snapshot.step
    for clicks in (1, 2):
        visit.click(label)
        run.wait_until(lambda s, expected=step + clicks * count: s.step == expected)
    visit.look()
    assert f"[paused] step {step + 2 * count:,} of 1,000,000" in visit.status()


def test_stop_ends_the_run_and_keeps_its_curve():
    visit = Visit(**ENDLESS)
    run = visit.start()
    run.wait_until(lambda s: s.step > 5)
    visit.click("Stop")
    run.wait(30)
    visit.look()
    assert ":gray-badge[stopped]" in visit.status()
    assert visit.buttons() == {"Start": True}
    assert visit.page.query_params["run"] == run.run_id
    assert visit.figures()["Training loss, nats"] != "–"


def test_a_run_that_ends_by_itself_frees_the_settings():
    visit = Visit(**TINY, steps=5)
    run = run_to_the_end(visit)
    assert visit.status() == ":blue-badge[finished] step 5 of 5"
    assert visit.page.get("progress")[0].value == 100
    assert visit.buttons() == {"Start": True}
    assert not visit.widget("field_nodes").disabled
    assert run.snapshot.status == RunStatus.FINISHED


def test_start_after_the_end_starts_another_run():
    visit = Visit(**TINY, steps=5)
    first, second = run_to_the_end(visit), run_to_the_end(visit)
    assert first.run_id != second.run_id
    assert visit.page.query_params["run"] == second.run_id
    losses = [run.snapshot.history.column("loss_nats").tolist() for run in (first, second)]
    assert losses[0] == losses[1]


def test_a_run_of_no_steps_finishes_with_one_report():
    visit = Visit(**TINY, steps=0)
    run_to_the_end(visit)
    assert visit.status() == ":blue-badge[finished] step 0 of 0"
    assert len(visit.page.code) == 1


def test_a_double_click_on_start_starts_one_run(monkeypatch):
    visit = Visit(**ENDLESS)
    start = session.start

    def clicked_twice(config):
        start(config)
        start(config)

    monkeypatch.setattr(session, "start", clicked_twice)
    visit.look()
    visit.start()
    assert len(session.manager().runs()) == 1


def test_a_command_that_comes_too_late_is_told_and_does_no_harm():
    visit = Visit(**ENDLESS)
    run = visit.start()
    run.stop()
    run.wait(30)
    visit.click("Pause")  # the button was drawn before the end
    assert visit.said("toast") == ["This run is stopped and takes no more commands; start a new one."]
    assert visit.buttons() == {"Start": True}


def test_a_run_waits_for_a_free_place_and_can_be_stopped_there():
    config = PRESETS["demo"].config.changed(**ENDLESS)
    for other in [session.manager().start(config) for _ in range(2)]:
        other.wait_until(lambda s: s.status == RunStatus.RUNNING)
    visit = Visit(run="none", **ENDLESS)
    run = visit.start()
    assert ":gray-badge[queued]" in visit.status()
    assert visit.status().endswith("waiting for a free place to train")
    visit.click("Stop")
    run.wait(30)
    assert ":gray-badge[stopped]" in visit.look().status()


def test_divergence_is_told_and_the_last_numbers_fit_their_boxes():
    visit = Visit(**EXPLOSIVE, steps=300)
    run = run_to_the_end(visit)
    assert run.snapshot.status == RunStatus.DIVERGED
    assert ":red-badge[diverged]" in visit.status()
    assert visit.said("error") == [run.snapshot.message]
    assert "Turn clipping on, or lower the learning rate." in visit.said("error")[0]
    assert all(len(value) < 10 for value in visit.figures().values())
    assert visit.buttons() == {"Start": True}


def test_a_run_that_fails_says_why():
    visit = Visit(**TINY, text="own:0123456789ab")
    run = run_to_the_end(visit)
    assert run.snapshot.status == RunStatus.FAILED
    assert ":red-badge[failed]" in visit.status()
    assert visit.said("error") == [run.snapshot.message]
    assert visit.buttons() == {"Start": True}


# -- live changes -----------------------------------------------------------------------------


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
    visit.widget("slider_clip").set_value(0.0)
    visit.look()
    run.wait_until(lambda s: s.live.clip == 0)
    assert visit.look().widget("field_clip").value == 0
    labels = [note["text"] for note in visit.chart("Gradient norm")["layout"]["annotations"]]
    assert labels == ["clip 0"]  # the change is marked, the threshold is gone


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


def test_a_change_in_one_tab_moves_the_widgets_of_the_other():
    one = Visit(**ENDLESS)
    one.started_and_paused()
    other = Visit()
    other.choose(learning_rate=0.5)
    assert one.look().chosen()["learning_rate"] == 0.5
    assert one.widget("slider_learning_rate").value == 0.5


# -- what is refused --------------------------------------------------------------------------


def test_arch2_knows_concat_only():
    visit = Visit(combine="add").choose(architecture="arch2")
    assert visit.chosen()["combine"] == "concat"
    assert visit.widget("field_combine").disabled
    assert not visit.widget("field_feedback").disabled
    assert "teacher forcing on" in visit.page.markdown[0].value
    assert visit.buttons() == {"Start": True}


def test_multiply_with_relu_is_explained():
    visit = Visit(combine="multiply", activation="relu")
    said = [caption.value for caption in visit.page.caption]
    assert any(sentence.startswith("Multiply with ReLU cannot learn") for sentence in said)


def test_a_value_that_is_not_allowed_greys_start_and_says_so():
    visit = Visit().choose(decay_rate=0.0)
    assert visit.said("error") == [
        "decay_rate=0.0 is not allowed: choose a number above 0, up to 1."
    ]
    assert visit.buttons() == {"Start": False}
    visit.choose(decay_rate=0.5)
    assert visit.said("error") == []
    assert visit.buttons() == {"Start": True}


def test_a_text_too_short_for_one_window_fails_with_a_sentence():
    visit = Visit(batch_size=1024, unrollings=6).upload("short.txt", PROSE)
    run_to_the_end(visit)
    assert visit.said("error") == [
        "unrollings=6 with batch_size=1024 needs 7,168 characters; this text has 2,850. "
        "Lower either, or pick a longer text."
    ]
    assert visit.buttons() == {"Start": True}


def test_a_page_made_by_hand_cannot_name_a_file():
    visit = Visit()
    box = visit.widget("field_text")
    box.options.append("/etc/passwd")
    visit.choose(text="/etc/passwd")
    assert visit.chosen()["text"] == "builtin"
    assert "/etc/passwd" not in visit.widget("field_text").options


# -- texts of one's own -----------------------------------------------------------------------


def test_an_upload_is_shown_before_and_after_and_trains():
    visit = Visit(**TINY, steps=5).upload("Cats & rats.txt", b"In 1984, " + PROSE)
    text = visit.chosen()["text"]
    assert text.startswith("own:")
    assert visit.widget("field_text").options[-1] == "Cats & rats.txt"
    assert [code.value[:9] for code in visit.page.code] == ["In 1984, ", "in one ni"]
    assert any("4 digits were spelled out" in caption.value for caption in visit.page.caption)
    assert run_to_the_end(visit).snapshot.text_title == "Cats & rats.txt"
    assert Visit(text=text).chosen()["text"] == text


BOMB = gzip.compress(b"a" * 1_000_000) * 201  # 200 kB that unpack to 201 MB


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("e.txt", b"", "e.txt is empty: choose a file with text in it."),
        ("e.txt", b"a\0b", "e.txt is not a text (a zero byte at offset 1): choose a plain text "
         "file."),
        ("cat.txt", b"\x89PNG\r\n", "cat.txt holds a PNG picture: save it as plain text in UTF-8."),
        ("e.txt", b"caf\xe9 au lait", "e.txt is not UTF-8 (byte 0xE9 at offset 3): save it as "
         "plain text in UTF-8."),
        ("e.txt", "東京".encode(), "Nothing is left of e.txt after normalising, which keeps a to z "
         "and digits: choose a text in Latin letters."),
        ("e.gz", BOMB, "e.gz holds more than 200,000,000 bytes of text: cut it, or choose another."),
        ("[e](http://a.example).txt", b"", "a.example).txt is empty: choose a file with text in "
         "it."),
    ],
    ids=["empty", "binary", "picture", "undecodable", "another alphabet", "bomb", "odd name"],
)  # fmt: skip
def test_an_upload_that_is_no_text_is_refused_and_the_chosen_text_stays(name, data, sentence):
    visit = Visit().upload(name, data)
    assert visit.said("error") == [sentence]
    assert visit.chosen()["text"] == "builtin"
    assert visit.buttons() == {"Start": True}
    assert visit.upload("good.txt", PROSE).said("error") == []


def test_two_texts_of_the_same_name_can_be_told_apart():
    visit = Visit().upload("notes.txt", PROSE)
    first = visit.chosen()["text"]
    other = Visit()
    other.choose(text=first)
    visit.upload("notes.txt", PROSE + b"And so on.")
    second = visit.chosen()["text"]
    assert second != first
    assert visit.look().chosen()["text"] == second
    labels = [f"notes.txt ({key[4:10]})" for key in (first, second)]
    assert sorted(visit.widget("field_text").options[2:]) == sorted(labels)
    assert other.look().chosen()["text"] == first


def test_a_file_on_this_machine_is_found_by_its_path(tmp_path, monkeypatch):
    monkeypatch.setattr(st, "get_option", {"server.address": "127.0.0.1"}.get)
    file = tmp_path / "prose.txt"
    file.write_bytes(PROSE)
    visit = Visit()
    for path, sentence in (
        (tmp_path, f"{tmp_path} is a folder: name a text file in it."),
        (tmp_path / "none", f"There is no file {tmp_path / 'none'}: check the path."),
    ):
        visit.page.text_input(key="text_path").set_value(str(path))
        assert visit.look().said("error") == [sentence]
    visit.page.text_input(key="text_path").set_value(f"  {file} ")
    assert visit.look().said("error") == []
    assert visit.chosen()["text"].startswith("own:")
    assert visit.widget("field_text").options[-1] == "prose.txt"


@pytest.mark.parametrize("address", ["0.0.0.0", None, "192.168.1.7"])
def test_paths_are_not_asked_for_where_others_can_reach_the_page(address, monkeypatch):
    monkeypatch.setattr(st, "get_option", {"server.address": address}.get)
    visit = Visit()
    assert len(visit.page.text_input) == 0
    assert len(visit.page.get("file_uploader")) == 1


# -- several visitors -------------------------------------------------------------------------


def test_a_second_visitor_finds_the_active_run_and_starts_none():
    run = Visit(**ENDLESS).started_and_paused()
    visit = Visit()
    assert session.manager().runs() == [run]
    assert visit.page.query_params["run"] == run.run_id
    assert visit.chosen() == run.snapshot.config.model_dump()
    assert list(visit.buttons()) == ["Resume", "1 step", "10 steps", "Stop"]


def test_a_second_visitor_who_stops_the_run_stops_it_for_both():
    first, second = Visit(**ENDLESS), None
    run = first.start()
    second = Visit()
    second.click("Stop")
    run.wait(30)
    for visit in (first, second):
        assert visit.look().buttons() == {"Start": True}
        assert ":gray-badge[stopped]" in visit.status()


def test_a_visitor_after_the_end_starts_afresh():
    run_to_the_end(Visit(**TINY, steps=3))
    visit = Visit()
    assert visit.status().startswith("Ready.")
    assert "run" not in visit.page.query_params


# -- how it is drawn --------------------------------------------------------------------------


def test_bits_are_shown_instead_of_nats():
    visit = Visit(**TINY, steps=10)
    run = run_to_the_end(visit).snapshot
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
    run_to_the_end(visit)
    visit.widget("axis").set_value(axis)
    visit.look()
    for chart in ("Loss", "Gradient norm", "Learning rate"):
        assert visit.chart(chart)["layout"]["xaxis"]["title"]["text"] == title
