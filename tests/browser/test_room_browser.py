"""A room votes and hands in, each in a browser of their own, and the server is killed in between.

UNROLL_ROOM is how many they are; without it the test is left out, since a class of three votes and
hands in, and every answer outlasts a kill, in others.
"""

import os
import re
import signal
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest
from handed_in import downloaded
from playwright.sync_api import Page, expect

from core.classroom.store import ClassroomStore
from core.classroom.teacher_key import TeacherKey
from core.storage.store import Store
from core.storage.zip_import import import_run

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        "UNROLL_ROOM" not in os.environ, reason="UNROLL_ROOM says how many they are"
    ),
]

APP = Path(__file__).parents[2] / "dashboard" / "app.py"
ROOM = int(os.environ.get("UNROLL_ROOM", "0"))
RUN = "nodes=8&batch_size=4&unrollings=6&device=cpu&probe_every=0&steps=40&report_every=20&run=new"
ASKED, OPTIONS = "Which reaches further back?", ("tanh", "ReLU", "neither")
PATIENCE = 60_000 + 4_000 * ROOM  # milliseconds: all of them share the machine with the server


@pytest.fixture(autouse=True)
def _patient():
    expect.set_options(timeout=PATIENCE)
    yield
    expect.set_options(timeout=None)


def button(page: Page, name: str, **state: bool):
    main = page.get_by_test_id("stMainBlockContainer")
    return main.get_by_role("button", name=re.compile(rf"^{name}( Shortcut \w)?$"), **state)


def question(page: Page):
    return page.get_by_test_id("stRadio").filter(has_text=ASKED)


def take_part(people: list[Page], url: str, answers: list[str]) -> None:
    """All join, train a run, hand it in and answer, side by side, and reload."""
    for person in people:
        person.set_default_timeout(PATIENCE)
        person.goto(f"{url}/?{RUN}", wait_until="commit")
    for place, person in enumerate(people):
        person.get_by_label("Nickname").fill(f"Person {place}")
        button(person, "Join").click()
    for person in people:
        button(person, "Start", disabled=False).click()
    for person in people:
        person.locator(".stProgress").get_by_text("finished", exact=True).wait_for()
        button(person, "Hand in", disabled=False).click()
    for person, answer in zip(people, answers, strict=True):
        button(person, "Handed in: undo").wait_for()
        question(person).get_by_text(answer, exact=True).click()
    for person in people:
        person.get_by_text("Your answer is kept").wait_for()
        person.reload(wait_until="commit")
    for person, answer in zip(people, answers, strict=True):
        expect(question(person).get_by_role("radio", name=answer, exact=True)).to_be_checked()


def test_all_votes_and_hand_ins_of_a_room_outlast_a_kill_of_the_server(
    page, serve, another_page, tmp_path
):
    home = tmp_path / "home"
    url = serve(APP, {"UNROLL_HOME": str(home), "UNROLL_TEACHER_KEY": "chalk"})
    secret = "5e" * 16
    teacher = sha256(secret.encode()).hexdigest()
    room = ClassroomStore(home)
    room.remember_teacher(teacher, TeacherKey("chalk").proof(teacher))
    asked = room.questions.put(ASKED, OPTIONS)
    page.set_default_timeout(PATIENCE)
    page.context.add_cookies([{"name": "unroll_browser", "value": secret, "url": url}])

    answers = [OPTIONS[place % len(OPTIONS) if place % 4 else 0] for place in range(ROOM)]
    people = [another_page(1280, 900) for _ in answers]
    take_part(people, url, answers)
    page.goto(f"{url}/classroom")
    page.get_by_text(f"{ROOM} of {ROOM} answered.").first.wait_for()
    for each in (page, *people):
        assert "answer-bars" not in each.content()

    room.close()
    serve.restart(url, signal.SIGKILL)
    page.goto(f"{url}/classroom")
    page.get_by_text(f"{ROOM} of {ROOM} answered.").first.wait_for()
    button(page, "Lock").click()
    button(page, "Open again", disabled=False).wait_for()
    assert "answer-bars" not in page.content()
    button(page, "Reveal").click()
    page.get_by_role("button", name="Show what was answered").click()
    bars = page.locator("table.answer-bars tr")
    expect(bars).to_have_count(len(OPTIONS))
    counts = Counter(answers)
    for option in OPTIONS:
        expect(bars.filter(has_text=option)).to_contain_text(f"{counts[option]} (")
    room = ClassroomStore(home)
    assert room.questions.counts(asked.number) == [(one, counts[one]) for one in OPTIONS]
    room.close()
    page.keyboard.press("Escape")

    page.get_by_text("Hand-ins", exact=True).click()
    rows, runs = downloaded(button(page, "Download all").click, page)
    named = sorted((row["name"], row[ASKED]) for row in rows)
    assert named == sorted((f"Person {place}", one) for place, one in enumerate(answers))
    store = Store(tmp_path / "another machine")
    for row in rows:
        assert import_run(store, runs[row["runs"]]) == row["runs"]
    assert [row.step for row in store.runs()] == [40] * ROOM
    store.close()
