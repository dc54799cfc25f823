"""The Train page in a real browser: the path a person walks, and some that nobody should."""

import re
from pathlib import Path

import pytest
from holding import HeldRow
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

APP = Path(__file__).parents[2] / "dashboard" / "app.py"
TINY = "nodes=8&batch_size=4&unrollings=6&device=cpu&probe_every=0"
ENDLESS = f"{TINY}&steps=10000000&report_every=1000000"
LOSS = "document.querySelectorAll('.live-chart-plot')[0]"


@pytest.fixture(scope="module")
def app_url(serve):
    url = serve(APP)
    yield url
    assert "Traceback" not in serve.log(url)


@pytest.fixture
def visit(page: Page, app_url, complaints):
    """A visitor who leaves no run behind; the page had no complaint."""
    visit = Visitor(page, app_url)
    yield visit
    if visit.button("Stop").is_visible():
        visit.click("Stop")
        visit.button("Start").wait_for()
    offline = "net::ERR_NAME_NOT_RESOLVED"  # Streamlit asks for an address on the internet
    assert [said for said in complaints if offline not in said] == []


class Visitor:
    """Someone in front of one tab."""

    def __init__(self, page: Page, url: str) -> None:
        page.set_viewport_size({"width": 1400, "height": 1000})
        self.page, self.url = page, url

    def open(self, query: str = "") -> "Visitor":
        self.page.goto(f"{self.url}/?{query}" if query else self.url)
        self.settled()
        return self

    def settled(self) -> None:
        """Until the page is drawn, with its charts and either Start or Stop."""
        self.wait_for("gd?._fullData?.length >= 3")
        self.button("Start").or_(self.button("Stop")).wait_for()

    def button(self, name: str):
        """The button of this name, once it can be pressed."""
        # In the page, not in the header, where Streamlit has a Stop of its own.
        main = self.page.get_by_test_id("stMainBlockContainer")
        with_key = re.compile(rf"^{name}( Shortcut \w)?$")
        return main.get_by_role("button", name=with_key, disabled=False)

    def click(self, name: str) -> None:
        self.button(name).click()

    def number(self, label: str):
        # One that gives way to another stays for a moment, hidden.
        return self.page.get_by_role("spinbutton", name=label, exact=True).filter(visible=True)

    def type_number(self, label: str, value: str) -> None:
        """As at a keyboard: replace what is there, and press Enter."""
        self.number(label).focus()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(value)
        self.page.keyboard.press("Enter")

    def start(self) -> None:
        self.click("Start")
        self.button("Pause").wait_for()

    def status(self, word: str) -> None:
        """Wait until the badge says this word."""
        self.page.locator(".stProgress").get_by_text(word, exact=True).wait_for()

    def run_id(self) -> str:
        self.page.wait_for_url("**run=*")
        return self.page.url.partition("run=")[2].partition("&")[0]

    def get(self, expression: str):
        """The value of a JavaScript expression in which `gd` is the loss chart."""
        return self.page.evaluate(f"(() => {{ const gd = {LOSS}; return {expression} }})()")

    def wait_for(self, condition: str) -> None:
        self.page.wait_for_function(f"(() => {{ const gd = {LOSS}; return {condition} }})()")

    def last_step(self) -> int:
        """Where the curve of the training loss ends."""
        return self.get("gd._fullData[2].x.at(-1) ?? 0")

    def grown(self) -> int:
        """Wait until the curve is longer than it is now."""
        self.wait_for(f"gd._fullData[2].x.at(-1) > {self.last_step()}")
        return self.last_step()

    def marks(self) -> list[str]:
        """The labels of the marked lines on the loss chart."""
        return self.get(
            "gd.layout.annotations.filter((a) => a.yref === 'paper').map((a) => a.text)"
        )


def test_a_person_starts_pauses_changes_resumes_stops_and_comes_back(visit: Visitor):
    visit.open()
    visit.start()
    visit.status("running")
    first = visit.grown()
    visit.get("void (window.before = [gd, gd.querySelector('.main-svg')])")
    assert visit.grown() > first > 0

    visit.click("Pause")
    visit.status("paused")
    visit.button("Resume").wait_for()
    shapes = visit.get("gd.layout.shapes.length")
    visit.type_number("Learning rate", "0.001")
    visit.wait_for(f"gd.layout.shapes.length === {shapes + 1}")
    assert visit.marks() == ["rate 0.001"]
    changed_at = visit.get("gd.layout.shapes.at(-1).x0")
    assert changed_at == visit.last_step()

    visit.click("Resume")
    visit.status("running")
    assert visit.grown() > changed_at
    assert visit.marks() == ["rate 0.001"]
    assert visit.get("gd === before[0] && gd.querySelector('.main-svg') === before[1]")

    run_id = visit.run_id()
    visit.click("Stop")
    visit.status("stopped")
    visit.button("Start").wait_for()
    ended_at = visit.last_step()
    visit.page.reload()
    visit.settled()
    visit.status("stopped")
    assert visit.run_id() == run_id
    assert visit.last_step() == ended_at
    assert visit.marks() == ["rate 0.001"]
    expect(visit.number("Learning rate")).to_have_value("0.001")


def test_the_buttons_are_the_same_ones_in_the_same_place_in_every_state(visit: Visitor):
    visit.open(f"{ENDLESS}&run=new&preset=none")  # with a sentence that goes when a run is started
    row = HeldRow(visit.page, "train")
    visit.start()
    visit.click("Pause")
    visit.click("1 step")
    visit.click("Resume")
    visit.button("Pause").wait_for()
    visit.click("Stop")
    visit.button("Start").wait_for()
    assert row.moves() == []


def test_the_keyboard_keeps_its_place_in_the_row(visit: Visitor):
    visit.open(f"{ENDLESS}&run=new")
    visit.button("Start").focus()
    for key, then in (("Enter", "Pause"), ("Space", "Resume"), ("g", "1 step"), ("p", "1 step")):
        visit.page.keyboard.press(key)
        expect(visit.button(then)).to_be_focused()
    # On another page the row is the same, and of a run that was stopped Resume fits as well.
    visit.page.get_by_role("link", name="Gradient flow").click()
    # Once it is there: until then the row is still that of the page that goes.
    expect(visit.page.get_by_role("heading", name="Where in time")).to_be_visible()
    visit.wait_for("gd?._fullData?.length")
    visit.button("Stop").focus()
    for key, then in (("Space", "Start"), ("Enter", "Pause"), ("x", "Resume")):
        visit.page.keyboard.press(key)
        expect(visit.button(then)).to_be_focused()
    # A hand at the mouse wants no focus: Space is to scroll.
    visit.click("Resume")
    visit.button("Pause").wait_for()
    assert visit.page.evaluate("document.activeElement === document.body")


def test_a_second_tab_finds_the_run_and_both_stay_together(visit: Visitor):
    visit.open(ENDLESS)
    visit.start()
    other = Visitor(visit.page.context.new_page(), visit.url).open()
    other.button("Pause").wait_for()
    assert other.run_id() == visit.run_id()
    assert other.grown() > 0

    other.type_number("Clip at norm", "0.33")
    expect(visit.number("Clip at norm")).to_have_value("0.33", timeout=15_000)
    visit.wait_for("gd.layout.annotations.some((a) => a.text === 'clip 0.33')")
    other.click("Pause")
    visit.button("Resume").wait_for()
    # Neither tab has taken its own older value for a wish since.
    assert visit.marks() == ["clip 0.33"]
    other.click("Stop")
    for tab in (visit, other):
        tab.status("stopped")
        tab.button("Start").wait_for()
        expect(tab.number("Clip at norm")).to_have_value("0.33")
    other.page.close()


def test_a_copied_link_opens_the_same_settings_elsewhere(visit: Visitor, another_page):
    visit.open()
    visit.type_number("Nodes N", "37")
    visit.page.wait_for_url("**nodes=37*")
    visit.page.get_by_role("radio", name="ReLU").click()
    visit.page.wait_for_url("**activation=relu*")
    visit.type_number("Learning rate", "0.0123")
    visit.page.wait_for_url("**learning_rate=0.0123*")
    friend = Visitor(another_page(), visit.url)
    friend.page.goto(visit.page.url)
    friend.settled()
    expect(friend.number("Nodes N")).to_have_value("37")
    expect(friend.number("Learning rate")).to_have_value("0.0123")
    expect(friend.page.get_by_role("radio", name="ReLU")).to_be_checked()
    assert friend.page.url == visit.page.url


def test_the_buttons_follow_a_run_whose_steps_are_slow(visit: Visitor):
    # New: a step a second would not soon get past the end of the run that was shown before.
    visit.open(
        "nodes=400&batch_size=256&unrollings=60&report_every=1000000&probe_every=0&device=cpu"
        "&run=new"
    )
    visit.start()
    visit.grown()
    visit.click("Pause")  # is obeyed after the present step, when the page is long drawn
    visit.button("Resume").wait_for()
    visit.status("paused")


def test_a_run_that_ends_by_itself_brings_start_back(visit: Visitor):
    visit.open(f"{TINY}&steps=1500&report_every=1500")
    visit.start()
    visit.status("finished")
    visit.button("Start").wait_for()
    assert visit.last_step() == 1_500
    expect(visit.number("Nodes N")).to_be_enabled()


def test_a_double_click_on_start_leaves_one_run(visit: Visitor):
    visit.open(ENDLESS)
    visit.page.evaluate(
        """() => {
            const start = document.querySelector('.st-key-start button')
            start.click()
            setTimeout(() => start.click(), 5)
        }"""
    )
    visit.button("Stop").wait_for()
    visit.grown()
    visit.click("Stop")
    visit.button("Start").wait_for()
    visit.open()
    assert visit.button("Start").is_visible()


def test_numbers_out_of_range_change_nothing(visit: Visitor):
    visit.open()
    for typed in ("1e9", "-3", "abc", ""):
        visit.type_number("Learning rate", typed)
    visit.type_number("Nodes N", "9")
    visit.page.wait_for_url("**nodes=9*")
    assert "learning_rate" not in visit.page.url
    assert visit.button("Start").is_enabled()


def test_the_back_button_leads_out_of_the_page(visit: Visitor):
    visit.page.goto("about:blank")
    visit.open("nodes=8")
    visit.page.wait_for_url("**v=1&preset=demo&nodes=8")
    visit.type_number("Nodes N", "9")
    visit.page.wait_for_url("**nodes=9")
    for address in ("**v=1&preset=demo&nodes=8", "**/?nodes=8", "about:blank"):
        visit.page.go_back()
        visit.page.wait_for_url(address)
