"""How fast a training step is, next to what a user would write or import instead.

    python -m benchmarks.step            a table, and the curve over T and N
    python -m benchmarks.step --json     one object with the three ratios of each preset

(a) our `Trainer` with every step recorded, on the engine it takes and on torch's, (b)
`torch.nn.RNN` of the same hidden size with autograd, (c) `core/networks/reference.py` with
autograd, all in one process, in turn, on one thread; (d) the floor: the operations of the matrix
products that a step needs, at the best rate that this machine reached in a 1000³ product.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from time import perf_counter

from benchmarks.rivals import nn_rnn_step, reference_step
from benchmarks.timing import best_product_rate, in_turn
from core.config import ALPHABET_SIZE, PRESETS, TrainingConfig
from core.data.corpora import Corpus, load_corpus
from core.engines.threads import prepare_thread
from core.history import History
from core.steps import StepTable
from core.training.trainer import Trainer

_ARTICLE_STEPS = 800_001


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--text", default="builtin", help="what to train on")
    parser.add_argument("--rounds", type=int, default=9, help="turns of each candidate (>= 7)")
    options = parser.parse_args()
    prepare_thread("torch")
    corpus = load_corpus(options.text)
    rate = best_product_rate()
    results = {}
    free = PRESETS["arch2"].config.changed(feedback="free")
    configs = {name: PRESETS[name].config for name in ("arch1", "demo", "arch2")}
    for name, preset in {**configs, "arch2, free": free}.items():
        config = preset.changed(text=options.text, device="cpu")
        results[name] = _compare(config, corpus, rate, options.rounds)
    if options.json:
        print(json.dumps(results))
        return
    _print_table(results, rate)
    _print_curve(corpus, rate)
    _print_full_run(corpus)


def our_step(config: TrainingConfig, corpus: Corpus) -> Callable[[], object]:
    """A step as a user runs it: trained, recorded, and reported on at its interval."""
    trainer = Trainer(config.changed(steps=10_000_000), corpus)
    history = History()
    told = trainer.tell()
    ahead = 0  # steps are taken many at a time, and asked for one by one

    def step() -> None:
        nonlocal ahead
        while not ahead:
            if isinstance(record := next(told), StepTable):  # reports between count, too
                history.extend(record.columns)
                ahead = len(record)
        ahead -= 1

    return step


def operations(config: TrainingConfig) -> int:
    """Floating-point operations in the matrix products of one step, forward and back.

    What is looked up in a table is not counted per position: one-hot products are free. Under
    teacher forcing nothing but the output layer depends on the position.
    """
    B, T, N, V = config.batch_size, config.unrollings, config.nodes, ALPHABET_SIZE
    places = B * T
    output = 3 * 2 * places * N * V  # logits, their gradient's way back, and dV
    if config.architecture == "arch2":
        if config.feedback == "teacher":
            return 3 * 2 * places * 2 * N * V
        return output + 3 * 2 * places * V * N
    recurrence = 3 * 2 * places * N * N
    if config.combine != "concat":
        return output + recurrence
    tables = 3 * 2 * V * N * (N + V) + 2 * 2 * B * N * N
    return output + recurrence + tables


def _compare(config: TrainingConfig, corpus: Corpus, rate: float, rounds: int) -> dict[str, float]:
    seconds = in_turn(
        {
            "ours": our_step(config, corpus),
            "torch": our_step(config.changed(engine="torch"), corpus),
            "nn_rnn": nn_rnn_step(config, corpus),
            "reference": reference_step(config, corpus),
        },
        rounds=max(7, rounds),
    )
    floor = operations(config) / rate
    return {
        "ours_ms": seconds["ours"] * 1e3,
        "torch_ms": seconds["torch"] * 1e3,
        "nn_rnn_ms": seconds["nn_rnn"] * 1e3,
        "reference_ms": seconds["reference"] * 1e3,
        "floor_ms": floor * 1e3,
        "ratio_vs_nn_rnn": seconds["nn_rnn"] / seconds["ours"],
        "ratio_vs_reference": seconds["reference"] / seconds["ours"],
        "ratio_to_floor": seconds["ours"] / floor,
    }


def _print_table(results: dict[str, dict[str, float]], rate: float) -> None:
    print(f"best 1000³ product: {rate / 1e9:.0f} GFLOP/s on one thread\n")
    print(
        "| preset | ours | our torch engine | nn.RNN | reference | floor | vs torch engine "
        "| vs nn.RNN | vs reference | to floor |"
    )
    print("|" + "---|" * 10)
    for name, r in results.items():
        print(
            f"| {name} | {r['ours_ms']:.3f} ms | {r['torch_ms']:.3f} ms | {r['nn_rnn_ms']:.2f} ms "
            f"| {r['reference_ms']:.2f} ms | {r['floor_ms']:.3f} ms "
            f"| {r['torch_ms'] / r['ours_ms']:.2f}× | {r['ratio_vs_nn_rnn']:.1f}× "
            f"| {r['ratio_vs_reference']:.1f}× "
            f"| {r['ratio_to_floor']:.2f}× |"
        )


def _print_curve(corpus: Corpus, rate: float) -> None:
    print("\nArch 1 over sizes, all in turn:\n")
    print("| T | N | B | engine taken | ours | torch engine | ratio | to floor |")
    print("|" + "---|" * 8)
    base = PRESETS["arch1"].config.changed(device="cpu")
    sizes = [(T, 100, 32) for T in (1, 10, 20, 80, 200)]
    sizes += [(20, N, 32) for N in (50, 200, 400)] + [(20, 100, B) for B in (1, 8, 128, 256)]
    for T, N, B in sizes:
        config = base.changed(unrollings=T, nodes=N, batch_size=B)
        plain = config.changed(engine="torch")
        both = {"ours": our_step(config, corpus), "torch": our_step(plain, corpus)}
        seconds = in_turn(both)
        taken = Trainer(config, corpus).choice.engine
        print(
            f"| {T} | {N} | {B} | {taken} | {seconds['ours'] * 1e3:.3f} ms "
            f"| {seconds['torch'] * 1e3:.3f} ms | {seconds['torch'] / seconds['ours']:.2f}× "
            f"| {seconds['ours'] * rate / operations(config):.2f}× |"
        )


def _print_full_run(corpus: Corpus, steps: int = 5_000) -> None:
    step = our_step(PRESETS["arch1"].config.changed(device="cpu"), corpus)
    began = perf_counter()
    for _ in range(steps):
        step()
    seconds = perf_counter() - began
    minutes = seconds / steps * _ARTICLE_STEPS / 60
    print(
        f"\n{steps:,} steps of Arch 1 with records and reports took {seconds:.1f} s: the "
        f"article's {_ARTICLE_STEPS:,} steps would take {minutes:.0f} minutes here."
    )


if __name__ == "__main__":
    main()
