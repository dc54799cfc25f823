"""Two people and a teacher at one server, in real browsers: whose run it is.

A browser context keeps cookies of its own, as another computer does.
"""

import re
import sqlite3
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


APP = Path(__file__).parents[2] / "dashboard" / "app.py"
# As many steps as a person may have in a class: of a tiny network they were done in ten seconds.
SETTINGS = "nodes=100&batch_size=32&unrollings=20&device=cpu&probe_every=0"
ENDLESS = f"{SETTINGS}&steps=1000000&report_every=1000000&learning_rate=0.001"
COOKIE = "document.cookie.includes('unroll_browser=')"
COMMANDS = ["Start", "Pause", "Resume", "1 step", "10 steps", "Stop"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def url(serve, home):
    env = {"UNROLL_HOME": str(home), "UNROLL_TEACHER_KEY": "chalk"}
    url = serve(APP, env)
    yield url
    assert "Traceback" not in serve.log(url)


def button(page: Page, name: str, **state: bool):
    main = page.get_by_test_id("stMainBlockContainer")
    return main.get_by_role("button", name=re.compile(rf"^{name}( Shortcut \w)?$"), **state)


def start(page: Page, url: str) -> str:
    """Start a run as whoever sits at this page; the link to it."""
    page.goto(f"{url}/?{ENDLESS}&run=new")
    page.wait_for_function(COOKIE)
    button(page, "Start", disabled=False).click()  # once it is known whose run it will be
    button(page, "Pause", disabled=False).wait_for()
    page.wait_for_url(re.compile("run=[0-9a-f]{12}"))
    return page.url


def stop(page: Page) -> None:
    """Stop the run that trains at this page: the next person needs its place."""
    page.locator(".stProgress").get_by_text("running", exact=True).wait_for()
    button(page, "Stop").click()
    page.locator(".stProgress").get_by_text("stopped", exact=True).wait_for()


def run_of(link: str) -> str:
    return re.search("run=([0-9a-f]+)", link)[1]


def secret_of(page: Page) -> str:
    (secret,) = [c["value"] for c in page.context.cookies() if c["name"] == "unroll_browser"]
    return secret


def test_another_browser_watches_a_run_and_cannot_touch_or_find_it(page, url, another_page, home):
    link = start(page, url)
    other = another_page()
    other.goto(link)
    other.get_by_text("This run was started in another browser").wait_for()
    other.locator(".stProgress").get_by_text("running", exact=True).wait_for()
    for name in COMMANDS:
        button(other, name, disabled=True).wait_for()
    rate = other.get_by_role("spinbutton", name="Learning rate").filter(visible=True)
    expect(rate).to_be_disabled()
    for key in "xp":
        other.keyboard.press(key)
    # It is in no list of theirs but where they watch it, and there it cannot be changed.
    other.get_by_role("link", name="Runs").click()
    other.get_by_text("1 run. Best and last").wait_for()
    newcomer = another_page()
    newcomer.goto(url)
    button(newcomer, "Start", disabled=False).wait_for()
    assert "run=" not in newcomer.url
    # Their own is theirs, and the owner's goes on.
    other.goto(link)
    button(other, "Set up the same").click()
    button(other, "Start", disabled=False).wait_for()
    expect(rate).to_have_value("0.001")
    own = start(other, url)
    assert run_of(own) != run_of(link)
    for each in (page, other):
        stop(each)
    # Nobody is told a secret but the server, and that keeps none.
    secrets = {secret_of(each) for each in (page, other, newcomer)}
    assert len(secrets) == 3
    assert not any(secret in link + own for secret in secrets)
    kept = b"".join(file.read_bytes() for file in home.glob("*.sqlite*"))
    assert not any(secret.encode() in kept for secret in secrets)


def test_a_browser_keeps_its_run_after_a_reload_and_a_restart_of_the_server(
    page, url, another_page, home, serve
):
    link = start(page, url)
    page.reload()
    button(page, "Pause", disabled=False).wait_for()
    button(page, "Pause").click()
    page.locator(".stProgress").get_by_text("paused", exact=True).wait_for()
    serve.restart(url)
    page.goto(link)
    page.locator(".stProgress").get_by_text("interrupted", exact=True).wait_for()
    other = another_page()
    other.goto(link)
    other.get_by_text("This run was started in another browser").wait_for()
    expect(button(other, "Resume")).to_be_disabled()
    button(page, "Resume", disabled=False).wait_for()
    button(page, "Resume").click()
    stop(page)
    with sqlite3.connect(home / "runs.sqlite") as store:
        query = "SELECT browser FROM runs WHERE id = ?"
        ((browser,),) = store.execute(query, (run_of(link),)).fetchall()
    assert browser == sha256(secret_of(page).encode()).hexdigest()


ANOTHER_TAB = """
const kept = Storage.prototype.setItem
Storage.prototype.setItem = function (name, value) {
  kept.call(this, name, value)
  if (name !== "unroll_browser" || window.once) return
  window.once = true // as a second tab, whose script did the same in this very moment
  document.cookie = `${name}=${"ab".repeat(16)}; Path=/`
  kept.call(this, name, "ab".repeat(16))
}
"""


def test_two_tabs_of_a_first_visit_are_one_browser(page, url, home):
    page.add_init_script(ANOTHER_TAB)
    link = start(page, url)
    stop(page)
    with sqlite3.connect(home / "runs.sqlite") as store:
        ((browser,),) = store.execute("SELECT browser FROM runs WHERE id = ?", (run_of(link),))
    assert browser == sha256(("ab" * 16).encode()).hexdigest()


SLOWLY_KNOWN = """
const wait = window.setTimeout
window.setTimeout = (work, time, ...more) => {
  if (time !== 50 || !String(work).includes("secret")) return wait(work, time, ...more)
  window.known = work // the report of the browser's secret, until the test lets it go
  return 0
}
"""


def test_the_teacher_sees_and_stops_all_and_locks_starting(page, url, another_page):
    link = start(page, url)
    teacher = another_page()
    teacher.add_init_script(SLOWLY_KNOWN)
    teacher.goto(url)
    # At a first visit the page is drawn again once the browser is known: what was opened stays.
    teacher.get_by_role("button", name="Teacher", exact=True).click()
    key = teacher.get_by_role("textbox", name="The teacher's key")
    key.wait_for()
    expect(button(teacher, "Start")).to_be_disabled()
    teacher.evaluate("window.known()")
    button(teacher, "Start", disabled=False).wait_for()
    expect(key).to_be_visible()
    key.fill("cheese")
    key.press("Enter")
    teacher.get_by_text("This is not the teacher's key").wait_for()
    key.fill("chalk")
    key.press("Enter")
    teacher.get_by_text("You see and command the runs of all").wait_for()
    teacher.get_by_text("Lock starting").click()
    teacher.get_by_text("1 training, 0 waiting, starting is locked.").wait_for()
    teacher.goto(link)
    button(teacher, "Stop", disabled=False).wait_for()
    stop(teacher)
    page.locator(".stProgress").get_by_text("stopped", exact=True).wait_for()
    button(page, "Start").click()
    page.get_by_text("Your teacher has locked starting for now.").wait_for()
