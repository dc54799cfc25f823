"""Pages on a narrow window: what is seen first, what is folded, and that no heading is cut."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

PAGES = ("", "learn", "compare?part=race", "compare?part=limits", "flow", "sample", "runs")
# Headings, also of charts, that are drawn but not whole in the window.
CUT = """() => [...document.querySelectorAll('h1, h2, h3, h4, h5, .gtitle')].filter((heading) => {
  const { left, right, width } = heading.getBoundingClientRect()
  const inside = heading.clientWidth && heading.scrollWidth > heading.clientWidth + 1
  return width && (left < 0 || right > innerWidth || inside)
}).map((heading) => heading.textContent)"""
TOP = "document.querySelector('.live-chart-plot .plotly')?.getBoundingClientRect().top"


@pytest.fixture(scope="module")
def app_url(recorded_url):
    return recorded_url


def test_the_loss_is_on_the_first_screen_and_no_heading_is_cut(page: Page, app_url):
    page.set_viewport_size({"width": 420, "height": 900})
    for path in PAGES:
        page.goto(f"{app_url}/{path}")
        page.get_by_role("button", name="Words").wait_for()
        if path == "":
            page.wait_for_function(f"{TOP} < 720")
        if path in ("", "flow") or path.startswith("compare"):
            page.wait_for_function("document.querySelectorAll('.gtitle').length >= 3")
        assert page.evaluate(CUT) == []


def test_gradient_flow_folds_what_is_secondary_on_a_phone_alone(page: Page, app_url):
    page.goto(f"{app_url}/flow")
    switches = page.locator("[class*=st-key-phone_switch_]")
    causes = page.locator(".st-key-causes")
    expect(causes).to_be_visible()
    expect(switches.first).to_be_hidden()
    page.set_viewport_size({"width": 420, "height": 900})
    expect(causes).to_be_hidden()
    expect(page.locator(".st-key-waterfall")).to_be_visible()
    switches.get_by_text("The window's gradient, its reach and the causes").click()
    expect(causes.locator(".gtitle")).to_be_visible()
    assert page.evaluate(CUT) == []
