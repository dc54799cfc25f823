"""The page Gradient flow in a real browser: the waterfall grows, and a way back is shown."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

APP = Path(__file__).parents[2] / "dashboard" / "app.py"
QUERY = (
    "?v=1&preset=demo&init=published&nodes=100&batch_size=4&unrollings=10&steps=1000000"
    "&report_every=1000000&probe_every=20&learning_rate=1e-06&device=cpu"
)
DIVERGES_AT_ONCE = (
    "?v=1&preset=demo&activation=relu&init=identity&nodes=40&learning_rate=0.5&clip=0&steps=500"
    "&device=cpu"
)
# Of the newest probe that the waterfall shows; 0 before there is one.
NEWEST_STEP = """() => {
  for (const plot of document.querySelectorAll('.live-chart-plot')) {
    const heat = (plot._fullData ?? []).find((trace) => trace.type === 'heatmap')
    if (heat && plot.layout.title.text.startsWith('Gradient flow')) return heat.x.at(-1) ?? 0
  }
  return 0
}"""


@pytest.fixture(scope="module")
def url(serve):
    return serve(APP)


def test_the_waterfall_grows_the_run_is_diagnosed_and_what_to_try_is_set_up(
    page: Page, url, complaints
):
    page.goto(url + QUERY)
    page.get_by_role("button", name="Start").click()
    # On Train, behind one button.
    expect(page.get_by_role("button", name="The recurrence is dead")).to_be_visible(timeout=60_000)

    page.get_by_role("link", name="Gradient flow").click()
    page.wait_for_function(f"({NEWEST_STEP})() > 0", timeout=60_000)
    before = page.evaluate(NEWEST_STEP)
    page.wait_for_function(f"({NEWEST_STEP})() > {before}", timeout=60_000)
    expect(page.get_by_text("The weights start around -0.1")).to_be_visible()

    page.get_by_role("button", name="Check the gradient").click()
    expect(page.get_by_text("agree to rounding")).to_be_visible(timeout=60_000)

    page.get_by_role("link", name="Train").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Start")).to_be_enabled(timeout=60_000)

    run = re.search("run=[0-9a-f]{12}", page.url)[0]
    page.get_by_role("button", name="The recurrence is dead").click()
    page.get_by_role("button", name="Set up: Initial weights zero-mean").click()
    page.wait_for_url(re.compile(r"^(?!.*init=published).*run=new"))
    expect(page.get_by_role("button", name="No findings so far")).to_be_visible()
    expect(page.locator("[data-testid=stPopoverBody]")).to_have_count(0)  # it was open
    assert complaints == []

    page.goto(f"{url}/flow?{run}")
    page.get_by_role("button", name="Set up: Initial weights zero-mean").click()
    expect(page.get_by_role("heading", name="The network")).to_be_visible()  # its last part
    page.wait_for_function("document.querySelectorAll('.js-plotly-plot .main-svg').length > 3")
    main = "document.querySelector('[data-testid=stMain]')"
    assert page.evaluate(f"{main}.scrollHeight > {main}.clientHeight")
    assert page.evaluate(f"{main}.scrollTop") == 0  # where the commands are


def test_going_back_shows_the_run_that_went_back(page: Page, url, complaints):
    """The button is in a fragment, which by itself would draw the old run again."""
    page.goto(url + DIVERGES_AT_ONCE)
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Diverged at step").first).to_be_visible(timeout=60_000)
    page.get_by_role("link", name="Gradient flow").click()
    page.get_by_role("button", name="Train it again as a new run").click()
    page.wait_for_url("**events=0-clip-1.25*")
    expect(page.get_by_text("How it diverged")).to_be_hidden(timeout=60_000)
    # With clipping it trains to its end, though its gradient's squares are too large for float32.
    page.get_by_role("link", name="Train").click()
    expect(page.get_by_text("step 500 of 500")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("button", name="Train it again as a new run")).to_have_count(0)
    assert complaints == []
