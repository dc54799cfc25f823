"""What a step will take, told before anything is allocated: it grows with every size, and fits."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import TrainingConfig, bounds, choices
from core.data.windows import Cursors
from core.engines import cost
from core.engines.build import build_engine
from core.engines.cost import estimated_bytes, estimated_seconds, multiplications, time_ahead
from core.engines.step_time import seconds_of_step
from core.networks.initialisers import initial_parameters

KINDS = [
    *({"combine": combine} for combine in choices("combine")),
    *({"architecture": "arch2", "feedback": feedback} for feedback in choices("feedback")),
]
SIZES = ("unrollings", "batch_size", "nodes")
LARGEST = {name: int(bounds(name)[1]) for name in SIZES}


@pytest.fixture
def a_billion_a_second(monkeypatch):
    """A machine of which everybody knows how fast it is."""
    monkeypatch.setattr(cost, "multiplications_a_second", lambda: 1e9)


@given(
    kind=st.sampled_from(KINDS),
    sizes=st.fixed_dictionaries({name: st.integers(1, LARGEST[name] - 1) for name in SIZES}),
    others=st.fixed_dictionaries(
        {
            name: st.sampled_from(choices(name))
            for name in ("activation", "optimiser", "engine", "init")
        }
    ),
    probe_every=st.sampled_from([0, 200]),
    larger=st.sampled_from(SIZES),
)
def test_an_estimate_grows_with_every_size(kind, sizes, others, probe_every, larger):
    small = TrainingConfig(**kind, **sizes, **others, probe_every=probe_every)
    large = small.changed(**{larger: sizes[larger] + 1})
    assert 0 < multiplications(small) < multiplications(large)
    assert 0 < estimated_seconds(small) < estimated_seconds(large)
    assert 0 < estimated_bytes(small) <= estimated_bytes(large)


def memory_of(config):
    """What two steps of the compiled engine hold at once, the second one looked at."""
    ids = np.arange(100_000).astype(np.uint8) % 27

    def train():
        engine = build_engine(config, "compiled")
        engine.load(initial_parameters(config, seed=0))
        for look in {False, config.probe_every > 0}:
            cursors, rates = Cursors(ids, config.batch_size), np.full(1, 1e-6)
            engine.steps(cursors, config.unrollings, rates, 1.0, first=1, look=look)

    train()  # what is loaded or compiled by the first one is no part of it
    tracemalloc.start()
    try:
        train()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(kind.values()))
@pytest.mark.parametrize("probe_every", [0, 200])
def test_the_memory_that_is_estimated_for_a_window_is_what_it_takes(kind, probe_every):
    large = TrainingConfig(
        **kind,
        nodes=64,
        batch_size=64,
        unrollings=60,
        probe_every=probe_every,
        engine="compiled",
    )
    small = large.changed(batch_size=1, unrollings=1)
    taken = memory_of(large) - memory_of(small)
    estimated = estimated_bytes(large) - estimated_bytes(small)
    # A table of what follows what takes next to nothing, and some more is said of it.
    assert 0.9 * taken < estimated < 1.3 * taken + 500_000


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(kind.values()))
def test_an_estimate_is_of_the_order_of_what_is_measured(kind):
    config = TrainingConfig(**kind, nodes=100, batch_size=32, unrollings=40)
    # Both are timed here, beside whatever else this machine does.
    assert 0.05 < estimated_seconds(config) / seconds_of_step(config) < 20


def test_a_machine_is_timed_once():
    assert cost.multiplications_a_second() == cost.multiplications_a_second() > 1e6


@pytest.mark.usefixtures("a_billion_a_second")
@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({"steps": 5_000}, ""),
        ({"steps": 12_000}, "about 7 minutes in all"),
        ({"steps": 60_000}, "about 35 minutes in all"),
        ({"steps": 1_000_000}, "about 10 hours in all"),
        ({**LARGEST, "steps": 1}, "about 11 minutes a step"),
        ({**LARGEST, "steps": 1_000}, "about 11 minutes a step, and 8 days in all"),
    ],
)
def test_only_what_is_slow_or_long_is_told_of(sizes, words):
    config = TrainingConfig(**{"device": "cpu", "activation": "relu", **sizes})
    assert time_ahead(config) == words


@pytest.mark.usefixtures("a_billion_a_second")
def test_what_is_left_of_a_run_takes_less_time():
    config = TrainingConfig(device="cpu", steps=1_000_000)
    assert time_ahead(config, 100) == ""


def test_nothing_is_said_of_a_gpu():
    assert time_ahead(TrainingConfig(device="cuda", **LARGEST)) == ""
