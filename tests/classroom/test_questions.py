"""Questions to the room: one answer a browser, hidden until they are revealed, none lost."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from core.classroom.distribution import binned
from core.classroom.question import QuestionState
from core.errors import RunError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def asked(classroom):
    return classroom.questions.put("Which lane will be ahead?", ["tanh", "ReLU"], about="race")


def test_the_last_answer_of_a_browser_counts(classroom, asked, open_classroom):
    questions = classroom.questions
    questions.answer(asked.number, "one", "tanh")
    questions.answer(asked.number, "two", "tanh")
    again = open_classroom().questions  # as after a restart
    again.answer(asked.number, "one", "ReLU")
    assert questions.answered(asked.number) == 2
    assert questions.answer_of(asked.number, "one") == "ReLU"
    assert questions.answer_of(asked.number, "three") is None
    questions.lock(asked.number)
    questions.reveal(asked.number, "ReLU, by 0.02 nats")
    assert questions.counts(asked.number) == [("tanh", 1), ("ReLU", 1)]
    assert questions.current().outcome == "ReLU, by 0.02 nats"


def test_what_was_answered_is_hidden_until_it_is_revealed(classroom, asked):
    questions = classroom.questions
    questions.answer(asked.number, "one", "tanh")
    for hide in (lambda: None, lambda: questions.lock(asked.number)):
        hide()
        with pytest.raises(RunError, match="hidden until the question is revealed"):
            questions.counts(asked.number)


def test_an_open_question_is_not_revealed(classroom, asked):
    with pytest.raises(RunError, match="open, so it cannot be revealed"):
        classroom.questions.reveal(asked.number)
    assert classroom.questions.current().state == QuestionState.OPEN


def test_nobody_answers_what_is_locked_until_it_is_opened_again(classroom, asked):
    questions = classroom.questions
    questions.lock(asked.number)
    with pytest.raises(RunError, match="locked: what you answered before counts"):
        questions.answer(asked.number, "one", "tanh")
    questions.open_again(asked.number)
    questions.answer(asked.number, "one", "tanh")
    assert questions.answered(asked.number) == 1


def test_a_new_question_takes_the_place_of_the_one_before(classroom, asked):
    questions = classroom.questions
    second = questions.put("How many characters?")
    assert questions.current() == second
    assert second.number == asked.number + 1
    with pytest.raises(RunError, match="locked"):
        questions.answer(asked.number, "one", "tanh")
    questions.put_away(second.number)
    assert questions.current() is None
    assert [question.text for question in questions.all()] == [asked.text, second.text]


def test_numbers_are_counted_as_numbers_and_many_of_them_as_ranges(classroom):
    questions = classroom.questions
    asked = questions.put("How far back does it reach?")
    for browser, answer in (("one", 10), ("two", 10.0), ("three", "8")):
        questions.answer(asked.number, browser, answer)
    with pytest.raises(RunError, match="“many” is not a number"):
        questions.answer(asked.number, "four", "many")
    with pytest.raises(RunError, match="“nan” is not a number"):
        questions.answer(asked.number, "four", float("nan"))
    questions.lock(asked.number)
    questions.reveal(asked.number)
    assert questions.counts(asked.number) == [("8", 1), ("10", 2)]
    assert binned([0, 1, 2, 3, 4, 5, 12]) == [
        *[("0 to 2", 2), ("2 to 4", 2), ("4 to 6", 2)],
        *[("6 to 8", 0), ("8 to 10", 0), ("10 to 12", 1)],
    ]


@pytest.mark.parametrize(
    ("text", "options", "refusal"),
    [
        (" ", ["a", "b"], "There is no question yet"),
        ("a" * 401, ["a", "b"], "has 401 characters and may have 400"),
        ("Which?", ["a"], "1 option for a question is not allowed: give 2 to 6"),
        ("Which?", list("abcdefg"), "7 options"),
        ("Which?", ["a", " a "], "read the same"),
        ("Which?", ["a" * 81, "b"], "An option .* may have 80"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_in_a_sentence(
    classroom, text, options, refusal
):
    with pytest.raises(RunError, match=refusal):
        classroom.questions.put(text, options)
    assert classroom.questions.all() == []


def test_an_answer_that_was_not_offered_is_refused(classroom, asked):
    with pytest.raises(RunError, match="“sigmoid” is none of the answers"):
        classroom.questions.answer(asked.number, "one", "sigmoid")
    assert classroom.questions.answered(asked.number) == 0


def test_thirty_who_answer_at_once_and_change_their_minds_are_counted_once_each(
    classroom, asked, open_classroom
):
    stores = [classroom, open_classroom()]  # as two processes have them
    failures = []

    def vote(place):
        questions = stores[place % 2].questions
        try:
            for answer in ("tanh", "ReLU", "tanh" if place < 12 else "ReLU"):
                questions.answer(asked.number, f"browser {place}", answer)
        except Exception as error:  # told in this thread, or nobody hears of it
            failures.append(error)

    voters = [Thread(target=vote, args=(place,)) for place in range(30)]
    for voter in voters:
        voter.start()
    for voter in voters:
        voter.join()
    assert failures == []
    questions = open_classroom().questions
    assert questions.answered(asked.number) == 30
    questions.lock(asked.number)
    questions.reveal(asked.number)
    assert questions.counts(asked.number) == [("tanh", 12), ("ReLU", 18)]
    assert classroom.members.count() == 30


def test_what_was_answered_before_a_kill_is_counted_exactly(classroom, asked, open_classroom):
    code = (
        "import os, signal\n"
        "from core.classroom.store import ClassroomStore\n"
        "store = ClassroomStore()\n"
        "for place in range(30):\n"
        "    store.questions.answer(1, f'browser {place}', 'ReLU' if place % 3 else 'tanh')\n"
        "with store.transaction():\n"
        "    store.questions.answer(1, 'browser 30', 'tanh')\n"
        "    store.questions.answer(1, 'browser 0', 'ReLU')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "UNROLL_HOME": str(classroom.path.parent), "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    questions = open_classroom().questions
    assert questions.answered(asked.number) == 30
    questions.lock(asked.number)
    questions.reveal(asked.number)
    assert questions.counts(asked.number) == [("tanh", 10), ("ReLU", 20)]
