"""What a teacher and a student do in class; who may is decided here, below every button.

Draws nothing. A refusal waits, as a sentence, for the bar or the page to show it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import streamlit as st

from core.classroom.address import checked_address
from core.classroom.collected import collect, handed_in_row
from core.classroom.store import ClassroomStore
from core.errors import RunError
from dashboard import session, visitor
from dashboard.server import find_run, library
from dashboard.widgets import moment, refused

_PLACE = "classroom"  # where a refusal stands
_PRESENT = "present"  # of a query: each page's own look
_OF_A_RUN = ("Train", "Gradient flow", moment.PAGE)  # pages that show one as it stands


def attempt(action: Callable[..., object], *arguments: object) -> None:
    """Do it, or keep why it was refused."""
    refused.attempted(_PLACE, action, *arguments)


def attempted(action: Callable[..., object], *arguments: object) -> bool:
    """As `attempt`; False if it was refused."""
    return refused.attempted(_PLACE, action, *arguments)


def refusal() -> str:
    """Why the last action was refused; empty if it was not."""
    return refused.refusal(_PLACE)


# -- the teacher -------------------------------------------------------------------------------


def ask(text: str, options: Sequence[str], about: str = "", outcome: str = "") -> None:
    """Put a question to the room; what is known of its outcome is shown when it is revealed.

    Raises:
        UnrollError: this is no teacher, or no question.
    """
    _taught().questions.put(text, options, about, outcome)


def lock(number: int) -> None:
    """Let nobody answer any more.

    Raises:
        UnrollError: this is no teacher, or it is not open.
    """
    _taught().questions.lock(number)


def open_again(number: int) -> None:
    """Let all answer again.

    Raises:
        UnrollError: this is no teacher, or it is not locked.
    """
    _taught().questions.open_again(number)


def reveal(number: int, outcome: str) -> None:
    """Show what was answered, beside what came true.

    Raises:
        UnrollError: this is no teacher, or it is open.
    """
    _taught().questions.reveal(number, outcome)


def put_away(number: int) -> None:
    """Ask nothing any more.

    Raises:
        UnrollError: this is no teacher.
    """
    _taught().questions.put_away(number)


def lead(page: str) -> None:
    """Take all pages that follow to this one, to what it shows, and tell at which step that was.

    Raises:
        UnrollError: this is no teacher, or its address is too long.
    """
    query = {name: value for name, value in st.query_params.to_dict().items() if name != _PRESENT}
    if page == moment.PAGE:
        query |= moment.now()
    shown = session.shown()
    if shown:  # also a run that nobody asked for: each would see one of their own in its place
        query.setdefault("run", shown)
    run = find_run(query["run"]) if page in _OF_A_RUN and "run" in query else None
    _taught().guide.lead(page, query, run.snapshot.step if run else None)


def let_go() -> None:
    """Lead nobody any more.

    Raises:
        UnrollError: this is no teacher.
    """
    _taught().guide.leave()


def set_address(typed: str) -> None:
    """Say where students find this server; nothing typed leaves it to this machine.

    Raises:
        UnrollError: this is no teacher, or no address.
    """
    _taught().set_address(checked_address(typed) if typed.strip() else "")


def forget_class() -> None:
    """Delete all that is known of persons.

    Raises:
        UnrollError: this is no teacher, or it cannot be written.
    """
    _taught().forget_class()


def collector() -> Callable[[], bytes]:
    """What makes the file of all that was handed in, at any later time.

    Raises:
        UnrollError: this is no teacher.
    """
    room, shelves = _taught(), library()

    def pack() -> bytes:
        shelves.flush()
        file = io.BytesIO()
        collect(room.members, room.questions, room.hand_ins, shelves.holder, file)
        return file.getvalue()

    return pack


def _taught() -> ClassroomStore:
    visitor.require_teacher()
    return visitor.classroom()


# -- a student ---------------------------------------------------------------------------------


def join(name: str) -> None:
    """Join the class under this name, or change it.

    Raises:
        UnrollError: the name is too long, the class full, or the browser not known.
    """
    visitor.classroom().members.join(visitor.known_browser(), name)


def answer(number: int, given: str | float) -> None:
    """Answer a question.

    Raises:
        UnrollError: it is locked, or this is no answer.
    """
    visitor.classroom().questions.answer(number, visitor.known_browser(), given)


def hand_in(run_id: str) -> None:
    """Hand in a run of one's own that has ended. What was deleted since is handed in no longer.

    Raises:
        UnrollError: it is another's, deleted or active, or as many as allowed are in.
    """
    browser, row = visitor.known_browser(), library().shelf().get(run_id)
    if row.browser != browser:
        raise RunError(f"Run {run_id} was not trained in this browser: hand in one of your own.")
    if row.deleted is not None:
        raise RunError(f"Run {run_id} was deleted: hand in one that you keep.")
    if row.status.active:
        raise RunError(f"Run {run_id} is {row.status}: hand it in when it has ended.")
    hand_ins = visitor.classroom().hand_ins
    for one in hand_ins.of(browser):
        if handed_in_row(library().holder, one) is None:
            hand_ins.take_back(browser, one.run_id)
    hand_ins.hand_in(browser, run_id)


def take_back(run_id: str) -> None:
    """Hand in a run no longer.

    Raises:
        UnrollError: the browser is not known.
    """
    visitor.classroom().hand_ins.take_back(visitor.known_browser(), run_id)
