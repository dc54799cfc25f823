"""The Compare page in a real browser: a race that is watched and stopped, a sweep that outlives
a reload."""

from pathlib import Path

import pytest
from holding import HeldRow
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

APP = Path(__file__).parents[2] / "dashboard" / "app.py"
PATIENCE = 60_000  # milliseconds: workers start, torch is imported, the machine may be busy
_CHART = (
    "[...document.querySelectorAll('.live-chart-plot')]"
    ".find(chart => chart.layout?.title?.text === '{}')"
)
LOSS, MAP = _CHART.format("Loss"), _CHART.format("The map")


@pytest.fixture(scope="module")
def app_url(serve):
    url = serve(APP)
    yield url
    assert "Traceback" not in serve.log(url)


@pytest.fixture
def compare(page: Page, app_url, complaints):
    """A visitor of the page, which had no complaint."""
    page.set_viewport_size({"width": 1400, "height": 1000})
    page.set_default_timeout(PATIENCE)
    yield Visitor(page, app_url)
    # Streamlit asks for an address on the internet, and on any page but the first one where the
    # app is mounted by trying below the page.
    known = ("net::ERR_NAME_NOT_RESOLVED", "status of 404 (Not Found)")
    assert [said for said in complaints if not any(word in said for word in known)] == []


class Visitor:
    """Someone in front of one tab."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url

    def open(self, query: str = "") -> None:
        self.page.goto(f"{self.url}/compare{query}")

    def button(self, name: str):
        """The button of this name, once it can be pressed."""
        # In the page, not in the header, where Streamlit has a Stop of its own.
        main = self.page.get_by_test_id("stMainBlockContainer")
        return main.get_by_role("button", name=name, exact=True, disabled=False)

    def wait_for_lines(self, condition: str) -> None:
        """Until the lines of the loss chart meet a condition in JavaScript."""
        lines = f"({LOSS}?._fullData ?? []).filter(trace => trace.mode === 'lines')"
        self.page.wait_for_function(f"(lines => {condition})({lines})")

    def fill(self, label: str, value: str) -> None:
        box = self.page.get_by_label(label, exact=True)
        box.fill(value)
        box.press("Enter")
        expect(box).to_have_value(value)


def test_a_race_of_tanh_against_relu_is_watched_and_stopped(compare):
    compare.open("?part=race")
    compare.fill("How many characters", "900000000")
    compare.button("Start the race").click()
    compare.button("Stop all").wait_for()
    compare.wait_for_lines("lines.map(line => line.name).join() === 'tanh,ReLU'")
    compare.wait_for_lines("lines.length === 2 && lines.every(line => line.x.length > 20)")
    compare.wait_for_lines("Math.abs(lines[0].x.length - lines[1].x.length) <= 1")
    compare.button("Pause all").click()
    compare.button("Resume all").click()
    compare.button("Pause all").wait_for()
    compare.button("Stop all").press("Enter")
    expect(compare.button("Start the race")).to_be_focused()
    expect(compare.page.get_by_text("stopped", exact=True)).to_have_count(2)


def test_the_buttons_are_the_same_ones_in_the_same_place_in_every_state(compare):
    compare.open("?part=race")
    compare.fill("How many characters", "900000000")
    compare.button("Start the race").wait_for()
    row = HeldRow(compare.page, "race")
    for name in ("Start the race", "Pause all", "Step all", "Resume all", "Pause all", "Stop all"):
        compare.button(name).click()
    compare.button("Start the race").wait_for()
    assert row.moves() == []


def test_a_sweep_goes_on_while_the_page_is_loaded_again(compare):
    compare.open("?part=limits")
    compare.button("Start").wait_for()
    compare.fill("Lags, characters", "1, 2")
    compare.fill("Seeds of each", "1")
    compare.fill("How many updates", "2500")
    expect(compare.page.get_by_text("0 of 6 cells")).to_be_visible()
    row = HeldRow(compare.page, "limits")
    compare.button("Start").press("Enter")
    expect(compare.button("Stop")).to_be_focused()
    assert row.moves() == []
    compare.open()  # no word about sweeps in the address
    compare.button("Stop").wait_for()
    row = HeldRow(compare.page, "limits")
    expect(compare.page.get_by_label("Lags, characters", exact=True)).to_have_value("1, 2")
    compare.button("All cells as CSV").wait_for()  # it has ended
    expect(compare.page.get_by_text("6 of 6 cells")).to_be_visible()
    assert row.moves() == []
    compare.page.wait_for_function(
        f"{MAP}?._fullData?.[0]?.text?.flat().every(t => t.includes('1 seeds'))"
    )
