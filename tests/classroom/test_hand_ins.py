"""What a class hands in, collected in one file; and the class, forgotten."""

import csv
import io
import zipfile
from pathlib import Path

import pytest

from core.classroom.collected import Collected, collect
from core.classroom.hand_ins import MOST_RUNS
from core.errors import RunError
from core.storage.zip_import import import_run

EXPORTED = Path(__file__).parents[1] / "storage" / "made_before" / "aaaa0001.zip"


def collected(classroom, store):
    file = io.BytesIO()
    parts = (classroom.members, classroom.questions, classroom.hand_ins)
    found = collect(*parts, lambda run_id: store, file)
    archive = zipfile.ZipFile(file)
    text = archive.read("people.csv").decode("utf-8-sig")
    return found, archive, list(csv.DictReader(io.StringIO(text, newline="")))


def reveal(classroom, asked):
    classroom.questions.lock(asked.number)
    classroom.questions.reveal(asked.number)


def test_a_run_is_handed_in_once_and_can_be_taken_back(classroom):
    for run in ("run1", "run1", "run2"):
        classroom.hand_ins.hand_in("one", run)
    assert [one.run_id for one in classroom.hand_ins.of("one")] == ["run1", "run2"]
    classroom.hand_ins.take_back("one", "run1")
    assert [one.run_id for one in classroom.hand_ins.all()] == ["run2"]
    assert classroom.members.count() == 1


def test_one_person_hands_in_no_more_than_five_runs(classroom):
    for place in range(MOST_RUNS):
        classroom.hand_ins.hand_in("one", f"run{place}")
    with pytest.raises(RunError, match="5 runs, which is as many as each person may"):
        classroom.hand_ins.hand_in("one", "run5")
    classroom.hand_ins.hand_in("two", "run5")
    assert len(classroom.hand_ins.of("one")) == 5


def test_thirty_hand_ins_give_thirty_runs_that_can_be_imported_and_thirty_rows(
    classroom, open_store, tmp_path
):
    store, data = open_store(), EXPORTED.read_bytes()
    asked = classroom.questions.put("Will it reach the bigram line?", ["yes", "no"])
    for place in range(30):
        browser = f"browser {place}"
        classroom.members.join(browser, f"Student {place}")
        classroom.questions.answer(asked.number, browser, "no" if place % 2 else "yes")
        classroom.hand_ins.hand_in(browser, import_run(store, data, browser=browser))
    reveal(classroom, asked)
    found, archive, rows = collected(classroom, store)
    assert found == Collected(people=30, runs=30, missing=0)
    assert [row["name"] for row in rows] == [f"Student {place}" for place in range(30)]
    assert [row[asked.text] for row in rows] == ["yes", "no"] * 15
    first = store.get(rows[0]["runs"])
    assert len({row["runs"] for row in rows}) == 30
    assert float(rows[0]["validation_loss_nats"]) == round(first.last_validation, 4)
    assert int(rows[0]["parameters"]) == first.config.parameter_count
    assert rows[0]["settings"].startswith("v=1 preset=")
    again = type(store)(tmp_path / "another machine")
    for row in rows:
        assert import_run(again, archive.read(f"runs/{row['runs']}.zip")) == row["runs"]
    assert len(again.runs()) == 30
    again.close()


def test_a_run_that_is_gone_is_named_and_costs_nobody_theirs(classroom, open_store):
    store = open_store()
    kept, gone, theirs = (
        import_run(store, EXPORTED.read_bytes(), browser=browser)
        for browser in ("one", "one", "two")
    )
    for run in (kept, gone, "cafe0001", theirs):
        classroom.hand_ins.hand_in("one", run)
    store.delete(gone)
    classroom.members.join("two")  # nothing but a look
    found, archive, rows = collected(classroom, store)
    assert found == Collected(people=1, runs=1, missing=3)
    assert archive.namelist() == [f"runs/{kept}.zip", "people.csv"]
    assert (rows[0]["runs"], rows[0]["not_exported"]) == (kept, f"{gone} | cafe0001 | {theirs}")


def test_answers_are_in_it_once_they_are_revealed_or_asked_for_no_more(classroom, open_store):
    classroom.members.join("one")
    first = classroom.questions.put("First?", ["a", "b"])
    classroom.questions.answer(first.number, "one", "a")

    def answers():
        _, _, rows = collected(classroom, open_store())
        return {name: rows[0][name] for name in rows[0] if name.endswith("?")}

    assert answers() == {}
    classroom.questions.lock(first.number)
    assert answers() == {}  # the room may be asked to think again
    classroom.questions.reveal(first.number)
    assert answers() == {"First?": "a"}
    second = classroom.questions.put("Second?", ["c", "d"])
    classroom.questions.answer(second.number, "one", "d")
    assert answers() == {"First?": "a"}
    classroom.questions.put_away(second.number)
    assert answers() == {"First?": "a", "Second?": "d"}


def test_a_name_is_no_formula_to_a_spreadsheet(classroom, open_store):
    classroom.members.join("one", "=1+1")
    asked = classroom.questions.put("How many?")
    classroom.questions.answer(asked.number, "one", -3)
    reveal(classroom, asked)
    _, _, rows = collected(classroom, open_store())
    assert (rows[0]["name"], rows[0]["How many?"]) == ("'=1+1", "-3")


def test_a_forgotten_class_leaves_no_name_on_the_disk_and_every_run_with_its_owner(
    classroom, open_store
):
    store = open_store()
    run = import_run(store, EXPORTED.read_bytes())
    classroom.members.join("one", "Ada Lovelace")
    asked = classroom.questions.put("Which?", ["a", "b"])
    classroom.questions.answer(asked.number, "one", "a")
    classroom.hand_ins.hand_in("one", run)
    classroom.guide.lead("Learn")
    classroom.set_address("http://192.168.0.5:8501/")
    files = list(classroom.path.parent.glob("classroom.sqlite*"))
    assert any(b"Ada Lovelace" in file.read_bytes() for file in files)
    classroom.forget_class()
    assert not any(b"Ada Lovelace" in file.read_bytes() for file in files)
    assert (classroom.members.all(), classroom.hand_ins.all()) == ([], [])
    assert (classroom.questions.all(), classroom.guide.place()) == ([], None)
    assert store.get(run).id == run
    assert classroom.address == "http://192.168.0.5:8501/"
