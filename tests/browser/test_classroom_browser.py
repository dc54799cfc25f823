"""A teacher and two students at one server, in real browsers: join, predict, look here, hand in."""

import re
from pathlib import Path

import pytest
from handed_in import downloaded
from playwright.sync_api import Page, expect

from core.storage.store import Store
from core.storage.zip_import import import_run

pytestmark = pytest.mark.browser

APP = Path(__file__).parents[2] / "dashboard" / "app.py"
RUN = "nodes=8&batch_size=4&unrollings=6&device=cpu&probe_every=0&steps=40&report_every=20&run=new"
PICTURES = {  # of Learn, each with some words of its question
    "Product of slopes": "every gradient is multiplied by 1,000",
    "One step in numbers": "If every weight in W were 0",
    "Unroll and cut": "zero unrollings, so T = 1",
    "Whose output comes back": "What has the letter then?",
    "Cursors and the mega batch": "one cursor alone, B = 1",
}
ASKED = "Which lane will be ahead at the end of the race?"


@pytest.fixture
def url(serve):
    url = serve(APP, {"UNROLL_TEACHER_KEY": "chalk"})
    yield url
    assert "Traceback" not in serve.log(url)


def button(page: Page, name: str, **state: bool):
    main = page.get_by_test_id("stMainBlockContainer")
    return main.get_by_role("button", name=re.compile(rf"^{name}( Shortcut \w)?$"), **state)


def question(page: Page):
    return page.get_by_test_id("stRadio").filter(has_text=ASKED)


def test_a_class_joins_votes_sees_the_outcome_follows_and_hands_in(
    page, url, another_page, tmp_path
):
    teacher, ada, bob = page, another_page(420, 900), another_page(1280, 900)
    teacher.goto(f"{url}/classroom")
    teacher.wait_for_function("document.cookie.includes('unroll_browser=')")
    button(teacher, "Teacher").click()
    key = teacher.get_by_role("textbox", name="The teacher's key")
    key.fill("chalk")
    key.press("Enter")
    code = teacher.get_by_alt_text(re.compile("^QR code of http"))
    expect(code).to_be_visible()
    assert code.evaluate("image => image.naturalWidth > 0 && image.clientWidth > 200")

    ada.goto(url)
    ada.get_by_label("Nickname").fill("Ada")
    button(ada, "Join").click()
    bob.goto(f"{url}/?{RUN}")
    button(bob, "Without a name").click()
    expect(teacher.get_by_test_id("stMetricValue").get_by_text("2", exact=True)).to_be_visible()
    expect(teacher.get_by_text("Ada", exact=True)).to_be_visible()

    teacher.get_by_text("Ask", exact=True).click()
    teacher.get_by_label("Begin with").click()
    teacher.get_by_text("A race: which lane").click()
    button(teacher, "Ask the room").click()
    for student, answers in ((ada, ("tanh", "ReLU")), (bob, ("ReLU",))):
        for answer in answers:
            question(student).get_by_text(answer, exact=True).click()
            student.get_by_text("Your answer is kept").wait_for()
    ada.reload()
    expect(question(ada).get_by_role("radio", name="ReLU", exact=True)).to_be_checked()
    teacher.get_by_text("2 of 2 answered.").first.wait_for()
    for each in (teacher, ada, bob):
        assert "answer-bars" not in each.content()
    button(teacher, "Lock").click()
    expect(question(ada).get_by_role("radio", name="ReLU", exact=True)).to_be_disabled()
    assert "answer-bars" not in teacher.content()
    button(teacher, "Reveal").click()
    outcome = teacher.get_by_role("textbox", name="What came true")
    outcome.fill("ReLU, by 0.02 nats")
    teacher.get_by_role("button", name="Show what was answered").click()
    for each in (teacher, ada, bob):
        row = each.locator("table.answer-bars tr").filter(has_text="ReLU")
        expect(row).to_contain_text("2 (100%)")
        expect(each.get_by_text("ReLU, by 0.02 nats").first).to_be_visible()
    teacher.keyboard.press("Escape")

    teacher.goto(f"{url}/learn?picture=slopes")
    button(teacher, "Look here").click()
    for student in (ada, bob):
        student.wait_for_url(re.compile("/learn.*picture=slopes"))
        student.get_by_text("Over k steps that is").wait_for()
    expect(ada.get_by_role("button", name="Ask the room")).to_have_count(0)
    button(teacher, "Put away").click()
    for picture, asks in PICTURES.items():
        teacher.get_by_text(picture, exact=True).click()
        teacher.get_by_role("group", name=asks).wait_for()
        button(teacher, "Ask the room").click()
        bar = teacher.get_by_test_id("stMarkdown").filter(has_text="0 of 2 answered.")
        bar.get_by_text(asks).wait_for()
    ada.get_by_test_id("stRadio").get_by_text("all", exact=True).click()
    ada.get_by_text("1 of 2 answered. Your answer is kept").wait_for()
    assert "In your teacher’s picture" not in ada.content()
    button(teacher, "Lock").click()
    button(teacher, "Reveal").click()
    teacher.get_by_role("button", name="Show what was answered").click()
    told = "In your teacher’s picture: all. Over a pass of 96 characters with T = 5 it is "
    ada.get_by_text(told).wait_for()
    teacher.keyboard.press("Escape")
    button(bob, "Leave").click()
    bob.wait_for_url(re.compile("nodes=8"))
    button(bob, "Return").click()
    bob.wait_for_url(re.compile("/learn.*picture=slopes"))
    button(bob, "Leave").click()
    button(bob, "Start", disabled=False).click()
    bob.locator(".stProgress").get_by_text("finished", exact=True).wait_for()
    button(bob, "Hand in", disabled=False).click()
    button(bob, "Handed in: undo").wait_for()

    teacher.goto(f"{url}/classroom")
    teacher.get_by_text("Hand-ins", exact=True).click()
    rows, runs = downloaded(button(teacher, "Download all").click, teacher)
    assert [(row["name"], row[ASKED]) for row in rows] == [("Ada", "ReLU"), ("", "ReLU")]
    run = rows[1]["runs"]
    store = Store(tmp_path / "another machine")
    assert import_run(store, runs[run]) == run
    assert store.get(run).step == 40
    store.close()
