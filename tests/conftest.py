"""What all tests share: a home of their own, one thread for products, small texts and settings,
runs that end with their test, and a store."""

import os
import subprocess
import sys

# Before torch is imported: tests are compared bit for bit, and small products are faster so.
os.environ["OMP_NUM_THREADS"] = "1"

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from core.config import TrainingConfig
from core.data.corpora import Corpus, own_corpus
from core.engines.warm import compile_all, compile_training
from core.experiments.cluster import Cluster
from core.networks.compiled import cache
from core.storage.store import Store
from core.training.run import Run
from core.training.slots import Slots

PATIENCE = 20.0  # seconds before a test that waits in vain fails
_WORDS = ("the", "of", "and", "to", "in", "is", "was", "that", "with", "not", "this", "from", "or")


def pytest_configure(config: pytest.Config) -> None:
    """Compile before the first test: each of them finds the engine that is chosen by itself."""
    if cache.ready():
        return
    half = "from core.engines.warm import compile_training; compile_training('arch2')"
    with subprocess.Popen([sys.executable, "-c", half], cwd=Path(__file__).parents[1]):
        compile_training("arch1")
    compile_all()  # what is left: most is found compiled


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    """With `-n`, one process takes all that drive a browser, first; the others take files.

    Those share a browser and servers, and two of them at once would crowd two cores.
    """
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file: str = super()._split_scope(nodeid)
            return "tests/browser" if file.startswith("tests/browser/") else file

    config.option.loadscopereorder = False
    return ByFile(config, log)


class Clock:
    """Seconds that grow when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that stands."""
    return Clock()


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees or leaves a file of the user's."""
    monkeypatch.setenv("UNROLL_HOME", str(tmp_path / "unroll-home"))
    monkeypatch.setenv("UNROLL_RECORDED", "0")  # pages begin empty


@pytest.fixture(autouse=True)
def _plain_arithmetic() -> Iterator[None]:
    """What a test sets up for training in this thread must not reach the next one."""
    yield
    torch.set_flush_denormal(False)


@pytest.fixture(scope="session")
def make_corpus() -> Callable[..., Corpus]:
    """A corpus of so many characters: common words in an order that the seed fixes."""

    def make(length: int = 3_000, seed: int = 0) -> Corpus:
        words = np.random.default_rng(seed).choice(_WORDS, length // 2)
        return own_corpus(" ".join(words)[:length], "words")

    return make


@pytest.fixture(scope="session")
def corpus(make_corpus) -> Corpus:
    """3,000 characters, the last 150 of them held out."""
    return make_corpus()


@pytest.fixture(scope="session")
def cluster_home(tmp_path_factory) -> Path:
    """What the processes of a cluster find as UNROLL_HOME: they outlast the tests' own."""
    return tmp_path_factory.mktemp("cluster-home")


@pytest.fixture(scope="session")
def cluster(cluster_home) -> Iterator[Cluster]:
    """Two worker processes of this machine, started for the first test that asks for them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNROLL_HOME", str(cluster_home))
        made = Cluster(workers=2)
        made.client()
    yield made
    made.close()


@pytest.fixture(scope="session")
def small() -> Callable[..., TrainingConfig]:
    """A configuration whose steps take well below a millisecond, with some settings changed."""
    start = TrainingConfig(
        nodes=8, batch_size=4, unrollings=6, steps=20, report_every=10, probe_every=0, device="cpu"
    )
    return start.changed


@pytest.fixture
def load_text(corpus):
    """What runs load their text with: always the small corpus."""
    return lambda key, progress=None: corpus


@pytest.fixture
def make_run(load_text) -> Iterator[Callable[..., Run]]:
    """Make and start runs that are stopped when the test ends."""
    runs: list[Run] = []

    def make(config, slots=None, **options) -> Run:
        options.setdefault("load_text", load_text)
        run = Run(f"run{len(runs)}", config, slots or Slots(1), **options)
        runs.append(run)
        run.start()
        return run

    yield make
    for run in runs:
        run.stop()
    for run in runs:
        assert not run.wait(PATIENCE).status.active


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
def event_files(monkeypatch) -> None:
    """In the place of torch's writer for TensorBoard, one that writes lines of tag and step."""
    written = count()

    class SummaryWriter:
        def __init__(self, folder):
            path = Path(folder)
            path.mkdir(parents=True)
            self._file = (path / f"events.out.tfevents.{next(written)}").open("w")

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self._file.close()

        def add_scalar(self, tag, value, step, clock):
            self._file.write(f"{tag} {step}\n")

        add_text = add_scalar

    module = ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = SummaryWriter
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(torch.utils, "tensorboard", module, raising=False)
