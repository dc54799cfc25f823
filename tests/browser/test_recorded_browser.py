"""With an empty home every page shows recorded data, without a click."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

DRAWN = {  # what shows that a page has data, by its path
    "": ".js-plotly-plot .scatterlayer .trace",
    "flow": ".js-plotly-plot .heatmaplayer .hm",
    "compare": ".js-plotly-plot .scatterlayer .trace",
    "compare?part=limits": ".js-plotly-plot .scatterlayer .trace",
}


@pytest.fixture(scope="module")
def url(recorded_url):
    return recorded_url


@pytest.mark.parametrize("path", DRAWN)
def test_the_pictures_of_a_page_are_drawn_and_say_that_they_are_recorded(
    page, complaints, url, path
):
    page.goto(f"{url}/{path}")
    expect(page.locator(DRAWN[path]).first).to_be_visible(timeout=30_000)
    for title in page.locator(".js-plotly-plot .gtitle").all():
        expect(title).to_contain_text("· recorded")
    assert [said for said in complaints if "404" not in said] == []


def test_the_list_of_runs_is_full_and_a_network_has_written(page, url):
    page.goto(f"{url}/runs")
    expect(page.get_by_text("6 runs.")).to_be_visible(timeout=30_000)
    page.goto(f"{url}/sample")
    expect(page.get_by_test_id("stCode")).to_be_visible(timeout=30_000)
    expect(page.get_by_text(re.compile(r"\d+ \w+ 20\d\d\."))).to_be_visible()  # the day
