"""The page Learn in a real browser: drags run no script, and a question comes before its answer."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

COUNT_REDRAWS = """(node) => {
  window.redraws = 0
  new MutationObserver(() => { window.redraws += 1 }).observe(node, {
    childList: true, characterData: true, subtree: true, attributes: true,
  })
}"""


@pytest.fixture(scope="module")
def url(recorded_url):
    return recorded_url


@pytest.fixture
def frames(page):
    """What the page has sent to the server: any script run begins with a frame."""
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    return sent


def opened(page, url, picture, **query):
    more = "".join(f"&{name}={value}" for name, value in query.items())
    page.goto(f"{url}/learn?picture={picture}{more}")
    expect(page.locator(".toy")).to_be_visible(timeout=60_000)
    # Until the server has said everything, the page may still answer it.
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    return page.locator(".toy")


def number(page, name):
    """A number of picture 1 by its name."""
    return page.locator(f'.cell[aria-label^="{name}: "]')


def value(cell):
    return float(cell.text_content().replace("−", "-"))


def dragged(page, target, by, moves=60):
    box = target.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by, y, steps=moves)
    page.mouse.up()


def test_a_weight_is_dragged_and_every_number_follows_without_a_script_run(
    page, url, frames, complaints
):
    opened(page, url, "step")
    weight, loss = number(page, "W[1,1]"), number(page, "loss")
    before, loss_before = value(weight), value(loss)
    loss.evaluate(COUNT_REDRAWS)
    sent = len(frames)
    dragged(page, weight, by=80)
    page.wait_for_function("window.redraws > 10")
    assert value(weight) == pytest.approx(before + 0.8)
    assert value(loss) != loss_before
    assert len(frames) == sent
    assert [said for said in complaints if "404" not in said] == []


def test_keys_change_a_weight_walk_over_the_numbers_and_turn_no_page(page, url):
    opened(page, url, "step")
    weight = number(page, "W[1,1]")
    before = value(weight)
    weight.focus()
    page.keyboard.press("ArrowUp")
    expect(weight).to_have_attribute("aria-valuenow", f"{before + 0.05:.2f}".rstrip("0"))
    page.keyboard.press("ArrowRight")
    expect(number(page, "W[1,2]")).to_be_focused()
    expect(page.locator(".unfolded")).to_contain_text("W[1,2] = ")
    expect(page.get_by_role("heading", name="Learn")).to_be_visible()


def test_a_number_unfolds_into_its_sum_forward_and_backward(page, url):
    toy = opened(page, url, "step")
    number(page, "o₂[l]").click()
    unfolded = page.locator(".unfolded")
    names = " + ".join(f"h₂[{i}] · V[{i},l]" for i in range(1, 7))
    expect(unfolded).to_contain_text(f"o₂[l] = {names} + c[l]")
    expect(toy.locator(".cell.used")).to_have_count(6 + 6 + 1)
    toy.get_by_label("gradients").check()
    expect(unfolded).to_contain_text("∂o₂[l] = 1/T · p₂[l] − 1/T")


@pytest.mark.parametrize(
    ("network", "ways_back"),
    [("Arch 1, add", 3), ("Arch 2, teacher forced", 0), ("Arch 2, free running", 3)],
)
def test_a_gradient_goes_back_from_step_to_step_unless_the_true_output_comes_back(
    page, url, network, ways_back
):
    toy = opened(page, url, "step")
    toy.get_by_role("combobox", name="Network").select_option(network)
    toy.get_by_label("gradients").check()
    expect(toy.locator("path.gradient")).to_have_count(ways_back)


def test_another_word_is_read_and_other_letters_are_not(page, url):
    toy = opened(page, url, "step")
    toy.get_by_role("textbox", name="Word").fill("hxole")
    expect(toy.get_by_role("textbox", name="Word")).to_have_value("hole")
    expect(toy.get_by_text("reads")).to_have_text(["reads h", "reads o", "reads l"])


@pytest.mark.parametrize(
    ("picture", "right", "wrong", "outcome"),
    [
        ("step", "the same", "something different", "With W = 0 it says"),
        ("unroll", "it tells them apart", "it does not", "the carried state helps"),
        ("slopes", "it stays", "further back", "Rescaling restores the size"),
        ("output", "less than 10 %", "about half", "nor have more than e/(e + 26) = 9.5 %"),
        ("batch", "all", "none", "It is the batch that tears them apart"),
    ],
)
def test_the_answer_is_nowhere_before_a_prediction_is_committed(
    page, url, picture, right, wrong, outcome
):
    for chosen, verdict, width in (
        (right, "As predicted", 1280),
        (wrong, "Not as predicted", 1920),
    ):
        page.set_viewport_size({"width": width, "height": 800})
        toy = opened(page, url, picture, present=int(width > 1280))
        commit = toy.get_by_role("button", name="Commit")
        expect(commit).to_be_disabled()
        toy.get_by_label(chosen, exact=True).check()
        shown = toy.inner_text()
        assert outcome not in shown
        assert "× 1,000" not in shown
        commit.click()
        answer = toy.locator(".answer")
        expect(answer).to_contain_text(f"{verdict}. You said: {chosen}.")
        expect(answer).to_contain_text(outcome)
        expect(answer).to_be_focused()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(
    ("network", "why"),
    [
        ("Arch 1, concat", "What came before reaches a step through W alone."),
        ("Arch 2, free running", "What came before reaches a step through W alone."),
        ("Arch 2, teacher forced", "the true previous output is the very letter that it reads."),
    ],
)
def test_the_answer_says_why_for_the_network_that_is_shown(page, url, network, why):
    toy = opened(page, url, "step")
    toy.get_by_role("combobox", name="Network").select_option(network)
    toy.get_by_label("the same").check()
    toy.get_by_role("button", name="Commit").click()
    expect(toy.locator(".answer")).to_contain_text("As predicted")
    expect(toy.locator(".answer")).to_contain_text(why)


def sizes(toy):
    """The size of each copy's share, as it is written."""
    return [float(size) for size in toy.locator(".share text").all_text_contents()]


def losses(toy):
    return toy.locator(".loss").all_text_contents()


def test_the_cut_is_dragged_without_a_script_run_and_stops_gradients_alone(page, url, frames):
    toy = opened(page, url, "unroll")
    toy.get_by_role("slider", name="Copies").fill("8")
    expect(toy.locator(".share")).to_have_count(6)  # the third window is not full
    expect(toy.locator("path.between.gradient")).to_have_count(4)
    expect(toy.locator("path.between.value")).to_have_count(9)
    before, sent = losses(toy), len(frames)
    pill = toy.locator(".handle .pill")
    pill.scroll_into_view_if_needed()
    dragged(page, pill, by=-400)
    expect(toy.get_by_role("slider", name="Unrollings T")).to_have_value("1")
    expect(toy.locator(".told")).to_contain_text("no gradient goes from one copy to another")
    expect(toy.locator(".cut")).to_have_count(9)
    expect(toy.locator("path.between.gradient")).to_have_count(0)
    expect(toy.locator("path.between.value")).to_have_count(9)
    assert losses(toy) == before
    assert min(sizes(toy)) > 0
    assert len(frames) == sent


def test_one_copy_is_the_loop_and_more_unrollings_pull_it_apart(page, url):
    toy = opened(page, url, "unroll")
    copies = toy.get_by_role("slider", name="Copies")
    unrollings = toy.get_by_role("slider", name="Unrollings T")
    copies.focus()
    page.keyboard.press("Home")
    expect(unrollings).to_have_value("1")
    expect(toy.locator("path.loop")).to_have_count(1)
    unrollings.focus()
    page.keyboard.press("End")
    expect(copies).to_have_value("8")
    expect(toy.locator("path.loop")).to_have_count(0)
    expect(toy.locator("path.between.gradient")).to_have_count(7)
    expect(page.get_by_role("heading", name="Learn")).to_be_visible()


def test_a_share_shows_its_numbers_and_those_of_its_window_add_up(page, url):
    toy = opened(page, url, "unroll")
    toy.get_by_role("button", name="share of copy 4").focus()
    found = []
    for copy in (4, 5, 6):
        expect(toy.locator("caption").first).to_have_text(f"Share of copy {copy}")
        texts = toy.locator("td").all_text_contents()
        found.append([float(text.replace("−", "-")) for text in texts])
        page.keyboard.press("ArrowRight")
    expect(toy.locator("caption").nth(1)).to_have_text("Sum of the shares of copies 4 to 6")
    shares = [numbers[:9] for numbers in found]
    for numbers in found:
        assert numbers[9:18] == numbers[18:]
        added = [sum(at) for at in zip(*shares, strict=True)]
        assert numbers[18:] == pytest.approx(added, abs=0.002)  # each is rounded to 0.001
    norms = [sum(value**2 for value in share) ** 0.5 for share in shares]
    assert sizes(toy)[3:] == pytest.approx(norms, abs=0.002)


def test_slopes_are_dragged_without_a_script_run_and_rescaling_keeps_the_ratio(page, url, frames):
    toy = opened(page, url, "slopes")
    told, bars = toy.locator(".told"), toy.locator("svg.bars rect")
    expect(toy.locator(".run")).to_contain_text("Recorded: Quick demo")
    expect(toy.locator("svg.bars circle")).to_have_count(41)
    sent = len(frames)
    dragged(page, toy.locator("svg.curve circle"), by=60)
    expect(told).not_to_contain_text("0.90 · 0.79")
    toy.get_by_label("ReLU").check()
    toy.get_by_role("slider", name="w", exact=True).fill("0.5")
    expect(told).to_contain_text("|w φ′| = 0.50 · 1.00 = 0.500. Horizon: lag 6,")
    lag_0 = bars.first.get_attribute("height")
    toy.get_by_label("it stays").check()
    toy.get_by_role("button", name="Commit").click()
    expect(told).to_contain_text("At lag 1 the gradient is 500,")
    expect(told).to_contain_text(re.compile(r"Horizon: lag 6,.* is 1\.8 · 10⁻¹²\."))
    assert float(bars.first.get_attribute("height")) > float(lag_0)
    assert len(frames) == sent


def test_teacher_forcing_reads_one_letter_twice_and_has_no_way_back(page, url):
    toy = opened(page, url, "output")
    steps, told = toy.locator("svg.steps"), toy.locator(".told").first
    expect(steps.locator(".same")).to_have_count(4)
    pairs = [steps.locator(f'[aria-label^="{said}"]') for said in ("what comes back", "step")]
    assert [pair.all_text_contents() for pair in pairs] == [["h", "e", "l", "l"]] * 2
    expect(steps.locator("path.gradient")).to_have_count(0)
    expect(told).to_contain_text(re.compile(r"step back: [\d.]+, 0, 0, 0\. "))
    toy.get_by_label("off", exact=True).check()
    expect(steps.locator(".same")).to_have_count(0)
    expect(steps.locator("path.gradient")).to_have_count(3)
    sizes = steps.locator(".size").all_text_contents()
    assert all(float(size) > 0 for size in sizes)
    expect(told).to_contain_text(f", {', '.join(reversed(sizes))}. ")


def test_other_weights_send_nothing_back_either_under_teacher_forcing(page, url):
    toy = opened(page, url, "output")
    told = toy.locator(".told").first
    before = told.text_content()
    toy.get_by_role("button", name="Other weights").click()
    expect(told).not_to_have_text(before)
    expect(told).to_contain_text(", 0, 0, 0. ")


def test_one_softmax_is_sharpened_to_100_percent_and_two_stop_at_the_ceiling(page, url, frames):
    toy = opened(page, url, "output")
    told = toy.locator(".told").nth(1)
    sharpen = toy.get_by_role("slider", name="Logits ×")
    expect(told).to_contain_text("Likeliest after t: h. One softmax: 25.7 %. The logits")
    expect(toy.locator("rect.bar.most")).to_have_count(1)
    assert "ceiling" not in toy.inner_html()
    sent = len(frames)
    sharpen.scroll_into_view_if_needed()
    dragged(page, sharpen, by=20)
    expect(told).not_to_contain_text("25.7 %")
    sharpen.fill("0")
    expect(sharpen).to_have_attribute("aria-valuetext", "1")
    toy.get_by_label("less than 10 %").check()
    toy.get_by_role("button", name="Commit").click()
    expect(sharpen).to_have_value("3")
    expect(told).to_contain_text("One softmax: 100.0 %. Softmax of the softmax: 9.5 %.")
    expect(toy.locator("line.ceiling")).to_have_count(1)
    expect(toy.locator(".ceiling-name")).to_have_text("ceiling e/(e + 26) = 9.5 %")
    sharpen.fill("0")
    expect(told).to_contain_text("One softmax: 25.7 %. Softmax of the softmax: 4.6 %.")
    toy.get_by_role("combobox", name="What comes after").select_option("q")
    expect(told).to_contain_text("Likeliest after q: u. One softmax: 92.0 %.")
    assert len(frames) == sent
