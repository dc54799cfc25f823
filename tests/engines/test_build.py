"""Which engine trains, and the sentence that says why."""

import pytest

from core.config import TrainingConfig
from core.engines import build, devices
from core.engines.build import build_engine, choose
from core.errors import ConfigError

SMALL = TrainingConfig(device="cpu")
LARGE = SMALL.changed(nodes=400)


@pytest.fixture(autouse=True)
def _compiled(monkeypatch):
    monkeypatch.setattr(build.cache, "ready", lambda: True)


def never(config, device, engine):
    raise AssertionError("nothing has to be timed")


def test_small_networks_take_compiled_code_and_nothing_is_timed():
    found = choose(SMALL, never)
    assert (found.engine, found.device) == ("compiled", "cpu")
    assert found.engine_reason == "the faster one for networks of this size"


@pytest.mark.parametrize(("compiled", "winner"), [(1e-3, "compiled"), (3e-3, "torch")])
def test_large_networks_take_what_is_timed_faster(compiled, winner):
    found = choose(LARGE, lambda config, device, name: compiled if name == "compiled" else 2e-3)
    assert found.engine == winner
    assert found.engine_reason.endswith("and at 2.00 ms with torch")


@pytest.mark.parametrize("asked", ["compiled", "torch"])
def test_an_engine_is_taken_when_it_is_asked_for(asked):
    found = choose(LARGE.changed(engine=asked), never)
    assert (found.engine, found.engine_reason) == (asked, "as asked for")
    assert build_engine(SMALL.changed(nodes=2), asked).name == asked


def test_until_all_is_compiled_torch_trains(monkeypatch):
    monkeypatch.setattr(build.cache, "ready", lambda: False)
    found = choose(SMALL, never)
    assert (found.engine, found.engine_reason) == ("torch", "the compiled one is not ready yet")


@pytest.mark.parametrize("began_with", ["compiled", "torch"])
def test_a_run_goes_on_with_the_engine_it_began_with(began_with):
    found = choose(LARGE, never, resumed_from=began_with)
    assert (found.engine, found.engine_reason) == (began_with, "the run began with it")


def test_a_gpu_is_for_torch(monkeypatch):
    monkeypatch.setattr(devices, "cuda_is_available", lambda: True)
    assert choose(SMALL.changed(device="cuda"), never).engine == "torch"
    with pytest.raises(ConfigError, match="engine=compiled is not allowed with device=cuda"):
        choose(SMALL.changed(device="cuda", engine="compiled"), never)
