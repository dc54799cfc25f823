"""A run whose checkpoint was cut short: every page that reads its weights says so and goes on.

To load a damaged file sets it aside, so whoever looks a second time finds none.
"""

import io
import zipfile

import pytest
import streamlit as st
from verbatim import verbatims
from visit import TINY, Visit

from dashboard.runs.run_actions import packed
from dashboard.server import library

pytestmark = pytest.mark.usefixtures("own_server")

CANNOT_BE_USED = "cannot be used: it is not a whole safetensors file."
CURVES = {"nodes": 60, "steps": 60, "report_every": 20, "probe_every": 20}


@pytest.fixture
def run():
    """A finished run out of the store, with 5,000 bytes left of its checkpoint."""
    run = Visit(**TINY | CURVES, text="latch:4").train_to_the_end()
    library().close()
    st.cache_resource.clear()  # as after a restart of the server
    path = library().shelf().checkpoint_path(run.run_id)
    whole = path.read_bytes()
    assert len(whole) > 5_000
    path.write_bytes(whole[:5_000])
    return run


def opened(run, view):
    visit = Visit(run=run.run_id)
    visit.page.switch_page(f"views/{view}.py")
    return visit.look()


def said(visit):
    return [sentence for kind in ("info", "warning", "error") for sentence in visit.said(kind)]


def test_units_over_text_says_so_at_both_looks(run):
    visit = opened(run, "flow")
    (first,) = said(visit)
    assert CANNOT_BE_USED in first
    assert "the run's curves are kept" in first
    (second,) = said(visit.look())
    assert second.startswith(f"Run {run.run_id} left no weights to look into")
    assert visit.figures()["Decay per step"] != "–"
    assert len(visit.chart("Norms, step by step")["data"]) == 2


def test_the_gradient_checker_says_so_at_both_looks(run, monkeypatch):
    # Alone on the page: the map of units above it would look first.
    monkeypatch.setattr("dashboard.flow.unit_map.unit_map", lambda run: None)
    visit = opened(run, "flow").click("Check the gradient")
    (first,) = said(visit)
    assert CANNOT_BE_USED in first
    (second,) = said(visit.click("Check the gradient"))
    assert second.startswith(f"Run {run.run_id} left no weights to look into")


@pytest.mark.parametrize("part", ["Write", "Step through", "Surprise", "Units", "Score"])
def test_nothing_is_read_from_it_and_the_page_says_why(run, part):
    visit = opened(run, "sample")
    first = said(visit)
    assert any(CANNOT_BE_USED in sentence for sentence in first)
    visit.page.session_state["sample_part"] = part
    second = said(visit.look())
    assert f"Run {run.run_id} left no weights: choose another network." in second
    for sentences in (first, second):
        assert "Nothing can be read from this network yet." in sentences


def test_the_timeline_needs_no_weights(run):
    visit = opened(run, "sample")
    visit.page.session_state["sample_part"] = "Timeline"
    assert verbatims(visit.look().page) == [report.sample for report in run.snapshot.reports]


def test_the_list_says_so_and_the_download_holds_the_rest(run):
    visit = opened(run, "runs")
    visit.page.session_state["runs_chosen"] = [run.run_id]
    for _ in range(2):  # to be looked at only leaves it where it is
        (sentence,) = said(visit.look())
        assert CANNOT_BE_USED in sentence
        assert "Download holds its curves and texts alone" in sentence
    names = zipfile.ZipFile(io.BytesIO(packed(run.run_id, with_text=True))).namelist()
    assert {"metrics.csv", "samples.txt", "repeat.py"} <= set(names)
    assert "weights.safetensors" not in names
    (sentence,) = said(visit.look())
    assert sentence.startswith("This run left no checkpoint. Download holds")


def test_to_go_on_from_it_is_refused_in_a_sentence(run):
    visit = opened(run, "runs")
    visit.page.session_state["runs_chosen"] = [run.run_id]
    visit.look().page.number_input(key=f"runs_extend_{run.run_id}").set_value(90)
    visit.click("Go on")
    (refusal,) = visit.said("error")
    assert CANNOT_BE_USED in refusal
    assert "Duplicate trains it again" in refusal


def test_the_train_page_shows_its_curves(run):
    visit = opened(run, "train")
    assert said(visit) == []
    assert "step 60 of 60" in visit.status()
    assert len(visit.chart("Loss")["data"]) == 4
