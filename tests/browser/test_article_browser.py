"""The page Article in a browser: a card by its link, and one of its runs trained here."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

APP = Path(__file__).parents[2] / "dashboard" / "app.py"


@pytest.fixture(scope="module")
def url(serve):
    return serve(APP, {"UNROLL_RECORDED": "1"})


def test_a_card_is_opened_by_its_link_and_its_run_is_trained_here(page, complaints, url):
    page.goto(f"{url}/article?card=stale")
    expect(page.get_by_text("mega_batch_x.append(batch)")).to_be_visible(timeout=30_000)
    title = page.locator(".js-plotly-plot .gtitle").first
    expect(title).to_contain_text("· recorded", timeout=30_000)
    page.get_by_role("button", name="Run it here").click()
    expect(page.get_by_role("heading", name="Train")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("step 3,000 of 3,000")).to_be_visible(timeout=30_000)
    page.get_by_role("link", name="Article").click()
    expect(page.locator(".js-plotly-plot .legendtext", has_text="yours")).to_be_visible(
        timeout=30_000
    )
    assert [said for said in complaints if "404" not in said] == []
