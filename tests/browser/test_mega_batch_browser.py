"""Cursors and the mega batch in a real browser: the windows are those of training."""

import random
import re
from pathlib import Path

import numpy as np
import pytest
from conftest import complaints_of
from playwright.sync_api import Page, expect

from core.config import PRESETS
from core.data.alphabet import decode
from core.data.corpora import load_corpus
from core.data.windows import Cursors

pytestmark = pytest.mark.browser

APP = Path(__file__).parent / "apps" / "mega_batch_app.py"
ARITHMETIC = Path(__file__).parents[2] / "dashboard" / "learn" / "windows.js"
TRAINED_ON = load_corpus("builtin").training

READ_PICTURE = """(host, cases) => {
  const press = (name) => [...host.querySelectorAll("button")]
    .find((button) => button.textContent === name).click()
  const slide = (name, value) => {
    const input = [...host.querySelectorAll("label")]
      .find((label) => label.textContent.startsWith(name)).querySelector("input")
    input.value = value
    input.dispatchEvent(new Event("input"))
  }
  const rows = (layout, kind) => [...host.querySelectorAll(`.${layout} tr`)]
    .map((row) => [...row.querySelectorAll(`td.${kind}`)])
    .filter((row) => row.length)
    .map((row) => row.map((cell) => [
      cell.textContent, cell.getAttribute("aria-label"), cell.classList.contains("broken"),
    ]))
  return cases.map(({ length, B, T, windows }) => {
    slide("Characters", length)
    slide("Batch size B", B)
    slide("Unrollings T", T)
    return Array.from({ length: windows }, (_, k) => {
      if (k) press("Step")
      return Object.fromEntries(["cursors", "slices"].map((layout) => [layout, {
        x: rows(layout, "cell"), before: rows(layout, "before")[0], after: rows(layout, "after")[0],
      }]))
    })
  })
}"""
"""What the picture shows of each case's windows, one after the other, moved by its own controls.

A cell is its letter, its description and whether it is marked.
"""

WINDOWS = """async ([script, cases]) => {
  const { windowOf } = await import("data:text/javascript," + encodeURIComponent(script))
  return cases.map(({ layout, windows, ...sizes }) =>
    Array.from({ length: windows }, (_, k) => windowOf(layout, sizes, k)))
}"""


def random_cases(count, length, B, T):
    """Sizes within these limits, each with windows for more than a pass over the text."""
    draw = random.Random(0)
    for _ in range(count):
        case = {"length": draw.randint(*length), "T": draw.randint(*T)}
        case["B"] = draw.randint(B[0], min(B[1], case["length"]))
        yield case | {"windows": case["length"] // (case["B"] * case["T"]) + 3}


def read_by_cursors(length, B, T, windows, **_):
    """The positions that `Cursors` reads, of shape `(windows, T, B)`."""
    cursors = Cursors(np.arange(length, dtype=np.uint8), B)
    return np.array([cursors.next_window(T)[0] for _ in range(windows)])


def read_by_slices(length, B, T, windows, **_):
    """The text from position 1 on, again and again, cut in slices that are laid along B."""
    run = np.arange(1, windows * B * T + 1) % length
    return run.reshape(windows, B, T).transpose(0, 2, 1)


LAYOUTS = {"cursors": read_by_cursors, "slices": read_by_slices}


def left_by(positions):
    """Whose state each cell is given, shaped as `positions`; -1 where that is zeros."""
    windows, T, B = positions.shape
    columns = positions.reshape(windows * T, B)
    return np.vstack([np.full((1, B), -1), columns[:-1]]).reshape(positions.shape)


def fitting(positions, length):
    """Where the state was left by the character before, or is the zeros of the start."""
    before = left_by(positions)
    return (before == -1) | ((before + 1) % length == positions)


@pytest.fixture(scope="module")
def url(serve):
    return serve(APP)


@pytest.fixture
def picture(page: Page, url, complaints):
    """The picture on a fresh page, which has complained of nothing when the test ends."""
    page.set_viewport_size({"width": 1280, "height": 1100})
    page.goto(url)
    yield opened(page)
    assert complaints == []


def opened(page: Page):
    picture = page.locator(".mega-batch")
    expect(picture.get_by_role("grid")).to_have_count(2)
    return picture


def press(picture, name):
    picture.get_by_role("button", name=name, exact=True).click()


def test_the_windows_are_those_of_the_cursors_and_every_mark_is_right(picture):
    cases = list(random_cases(50, length=(60, 120), B=(2, 6), T=(2, 8)))
    wrapped = same_letter = 0
    for case, shown in zip(cases, picture.evaluate(READ_PICTURE, cases), strict=True):
        length = case["length"]
        text = decode(TRAINED_ON[:length]).replace(" ", "·")
        letters = np.array(list(text))
        for layout, read in LAYOUTS.items():
            positions = read(**case)
            fits, before = fitting(positions, length), left_by(positions)
            x = [window[layout]["x"] for window in shown]
            assert column(x, 0) == letters[positions].tolist(), case
            assert column(x, 2) == (~fits).tolist(), case
            described = [
                [[re.search(r"position (\d+)", cell[1])[1] for cell in row] for row in w] for w in x
            ]
            assert described == positions.astype(str).tolist()
            carried = np.where(before[:, 0] == -1, "0", letters[before[:, 0]])
            assert [[c[0] for c in w[layout]["before"]] for w in shown] == carried.tolist()
            assert [[c[2] for c in w[layout]["before"]] for w in shown] == (~fits[:, 0]).tolist()
            targets = letters[(positions[:, -1] + 1) % length]
            assert [[c[0] for c in w[layout]["after"]] for w in shown] == targets.tolist()
            wrapped += (positions == 0).any()
            due = letters[positions[1:, 0] - 1]
            same_letter += (~fits[1:, 0] & (carried[1:] == due)).sum()
        assert fitting(read_by_cursors(**case), length).all()
        assert not fitting(read_by_slices(**case), length)[1:, 0].any()
    assert wrapped == 100  # every case, both layouts
    assert same_letter > 0  # marked by where a state is from, not by the letter it has read


def column(windows, which):
    return [[[cell[which] for cell in row] for row in window] for window in windows]


def test_the_arithmetic_holds_for_texts_shorter_than_a_window(picture):
    sizes = list(random_cases(60, length=(2, 40), B=(1, 40), T=(1, 12)))
    cases = [case | {"layout": layout} for case in sizes for layout in LAYOUTS]
    script = ARITHMETIC.read_text(encoding="utf-8")
    for case, windows in zip(cases, picture.page.evaluate(WINDOWS, [script, cases]), strict=True):
        positions = LAYOUTS[case["layout"]](**case)
        before = left_by(positions)

        def told(name, windows=windows):
            return [[[cell[name] for cell in row] for row in window] for window in windows]

        assert told("position") == positions.tolist()
        assert told("fits") == fitting(positions, case["length"]).tolist()
        assert told("from") == np.where(before == -1, None, before).tolist()


@pytest.fixture
def alone(browser, url):
    """The picture in a browser of its own, whose clock can be stopped for good."""
    with browser.new_context(viewport={"width": 1280, "height": 1100}) as context:
        page = context.new_page()
        complaints = complaints_of(page)
        page.goto(url)
        yield opened(page)
        assert complaints == []


def test_playing_fills_row_after_row_and_runs_no_python(alone):
    picture, page = alone, alone.page
    page.clock.install(time=0)
    page.clock.pause_at(1_000)
    press(picture, "Play")
    for read in range(6, 18):  # T is 5: the first window is there from the start
        page.clock.run_for(400)
        window, row = (read - 1) // 5, (read - 1) % 5
        expect(picture.locator(".now")).to_contain_text(f"Window {window + 1}: {read} characters")
        for layout in LAYOUTS:
            expect(picture.locator(f".{layout} .cell:not(:empty)")).to_have_count(4 * (row + 1))
        expect(picture.locator(".ribbon i.cursors:not(:empty)")).to_have_count(4 * (row + 1))
    press(picture, "Pause")
    page.clock.run_for(4_000)
    for name, read in (("Step", 20), ("Back", 15), ("Step", 20), ("First window", 5), ("Back", 5)):
        press(picture, name)
        expect(picture.locator(".now")).to_contain_text(f": {read} characters")
    expect(page.get_by_text("run 1", exact=True)).to_be_visible()


def test_another_run_of_the_page_leaves_the_picture_where_the_reader_has_moved_it(picture):
    picture.get_by_label("Unrollings T").fill("3")
    press(picture, "Step")
    before = picture.locator(".now").inner_text()
    assert "Window 2: 6 characters read in each of 4 columns" in before
    picture.page.get_by_role("button", name="Run the page again").click()
    expect(picture.page.get_by_text("run 2", exact=True)).to_be_visible()
    expect(picture.locator(".now")).to_have_text(before)


def test_a_cell_is_found_in_the_ribbon_and_in_its_one_hot_block(picture):
    press(picture, "Step")
    picture.locator(".slices .cell").nth(1).click()  # t = 1, column 2 of window 2
    ids = TRAINED_ON[:96]
    position, came_from = 1 + 4 * 5 + 5, 5 + 5  # slice 5 begins there, slice 1 ended here
    ribbon = picture.locator(".ribbon .character")
    expect(ribbon.nth(position)).to_have_class(re.compile(r"\bchosen\b"))
    expect(ribbon.nth(came_from)).to_have_class(re.compile(r"\bfrom broken\b"))
    expect(picture.get_by_role("status")).to_contain_text(
        f"“{decode(ids[[position]])}”, position {position}. Its state comes from "
        f"“·”, position {came_from}; the character before it is"
    )
    hot = picture.locator(".one-hot .bit").evaluate_all("bits => bits.map((b) => b.textContent)")
    rows = np.array([bit == "1" for bit in hot]).reshape(4, 27)
    read = ids[read_by_slices(96, 4, 5, 2)[1, 0]]
    assert rows.tolist() == np.eye(27, dtype=bool)[read].tolist()


def test_arrows_walk_through_the_cells_and_turn_no_page(picture):
    press(picture, "Step")
    cells = picture.locator(".cursors .cell")
    cells.nth(0).focus()
    keys = ("ArrowLeft", "ArrowUp", "ArrowDown", "ArrowRight")  # the first two lead nowhere
    picture.page.evaluate(
        "document.addEventListener('keydown', (e) => (window.heard ??= []).push(e.key))"
    )
    for key in keys:
        picture.page.keyboard.press(key)
    expect(cells.nth(5)).to_be_focused()
    expect(cells.nth(5)).to_have_attribute("aria-selected", "true")
    expect(picture.locator(".cursors [aria-selected=true]")).to_have_count(1)
    picture.get_by_label("Batch size B").press("ArrowRight")
    expect(picture.get_by_text("in each of 5 columns")).to_be_visible()
    assert picture.page.evaluate("window.heard ?? []") == []


def test_the_wrap_around_is_marked_where_the_last_cursor_meets_the_start(picture):
    press(picture, "Wrap-around")
    expect(picture.get_by_text("Window 5: 25 characters read")).to_be_visible()
    wrapped = picture.locator(".cursors .wrapped")
    expect(wrapped).to_have_count(1)
    expect(wrapped).to_have_attribute("aria-label", re.compile(r"t = 4, column 4: t, position 0;"))
    wrapped.click()
    expect(picture.get_by_role("status")).to_contain_text(
        "position 95, the character before it: the text ends there, and begins again."
    )
    press(picture, "First window")
    expect(picture.get_by_text("Window 1: 5 characters read")).to_be_visible()


def test_updates_a_pass_are_characters_by_b_times_t(picture):
    picture.get_by_label("Unrollings T").fill("7")
    config, length = PRESETS["demo"].config, len(TRAINED_ON)
    rows = picture.locator(".updates tr").all_inner_texts()
    shown = {name: numbers for name, *numbers in (row.split("\t") for row in rows)}
    assert shown["this picture"] == ["96", "4", "7", "28", "3.4"]
    a_pass = length / config.characters_per_step
    assert shown["your settings"] == [f"{length:,}", "32", "25", "800", f"{a_pass:,.1f}"]
    assert shown["B doubled"][-1] == shown["T doubled"][-1] == f"{a_pass / 2:,.1f}"


@pytest.mark.parametrize("query", ["", "?present=1"], ids=["usual", "projector"])
def test_sliders_move_nothing_but_the_picture_and_it_fits_its_page(picture, url, query):
    page = picture.page
    page.goto(url + query)
    opened(page)
    parts = ".top, label, .now, .ribbon, .status, .block, .grid, .matrix, .updates, .lesson"
    corners = f"""host => [...host.querySelectorAll({parts!r})].map((part) => {{
        const {{ left, top }} = part.getBoundingClientRect()
        return [part.className, left, top]
    }})"""
    before = picture.evaluate(corners)
    sliders = {"Batch size B": (2, 6), "Unrollings T": (2, 8), "Characters": (60, 120)}
    for name, ends in sliders.items():
        for value in ends:
            picture.get_by_label(name).fill(str(value))
            assert picture.evaluate(corners) == before, (name, value)
    picture.get_by_label("Batch size B").fill("6")
    picture.get_by_label("Unrollings T").fill("8")
    press(picture, "Wrap-around")
    assert picture.evaluate(corners) == before
    assert picture.evaluate("host => host.scrollWidth <= host.clientWidth")
    grid = picture.locator(".slices .grid").bounding_box()
    assert grid["y"] + grid["height"] <= picture.locator(".updates").bounding_box()["y"]
    tops = [block.bounding_box()["y"] for block in picture.locator(".block").all()]
    assert len(set(tops)) == 1  # the grids and the one-hot block, side by side


CONTRASTS = """(host, selectors) => {
  const paper = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true })
  const light = (...colours) => {
    for (const colour of colours) { paper.fillStyle = colour; paper.fillRect(0, 0, 1, 1) }
    const [r, g, b] = [...paper.getImageData(0, 0, 1, 1).data.slice(0, 3)].map((level) => {
      const share = level / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const page = getComputedStyle(document.querySelector(".stApp")).backgroundColor
  return Object.fromEntries(selectors.map((selector) => {
    const { color, backgroundColor } = getComputedStyle(host.querySelector(selector))
    const pair = [light(page, backgroundColor, color), light(page, backgroundColor)]
    return [selector, (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05)]
  }))
}"""
"""How far the letters of elements stand out from what they are written on (WCAG 2)."""


@pytest.mark.parametrize(
    ("scheme", "page_is"), [("light", "255, 255, 255"), ("dark", "20, 23, 28")]
)
def test_letters_can_be_read_on_their_marks_in_both_themes(picture, scheme, page_is):
    picture.page.emulate_media(color_scheme=scheme)
    expect(picture.page.locator(".stApp")).to_have_css("background-color", f"rgb({page_is})")
    press(picture, "Step")
    marked = [
        *(".cursors .cell:not(.broken)", ".slices .cell.broken", ".before.broken"),
        *(".odd .letter", "i.cursors:not(:empty)", "i.slices:not(:empty)", "i.broken", ".bit.one"),
    ]
    contrasts = picture.evaluate(CONTRASTS, marked)
    assert {name: ratio for name, ratio in contrasts.items() if ratio < 4.5} == {}
