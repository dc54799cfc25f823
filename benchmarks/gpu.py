"""A GPU next to this machine's processor: our step eager and as a graph, and cuDNN's RNN.

    python -m benchmarks.gpu [--json]

Steps a second of Arch 1, ReLU, T 40, at N 100 and 1024 and B 32 and 1024, in turn. `auto` in
`core/engines/devices.py` should pick what wins here.
"""

from __future__ import annotations

import argparse
import json

import torch

from benchmarks.rivals import nn_rnn_step
from benchmarks.timing import in_turn
from core.config import PRESETS, TrainingConfig
from core.data.corpora import Corpus, load_corpus
from core.engines.stepper import Stepper
from core.engines.threads import prepare_thread
from core.engines.torch_engine import TorchEngine
from core.training.trainer import Trainer

_SIZES = [(100, 32), (100, 1024), (1024, 32), (1024, 1024)]  # nodes, batch size


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        parser.exit(1, "This machine shows torch no CUDA device: there is nothing to measure.\n")
    prepare_thread("torch")
    corpus = load_corpus("builtin")
    base = PRESETS["arch1"].config
    results = {
        f"N {nodes}, B {batch}": _compare(base.changed(nodes=nodes, batch_size=batch), corpus)
        for nodes, batch in _SIZES
    }
    if options.json:
        print(json.dumps(results))
        return
    names = list(next(iter(results.values())))
    print(f"{torch.cuda.get_device_name()}, steps a second\n")
    print("| size | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 1) + "|")
    for size, rates in results.items():
        print(f"| {size} | " + " | ".join(f"{rates[name]:,.0f}" for name in names) + " |")


def _compare(config: TrainingConfig, corpus: Corpus) -> dict[str, float]:
    on_gpu = config.changed(device="cuda")
    eager = Trainer(on_gpu, corpus)
    assert isinstance(eager.engine, TorchEngine)
    eager.engine.stepper = Stepper(eager.engine.network, eager.engine.stepper.optimiser)
    seconds = in_turn(
        {
            "CPU": Trainer(config.changed(device="cpu"), corpus).step,
            "GPU, eager": eager.step,
            "GPU, graph": Trainer(on_gpu, corpus).step,
            "GPU, nn.RNN": nn_rnn_step(on_gpu, corpus),
        },
        rounds=7,
    )
    return {name: 1 / taken for name, taken in seconds.items()}


if __name__ == "__main__":
    main()
