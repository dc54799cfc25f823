"""A writer to the test's own store, and managers whose runs it records."""

import pytest

from core.storage.writer import Writer
from core.training.manager import RunManager


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
