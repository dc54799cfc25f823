"""The Sample page as a visitor meets it: without a network, with a run, with a file."""

import json

import numpy as np
import pytest
import streamlit as st
from verbatim import verbatims
from visit import ENDLESS, TINY, Visit

from core.config import TrainingConfig
from core.data.alphabet import encode, normalise
from core.data.corpora import load_corpus
from core.data.ngrams import NgramModel
from core.insight.sampling import Draw, sample
from core.insight.surprise import surprise
from core.insight.walk import walk
from core.networks.initialisers import initial_parameters
from core.networks.stepwise import CharacterModel
from core.storage.weights import weights_bytes
from dashboard.charts.sample import LABELS
from dashboard.sample.surprise_panel import _short
from dashboard.server import library, manager

pytestmark = pytest.mark.usefixtures("own_server")

LATCH = TrainingConfig(**TINY, text="latch:4")
ARCH2 = LATCH.changed(architecture="arch2")


def weights_of(config):
    return {name: 3 * value for name, value in initial_parameters(config, seed=0).items()}


class Reader(Visit):
    """A visitor on the Sample page."""

    def __init__(self, **query):
        super().__init__(**query)
        self.turn_to("sample")

    def turn_to(self, view):
        self.page.switch_page(f"views/{view}.py")
        return self.look()

    def upload_weights(self, config, name="net.safetensors", panel="a"):
        return self.upload_bytes(weights_bytes(weights_of(config), config), name, panel)

    def upload_bytes(self, data, name="net.safetensors", panel="a"):
        (box,) = [b for b in self.page.get("file_uploader") if b.key == f"sample_upload_{panel}"]
        box.set_value((name, data, "application/octet-stream"))
        return self.look()

    def open(self, part):
        self.page.session_state["sample_part"] = part
        return self.look()

    def set(self, **values):
        for name, value in values.items():
            self.page.session_state[f"sample_{name}"] = value
        return self.look()

    def components(self, part):
        """What the components of this kind were sent."""
        sent = [json.loads(c.proto.json) for c in self.page.get("bidi_component")]
        return [data for data in sent if part in data]

    def texts(self):
        return [code.value for code in self.page.code]

    def write_all(self):
        """At once; the tick that draws the text comes with the next look."""
        self.set(pace="at once")
        self.click("Write")
        return self.texts()


def rows_of(data):
    """The rows of coloured text: label -> (what was read, what was removed, the levels)."""
    found = {}
    for row in data["rows"]:
        kept = [mark for mark in row["marks"] if mark[3] != "removed"]
        removed = [mark[0] for mark in row["marks"] if mark[3] == "removed"]
        found[row["label"]] = ("".join(m[0] for m in kept), removed, [m[1] for m in kept])
    return found


# -- where weights come from -----------------------------------------------------------------


def test_without_a_network_the_page_says_how_to_get_one():
    reader = Reader()
    assert reader.said("info") == [
        "There is no network to read yet: train one on the Train page, or upload weights."
    ]
    assert reader.texts() == []


def test_a_live_run_writes_and_trains_on():
    reader = Reader(text="latch:4", **ENDLESS)
    run = reader.turn_to("train").start()
    run.wait_until(lambda s: s.step > 5)
    reader.turn_to("sample")
    assert reader.page.selectbox[0].options == [f"This run, {run.run_id} · Arch 1, tanh, N 8"]
    (text,) = reader.write_all()
    assert len(text) == 400
    step = run.snapshot.step
    run.wait_until(lambda s: s.step > step)
    assert run.snapshot.status == "running"


def test_looking_inside_keeps_the_weights_until_newer_ones_are_asked_for():
    reader = Reader(text="latch:4", **ENDLESS)
    run = reader.turn_to("train").start()
    run.wait_until(lambda s: s.step > 5)
    reader.turn_to("sample").open("Step through")
    taken = reader.page.session_state["sample_taken_a"][1]
    run.wait_until(lambda s: s.step > taken.step + 5)
    assert reader.look().page.session_state["sample_taken_a"][1] is taken
    reader.click("Take the newest weights")
    assert reader.page.session_state["sample_taken_a"][1].step > taken.step


def test_the_run_that_is_watched_comes_first_also_out_of_the_store():
    config = TrainingConfig(text="latch:4", **TINY, steps=3)
    older, newer = (manager().start(config) for _ in range(2))
    for run in (older, newer):
        run.wait(30)
    library().close()
    st.cache_resource.clear()  # as after a restart of the server
    reader = Reader(run=older.run_id)
    first, second = reader.page.selectbox[0].options
    assert first.startswith(f"Saved run {older.run_id}")
    assert second.startswith(f"Saved run {newer.run_id}")


def test_a_run_that_waits_has_nothing_to_read_and_says_so():
    reader = Reader(text="latch:4", **ENDLESS)
    config = TrainingConfig(text="latch:4", **ENDLESS)
    others = [manager().start(config) for _ in range(2)]
    for run in others:
        run.wait_until(lambda s: s.step > 0)
    waiting = manager().start(config)
    reader.look()
    assert reader.said("info")[-1] == (  # in the sidebar
        f"Run {waiting.run_id} has no weights yet (queued): wait until it trains, or choose "
        "another network."
    )


@pytest.mark.parametrize("config", [LATCH, ARCH2, LATCH.changed(combine="multiply")])
def test_an_uploaded_file_can_be_read_in_every_way(config):
    reader = Reader().upload_weights(config, name="<b>net</b>.safetensors")
    assert reader.page.selectbox[0].options == ["File: b>.safetensors"]
    assert len(reader.write_all()[0]) == 400
    for part in ("Step through", "Surprise", "Units", "Score", "Timeline"):
        reader.open(part)
        assert reader.said("error") == []


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"<script>alert(1)</script>", "bad<i>.safetensors is not a complete safetensors file; "),
        (b"PK\x03\x04junk", "bad<i>.safetensors is a .zip, and not a weight file; "),
    ],
)
def test_a_bad_file_is_refused_in_a_sentence_and_what_was_there_stays(data, sentence):
    reader = Reader().upload_weights(LATCH)
    reader.upload_bytes(data, "bad<i>.safetensors")
    (refusal,) = reader.said("error")
    assert refusal.startswith(sentence)
    assert "\\<i\\>" in reader.page.error[0].value  # letter by letter, not as markup
    assert reader.page.selectbox[0].options == ["File: net.safetensors"]


def test_a_file_cannot_make_this_machine_open_another(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("nobody may read this " * 20, encoding="utf-8")
    reader = Reader().upload_weights(LATCH.changed(text=str(secret)))
    assert reader.open("Score").said("info") == [
        "The text that these weights were trained on is not on this machine, so nothing can be "
        "counted in it."
    ]
    reader.open("Surprise")
    (colours,) = reader.components("rows")
    assert list(rows_of(colours)) == ["This network"]


def test_text8_is_not_fetched_by_looking_at_a_file():
    reader = Reader().upload_weights(LATCH.changed(text="text8")).open("Score")
    assert reader.said("info")[0].startswith("These weights were trained on text8, which is not")


# -- writing ---------------------------------------------------------------------------------


def test_whoever_arrives_reads_a_text_written_with_the_settings_that_are_seen():
    reader = Reader().upload_weights(LATCH)
    model = CharacterModel(weights_of(LATCH), LATCH)
    written = [sample(model, 400, np.random.default_rng(0))]
    assert reader.texts() == written
    assert "seed 0 · temperature 1 · no prime · from a file" in reader.said("caption")
    reader.set(temperature_a=0.5)
    assert reader.texts() == written
    assert "The settings have changed since: Write writes with them." in reader.said("caption")
    reader.upload_weights(ARCH2, "other.safetensors")
    other, draw = CharacterModel(weights_of(ARCH2), ARCH2), Draw(0.5)
    assert reader.texts() == [sample(other, 400, np.random.default_rng(0), draw=draw)]
    assert (
        "seed 0 · temperature 0.5 · no prime · the character fed back · from a file"
        in reader.said("caption")
    )


def test_the_settings_draw_the_text_that_the_library_draws():
    reader = Reader().upload_weights(LATCH)
    reader.set(prime_a="The 2", temperature_a=0.6, top_k_a=7, length_a=50, seed_a=9, count_a=2)
    model = CharacterModel(weights_of(LATCH), LATCH)
    prime, draw = encode("the two "), Draw(0.6, 7)
    assert reader.write_all() == [
        sample(model, 50, np.random.default_rng(seed), prime=prime, draw=draw) for seed in (9, 10)
    ]
    assert "Read as “the two ”" in reader.said("caption")


def test_text_streams_in_and_stops_where_it_is():
    reader = Reader().upload_weights(LATCH).click("Write")
    (first,) = reader.texts()
    (second,) = reader.look().texts()
    assert (len(first), len(second)) == (50, 100)
    assert second.startswith(first)
    reader.click("Stop")
    assert reader.texts() == [second]
    assert reader.look().texts() == [second]
    assert "Stopped after 100 of 400." in reader.said("caption")


def test_a_text_that_breaks_off_says_why():
    weights = weights_of(LATCH)
    weights["V"][:] = 3e38  # a sum of two is beyond float32
    weights["c"][:] = -3e38
    weights["c"][0] = 3e38
    reader = Reader().upload_bytes(weights_bytes(weights, LATCH))
    (text,) = reader.texts()
    assert len(text) < 400
    (said,) = [words for words in reader.said("caption") if words.startswith("Broke off")]
    assert said.startswith(f"Broke off after {len(text)} of 400: the outputs that come next are no")


def test_two_texts_stand_side_by_side_each_from_its_own_network():
    reader = Reader().upload_weights(LATCH).set(two=True)
    reader.upload_weights(ARCH2, "other.safetensors", panel="b")
    assert [box.value for box in reader.page.selectbox] == [
        "file:net.safetensors",
        "file:other.safetensors",
    ]
    reader.set(pace="at once")
    reader.page.button(key="sample_write").click()  # one for both
    reader.look()
    one, other = reader.texts()
    assert one != other
    model = CharacterModel(weights_of(ARCH2), ARCH2)
    assert other == sample(model, 400, np.random.default_rng(0))


def test_as_published_shows_the_same_moment_under_one_softmax_and_under_two():
    reader = Reader().upload_weights(ARCH2).set(as_published_a=True, prime_a="ab")
    one, two = (data["figure"] for data in reader.components("figure"))
    assert [figure["layout"]["title"]["text"] for figure in (one, two)] == [
        "One softmax",
        "Two, as published",
    ]
    assert one["layout"]["yaxis"]["range"] == two["layout"]["yaxis"]["range"]
    (text,) = reader.write_all()
    assert verbatims(reader.page) == ["ab"]  # what is shown after it
    model = CharacterModel(weights_of(ARCH2), ARCH2)
    published = Draw(as_published=True)
    generator = np.random.default_rng(0)
    assert text == sample(model, 400, generator, prime=encode("ab"), draw=published)


def test_arch2_can_be_fed_its_distribution():
    reader = Reader().upload_weights(ARCH2)
    assert "As in training." in reader.said("caption")
    reader.set(fed_back_a="distribution")
    assert "Not what it was trained for." in reader.said("caption")
    model = CharacterModel(weights_of(ARCH2), ARCH2, "distribution")
    assert reader.write_all() == [sample(model, 400, np.random.default_rng(0))]


# -- looking inside --------------------------------------------------------------------------


def test_stepping_goes_forward_and_back_along_the_sample():
    reader = Reader().upload_weights(LATCH).open("Step through")
    model = CharacterModel(weights_of(LATCH), LATCH)
    walked = walk(model, 400, np.random.default_rng(0))

    def assert_at(place):
        (text,) = reader.components("rows")
        marks = text["rows"][0]["marks"]
        assert "".join(mark[0] for mark in marks) == walked.text[: place + 1]
        assert [mark[3] for mark in marks][-1] == "now"
        entropy = walked.moments[place - 1].entropy_bits
        assert reader.figures()["Entropy, bits"] == f"{entropy:.2f}"

    assert_at(1)
    for _ in range(3):
        reader.click("Forward")
    assert_at(4)
    reader.click("Back")
    assert_at(3)
    reader.click("10 forward")
    assert_at(13)
    reader.click("Start")
    assert_at(1)


@pytest.mark.parametrize(
    ("config", "says", "unit"),
    [
        (LATCH, "half of its units see the letter (xₜ U), the others the hidden layer", 8),
        (LATCH.changed(combine="add"), "each unit adds what the letter says (xₜ U)", 0),
        (LATCH.changed(combine="multiply"), "each unit multiplies what the letter says", 0),
        (ARCH2, "the others the previous output, which is this very letter", 8),
    ],
    ids=["concat", "add", "multiply", "arch2"],
)
def test_a_step_shows_every_term_of_its_equation_and_a_unit_in_numbers(config, says, unit):
    reader = Reader().upload_weights(config).open("Step through").click("10 forward")
    model = CharacterModel(weights_of(config), config)
    walked = walk(model, 12, np.random.default_rng(0))
    (sentence,) = [text for text in reader.said("markdown") if text.startswith("The network reads")]
    assert sentence.startswith(f"The network reads “{LABELS[encode(walked.text)[10]]}”: ")
    assert says in sentence
    (strips,) = reader.chart("The step, unit by unit")["data"]
    rows = dict(zip(strips["y"], strips["z"], strict=True))
    np.testing.assert_allclose(rows["hₜ = tanh(sum)"], walked.moments[10].hidden, atol=1e-6)
    if config.architecture == "arch1":
        np.testing.assert_allclose(rows["hₜ₋₁"], walked.moments[9].hidden, atol=1e-6)
    (line,) = [text for text in reader.said("markdown") if text.startswith(f"**Unit {unit}**")]
    value = f"{walked.moments[10].hidden[unit]:.3f}".replace("-", "−")
    assert line.endswith(f"= tanh({rows['sum'][unit]:.3f}) = **{value}**".replace("-", "−"))
    table = reader.page.dataframe[0].value
    logits = float(walked.moments[10].hidden @ weights_of(config)["V"][:, encode(walked.text)[11]])
    logit = f"make its logit {logits:.3f}.".replace("-", "−")
    assert any(caption.endswith(logit) for caption in reader.said("caption"))
    assert table["unit"][0] == str(unit)


def test_arch2_fed_its_distribution_shows_it_coming_back():
    reader = Reader().upload_weights(ARCH2).open("Step through").set(fed_back_a="distribution")
    (strips,) = reader.chart("What goes in")["data"]
    assert strips["y"] == ["xₜ", "pₜ₋₁"]
    assert (sum(strips["z"][0]), sum(strips["z"][1])) == (1, 0)  # nothing came before
    assert any(text.endswith("so pₜ₋₁ is 0.") for text in reader.said("markdown"))
    (strips,) = reader.click("Forward").chart("What goes in")["data"]
    model = CharacterModel(weights_of(ARCH2), ARCH2, "distribution")
    moment = walk(model, 3, np.random.default_rng(0)).moments[0]
    np.testing.assert_allclose(strips["z"][1], moment.probabilities, atol=1e-6)


def test_a_sentence_is_coloured_by_the_networks_bits_and_by_those_of_the_counts():
    reader = Reader().upload_weights(LATCH).open("Surprise")
    raw = "Grün <script>alert('x')</script>"
    reader.page.text_area[0].set_value(raw)
    reader.look()
    text = normalise(raw)
    bits = surprise(weights_of(LATCH), LATCH, encode(text)).bits
    ngrams = NgramModel(load_corpus("latch:4").training)
    colours, gain = reader.components("rows")
    rows = rows_of(colours)
    assert list(rows) == ["This network", "4-grams", "Trigrams", "Bigrams", "Unigrams"]
    costs = (bits, *(ngrams.bits(encode(text), order) for order in (4, 3, 2, 1)))
    for row, cost in zip(rows.values(), costs, strict=True):
        read, removed, levels = row
        assert read == text
        assert "".join(removed) == "ü<>('')</>"
        assert levels[0] is None
        np.testing.assert_allclose(levels[1:], np.clip(cost / 8, 0, 1), atol=6e-4)
    assert colours["rows"][0]["note"] == (
        f"{bits.mean():.3f} bits per character over {len(bits)} characters"
    )
    ((_, _, saved),) = rows_of(gain).values()
    np.testing.assert_allclose(saved[1:], np.clip((costs[1] - bits) / 4, -1, 1), atol=6e-4)


def test_bits_beyond_counting_are_written_short():
    assert _short(1.8724) == "1.872"
    assert _short(-0.25, "+") == "-0.250"
    assert _short(5.441280219826254e48) == "5.44e+48"


def test_a_text_with_nothing_to_predict_says_so():
    reader = Reader().upload_weights(LATCH).open("Surprise")
    reader.page.text_area[0].set_value("")
    assert reader.look().said("info")[0].startswith("A surprise needs a character to read")


def test_a_suggested_unit_colours_the_text():
    reader = Reader().upload_weights(LATCH).open("Units")
    (button, *_) = [b for b in reader.page.button if b.label.startswith("Unit ")]
    unit = int(button.label.split()[1])
    button.click()
    reader.look()
    assert reader.page.number_input(key="sample_unit").value == unit
    (colours,) = reader.components("rows")
    assert list(rows_of(colours)) == [f"Unit {unit}"]


def test_the_score_holds_the_network_against_the_counts_with_sample_sizes():
    reader = Reader().upload_weights(LATCH).open("Score")
    table = reader.page.dataframe[0].value
    assert table["writer"].tolist() == [
        "this network",
        "4 characters counted (4-gram)",
        "3 characters counted (trigram)",
        "2 characters counted (bigram)",
        "1 character counted (unigram)",
        "held-out text",
    ]
    assert set(table["known"]) >= {"100.0%"}  # the held-out text's own words
    assert all(int(count.replace(",", "")) > 100 for count in table["words"])
    held_out = len(load_corpus("latch:4").validation)
    assert table["over characters"].tolist() == [
        *5 * [f"{(held_out - 1) // 64 * 64:,}"],  # 64 streams of one length
        "–",
    ]


def test_the_timeline_shows_the_runs_own_samples_in_their_order():
    reader = Reader(text="latch:4", **TINY, steps=30, report_every=1)
    run = reader.turn_to("train").train_to_the_end()
    reader.turn_to("sample").open("Timeline")
    reports = run.snapshot.reports
    shown = verbatims(reader.page)
    assert (shown[0], shown[-1]) == (reports[0].sample, reports[-1].sample)
    assert len(shown) <= 14
    reader.set(all_reports=True)
    assert verbatims(reader.page) == [report.sample for report in reports]
    assert len(reports) == 31
