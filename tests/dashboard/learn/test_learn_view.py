"""The page Learn, as a visitor without a browser finds it: what the pictures are given."""

import json
import math

import numpy as np
import pytest
from visit import TINY, Visit

from core.config import PRESETS
from core.data.alphabet import SYMBOLS
from core.data.corpora import load_corpus
from core.data.ngrams import NgramModel
from core.storage.recorded import PREFIX
from dashboard.learn.pictures import PICTURES
from dashboard.learn.product_of_slopes import newest_probe
from dashboard.server import library

pytestmark = pytest.mark.usefixtures("own_server")


def to_learn(visit, picture="step"):
    visit.page.switch_page("views/learn.py")
    visit.look()
    visit.page.session_state["picture"] = picture
    return visit.look()


def given(visit):
    """What the page's picture was given."""
    sent = [json.loads(element.proto.json) for element in visit.page.get("bidi_component")]
    # Those of the page's keys and of the browser's secret are given that.
    (data,) = [data for data in sent if not {"present", "cookie"} & data.keys()]
    return data


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_without_a_run_every_picture_is_there_with_its_sentences(picture):
    visit = to_learn(Visit(), picture.name)
    assert given(visit)
    assert picture.sentences in [text.value for text in visit.page.markdown]
    assert visit.page.query_params["picture"] == picture.name


def test_a_link_opens_a_picture_beside_its_settings():
    visit = Visit(preset="arch1")
    visit.page.switch_page("views/learn.py")
    visit.page.query_params["picture"] = "slopes"  # what Train's own link does not keep
    visit.look()
    assert given(visit)["activation"] == "relu"
    assert given(visit)["probe"] is None
    assert visit.page.query_params["preset"] == "arch1"


def test_a_link_to_a_picture_that_is_not_there_opens_the_walk():
    visit = Visit()
    visit.page.switch_page("views/learn.py")
    visit.page.query_params["picture"] = "nothing"
    assert visit.look().page.query_params["step"] == "1"


@pytest.mark.parametrize("preset", ["arch1", "arch2"])
def test_the_step_begins_as_the_network_of_the_settings_and_tells_their_shapes(preset):
    data = given(to_learn(Visit(preset=preset)))
    config = PRESETS[preset].config
    assert data["start"] == {
        "architecture": preset,
        "combine": "concat",
        "feedback": "teacher",
        "activation": config.activation,
    }
    shapes = {"arch1": ["27 × 100", "200 × 100", "200"], "arch2": ["27 × 50", "27 × 50", "100"]}
    assert [data["settings"]["shapes"][name] for name in "UWb"] == shapes[preset]


def test_under_arch1_the_feedback_that_has_no_meaning_there_is_none_of_the_toys():
    assert given(to_learn(Visit(feedback="free")))["start"]["feedback"] == "teacher"


def test_the_newest_probe_of_the_watched_run_lies_over_the_slopes():
    visit = Visit(**TINY | {"probe_every": 20}, steps=40)
    run = visit.train_to_the_end()
    probe = given(to_learn(visit, "slopes"))["probe"]
    newest = run.snapshot.probes[-1]
    assert probe == {
        "name": f"run {run.run_id} (Arch 1 tanh, N 8, T 6)",
        "step": 40,
        "flow": list(newest.flow[:41]),
        "decay": newest.decay_per_step,
        "horizon": newest.horizon,
        "lags": len(newest.flow) - 1,
    }


def test_a_gradient_too_large_to_measure_is_left_out(monkeypatch):
    visit = Visit(**TINY | {"probe_every": 20}, steps=20)
    run = visit.train_to_the_end()
    probe = run.snapshot.probes[-1]
    monkeypatch.setattr(type(probe), "flow", (1.0, math.inf, math.nan), raising=False)
    assert newest_probe(run)["flow"] == [1.0, None, None]


def test_whoever_watches_no_run_sees_the_first_recorded_one_over_the_slopes(recordings):
    visit = to_learn(Visit(run="new"), "slopes")
    first = library().recordings()[0]
    probe = given(visit)["probe"]
    assert probe["name"] == f"run {first.id} ({PREFIX}Quick demo)"
    assert (len(probe["flow"]), probe["flow"][0]) == (41, 1.0)


@pytest.mark.parametrize(
    ("query", "feedback"),
    [
        ({"preset": "arch2"}, "teacher"),
        ({"preset": "arch2", "feedback": "free"}, "free"),
        ({"preset": "arch1", "feedback": "free"}, "teacher"),
    ],
)
def test_what_comes_back_is_as_in_the_settings_where_they_are_of_arch_2(query, feedback):
    assert given(to_learn(Visit(**query), "output"))["feedback"] == feedback


def test_the_softmaxes_begin_with_the_pairs_of_the_built_in_text():
    data = given(to_learn(Visit(), "output"))
    corpus = load_corpus("builtin")
    assert (data["title"], data["symbols"]) == (corpus.title, SYMBOLS)
    t = SYMBOLS.index("t")
    counted = NgramModel(corpus.training).probabilities(np.array([t]), order=2)
    assert data["follows"][t] == counted.tolist()
    assert np.array(data["follows"]).shape == (27, 27)
