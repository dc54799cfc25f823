"""The page Article, as a visitor without a browser finds it: every card, and a run of one."""

import json
import re

import pytest
from visit import Visit

from core.data.corpora import load_corpus
from core.experiments.claims import BY_NAME
from core.experiments.recorded_article import read_recorded_article
from dashboard.article.cards import CARDS
from dashboard.server import library, manager

pytestmark = pytest.mark.usefixtures("own_server")


def to_article(visit=None, card="init"):
    visit = visit or Visit()
    visit.page.switch_page("views/article.py")
    visit.look()
    visit.page.session_state["card"] = card
    return visit.look()


def figures(visit):
    sent = [json.loads(element.proto.json) for element in visit.page.get("bidi_component")]
    return [data["figure"] for data in sent if "figure" in data]


def text(visit):
    return " ".join(words.value for words in visit.page.markdown)


@pytest.fixture
def recorded(recordings):
    return read_recorded_article()


def test_every_card_says_what_was_claimed_and_measured_and_marks_what_is_recorded(recorded):
    visit = Visit()
    for card in CARDS:
        to_article(visit, card.name)
        assert visit.page.query_params["card"] == card.name
        said = text(visit)
        assert "**The article.**" in said
        assert re.search(r"\*\*Measured\.\*\*\s.*\d", said)
        assert "not measured" not in said
        drawn = figures(visit)
        assert drawn
        assert all(figure["layout"]["title"]["text"].endswith("· recorded") for figure in drawn)
        assert ":violet-badge[:material/history: recorded]" in said
        assert [button.label for button in visit.page.button].count("Run it here") == 1


def test_a_link_opens_a_card_and_another_name_the_first():
    assert "card" not in Visit(card="stale").page.session_state
    assert to_article(Visit(), card="stale").page.query_params["card"] == "stale"


def test_without_recordings_a_card_says_so_and_offers_its_runs():
    visit = to_article(card="stale")
    assert "Nothing is recorded here." in text(visit)
    (figure,) = figures(visit)
    assert figure["layout"]["annotations"][0]["text"] == "nothing measured yet"
    assert "recorded" not in figure["layout"]["title"]["text"]
    assert "It took" not in text(visit)


def test_a_run_of_a_card_is_started_watched_on_train_and_beside_the_recorded_ones(recorded):
    visit = to_article(card="stale")
    visit.click("Run it here")
    run = manager().get(visit.page.session_state["run_id"])
    claim = BY_NAME["stale"]
    assert run.snapshot.config == claim.arms[0].seeded(0)
    assert visit.page.header[0].value == "Train"
    assert visit.page.warning[0].value.startswith("Every step of a window reads")
    shot = run.wait(60)
    assert shot.status == "finished"
    recorded_run = recorded.run(claim.arms[0].seeded(0))
    if recorded_run.text_sha256 == load_corpus("builtin").sha256:
        loss = shot.reports[-1].validation_loss_nats
        assert loss == pytest.approx(recorded_run.loss, abs=0.005)

    library().flush()
    to_article(visit, "stale")
    (figure,) = figures(visit)
    (yours,) = [trace for trace in figure["data"] if trace["name"] == "yours"]
    assert len(yours["y"]) or yours["y"]["bdata"]


def test_on_a_shared_server_only_ones_own_runs_are_called_ones_own(recorded, monkeypatch):
    monkeypatch.setenv("UNROLL_TEACHER_KEY", "chalk")
    mine, others = "a" * 64, "b" * 64
    visit = to_article(Visit(mine), "stale")
    visit.click("Run it here")
    manager().get(visit.page.session_state["run_id"]).wait(60)
    library().flush()

    def names(someone):
        (figure,) = figures(to_article(someone, "stale"))
        return [trace["name"] for trace in figure["data"]]

    assert "yours" in names(visit)
    assert "yours" not in names(Visit(others))


def test_a_second_click_starts_no_second_run():
    visit = to_article(card="unrollings")
    visit.click("Run it here")
    first = visit.page.session_state["run_id"]
    to_article(visit, "unrollings").click("Run it here")
    assert visit.page.session_state["run_id"] == first
    assert len(manager().runs()) == 1
