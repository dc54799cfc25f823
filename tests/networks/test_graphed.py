"""Recorded passes, replayed on a tape in place of a CUDA graph: no GPU is needed."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from core.config import ALPHABET_SIZE, TrainingConfig
from core.networks.build import build_network
from core.networks.graphed import GraphedNetwork, record_on_cuda
from core.networks.initialisers import initial_parameters
from core.networks.parameters import Parameters

B, N = 5, 6
KINDS = [
    {"architecture": "arch1", "combine": "concat"},
    {"architecture": "arch1", "combine": "add"},
    {"architecture": "arch1", "combine": "multiply"},
    {"architecture": "arch2", "feedback": "teacher"},
    {"architecture": "arch2", "feedback": "free"},
]
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(kind.values()))


class Tape(TorchDispatchMode):
    """What a CUDA graph is: the same operations on the same memory, and no Python between."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        self.calls.append((func, args, kwargs or {}, result))
        return result

    def replay(self):
        for func, args, kwargs, result in self.calls:
            again = func(*args, **kwargs)
            for old, new in zip(tree_leaves(result), tree_leaves(again), strict=True):
                if old.data_ptr() != new.data_ptr():  # a new tensor: its memory is the tape's
                    old.copy_(new)


class Recorder:
    """Records on tapes, and keeps them."""

    def __init__(self):
        self.tapes = []

    def __call__(self, work):
        tape = Tape()
        with tape:
            given = work()
        for tensor in given:
            tensor.fill_(float("nan"))  # recording on a GPU fills nothing either
        self.tapes.append(tape)
        return given, tape.replay


def network_of(kind, activation="tanh", device="cpu"):
    config = TrainingConfig(nodes=N, batch_size=B, activation=activation, **kind)
    parameters = Parameters(config, device=device)
    parameters.load(initial_parameters(config, torch.Generator().manual_seed(3)))
    return build_network(config, parameters)


def windows(lengths, device="cpu"):
    generator = torch.Generator().manual_seed(7)
    for steps in lengths:
        ids = torch.randint(ALPHABET_SIZE, (steps + 1, B), generator=generator).to(device)
        yield ids[:-1], ids[1:]


def train(network, window_pass, lengths, device="cpu"):
    """Losses and gradients of a few steps of gradient descent."""
    state, seen = network.initial_state(B), []
    for inputs, targets in windows(lengths, device):
        loss, state = window_pass.loss_and_gradients(inputs, targets, state)
        seen.append((loss.item(), network.parameters.gradient.clone(), network.hidden_gradients()))
        network.parameters.flat.sub_(network.parameters.gradient, alpha=0.5)
    return seen


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@kinds
def test_replayed_passes_give_what_the_network_gives(kind, activation):
    lengths = [4, 4, 4, 7, 7, 4]
    plain, replayed = network_of(kind, activation), network_of(kind, activation)
    expected = train(plain, plain, lengths)
    given = train(replayed, GraphedNetwork(replayed, Recorder()), lengths)
    for (loss, *tensors), (right_loss, *right) in zip(given, expected, strict=True):
        assert loss == right_loss
        for tensor, right_tensor in zip(tensors, right, strict=True):
            assert torch.equal(tensor, right_tensor)


def test_only_a_new_window_length_is_recorded():
    recorder, network = Recorder(), network_of(KINDS[0])
    train(network, GraphedNetwork(network, recorder), [4, 4, 7, 7, 4, 7])
    assert len(recorder.tapes) == 2


def test_recordings_long_out_of_use_are_given_up_and_made_again():
    recorder, network = Recorder(), network_of(KINDS[0])
    plain = network_of(KINDS[0])
    lengths = [2, 3, 4, 5, 6, 7, 2]
    given = train(network, GraphedNetwork(network, recorder), lengths)
    assert len(recorder.tapes) == 7
    assert [loss for loss, *_ in given] == [loss for loss, *_ in train(plain, plain, lengths)]


@kinds
def test_a_pass_never_asks_for_a_number(kind):
    # On a GPU that would wait for the device, and cannot be recorded.
    recorder, network = Recorder(), network_of(kind)
    train(network, GraphedNetwork(network, recorder), [4])
    asked = {func for func, *_ in recorder.tapes[0].calls}
    assert torch.ops.aten._local_scalar_dense.default not in asked
    assert torch.ops.aten.nonzero.default not in asked


def test_a_later_replay_leaves_earlier_results_alone():
    network = network_of(KINDS[0])
    graphed, state = GraphedNetwork(network, Recorder()), network.initial_state(B)
    first, second = windows([4, 4])
    loss, after = graphed.loss_and_gradients(*first, state)
    kept = loss.clone(), after.clone()
    graphed.loss_and_gradients(*second, after)
    assert torch.equal(loss, kept[0])
    assert torch.equal(after, kept[1])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@kinds
def test_fifty_steps_on_a_gpu_are_those_of_the_cpu(kind):
    lengths = [6] * 30 + [9] * 20
    plain, on_gpu = network_of(kind), network_of(kind, device="cuda")
    expected = train(plain, plain, lengths)
    given = train(on_gpu, GraphedNetwork(on_gpu, record_on_cuda), lengths, device="cuda")
    for (loss, *_), (right_loss, *_) in zip(given, expected, strict=True):
        assert loss == pytest.approx(right_loss, rel=1e-4)
