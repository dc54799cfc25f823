"""What a learner would write or import instead of our trainer, one training step a call.

Each takes the same configuration, reads the same windows, clips by global norm, and keeps the
loss. `torch.nn.RNN` has one hidden layer of the same width H.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from core.config import ALPHABET_SIZE, TrainingConfig
from core.data.corpora import Corpus
from core.data.windows import Cursors
from core.networks import reference
from core.networks.initialisers import initial_parameters


def nn_rnn_step(config: TrainingConfig, corpus: Corpus) -> Callable[[], float]:
    """`torch.nn.RNN` with autograd and `torch.optim`."""
    device = "cuda" if config.device == "cuda" else "cpu"
    hidden = config.hidden_size
    rnn = nn.RNN(ALPHABET_SIZE, hidden, nonlinearity=config.activation).to(device)
    out = nn.Linear(hidden, ALPHABET_SIZE).to(device)
    parameters = [*rnn.parameters(), *out.parameters()]
    optimiser = _optimiser(config, parameters)
    cursors = Cursors(corpus.training, config.batch_size)
    state = torch.zeros(1, config.batch_size, hidden, device=device)

    def step() -> float:
        nonlocal state
        x, y = (torch.from_numpy(i).to(device) for i in cursors.next_window(config.unrollings))
        optimiser.zero_grad(set_to_none=True)
        one_hot = nn.functional.one_hot(x, ALPHABET_SIZE).float()  # (T, B, V)
        states, last = rnn(one_hot, state)
        loss = nn.functional.cross_entropy(out(states).flatten(0, 1), y.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, config.clip)
        optimiser.step()
        state = last.detach()
        return float(loss.detach())

    return step


def reference_step(config: TrainingConfig, corpus: Corpus) -> Callable[[], float]:
    """`core/networks/reference.py` with autograd and `torch.optim`."""
    weights = {
        name: torch.from_numpy(value).requires_grad_()
        for name, value in initial_parameters(config, config.seed).items()
    }
    optimiser = _optimiser(config, list(weights.values()))
    cursors = Cursors(corpus.training, config.batch_size)
    state = reference.initial_state(config, config.batch_size, weights["U"])

    def step() -> float:
        nonlocal state
        x, y = (torch.from_numpy(ids) for ids in cursors.next_window(config.unrollings))
        optimiser.zero_grad(set_to_none=True)
        window = reference.window(weights, config, x, y, state)
        window.loss.backward()
        nn.utils.clip_grad_norm_(list(weights.values()), config.clip)
        optimiser.step()
        state = window.state.detach()
        return float(window.loss.detach())

    return step


def _optimiser(config: TrainingConfig, parameters: list) -> torch.optim.Optimizer:
    rate = config.learning_rate
    if config.optimiser == "adadelta":
        return torch.optim.Adadelta(parameters, lr=rate, rho=0.95, eps=1e-8)
    if config.optimiser == "adam":
        return torch.optim.Adam(parameters, lr=rate)
    return torch.optim.SGD(parameters, lr=rate)
