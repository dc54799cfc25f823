"""Exit statuses, and answers that find no reader or no room."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.cli.ending import heard, managed, status_of
from core.errors import UnrollError

ROOT = Path(__file__).parents[2]
posix = pytest.mark.skipif(os.name != "posix", reason="/dev/full and SIGPIPE are POSIX's")


@pytest.mark.parametrize(
    ("done", "status"), [([], 0), ([True, True], 0), ([True, False], 1), ([False, False], 2)]
)
def test_the_status_says_whether_all_or_some_is_done(done, status):
    assert status_of(done) == status


def test_what_cannot_be_done_is_a_sentence_and_lets_the_next_thing_be_done(capsys):
    def refuse():
        raise UnrollError("There is no such run.")

    assert [managed(refuse), managed(lambda: None)] == [False, True]
    assert capsys.readouterr().err == "There is no such run.\n"


@pytest.fixture
def closed_pipe():
    """The writing end of a pipe whose reader went away."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as stream:
        yield stream


@posix
@pytest.mark.parametrize("name", ["stdout", "stderr"])
@pytest.mark.parametrize("words", ["one line", "more than a buffer holds " * 10_000])
def test_an_answer_without_a_reader_ends_as_sigpipe_would(name, words, closed_pipe, monkeypatch):
    monkeypatch.setattr(sys, name, closed_pipe)
    assert heard(lambda: print(words, file=getattr(sys, name)) or 0) == 141
    closed_pipe.write("what is written afterwards goes nowhere")


@posix
def test_an_answer_without_room_is_a_sentence_and_done_in_part(monkeypatch, capsys):
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert heard(lambda: print("an answer") or 0) == 1
    assert capsys.readouterr().err == (
        "The answer could not be written (No space left on device): make room there, or send it "
        "elsewhere.\n"
    )


@posix
def test_words_on_stderr_without_room_end_quietly(monkeypatch):
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stderr", full)
        assert heard(lambda: print("a bar", file=sys.stderr) or 0) == 1


def test_a_stream_that_was_closed_from_the_start_is_no_trouble(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert heard(lambda: 0) == 0


def test_an_error_of_another_file_is_nobodys_answer():
    def fail():
        raise OSError("another file")

    with pytest.raises(OSError, match="another file"):
        heard(fail)


@posix
@pytest.mark.parametrize(("to", "status"), [("pipe", 141), ("/dev/full", 1)])
def test_a_whole_command_ends_without_a_traceback(to, status, closed_pipe, tmp_path):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "core", "--help"],
            cwd=ROOT,
            stdout=closed_pipe if to == "pipe" else full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == status
    assert len(done.stderr.splitlines()) == (to == "/dev/full")
