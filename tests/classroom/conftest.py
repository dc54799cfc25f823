"""A class's store, opened again as another process would."""

import pytest

from core.classroom.store import ClassroomStore


@pytest.fixture
def open_classroom(home):
    opened = []

    def open_():
        opened.append(ClassroomStore(home))
        return opened[-1]

    yield open_
    for store in opened:
        store.close()


@pytest.fixture
def classroom(open_classroom):
    return open_classroom()
