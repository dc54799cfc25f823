"""The pictures' arithmetic, in a real browser, against the networks' specification.

UNROLL_LEARN_CASES sets how many random cases there are.
"""

import base64
import math
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Page

from core.config import TrainingConfig
from core.insight.decay import horizon
from core.networks import reference
from dashboard.widgets.es_module import es_module

pytestmark = pytest.mark.browser

LEARN = Path(__file__).parents[2] / "dashboard" / "learn"
CASES = int(os.environ.get("UNROLL_LEARN_CASES", "50"))
CLOSE = 1e-9
NETWORKS = [
    {"architecture": "arch1", "combine": "concat"},
    {"architecture": "arch1", "combine": "add"},
    {"architecture": "arch1", "combine": "multiply"},
    {"architecture": "arch2", "combine": "concat", "feedback": "teacher"},
    {"architecture": "arch2", "combine": "concat", "feedback": "free"},
]
SETTINGS = [
    {"feedback": "teacher", **network, "activation": activation}
    for network in NETWORKS
    for activation in ("tanh", "relu")
]
ARCH2 = [setting for setting in SETTINGS if setting["architecture"] == "arch2"]
WINDOWS = """async ([address, cases]) => {
  const { windowOf } = await import(address)
  return cases.map(({ network, inputs, targets, state }) =>
    windowOf(network, inputs, targets, state))
}"""
BY_HIDDEN = """async ([address, cases]) => {
  const { lastLossByHidden } = await import(address)
  return cases.map(({ network, inputs, targets, state }) =>
    lastLossByHidden(network, inputs, targets, state))
}"""
SOFTMAXES = """async ([address, cases]) => {
  const { softmaxes, ceilingOfTwo } = await import(address)
  return cases.map(([logits, factor]) =>
    ({ ...softmaxes(logits, factor), ceiling: ceilingOfTwo(logits.length) }))
}"""
# Of every number on the picture: what it is, and what the sum behind it comes to.
UNFOLDED = """async ([arithmetic, unfolding, cases]) => {
  const { windowOf, activate } = await import(arithmetic)
  const { unfold, valueAt, gradientAt, hasGradient } = await import(unfolding)
  const product = (term) => term.reduce((all, factor) => all * factor.value, 1)
  const made = (form, at, terms, activation) => {
    const products = terms.map(product)
    const total = products.reduce((all, value) => all + value, 0)
    if (form === 'φ') return activate(activation, total)
    if (form === 'log') return -Math.log(total)
    if (form !== 'softmax') return total
    return Math.exp(products[at]) / products.reduce((all, o) => all + Math.exp(o), 0)
  }
  const matrix = (name, rows) => rows.flatMap((row, i) => row.map((_, j) => `${name}.${i}.${j}`))
  return cases.flatMap(({ network, inputs, targets, state }) => {
    const window_ = windowOf(network, inputs, targets, state)
    const { U, W, b, V, c } = network.weights
    const alphabet = 'abcdefgh'.slice(0, c.length)
    const weights = [...matrix('U', U), ...matrix('W', W), ...matrix('V', V),
      ...b.map((_, i) => `b.${i}`), ...c.map((_, i) => `c.${i}`)]
    const steps = window_.steps.flatMap((step, t) => ['z', 'h', 'o', 'p'].flatMap(
      (name) => step[name].map((_, i) => `${name}.${t}.${i}`)))
    const losses = ['loss', ...window_.steps.map((_, t) => `loss.${t}`)]
    const look = (cell, backward, value) => {
      const { form, at, terms } = unfold(network, window_, cell, alphabet, backward)
      return [`${cell} ${backward}`, value, made(form, at, terms, network.activation)]
    }
    return [
      ...[...steps, ...losses].map((cell) => look(cell, false, valueAt(network, window_, cell))),
      ...[...steps, ...weights].filter((cell) => hasGradient(network, cell))
        .map((cell) => look(cell, true, gradientAt(network, window_, cell))),
    ]
  })
}"""
CUT = """async ([address, cases]) => {
  const { windowsOf, sumOf } = await import(address)
  return cases.map(({ network, inputs, targets, state, T }) =>
    windowsOf(network, inputs, targets, state, T)
      .map(({ first, loss, shares }) => ({ first, loss, count: shares.length, W: sumOf(shares) })))
}"""
TRAINED = """async ([address, cases]) => {
  const { trained } = await import(address)
  return cases.map(({ network, text, plan }) => trained(network, text, plan).network.weights)
}"""
PRODUCTS = """async ([address, cases]) => {
  const { slopeProducts, horizonOf } = await import(address)
  return cases.map(({ activation, w, z, lags }) => {
    const flow = slopeProducts(activation, w, z, lags)
    return { flow, horizon: horizonOf(flow) }
  })
}"""


def address(name):
    """A module as an address that a browser imports."""
    source = es_module(LEARN / name).encode()
    return f"data:text/javascript;base64,{base64.b64encode(source).decode()}"


def some_case(seed, settings=SETTINGS):
    """A random word, random weights and a state, under each setting in its turn."""
    rng = np.random.default_rng(seed)
    config = TrainingConfig(**settings[seed % len(settings)])
    letters, nodes, length = rng.integers(2, 7), rng.integers(1, 5), rng.integers(1, 8)
    hidden = 2 * nodes if config.combine == "concat" else nodes
    returning = hidden if config.architecture == "arch1" else letters
    shapes = {
        "U": (letters, nodes),
        "W": (returning, nodes),
        "b": (hidden,),
        "V": (hidden, letters),
        "c": (letters,),
    }
    weights = {name: rng.normal(0, 1, shape) for name, shape in shapes.items()}
    word = rng.integers(0, letters, length + 1)
    return config, weights, word[:-1], word[1:], rng.normal(0, 1, returning)


def sent(case):
    """A case as the browser takes it."""
    config, weights, inputs, targets, state = case
    names = ("architecture", "combine", "feedback", "activation")
    return {
        "network": {name: getattr(config, name) for name in names}
        | {"weights": {name: values.tolist() for name, values in weights.items()}},
        "inputs": inputs.tolist(),
        "targets": targets.tolist(),
        "state": state.tolist(),
    }


def in_reference(config, weights, inputs, targets, state):
    """The reference's window of one text, and the weights in its graph."""
    leaves = {name: torch.tensor(values, requires_grad=True) for name, values in weights.items()}
    ids = (torch.tensor(ids)[:, None] for ids in (inputs, targets))
    return reference.window(leaves, config, *ids, torch.tensor(state)[None]), leaves


def by_autograd(case):
    """The reference's window, and the gradient of its loss by weights and by h."""
    window, leaves = in_reference(*case)
    names = list(leaves)
    found = torch.autograd.grad(
        window.loss, [*leaves.values(), *window.hidden], allow_unused=True, materialize_grads=True
    )
    gradients = dict(zip(names, found[: len(names)], strict=True))
    return window, gradients, found[len(names) :]


def differences(case, answer):
    """The largest difference of each kind between the browser and the reference."""
    window, gradients, by_hidden = by_autograd(case)
    steps = answer["steps"]
    pairs = {
        "loss": (answer["loss"], window.loss),
        "logits": ([step["o"] for step in steps], window.logits[:, 0]),
        "hidden": ([step["h"] for step in steps], torch.cat(window.hidden)),
        "by hidden": ([step["d"]["h"] for step in steps], torch.cat(by_hidden)),
        **{f"by {name}": (answer["gradients"][name], gradients[name]) for name in gradients},
    }
    return {
        name: float(np.abs(np.array(ours) - theirs.detach().numpy()).max())
        for name, (ours, theirs) in pairs.items()
    }


def test_a_window_is_the_references_forward_and_back(page: Page):
    cases = [some_case(seed) for seed in range(CASES)]
    answers = page.evaluate(WINDOWS, [address("arithmetic.js"), [sent(case) for case in cases]])
    found = [differences(case, answer) for case, answer in zip(cases, answers, strict=True)]
    worst = {name: max(case[name] for case in found) for name in found[0]}
    print(f"largest differences in {CASES} cases: {worst}")
    assert max(worst.values()) < CLOSE, worst


def last_loss_by_hidden(case):
    """Of the reference: at each step the gradient of the last step's loss alone by h."""
    window, _ = in_reference(*case)
    *_, target = case[3].tolist()
    last = -window.logits[-1, 0].log_softmax(dim=0)[target]
    found = torch.autograd.grad(last, window.hidden, allow_unused=True, materialize_grads=True)
    return torch.cat(found).numpy()


def test_the_last_loss_reaches_earlier_steps_only_where_the_own_output_comes_back(page: Page):
    cases = [some_case(seed, ARCH2) for seed in range(CASES)]
    sent_cases = [sent(case) for case in cases]
    answers = page.evaluate(BY_HIDDEN, [address("arithmetic.js"), sent_cases])
    worst = 0.0
    reached = {"teacher": 0, "free": 0}
    for case, answer in zip(cases, answers, strict=True):
        ours = np.array(answer)
        worst = max(worst, float(np.abs(ours - last_loss_by_hidden(case)).max()))
        reached[case[0].feedback] += np.count_nonzero(ours[:-1])
    print(f"largest difference in {CASES} cases: {worst}; numbers not 0 before the end: {reached}")
    assert worst < CLOSE
    assert reached["teacher"] == 0
    assert reached["free"] > 0


def test_a_second_softmax_comes_up_to_its_ceiling_and_never_beyond(page: Page):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (CASES, 27))
    logits[:, 0] = logits.max(axis=1) + 1  # ahead enough to be certain once it is sharpened
    factors = 10 ** rng.uniform(-1, 3, CASES)
    factors[0] = 1_000
    cases = [[row.tolist(), factor] for row, factor in zip(logits, factors.tolist(), strict=True)]
    answers = page.evaluate(SOFTMAXES, [address("arithmetic.js"), cases])
    ceiling = math.e / (math.e + 26)
    for (row, factor), answer in zip(cases, answers, strict=True):
        once = torch.softmax(factor * torch.tensor(row, dtype=torch.float64), dim=0)
        assert answer["once"] == pytest.approx(once.tolist(), rel=0, abs=1e-12)
        assert answer["twice"] == pytest.approx(once.softmax(dim=0).tolist(), rel=0, abs=1e-12)
        assert answer["ceiling"] == pytest.approx(ceiling, rel=0, abs=1e-12)
        assert max(answer["twice"]) <= ceiling + 1e-12
    assert max(answers[0]["once"]) == pytest.approx(1, rel=0, abs=1e-12)
    assert max(answers[0]["twice"]) == pytest.approx(ceiling, rel=0, abs=1e-12)


def test_every_number_is_the_sum_that_it_unfolds_into(page: Page):
    cases = [sent(some_case(seed)) for seed in range(2 * len(SETTINGS))]
    numbers = page.evaluate(UNFOLDED, [address("arithmetic.js"), address("unfold.js"), cases])
    assert len(numbers) > 1_000
    wrong = [n for n in numbers if not abs(n[1] - n[2]) < CLOSE]
    assert wrong == []


def cut_by_autograd(config, weights, inputs, targets, state, T):
    """The reference's whole windows of T, one after another: the loss and ∂W of each."""
    parameters = {name: torch.tensor(values) for name, values in weights.items()}
    carried, found = torch.tensor(state)[None], []
    for first in range(0, len(inputs) - T + 1, T):
        ids = (torch.tensor(ids[first : first + T])[:, None] for ids in (inputs, targets))
        loss, gradients, carried = reference.loss_and_gradients(parameters, config, *ids, carried)
        found.append((float(loss), gradients["W"].numpy()))
    return found


def test_the_shares_of_the_copies_add_up_to_the_gradient_of_their_window(page: Page):
    rng = np.random.default_rng(0)
    cases = [some_case(seed) for seed in range(CASES)]
    lengths = [int(rng.integers(1, len(case[2]) + 1)) for case in cases]
    asked = [sent(case) | {"T": T} for case, T in zip(cases, lengths, strict=True)]
    answers = page.evaluate(CUT, [address("truncated.js"), asked])
    worst = {"loss": 0.0, "W": 0.0}
    for case, T, answer in zip(cases, lengths, answers, strict=True):
        expected = cut_by_autograd(*case, T)
        assert [window["first"] for window in answer] == [T * k for k in range(len(expected))]
        assert {window["count"] for window in answer} == {T}
        for window, (loss, by_w) in zip(answer, expected, strict=True):
            worst["loss"] = max(worst["loss"], abs(window["loss"] - loss))
            worst["W"] = max(worst["W"], float(np.abs(np.array(window["W"]) - by_w).max()))
    print(f"largest differences in {CASES} cases: {worst}")
    assert max(worst.values()) < CLOSE, worst


@pytest.mark.parametrize("carries", [True, False])
def test_training_is_plain_descent_along_the_references_gradient(page: Page, carries):
    T, updates, rate = 2, 20, 0.1
    cases = [some_case(seed) for seed in range(len(SETTINGS))]
    plan = {"T": T, "updates": updates, "rate": rate, "carries": carries}
    asked = [sent(case) | {"text": case[2].tolist(), "plan": plan} for case in cases]
    answers = page.evaluate(TRAINED, [address("truncated.js"), asked])
    for (config, weights, text, _, state), answer in zip(cases, answers, strict=True):
        parameters = {name: torch.tensor(values) for name, values in weights.items()}
        start = carried = torch.zeros(1, len(state), dtype=torch.float64)
        for k in range(updates):
            read = torch.tensor([text[(k * T + t) % len(text)] for t in range(T + 1)])[:, None]
            _, gradients, left = reference.loss_and_gradients(
                parameters, config, read[:-1], read[1:], carried
            )
            parameters = {n: value - rate * gradients[n] for n, value in parameters.items()}
            carried = left if carries else start
        for name, value in parameters.items():
            assert np.array(answer[name]) == pytest.approx(value.numpy(), abs=CLOSE), name


def one_unit(activation, w, z, lags, rng):
    """∂L_T/∂h_{T−k} over ∂L_T/∂h_T by autograd, in a network of one unit that stays at z."""
    config = TrainingConfig(architecture="arch1", combine="add", activation=activation)
    h = np.tanh(z) if activation == "tanh" else max(z, 0.0)
    weights = {
        "U": np.full((2, 1), z - w * h),  # with what comes back it makes z again
        "W": np.array([[w]]),
        "b": np.zeros(1),
        "V": rng.normal(0, 1, (1, 2)),
        "c": np.zeros(2),
    }
    tensors = {name: torch.tensor(values, requires_grad=True) for name, values in weights.items()}
    ids = torch.zeros(lags + 1, 1, dtype=torch.int64)
    window = reference.window(tensors, config, ids, ids, torch.tensor([[h]], dtype=torch.float64))
    last = torch.nn.functional.cross_entropy(window.logits[-1], ids[-1])
    found = torch.autograd.grad(last, window.hidden)[::-1]
    return np.array([float(abs(gradient / found[0])) for gradient in found])


def test_a_product_of_slopes_is_the_gradient_of_a_unit_that_stays_where_it_is(page: Page):
    rng = np.random.default_rng(0)
    cases = [
        {
            "activation": ("tanh", "relu")[seed % 2],
            "w": rng.uniform(0, 1.5),
            "z": rng.uniform(0.05, 1.5),  # at 0 and below a ReLU unit passes nothing to compare
            "lags": int(rng.integers(1, 25)),
        }
        for seed in range(CASES)
    ]
    answers = page.evaluate(PRODUCTS, [address("arithmetic.js"), cases])
    worst = 0.0
    for case, answer in zip(cases, answers, strict=True):
        expected = one_unit(**case, rng=rng)
        # Relative: flows here go from 1e-10 to 1e4.
        worst = max(worst, float(np.abs(np.array(answer["flow"]) / expected - 1).max()))
        assert answer["horizon"] == horizon(np.array(answer["flow"]))
    print(f"largest relative difference in {CASES} cases: {worst}")
    assert worst < CLOSE
