"""Recorded steps, replayed on a tape in place of a CUDA graph: no GPU is needed."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from core.config import ALPHABET_SIZE, TrainingConfig
from core.data.corpora import load_corpus
from core.engines.graphed import GraphedStepper
from core.engines.optimisers import build_optimiser
from core.engines.stepper import NotFinite, Stepper
from core.networks.build import build_network
from core.networks.initialisers import initial_parameters
from core.networks.parameters import Parameters
from core.training.trainer import Trainer

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

    @torch.inference_mode()  # in which networks compute: their tensors are written to
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
        for _ in range(2):
            work()  # as on a GPU, where libraries have to warm up
        tape = Tape()
        with tape:
            given = work()
        for tensor in given:
            tensor.fill_(float("nan"))  # recording on a GPU fills nothing
        self.tapes.append(tape)
        return given, tape.replay


def stepper_of(
    kind=KINDS[0],
    activation="tanh",
    optimiser="adadelta",
    record=None,
    dtype=torch.float64,  # in which no rounding grows to what a wrong step would give
):
    config = TrainingConfig(nodes=N, batch_size=B, activation=activation, **kind)
    parameters = Parameters(config, dtype=dtype)
    parameters.load(initial_parameters(config, seed=3))
    updater = build_optimiser(optimiser, parameters.flat)
    network = build_network(config, parameters)
    return GraphedStepper(network, updater, record) if record else Stepper(network, updater)


def graphed_of(*arguments, **settings):
    recorder = Recorder()
    return stepper_of(*arguments, record=recorder, **settings), recorder.tapes


def weights_and_accumulators(stepper):
    network, optimiser = stepper.network, stepper.optimiser
    return [
        tensor.clone() for tensor in (network.parameters.flat, *optimiser.accumulators.values())
    ]


def windows(lengths):
    generator = torch.Generator().manual_seed(7)
    for steps in lengths:
        ids = torch.randint(ALPHABET_SIZE, (steps + 1, B), generator=generator)
        yield ids[:-1], ids[1:]


def train(stepper, lengths, rates=(0.5,), clips=(0.1, 0.0)):
    """Steps whose rate and clip change all the time; what each gave, and what it changed."""
    state, seen = stepper.network.initial_state(B), []
    for number, (inputs, targets) in enumerate(windows(lengths), start=1):
        rate, clip = rates[number % len(rates)], clips[number % len(clips)]
        stepped = stepper.step(inputs, targets, state, number=number, learning_rate=rate, clip=clip)
        state = stepped.state
        seen.append((stepped.loss, stepped.norm, [state, *weights_and_accumulators(stepper)]))
    return seen


def assert_alike(given, expected, rel=1e-9):
    assert len(given) == len(expected)
    for (loss, norm, tensors), (right_loss, right_norm, right) in zip(given, expected, strict=True):
        assert (loss, norm) == pytest.approx((right_loss, right_norm), rel=rel)
        for tensor, right_tensor in zip(tensors, right, strict=True):
            torch.testing.assert_close(tensor, right_tensor, rtol=10 * rel, atol=rel / 10)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@kinds
def test_replayed_steps_give_what_plain_ones_give(kind, activation):
    lengths = [4, 4, 4, 7, 7, 4]
    graphed, _ = graphed_of(kind, activation)
    expected = train(stepper_of(kind, activation), lengths)
    assert_alike(train(graphed, lengths), expected)


@pytest.mark.parametrize("optimiser", ["sgd", "adadelta", "adam"])
def test_other_rates_and_clips_take_effect_and_record_nothing_anew(optimiser):
    changes = {"rates": (0.5, 0.01, 0.2), "clips": (0.1, 0.0, 0.05, 100.0)}
    graphed, tapes = graphed_of(optimiser=optimiser)
    given = train(graphed, [4] * 12, **changes)
    assert_alike(given, train(stepper_of(optimiser=optimiser), [4] * 12, **changes))
    assert len(tapes) == 1


def test_only_a_new_window_length_is_recorded():
    graphed, tapes = graphed_of()
    train(graphed, [4, 4, 7, 7, 4, 7])
    assert len(tapes) == 2


def test_recordings_long_out_of_use_are_given_up_and_made_again():
    graphed, tapes = graphed_of()
    lengths = [2, 3, 4, 5, 6, 7, 2]
    assert_alike(train(graphed, lengths), train(stepper_of(), lengths))
    assert len(tapes) == 7


@pytest.mark.parametrize("optimiser", ["sgd", "adadelta", "adam"])
@kinds
def test_what_is_recorded_never_asks_for_a_number(kind, optimiser):
    # On a GPU that would wait for the device, and cannot be recorded.
    graphed, tapes = graphed_of(kind, optimiser=optimiser)
    train(graphed, [4])
    asked = {func for func, *_ in tapes[0].calls}
    assert torch.ops.aten._local_scalar_dense.default not in asked
    assert torch.ops.aten.nonzero.default not in asked


def test_the_whole_step_is_recorded_clipping_and_update_included():
    graphed, tapes = graphed_of(optimiser="sgd")
    train(graphed, [4])
    recorded = {func.name() for func, *_ in tapes[0].calls}
    assert {"aten::linalg_vector_norm", "aten::clamp_", "aten::addcmul_"} <= recorded


def test_a_later_replay_leaves_earlier_results_alone():
    graphed, _ = graphed_of()
    first, second = windows([4, 4])
    settings = {"number": 1, "learning_rate": 0.5, "clip": 0.0}
    stepped = graphed.step(*first, graphed.network.initial_state(B), **settings)
    kept = stepped.state.clone()
    graphed.step(*second, stepped.state, **settings)
    assert torch.equal(stepped.state, kept)


def test_who_looks_sees_the_gradient_with_the_weights_it_belongs_to():
    graphed, _ = graphed_of()
    train(graphed, [4])
    network, alone, seen = graphed.network, stepper_of().network, []
    alone.parameters.flat.copy_(network.parameters.flat)
    (window,) = windows([4])
    alone.loss_and_gradients(*window, alone.initial_state(B))
    graphed.step(
        *window,
        network.initial_state(B),
        number=2,
        learning_rate=0.5,
        clip=0.0,
        look=lambda: seen.append(network.hidden_gradients()),
    )
    torch.testing.assert_close(seen, [alone.hidden_gradients()])


@pytest.mark.parametrize("steps_before", [0, 2])
def test_a_step_that_is_not_finite_is_taken_back_and_says_what_failed(steps_before):
    graphed, _ = graphed_of(activation="relu", dtype=torch.float32)
    train(graphed, [4] * steps_before)
    network = graphed.network
    network.parameters.values["V"].mul_(1e38)
    network.parameters.values["W"].mul_(1e38)
    before = weights_and_accumulators(graphed)
    (window,) = windows([4])
    with pytest.raises(NotFinite, match="the loss"):
        graphed.step(
            *window, network.initial_state(B) + 1e38, number=9, learning_rate=0.5, clip=1.0
        )
    for tensor, kept in zip(weights_and_accumulators(graphed), before, strict=True):
        assert torch.equal(tensor, kept)


def test_a_gradient_too_long_for_float32_to_square_is_clipped_as_in_a_plain_step():
    kind = {"activation": "relu", "dtype": torch.float32}
    steppers = stepper_of(**kind), graphed_of(**kind)[0]
    after = []
    for stepper in steppers:
        network = stepper.network
        network.parameters.values["V"].mul_(1e21)
        network.parameters.values["U"].add_(1.0)
        (window,) = windows([4])
        stepped = stepper.step(
            *window, network.initial_state(B), number=1, learning_rate=0.5, clip=1.0
        )
        assert 1e19 < stepped.norm < 1e30
        after.append((stepped.loss, stepped.norm, weights_and_accumulators(stepper)))
    assert_alike(after[1:], after[:1], rel=1e-5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@kinds
def test_fifty_steps_on_a_gpu_are_those_of_the_cpu(kind):
    corpus, losses = load_corpus("builtin"), {}
    for device in ("cpu", "cuda"):
        config = TrainingConfig(
            nodes=16, batch_size=8, unrollings=6, text="builtin", device=device, steps=50, **kind
        )
        trainer = Trainer(config, corpus)
        losses[device] = [trainer.step().loss_nats for _ in range(30)]
        trainer.change(trainer.live.changed(unrollings=9, learning_rate=0.1))
        losses[device] += [trainer.step().loss_nats for _ in range(20)]
    assert losses["cuda"] == pytest.approx(losses["cpu"], rel=1e-4)
