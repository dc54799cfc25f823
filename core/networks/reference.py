"""Both networks as plain autograd: the specification to read, and the tests' witness.

Knows nothing of speed, optimisers, clipping or where the text comes from. The fast path in
`arch1.py` and `arch2.py` computes the same numbers by hand; its tests compare the two.

Letters: B batch, T unrollings (the window's length), V alphabet size, N nodes, H hidden size
(2N under concat, N otherwise). φ is tanh or ReLU. Ids are int64; time comes first.

    Arch 1    concat    h_t = φ([x_t U ; h_{t-1} W] + b)        o_t = h_t V + c
              add       h_t = φ(x_t U + h_{t-1} W + b)
              multiply  h_t = φ((x_t U) ∘ (h_{t-1} W) + b)

    Arch 2    concat    a_t = φ([x_t U ; p_{t-1} W] + b)        o_t = a_t V + c
              teacher   p_{t-1} = the true previous output, as one-hot
              free      p_{t-1} = softmax(o_{t-1})
              stale     x_1 in place of every x_t of a window, but not in p_{t-1}

What is descended is the mean of -log p_t[y_t], in nats, or that of ‖p_t - onehot(y_t)‖², the
squared error, with p_t = softmax(o_t). The loss that is told is the first of them in either case.

A window is T steps of the text. Values cross from one window to the next, gradients stop:

    window 1                    window 2
    h_0 → h_1 → h_2 → h_3  ──→  h_0 → h_1 → h_2 → h_3      value
          ←──── ← ──── ←    ┃         ←──── ← ──── ←       gradient
                         detach

That is truncated backpropagation through time: the unrollings T are how far a loss can reach
back, while the state itself may remember for longer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from core.config import ALPHABET_SIZE, TrainingConfig


@dataclass(frozen=True)
class Window:
    """What one window of T steps gives."""

    logits: Tensor  # (T, B, V), the o_t
    loss: Tensor  # scalar: the mean over all B * T predictions, in nats
    descended: Tensor  # scalar: what the gradient is of, `loss` or the squared error
    hidden: list[Tensor]  # T times (B, H): h_t or a_t, in the graph, to differentiate by
    state: Tensor  # what crosses to the next window, cut from the graph


def initial_state(config: TrainingConfig, batch_size: int, like: Tensor) -> Tensor:
    """What comes back at the first step of all: zeros, of `like`'s dtype and device.

    Arch 1: h_0, (B, H). Arch 2: p_0, (B, V), which teacher forcing ignores.
    """
    width = config.hidden_size if config.architecture == "arch1" else ALPHABET_SIZE
    return like.new_zeros(batch_size, width)


def window(
    parameters: Mapping[str, Tensor],
    config: TrainingConfig,
    inputs: Tensor,
    targets: Tensor,
    state: Tensor,
) -> Window:
    """Run one window forward.

    Args:
        parameters: U, W, b, V, c in the shapes of `config.parameter_shapes`, any float dtype.
        config: the network, its inputs and its loss are read, nothing else.
        inputs: (T, B), ids of the characters read.
        targets: (T, B), ids of the characters to predict.
        state: from `initial_state` or the window before.
    """
    alphabet_size = parameters["c"].shape[0]
    x = one_hot(inputs, alphabet_size).to(parameters["U"].dtype)  # (T, B, V)
    steps = _arch1 if config.architecture == "arch1" else _arch2
    # Without this detach the gradient would run back through every window ever trained.
    outputs, hidden, last = steps(parameters, config, x, state.detach())
    logits = torch.stack(outputs)  # (T, B, V)
    # A mean, not a sum: a sum would grow with T and spoil every comparison of unrollings.
    loss = cross_entropy(logits.flatten(0, 1), targets.flatten())
    descended = loss if config.loss == "cross-entropy" else _squared_error(logits, targets)
    return Window(logits, loss, descended, hidden, last.detach())


def loss_and_gradients(
    parameters: Mapping[str, Tensor],
    config: TrainingConfig,
    inputs: Tensor,
    targets: Tensor,
    state: Tensor,
) -> tuple[Tensor, dict[str, Tensor], Tensor]:
    """One window forward and back: the loss in nats, the gradient of what is descended by
    parameter name, the new state.

    The parameters themselves gain no graph and no `.grad`.
    """
    leaves = {name: value.detach().requires_grad_() for name, value in parameters.items()}
    result = window(leaves, config, inputs, targets, state)
    gradients = torch.autograd.grad(result.descended, list(leaves.values()))
    return result.loss.detach(), dict(zip(leaves, gradients, strict=True)), result.state


def _arch1(
    parameters: Mapping[str, Tensor], config: TrainingConfig, x: Tensor, h: Tensor
) -> tuple[list[Tensor], list[Tensor], Tensor]:
    """The previous hidden layer comes back. On entry `h` is h_0; returns all o_t, all h_t, h_T."""
    U, W, b, V, c = (parameters[name] for name in "UWbVc")
    φ = _activation(config)
    outputs, hidden = [], []
    for x_t in x:  # (B, V)
        if config.combine == "concat":
            z = torch.cat([x_t @ U, h @ W], dim=1)  # (B, 2N)
        elif config.combine == "add":
            z = x_t @ U + h @ W  # (B, N)
        else:
            z = (x_t @ U) * (h @ W)  # (B, N)
        h = φ(z + b)  # (B, H)
        hidden.append(h)
        outputs.append(h @ V + c)  # (B, V)
    return outputs, hidden, h


def _arch2(
    parameters: Mapping[str, Tensor], config: TrainingConfig, x: Tensor, p: Tensor
) -> tuple[list[Tensor], list[Tensor], Tensor]:
    """The previous output comes back. On entry `p` is p_0; returns all o_t, all a_t, the last p.

    Under teacher forcing nothing crosses, and `p` is returned as it was given.
    """
    U, W, b, V, c = (parameters[name] for name in "UWbVc")
    φ = _activation(config)
    teacher = config.feedback == "teacher"
    outputs, hidden = [], []
    for own in x:  # (B, V)
        x_t = x[0] if config.inputs == "stale" else own
        # The true previous output y_{t-1} is the character read now: both inputs are x_t, and
        # no step depends on the one before it. Stale inputs leave the second as it is.
        previous = own if teacher else p  # (B, V)
        a = φ(torch.cat([x_t @ U, previous @ W], dim=1) + b)  # (B, 2N)
        o = a @ V + c  # (B, V)
        if not teacher:
            p = torch.softmax(o, dim=1)  # (B, V), in the graph: credit flows back through it
        hidden.append(a)
        outputs.append(o)
    return outputs, hidden, p


def _squared_error(logits: Tensor, targets: Tensor) -> Tensor:
    """The mean over predictions of ‖p - onehot(y)‖²."""
    p = torch.softmax(logits, 2)
    return (p - one_hot(targets, p.shape[2]).to(p.dtype)).square().sum(2).mean()


def _activation(config: TrainingConfig) -> Callable[[Tensor], Tensor]:
    return torch.tanh if config.activation == "tanh" else torch.relu
