"""Pages in front of a room: larger type, and keys that turn the pages."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

APP = Path(__file__).parents[2] / "dashboard" / "app.py"


def test_arrows_turn_pages_and_f_turns_the_look_on_and_off(page: Page, serve, complaints):
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto(serve(APP))
    start = page.get_by_role("button", name="Start Shortcut S")
    expect(start).to_be_visible(timeout=30_000)
    size = "parseFloat(getComputedStyle(document.documentElement).fontSize)"
    assert page.evaluate(size) == 17
    page.keyboard.press("f")
    page.wait_for_url("**present=1*")
    page.wait_for_function(f"{size} === 25")
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    expect(page.locator(".live-chart .legend, .live-chart .gtitle").first).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="Compare")).to_be_visible()
    page.wait_for_url("**/compare?part=race&present=1")
    page.keyboard.press("ArrowLeft")
    # Compare has a Start, too; and its address, opened anew, asks for files that are not there.
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    page.wait_for_url(lambda address: "/compare" not in address)
    page.keyboard.press("f")
    page.wait_for_function(f"{size} === 17")
    expect(start).to_be_visible()
    assert complaints == []
