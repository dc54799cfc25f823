"""A visitor of the dashboard, without a browser: opens a link, moves widgets, reads the page.

Knows no page's tests. `run_every` never fires here: `look` draws the page again.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from streamlit.testing.v1 import AppTest

from core.config import TrainingConfig
from core.records import RunStatus
from core.training.run import Run
from dashboard.server import manager

APP = Path(__file__).parents[2] / "dashboard" / "app.py"
FIELDS = tuple(TrainingConfig.model_fields)

TINY = {"nodes": 8, "batch_size": 4, "unrollings": 6, "probe_every": 0, "device": "cpu"}
ENDLESS = {**TINY, "steps": 1_000_000, "report_every": 1_000_000}
PROSE = ("The cat sat on the mat, and the rat sat on the cat. " * 60).encode()
"""A file of 3,120 bytes; 2,850 characters of it are trained on."""

_NAMES = {
    "learning_rate": "number_input_learning_rate",
    "clip": "number_input_clip",
    "unrollings": "slider_unrollings",
}
"""Of the live settings' widgets, which are replaced by new ones now and then."""

CONTROLS = [
    ("start", "Start"),
    ("command_Pause", "Pause"),
    ("command_Resume", "Resume"),
    ("command_1 step", "1 step"),
    ("command_10 steps", "10 steps"),
    ("command_Stop", "Stop"),
    ("leave", "New run"),
]
"""Keys and labels of the Train page's row of buttons, in their order."""


class Visit:
    """One visitor's page, opened by a link with this query.

    Args:
        browser: the hash of their browser's secret, where it is known.
    """

    def __init__(self, browser=None, **query):
        self.page = AppTest.from_file(APP, default_timeout=30)
        if browser is not None:
            self.page.session_state["browser"] = browser
        for name, value in query.items():
            self.page.query_params[name] = str(value)
        self.look()

    def look(self):
        """Draw the page again, as any interaction does."""
        self.page.run()
        assert not self.page.exception
        return self

    def click(self, label):
        (button,) = [button for button in self.page.button if button.label == label]
        assert not button.disabled
        button.click()
        return self.look()

    def choose(self, **values):
        """Move the widgets of these settings, one after the other."""
        for field, value in values.items():
            self.widget(_NAMES.get(field, f"field_{field}")).set_value(value)
            self.look()
        return self

    def upload(self, name, data):
        self.page.file_uploader(key="uploaded_text").set_value((name, data, "text/plain"))
        return self.look()

    def start(self) -> Run:
        """Click Start; the run that it has started."""
        self.click("Start")
        return manager().get(self.page.query_params["run"])

    def train_to_the_end(self) -> Run:
        run = self.start()
        run.wait(30)
        self.look()
        return run

    def started_and_paused(self) -> Run:
        run = self.start()
        run.wait_until(lambda s: s.step > 2)
        self.click("Pause")
        run.wait_until(lambda s: s.status == RunStatus.PAUSED)
        self.look()
        return run

    def widgets(self):
        kinds = ("selectbox", "number_input", "slider", "select_slider", "button_group")
        return [widget for kind in kinds for widget in self.page.get(kind)]

    def widget(self, name):
        """The widget whose key is this name, or this name and a number."""
        (found,) = [w for w in self.widgets() if re.fullmatch(rf"{name}(_\d+)?", w.key)]
        return found

    def chosen(self):
        """The settings as the widgets show them."""
        return {name: self.page.session_state[f"field_{name}"] for name in FIELDS}

    def allowed(self):
        """The run controls that can be pressed; the row itself is the same in every state."""
        ours = ("start", "command_", "leave")
        row = [button for button in self.page.button if str(button.key).startswith(ours)]
        assert [(button.key, button.label) for button in row] == CONTROLS
        return [button.label for button in row if not button.disabled]

    def said(self, kind):
        """The sentences of a kind, as the visitor reads them."""
        shown = [box.value.replace("\N{WORD JOINER}", "") for box in self.page.get(kind)]
        return [re.sub(r"\\(.)", r"\1", sentence) for sentence in shown]

    def status(self):
        return self.page.get("progress")[0].text

    def figures(self):
        """The numbers above the charts by their names."""
        return {metric.label: metric.value for metric in self.page.metric}

    def chart(self, title):
        for element in self.page.get("bidi_component"):
            sent = json.loads(element.proto.json)
            if "figure" in sent and sent["figure"]["layout"]["title"]["text"] == title:
                return sent["figure"]
        raise AssertionError(f"no chart {title}")
