"""The Runs page in a real browser: a run outlives its server and is found, opened and resumed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
SMALL = ["--nodes=8", "--batch-size=4", "--unrollings=6", "--device=cpu", "--probe-every=0"]


def cli(home, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "core", *arguments],
        cwd=ROOT,
        env={**os.environ, "UNROLL_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A store with two finished runs of the command line."""
    home = tmp_path_factory.mktemp("runs")
    for activation in ("tanh", "relu"):
        cli(home, "train", *SMALL, "--steps=300", f"--activation={activation}")
    return home


@pytest.fixture(scope="module")
def url(serve, home):
    url = serve(ROOT / "dashboard" / "app.py", {"UNROLL_HOME": str(home)})
    yield url
    assert "Traceback" not in serve.log(url)


@pytest.fixture
def runs(page: Page, url, complaints):
    """The Runs page; it had no complaint."""
    page.set_viewport_size({"width": 1280, "height": 1000})
    page.goto(url)
    page.get_by_role("link", name="Runs").click()
    page.locator('[data-testid="stDataFrame"] canvas').first.wait_for()
    yield page
    offline = "net::ERR_NAME_NOT_RESOLVED"
    assert [said for said in complaints if offline not in said] == []


def shows(page, runs):
    """Wait for a table of so many runs: its canvas says nothing, what screen readers get does."""
    grid = page.locator('[data-testid="stDataFrame"] [role=grid]').first
    expect(grid).to_have_attribute("aria-rowcount", str(runs + 1))


def choose_row(page, row):
    box = page.locator('[data-testid="stDataFrame"]').first.bounding_box()
    page.mouse.click(box["x"] + 18, box["y"] + 38 + 35 * row + 17)


def test_a_run_is_found_compared_noted_and_trained_further(runs, home):
    choose_row(runs, 0)
    expect(runs.get_by_label("Name", exact=True)).to_have_value("Arch 1 ReLU, N 8, T 6")
    choose_row(runs, 1)
    expect(runs.get_by_text("Where their settings differ")).to_be_visible()
    choose_row(runs, 1)
    note = runs.get_by_label("Note", exact=True)
    note.fill("the ReLU one")
    note.blur()
    search = runs.get_by_placeholder("name, tag, note")
    expect(note).to_have_value("the ReLU one")
    search.fill("nothing like it")
    expect(runs.get_by_text("No run of 2 fits")).to_be_visible()
    expect(runs.get_by_text("Choose a run in the table")).to_be_visible()
    search.fill("relu one")
    expect(runs.get_by_text("1 of 2 runs")).to_be_visible()
    shows(runs, 1)
    choose_row(runs, 0)
    runs.get_by_role("button", name="Extend").click()
    runs.get_by_role("button", name="Go on").click()
    expect(runs.get_by_text("step 600 of 600")).to_be_visible(timeout=20_000)
    shown = json.loads(cli(home, "runs", "list", "--json"))
    assert sorted((run["steps"], run["status"]) for run in shown) == [
        (300, "finished"),
        (600, "finished"),
    ]


def test_a_chosen_run_stays_chosen_wherever_its_row_goes(runs, home):
    name, its = runs.get_by_label("Name", exact=True), "Arch 1 tanh, N 8, T 6"
    choose_row(runs, 1)
    expect(name).to_have_value(its)
    cli(home, "train", *SMALL, "--steps=20", "--nodes=9")  # its row comes above, by itself
    expect(runs.get_by_text("3 runs")).to_be_visible(timeout=15_000)
    shows(runs, 3)
    expect(name).to_have_value(its)
    choose_row(runs, 2)  # where the chosen one stands now
    expect(runs.get_by_text("Choose a run in the table")).to_be_visible()
    box = runs.locator('[data-testid="stDataFrame"]').first.bounding_box()
    # By name, behind choice, id, colour and star: N 8 ReLU, N 8 tanh, N 9.
    runs.mouse.click(box["x"] + 35 + 118 + 33 + 35 + 40, box["y"] + 17)
    choose_row(runs, 1)
    expect(name).to_have_value(its)
    runs.get_by_placeholder("name, tag, note").fill("tanh")
    expect(runs.get_by_text("2 of 3 runs")).to_be_visible()
    expect(name).to_have_value(its)
    # To Train and back: one step of the visitor's is one of the browser's history.
    before = runs.evaluate("history.length")
    runs.get_by_role("button", name="Open").click()
    runs.wait_for_url(lambda address: "/runs" not in address and "run=" in address)
    expect(runs.get_by_role("button", name="Start Shortcut S")).to_be_visible()
    assert runs.evaluate("history.length") == before + 1
    runs.go_back()
    expect(runs.get_by_text("2 of 3 runs")).to_be_visible()
    expect(name).to_have_value(its)
    assert runs.url.endswith("/runs")


def test_a_run_is_renamed_where_its_name_stands_and_enter_saves(runs, home):
    choose_row(runs, 0)
    name = runs.get_by_label("Name", exact=True)
    expect(name).not_to_have_value("")  # until the run's own is in it
    before = name.input_value()
    name.fill("for the lecture")
    name.press("Enter")
    search = runs.get_by_placeholder("name, tag, note")
    search.fill("for the lecture")
    expect(runs.get_by_text(re.compile(r"^1 of \d runs"))).to_be_visible()
    expect(name).to_have_value("for the lecture")
    named = [run["name"] for run in json.loads(cli(home, "runs", "list", "--json"))]
    assert "for the lecture" in named
    name.fill(before)
    name.press("Enter")
    expect(runs.get_by_text("No run of")).to_be_visible()
