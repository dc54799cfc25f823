"""The live chart under a reader's hands, while new data arrive five times a second."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.browser

APP = Path(__file__).parent / "apps" / "live_chart_app.py"
PLOT = "document.querySelectorAll('.live-chart-plot')[0]"


@pytest.fixture(scope="module")
def app_path(tmp_path_factory):
    """A copy of the test page: what it serves as static files stays out of the repository."""
    return shutil.copy(APP, tmp_path_factory.mktemp("app"))


@pytest.fixture(scope="module")
def app_url(serve, app_path):
    return serve(app_path)


@pytest.fixture
def chart(page: Page, app_url, complaints):
    """The growing chart on a fresh page, which has complained of nothing when the test ends."""
    yield opened(page, app_url)
    assert complaints == []


@pytest.fixture(scope="module")
def shown(browser, app_url):
    """The growing chart on one page for all tests that only look."""
    with browser.new_context() as context:
        yield opened(context.new_page(), app_url)


def opened(page: Page, url: str) -> "Chart":
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
    page.goto(url)
    chart = Chart(page)
    chart.wait_for_ticks(1)
    return chart


class Chart:
    """The first chart on the test page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.plot = page.locator(".live-chart-plot").first

    def get(self, expression: str):
        """The value of a JavaScript expression in which `gd` is the chart."""
        return self.page.evaluate(f"(() => {{ const gd = {PLOT}; return {expression} }})()")

    def wait_for(self, condition: str) -> None:
        self.page.wait_for_function(f"(() => {{ const gd = {PLOT}; return {condition} }})()")

    def wait_for_ticks(self, count: int) -> None:
        """Until the chart has drawn so many more updates; each moves it by ten steps."""
        self.wait_for("gd?._fullData?.[0]")
        self.wait_for(f"gd._fullData[0].x[0] >= {self.get('gd._fullData[0].x[0]') + 10 * count}")

    def ranges(self) -> list:
        return self.get("[gd._fullLayout.xaxis.range, gd._fullLayout.yaxis.range].flat()")

    def visible(self) -> dict:
        self.wait_for("gd._fullData?.length")  # not in the middle of a drawing
        return self.get("Object.fromEntries(gd._fullData.map((t) => [t.name, t.visible]))")

    def at(self, across: float, down: float) -> tuple[float, float]:
        """A place in the plot in page pixels, from shares of its width and height."""
        box = self.plot.locator(".nsewdrag").bounding_box()
        return box["x"] + across * box["width"], box["y"] + down * box["height"]

    def zoom(self) -> None:
        self.page.mouse.move(*self.at(0.3, 0.3))
        self.page.mouse.down()
        self.page.mouse.move(*self.at(0.5, 0.5))
        self.page.mouse.move(*self.at(0.7, 0.8))
        self.page.mouse.up()
        self.wait_for("gd._fullLayout.xaxis.autorange === false")

    def hide(self, name: str) -> None:
        entry = self.plot.locator(".legend .traces", has_text=name).locator(".legendtoggle")
        box = entry.bounding_box()
        self.page.mouse.click(box["x"] + 15, box["y"] + box["height"] / 2)
        self.wait_for(f"gd._fullData.find((t) => t.name === '{name}').visible === 'legendonly'")


def test_updates_never_remount_the_chart(shown):
    shown.get("void (window.before = [gd, gd.querySelector('.main-svg')])")
    shown.wait_for_ticks(8)
    assert shown.get("gd === before[0] && gd.querySelector('.main-svg') === before[1]")


def test_zoom_survives_updates_and_a_change_of_theme_and_of_width(chart):
    chart.zoom()
    zoomed = chart.ranges()
    chart.wait_for_ticks(3)
    assert chart.ranges() == zoomed
    chart.page.emulate_media(color_scheme="dark")
    chart.page.set_viewport_size({"width": 1100, "height": 900})
    chart.wait_for_ticks(3)
    assert chart.ranges() == zoomed


def test_a_drag_that_outlasts_updates_still_zooms(chart):
    page = chart.page
    page.mouse.move(*chart.at(0.2, 0.2))
    page.mouse.down()
    page.mouse.move(*chart.at(0.4, 0.4))
    shown = page.get_by_text("tick ").inner_text()
    expect(page.get_by_text("tick ")).not_to_have_text(shown)
    assert page.locator(".zoombox").count() == 1
    page.mouse.move(*chart.at(0.6, 0.8))
    page.mouse.up()
    chart.wait_for("gd._fullLayout.xaxis.autorange === false")
    zoomed = chart.ranges()
    chart.wait_for_ticks(2)
    assert chart.ranges() == zoomed


@pytest.mark.parametrize("how", ["the button", "a double click"])
def test_reset_shows_everything_and_follows_the_data_again(chart, how):
    chart.zoom()
    if how == "the button":
        chart.plot.get_by_label("Reset axes").click()
    else:
        chart.page.mouse.dblclick(*chart.at(0.5, 0.5))
    chart.wait_for("gd._fullLayout.xaxis.autorange === true")
    before = chart.ranges()
    assert before[2] == 1.0  # what the figure asks for, and not what the empty one did
    chart.wait_for_ticks(3)
    after = chart.ranges()
    assert after[1] >= before[1] + 30
    assert after[3] == pytest.approx(before[3] + 0.001 * (after[1] - before[1]) / 10, abs=1e-6)


def test_a_double_click_on_a_page_that_is_slow_to_see_it_resets_all_the_same(chart):
    chart.zoom()
    chart.get(
        "void addEventListener('pointerup', () => { const ends = performance.now() + 600;"
        " while (performance.now() < ends); }, { once: true })"
    )
    chart.page.mouse.dblclick(*chart.at(0.5, 0.5))
    chart.wait_for("gd._fullLayout.xaxis.autorange === true")


def test_two_clicks_apart_and_a_drag_after_a_click_reset_nothing(chart):
    page = chart.page
    chart.zoom()
    zoomed = chart.ranges()
    page.mouse.click(*chart.at(0.3, 0.3))
    page.mouse.click(*chart.at(0.7, 0.7))
    chart.wait_for_ticks(2)
    assert chart.ranges() == zoomed
    page.mouse.click(*chart.at(0.3, 0.3))
    page.mouse.move(*chart.at(0.3, 0.3))
    page.mouse.down(click_count=2)
    page.mouse.move(*chart.at(0.5, 0.5))
    page.mouse.move(*chart.at(0.6, 0.8))
    page.mouse.up(click_count=2)
    chart.wait_for(f"gd._fullLayout.xaxis.range[0] > {zoomed[0]}")
    closer = chart.ranges()
    chart.wait_for_ticks(2)
    assert chart.ranges() == closer


def test_a_curve_hidden_in_the_legend_stays_hidden(chart):
    chart.hide("validation")
    chart.wait_for_ticks(5)
    visible = chart.visible()
    assert visible.pop("validation") == "legendonly"
    assert set(visible.values()) == {True}


def test_another_revision_resets_the_zoom_but_not_the_legend(chart):
    chart.hide("bigram")
    chart.zoom()
    chart.page.get_by_text("bits", exact=True).click()
    chart.wait_for("gd._fullLayout.xaxis.autorange === true")
    visible = chart.visible()  # a trace has come before the others, and moved them all
    assert next(iter(visible)) == "mean"
    assert [name for name, shown in visible.items() if shown is not True] == ["bigram"]


def test_hover_labels_stay_while_data_arrive(chart):
    chart.page.mouse.move(*chart.at(0.5, 0.5))
    chart.wait_for("gd.querySelector('.hoverlayer').textContent.includes('validation')")
    chart.wait_for_ticks(4)
    assert "validation" in chart.get("gd.querySelector('.hoverlayer').textContent")


def test_the_page_stays_where_it_was_scrolled_to(shown):
    main = "document.querySelector('[data-testid=stMain]')"
    shown.page.evaluate(f"{main}.scrollTo(0, 120)")
    shown.wait_for_ticks(4)
    assert shown.page.evaluate(f"{main}.scrollTop") == 120


def test_the_theme_applies_at_once_without_new_data(chart):
    color = "getComputedStyle(gd.querySelector('.xtick text')).fill"
    chart.page.get_by_text("Update").click()
    expect(chart.page.get_by_role("switch", name="Update")).not_to_be_checked()
    assert chart.get(color) == "rgb(28, 35, 43)"
    chart.page.emulate_media(color_scheme="dark")
    chart.wait_for(f"{color} === 'rgb(232, 236, 240)'")
    assert chart.get("gd._fullLayout.paper_bgcolor") == "rgba(0,0,0,0)"


def test_the_chart_takes_the_width_of_its_column_and_keeps_its_height(chart):
    chart.page.set_viewport_size({"width": 820, "height": 900})
    chart.wait_for("gd._fullLayout.width === gd.parentElement.clientWidth && gd.clientWidth < 800")
    assert chart.get("gd.parentElement.clientHeight") == 360
    assert chart.get("gd._fullLayout.height") == 360


def test_the_mode_bar_has_six_buttons_and_no_logo(shown):
    shown.page.mouse.move(*shown.at(0.5, 0.5))
    labels = [b.get_attribute("aria-label") for b in shown.plot.locator(".modebar-btn").all()]
    assert labels == [
        *("Zoom", "Pan", "Reset axes"),
        *("Download as PNG", "Download as SVG", "Download as HTML"),
    ]


@pytest.mark.parametrize(("kind", "start"), [("PNG", b"\x89PNG"), ("SVG", b"<svg")])
def test_the_chart_can_be_downloaded(shown, kind, start):
    shown.page.mouse.move(*shown.at(0.5, 0.5))
    with shown.page.expect_download() as download:
        shown.plot.get_by_label(f"Download as {kind}").click()
    assert download.value.suggested_filename == f"loss.{kind.lower()}"
    assert Path(download.value.path()).read_bytes().startswith(start)


def test_the_drawing_is_an_image_with_a_description(shown):
    drawing = shown.page.get_by_role("img", name="Two curves that fall towards four floors.")
    expect(drawing).to_have_count(1)


def test_one_download_of_plotly_serves_every_chart(shown):
    shown.page.wait_for_function("document.querySelectorAll('.live-chart .main-svg').length >= 9")
    script = "performance.getEntriesByType('resource').filter((r) => r.name.includes('/plotly-'))"
    assert shown.page.evaluate(f"{script}.length") == 1


def test_the_chart_can_be_downloaded_as_a_page_that_needs_nothing_else(shown, tmp_path, browser):
    shown.page.mouse.move(*shown.at(0.5, 0.5))
    with shown.page.expect_download() as download:
        shown.plot.get_by_label("Download as HTML").click()
    assert download.value.suggested_filename == "loss.html"
    saved = tmp_path / "loss.html"
    download.value.save_as(saved)
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(saved.as_uri())
    page.wait_for_function("document.querySelector('#chart')?._fullData?.length")
    # The chart on the page has moved on meanwhile.
    curves = "_fullData.map((trace) => [trace.name, trace.y.length > 10])"
    assert page.locator("#chart").evaluate(f"gd => gd.{curves}") == shown.get(f"gd.{curves}")
    context.close()


def test_an_update_of_six_curves_of_500_points_takes_less_than_40_kilobytes(
    page: Page, app_url, complaints
):
    frames = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda f: frames.append(f)))
    page.goto(app_url)
    chart = Chart(page)
    chart.wait_for_ticks(2)
    frames.clear()
    chart.wait_for_ticks(5)
    charts = [len(frame) for frame in frames if len(frame) > 10_000]
    assert len(charts) >= 5
    assert max(charts) < 40_000
    assert complaints == []


def test_charts_are_found_under_a_base_path(page: Page, serve, app_path, complaints):
    url = serve(app_path, {"STREAMLIT_SERVER_BASE_URL_PATH": "/class/unroll"})
    page.goto(url)
    Chart(page).wait_for_ticks(2)
    assert complaints == []
    assert "Traceback" not in serve.log(url)


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("plotly-*.min.js.gz", "The chart library could not be loaded."),
        ("live_chart-*.js", "This chart's script could not be loaded."),
    ],
)
def test_a_script_that_is_missing_is_told_in_a_sentence(page: Page, app_url, file, sentence):
    def missing(route: Route) -> None:
        route.fulfill(status=404, body="")

    page.route(f"**/app/static/{file}", missing)
    page.goto(app_url)
    expect(page.get_by_text(sentence).first).to_be_visible()


def test_the_server_has_nothing_to_complain_of(serve, app_url, shown):
    log = serve.log(app_url)
    assert "Traceback" not in log
    assert "not a valid config option" not in log
