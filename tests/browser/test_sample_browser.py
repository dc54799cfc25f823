"""The Sample page in a real browser: write, step, and read the colours of a typed sentence."""

import re

import pytest
from conftest import REPOSITORY
from playwright.sync_api import Page, expect

from core.config import TrainingConfig
from core.data.alphabet import encode
from core.insight.surprise import surprise
from core.networks.initialisers import initial_parameters
from core.storage.weights import save_weights

pytestmark = pytest.mark.browser

CONFIG = TrainingConfig(nodes=16, text="latch:4")
SENTENCE = "Grüße <script>window.hacked = 1</script> & <b>fett</b>"
READ = "grusse script window hacked one script b fett b "
REMOVED = "üß<>.=1</>&<></>"


def weights():
    return {name: 3 * value for name, value in initial_parameters(CONFIG, seed=0).items()}


@pytest.fixture(scope="module")
def url(serve):
    return serve(REPOSITORY / "dashboard" / "app.py")


@pytest.fixture
def page(page: Page, url, tmp_path, complaints):
    """The Sample page with a small network uploaded; it has complained of nothing at the end."""
    save_weights(tmp_path / "net.safetensors", weights(), CONFIG)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(url)
    page.get_by_role("link", name="Sample").click()
    page.get_by_role("button", name="Upload weights").click()
    page.locator("input[type=file]").set_input_files(tmp_path / "net.safetensors")
    expect(page.get_by_label("Prime", exact=True)).to_be_visible()
    yield page
    assert complaints == []


def open_part(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()


def test_a_visitor_writes_steps_and_reads_a_sentence_of_their_own(page):
    page.get_by_role("button", name="Write", exact=True).click()
    text = page.get_by_test_id("stCode").locator("code")
    expect(text).to_have_text(re.compile("^[a-z ]{400}$"))
    written = text.text_content()

    open_part(page, "Step through")
    walked = page.locator(".coloured-text .text")
    expect(page.locator(".live-chart .heatmaplayer image")).to_have_count(1)  # all is drawn
    for place in (2, 3, 4, 5):
        expect(walked).to_have_text(written[:place].replace(" ", "·"))
        if place < 5:
            page.get_by_role("button", name="Forward", exact=True).click()
    expect(walked.locator(".now")).to_have_text(written[4].replace(" ", "·"))
    page.get_by_role("button", name="Back", exact=True).click()
    expect(walked).to_have_text(written[:4].replace(" ", "·"))
    assert page.locator(".live-chart-note:not(:empty)").count() == 0  # both charts are drawn

    open_part(page, "Surprise")
    box = page.get_by_label("Your text", exact=True)
    box.fill(SENTENCE)
    box.press("Control+Enter")
    row = page.locator(".coloured-text .text").first
    removed = row.locator(".removed")
    expect(removed.first).to_have_text("ü")
    assert "".join(removed.all_text_contents()).replace(" ", "") == REMOVED
    kept = row.locator(".character:not(.removed)")
    assert "".join(kept.all_text_contents()).replace("·", " ") == READ
    assert page.evaluate("window.hacked") is None
    assert page.locator(".coloured-text script, .coloured-text b:not(.label b)").count() == 0

    arrays = weights()
    bits = surprise(arrays, CONFIG, encode(READ)).bits
    colours = kept.evaluate_all("spans => spans.map((span) => span.style.backgroundColor)")
    # A browser writes no percentages for halves.
    found = [re.search(r"(\d+)%", colour) for colour in colours[1:]]
    shares = [int(share[1]) if share else 50 for share in found]
    assert colours[0] == ""  # given, so nothing to be surprised at
    assert shares == pytest.approx([70 * min(1, b / 8) for b in bits], abs=0.6)

    kept.nth(1).hover()
    expect(page.locator(".readout").first).to_contain_text(f"r: network {bits[0]:.2f}")
    row.focus()
    row.press("ArrowRight")
    row.press("ArrowRight")
    expect(page.locator(".readout").first).to_contain_text("bits")
