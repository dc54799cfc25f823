"""A store of the test's own, a writer to it, and a manager whose runs it records."""

import pytest

from core.storage.store import Store
from core.storage.writer import Writer
from core.training.manager import RunManager


@pytest.fixture
def home(tmp_path):
    """Where the store is."""
    return tmp_path / "home"


@pytest.fixture
def open_store(home):
    """Open the same store again, as another process would; closed with the test."""
    opened = []

    def open_(**options):
        opened.append(Store(home, **options))
        return opened[-1]

    yield open_
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store):
    return open_store()


@pytest.fixture
def make_writer(store):
    writers = []

    def make(**options):
        options.setdefault("source", "page")
        writers.append(Writer(options.pop("store", store), **options))
        return writers[-1]

    yield make
    for writer in writers:
        writer.close()


@pytest.fixture
def make_manager(make_writer, corpus):
    """Managers whose runs are recorded; stopped before their writer closes."""
    managers = []

    def make(writer=None, **options):
        writer = writer or make_writer()
        options.setdefault("load_text", lambda key, progress=None: corpus)
        manager = RunManager(observe=writer.observe, **options)
        manager.writer = writer
        managers.append(manager)
        return manager

    yield make
    for manager in managers:
        manager.stop_all()
