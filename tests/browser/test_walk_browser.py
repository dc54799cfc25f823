"""The walk in a real browser, from its first step to its last: predicted, then seen."""

import re
from math import prod
from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

APP = Path(__file__).parents[2] / "dashboard" / "app.py"
EVERYTHING = """() => {
  const texts = []
  const read = (root) => {
    for (const node of root.querySelectorAll("*")) {
      for (const attribute of node.attributes) texts.push(attribute.value)
      if (node.shadowRoot) read(node.shadowRoot)
    }
    texts.push(root.textContent)
  }
  read(document)
  return texts.join("\\n")
}"""
"""All texts and attributes of the page, those in components too."""

TEXTS = {
    "latch:2": "Latch, lag 2",
    "latch:8": "Latch, lag 8",
    "latch:16": "Latch, lag 16",
    "builtin": "Python's own manual (built in)",
}
# The predictions of each step: what is right, and what is not.
ORDERS = (
    ("latch:2", "latch:16", "latch:8", "builtin"),
    ("builtin", "latch:2", "latch:8", "latch:16"),
)
NUMBERS = {"t1": (1.62, 2.3), "horizon": (12, None), "target": (81, 120)}
CHOICES = {
    "latch": ("T\u00a016 alone", "both"),
    "arch2": ("at 2 characters counted (bigram)", "below 3 characters counted (trigram)"),
    "repair": ("Initial weights", "Clip at norm"),
}
STEPS = ("texts", "trace", "t1", "horizon", "latch", "arch2", "repair", "target")


@pytest.fixture(scope="module")
def url(serve):
    return serve(APP, {"UNROLL_RECORDED": "1"})


@pytest.fixture
def heard(page):
    """What the server has sent to the page."""
    frames = []

    def note(frame):
        frames.append(frame if isinstance(frame, bytes) else frame.encode())

    page.on("websocket", lambda socket: socket.on("framereceived", note))
    return frames


def settled(page):
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=30_000)


def opened(page, url, number):
    page.goto(f"{url}/learn?step={number}&present={int(page.viewport_size['width'] > 1280)}")
    question = page.locator(".question")
    expect(question).to_be_visible(timeout=60_000)
    settled(page)
    return question


def predict(page, question, step, *, right):
    """Fill a question in."""
    wrong = int(not right)
    if step == "texts":
        for key in ORDERS[wrong]:
            question.get_by_role("button", name=TEXTS[key], exact=True).click()
    elif step == "horizon" and wrong:  # pointed at: the top of the scale
        question.locator(".scale").click(position={"x": 90, "y": 12})
        assert float(question.get_by_role("spinbutton").input_value()) > 50
    elif step in NUMBERS:
        question.get_by_role("spinbutton").fill(str(NUMBERS[step][wrong]))
    elif step in CHOICES:
        question.get_by_label(re.compile("^" + re.escape(CHOICES[step][wrong]))).check()
    else:
        sum_ = page.locator(".unfolded").text_content().split("\n=")[1].removesuffix("= ?")
        terms = sum_.replace("−", "-").replace("(", "").replace(")", "").split(" + ")
        value = sum(prod(map(float, term.split(" · "))) for term in terms)
        question.get_by_role("spinbutton").fill(f"{value + wrong:.2f}")


def commit(page, question, step, heard, *, right):
    """Commit what is filled in. What is told then was nowhere before, and all is told then."""
    before, sent = page.evaluate(EVERYTHING), b"".join(heard)
    question.get_by_role("button", name="Commit").click()
    verdict, answer = question.locator(".verdict"), question.locator(".answer")
    expect(verdict).to_contain_text("As predicted" if right else "Not as predicted", timeout=40_000)
    expect(verdict).to_be_focused()
    told = answer.inner_text()
    # The longest piece without a sign that would be written in another way on its way here.
    pieces = [max(re.split(r"[^ -~]|[\"\\]", line), key=len) for line in told.splitlines()]
    assert any(len(piece) > 30 for piece in pieces)
    for piece in pieces:
        if len(piece) > 30:
            assert piece not in before
            assert piece.encode() not in sent
            assert piece in page.evaluate(EVERYTHING)
            # The browser computes a trace itself.
            assert step == "trace" or piece.encode() in b"".join(heard)
    settled(page)


def test_a_walk_of_wrong_predictions_tells_what_was_measured_and_outlasts_a_reload(
    page, url, heard, complaints
):
    page.set_viewport_size({"width": 1280, "height": 800})
    question = opened(page, url, 1)
    progress = page.locator(".progress")
    for number, step in enumerate(STEPS, 1):
        expect(progress).to_contain_text(f"{number - 1} of 8 answered")
        predict(page, question, step, right=False)
        commit(page, question, step, heard, right=False)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if step == "repair":  # another one may be tried, and this one helps
            predict(page, question, step, right=True)
            question.get_by_role("button", name="Try this one").click()
            expect(question.locator(".verdict")).to_contain_text("As predicted", timeout=30_000)
            settled(page)
        if number < len(STEPS):
            page.get_by_role("button", name="Next").click()
            page.wait_for_url(f"**step={number + 1}*")
            settled(page)
    page.reload()
    expect(progress).to_contain_text("8 of 8 answered")
    expect(question.locator(".verdict")).to_contain_text("You said: 120 nodes.")
    question = opened(page, url, 2)
    expect(question.locator(".verdict")).to_contain_text("Not as predicted")
    progress.get_by_role("button", name="Forget my answers").click()
    expect(progress).to_contain_text("0 of 8 answered")
    expect(page.locator(".cell", has_text="?")).to_have_count(2)
    assert [said for said in complaints if "404" not in said] == []


def test_a_walk_of_right_predictions_by_keys_in_front_of_a_room(page, url, heard):
    page.set_viewport_size({"width": 1920, "height": 1080})
    question = opened(page, url, 1)
    for number, step in enumerate(STEPS, 1):
        predict(page, question, step, right=True)
        commit(page, question, step, heard, right=True)
        page.keyboard.press("ArrowRight")
        if number < len(STEPS):
            page.wait_for_url(f"**step={number + 1}*")
            settled(page)
    expect(page.get_by_role("heading", name="The article, replayed")).to_be_visible()
    page.keyboard.press("PageUp")
    expect(page.get_by_text("8 of 8 answered")).to_be_visible()
    page.keyboard.press("PageUp")
    page.wait_for_url("**step=7*")


def test_runs_that_an_answer_needs_are_trained_at_a_press_and_then_judged(page, url):
    page.goto(f"{url}/learn?step=7")
    expect(page.get_by_text("0 of 8 answered")).to_be_visible(timeout=30_000)
    page.evaluate("""localStorage.setItem("unroll-walk", '{"repair": ["unrollings"]}')""")
    page.reload()  # as at another server, which has none of this browser's runs
    page.get_by_role("button", name="Train it here").click(timeout=30_000)
    expect(page.locator(".walk-card")).to_contain_text("Not as predicted", timeout=30_000)
