"""The design's section on the two networks, written down literally in float64.

A witness for the trainer: it shares no code with `core`, so that the two agree only if both
follow the equations. Slow and plain: one character at a time, gradients by autograd, batches
by counting.
"""

import math

import torch

V = 27


def train(
    ids,
    weights,
    windows,
    *,
    architecture="arch1",
    combine="concat",
    feedback="teacher",
    activation="tanh",
    batch_size=4,
    optimiser="sgd",
    learning_rate=1.0,
    decay_rate=1.0,
    decay_steps=1_000,
    clip=0.0,
):
    """Train a step for each number in `windows`, its unrollings; return losses and norms."""
    w = {name: torch.as_tensor(weights[name]).double().clone() for name in "UWbVc"}
    cursors = [b * (len(ids) // batch_size) for b in range(batch_size)]
    returning = None
    memory = {name: [torch.zeros_like(value), torch.zeros_like(value)] for name, value in w.items()}
    losses, norms = [], []
    for step, unrollings in enumerate(windows, start=1):
        leaves = {name: value.clone().requires_grad_() for name, value in w.items()}
        predictions = []
        for _ in range(unrollings):
            cursors = [(cursor + 1) % len(ids) for cursor in cursors]
            x = one_hot(ids[cursor] for cursor in cursors)
            y = one_hot(ids[(cursor + 1) % len(ids)] for cursor in cursors)
            if architecture == "arch1":
                returning, logits = arch1(leaves, x, returning, combine, activation)
            else:
                true_previous = x if feedback == "teacher" else None
                returning, logits = arch2(leaves, x, returning, true_previous, activation)
            predictions.append(-(y * torch.log_softmax(logits, 1)).sum(1))
        loss = torch.stack(predictions).mean()
        loss.backward()
        returning = returning.detach()

        norm = math.sqrt(sum(float(leaf.grad.square().sum()) for leaf in leaves.values()))
        scale = clip / norm if clip and norm > clip else 1.0
        rate = learning_rate * decay_rate ** ((step - 1) // decay_steps)
        for name, leaf in leaves.items():
            w[name] -= rate * direction(optimiser, leaf.grad * scale, memory[name], step)
        losses.append(loss.item())
        norms.append(norm)
    return losses, norms


def arch1(w, x, h, combine, activation):
    """h_t and o_t; `h` is h_{t-1}, or None before the first character."""
    if h is None:
        h = torch.zeros(len(x), len(w["b"]), dtype=torch.float64)
    if combine == "concat":
        z = torch.cat([x @ w["U"], h @ w["W"]], 1) + w["b"]
    elif combine == "add":
        z = x @ w["U"] + h @ w["W"] + w["b"]
    else:
        z = (x @ w["U"]) * (h @ w["W"]) + w["b"]
    h = phi(activation, z)
    return h, h @ w["V"] + w["c"]


def arch2(w, x, p, true_previous, activation):
    """p_t and o_t; `p` is p_{t-1}, or None before the first character."""
    if p is None:
        p = torch.zeros_like(x)
    if true_previous is not None:
        p = true_previous
    a = phi(activation, torch.cat([x @ w["U"], p @ w["W"]], 1) + w["b"])
    logits = a @ w["V"] + w["c"]
    return torch.softmax(logits, 1), logits


def direction(optimiser, g, memory, step):
    """What the learning rate multiplies; `memory` holds two tensors from step to step."""
    if optimiser == "sgd":
        return g
    if optimiser == "adadelta":
        memory[0] = 0.95 * memory[0] + 0.05 * g**2
        d = torch.sqrt(memory[1] + 1e-8) / torch.sqrt(memory[0] + 1e-8) * g
        memory[1] = 0.95 * memory[1] + 0.05 * d**2
        return d
    memory[0] = 0.9 * memory[0] + 0.1 * g
    memory[1] = 0.999 * memory[1] + 0.001 * g**2
    return (memory[0] / (1 - 0.9**step)) / (torch.sqrt(memory[1] / (1 - 0.999**step)) + 1e-8)


def phi(activation, z):
    return torch.tanh(z) if activation == "tanh" else torch.clamp(z, min=0)


def one_hot(ids):
    return torch.stack([torch.eye(V, dtype=torch.float64)[int(i)] for i in ids])
