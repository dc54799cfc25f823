"""How fast a network writes, next to a loop that runs the reference one character at a time.

python -m benchmarks.sampling [--json]
"""

from __future__ import annotations

import argparse
import json
from itertools import islice

import numpy as np
import torch

from benchmarks.timing import in_turn
from core.config import PRESETS, TrainingConfig
from core.engines.threads import prepare_thread
from core.insight.sampling import first_character, generate, pick, sample_side_by_side
from core.networks import reference
from core.networks.initialisers import initial_parameters
from core.networks.stepwise import CharacterModel, softmax

_TEXTS = 20  # written side by side
_CHARACTERS = 2_000  # of ours in one call; the reference's calls are shorter
_REFERENCE_CHARACTERS = 50


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    prepare_thread("torch")
    results = {name: _measure(PRESETS[name].config) for name in ("arch1", "arch2")}
    if options.json:
        print(json.dumps(results))
        return
    for name, r in results.items():
        print(
            f"{name}: one text {r['characters_per_second']:,.0f} characters/s "
            f"({r['ratio_vs_reference']:.0f}× the reference one at a time), {_TEXTS} side by side "
            f"{r['side_by_side_characters_per_second']:,.0f} "
            f"({r['side_by_side_ratio_vs_reference']:.0f}×), "
            f"the reference {r['reference_characters_per_second']:,.0f}"
        )


def _measure(config: TrainingConfig) -> dict[str, float]:
    arrays = initial_parameters(config, seed=0)
    weights = {name: torch.from_numpy(value) for name, value in arrays.items()}
    ours, theirs = np.random.default_rng(0), np.random.default_rng(0)

    def write() -> None:
        model = CharacterModel(arrays, config)
        for _ in islice(generate(model, ours), _CHARACTERS):
            pass

    def write_by_reference() -> None:
        state = reference.initial_state(config, 1, weights["U"])
        character = first_character(theirs)
        for _ in range(_REFERENCE_CHARACTERS):
            ids = torch.tensor([[character]])
            window = reference.window(weights, config, ids, ids, state)
            state = window.state
            character = pick(softmax(window.logits[0, 0].numpy()), theirs.random())

    def write_side_by_side() -> None:
        sample_side_by_side(CharacterModel(arrays, config), _TEXTS, _CHARACTERS // _TEXTS, ours)

    with torch.no_grad():
        seconds = in_turn(
            {"one": write, "many": write_side_by_side, "reference": write_by_reference}
        )
    reference_rate = _REFERENCE_CHARACTERS / seconds["reference"]
    one, many = (_CHARACTERS / seconds[name] for name in ("one", "many"))
    return {
        "characters_per_second": one,
        "reference_characters_per_second": reference_rate,
        "ratio_vs_reference": one / reference_rate,
        "side_by_side_characters_per_second": many,
        "side_by_side_ratio_vs_reference": many / reference_rate,
    }


if __name__ == "__main__":
    main()
