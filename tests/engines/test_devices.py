"""Which device a run takes, with and without one to choose."""

import ctypes
import sys

import pytest
import torch

from core.config import TrainingConfig
from core.engines import devices
from core.engines.devices import choose_device, cuda_is_available
from core.errors import DeviceError

CONFIG = TrainingConfig()


@pytest.fixture(params=[True, False], ids=["with-gpu", "without-gpu"])
def gpu(request, monkeypatch):
    monkeypatch.setattr(devices, "cuda_is_available", lambda: request.param)
    return request.param


@pytest.fixture
def _one_gpu(monkeypatch):
    monkeypatch.setattr(devices, "cuda_is_available", lambda: True)


def never(config, device):
    raise AssertionError("nothing has to be timed")


def test_cpu_is_taken_when_asked_for(gpu):
    choice = choose_device(CONFIG.changed(device="cpu"), never)
    assert (choice.name, choice.reason) == ("cpu", "as asked for")


def test_cuda_is_taken_when_asked_for_or_refused_in_a_sentence(gpu):
    config = CONFIG.changed(device="cuda")
    if gpu:
        choice = choose_device(config, never)
        assert (choice.name, choice.reason) == ("cuda", "as asked for")
    else:
        with pytest.raises(DeviceError) as caught:
            choose_device(config, never)
        assert str(caught.value) == (
            "device=cuda is not available: this machine shows torch no CUDA device; "
            "choose auto or cpu."
        )


def test_a_run_that_was_begun_for_cuda_goes_on_without_it(gpu):
    choice = choose_device(CONFIG.changed(device="cuda"), never, goes_on=True)
    if gpu:
        assert choice.name == "cuda"
    else:
        assert choice.name == "cpu"
        assert choice.reason == "this machine shows no CUDA device, for which it was begun"


def test_auto_without_a_gpu_takes_the_cpu_and_times_nothing(monkeypatch):
    monkeypatch.setattr(devices, "cuda_is_available", lambda: False)
    choice = choose_device(CONFIG, never)
    assert (choice.name, choice.reason) == ("cpu", "this machine shows no CUDA device")


@pytest.mark.usefixtures("_one_gpu")
@pytest.mark.parametrize(
    ("seconds", "name", "reason"),
    [
        (
            {"cpu": 0.0014, "cuda": 0.00312},
            "cpu",
            "a step was timed at 1.40 ms on the CPU, 3.12 ms on the GPU",
        ),
        (
            {"cpu": 1.5, "cuda": 0.0312},
            "cuda",
            "a step was timed at 1,500.00 ms on the CPU, 31.20 ms on the GPU",
        ),
    ],
)
def test_auto_takes_the_faster_and_says_by_how_much(seconds, name, reason):
    choice = choose_device(CONFIG, lambda config, device: seconds[device])
    assert (choice.name, choice.reason) == (name, reason)


@pytest.mark.usefixtures("_one_gpu")
def test_auto_takes_the_cpu_where_the_gpu_fails():
    def seconds(config, device):
        assert device == "cuda"
        raise RuntimeError("CUDA out of memory.\nTried to allocate 9 TiB")

    choice = choose_device(CONFIG, seconds)
    assert choice.name == "cpu"
    assert choice.reason == "the CUDA device could not train it (CUDA out of memory)"


# -- whether there is one --------------------------------------------------------------------


@pytest.fixture
def drivers(monkeypatch):
    """The libraries of this machine: a set to fill."""
    installed = set()

    def load(name):
        if name not in installed:
            raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", load)
    return installed


@pytest.mark.parametrize("platform", ["linux", "win32", "darwin"])
def test_without_a_driver_there_is_no_device_and_torch_is_not_asked(drivers, monkeypatch, platform):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setitem(sys.modules, "torch", None)  # to import it is an error
    assert not drivers
    assert cuda_is_available() is False


@pytest.mark.parametrize("answer", [True, False])
@pytest.mark.parametrize(("platform", "name"), [("linux", "libcuda.so.1"), ("win32", "nvcuda.dll")])
def test_with_a_driver_it_is_torch_who_knows(drivers, monkeypatch, platform, name, answer):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: answer)
    drivers.add(name)
    assert cuda_is_available() is answer


def test_a_run_on_the_cpu_does_not_look_for_a_device(monkeypatch):
    monkeypatch.setattr(devices, "cuda_is_available", lambda: never(CONFIG, "cuda"))
    assert choose_device(CONFIG.changed(device="cpu"), never).name == "cpu"
