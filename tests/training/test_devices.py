"""Which device a run takes, with and without one to choose."""

import pytest
import torch

from core.config import PRESETS, TrainingConfig
from core.errors import DeviceError
from core.training.devices import choose_device

LARGE = TrainingConfig(nodes=1024, batch_size=1024)


@pytest.fixture(params=[True, False], ids=["with-gpu", "without-gpu"])
def gpu(request, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: request.param)
    return request.param


def test_cpu_is_taken_when_asked_for(gpu):
    choice = choose_device(LARGE.changed(device="cpu"))
    assert (choice.name, choice.reason) == ("cpu", "as asked for")


def test_cuda_is_taken_when_asked_for_or_refused_in_a_sentence(gpu):
    config = TrainingConfig(nodes=1, batch_size=1, device="cuda")
    if gpu:
        choice = choose_device(config)
        assert (choice.name, choice.reason) == ("cuda", "as asked for")
    else:
        with pytest.raises(DeviceError) as caught:
            choose_device(config)
        assert str(caught.value) == (
            "device=cuda is not available: this machine shows torch no CUDA device; "
            "choose auto or cpu."
        )


def test_auto_takes_the_gpu_for_a_large_network_if_there_is_one(gpu):
    choice = choose_device(LARGE)
    assert choice.name == ("cuda" if gpu else "cpu")
    assert ("large" if gpu else "no CUDA device") in choice.reason


@pytest.mark.parametrize("preset", PRESETS)
def test_auto_keeps_the_presets_on_the_cpu(gpu, preset):
    choice = choose_device(PRESETS[preset].config)
    assert choice.name == "cpu"
    assert ("small" if gpu else "no CUDA device") in choice.reason
