"""Write text with a trained network."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.ending import DONE, IN_PART
from core.errors import ConfigError, shown

if TYPE_CHECKING:
    import numpy as np

    from core.config import TrainingConfig

_LONGEST = 1_000_000  # characters, of all texts together ten times as many
_FED_BACK = ("character", "distribution")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The weights, where to start, and how to draw."""
    parser.add_argument(
        "--weights", metavar="FILE", type=Path, required=True, help="a .safetensors weight file"
    )
    parser.add_argument(
        "--prime", metavar="TEXT", help="read first; the article's random start without it"
    )
    parser.add_argument(
        "--length", metavar="N", type=int, default=200, help="characters, the prime included (200)"
    )
    parser.add_argument(
        "--temperature", metavar="X", type=float, default=1.0, help="0 (likeliest) to 2 (1)"
    )
    parser.add_argument(
        "--top-k", metavar="K", type=int, default=0, help="only the K likeliest; 0 takes all (0)"
    )
    parser.add_argument(
        "--top-p", metavar="P", type=float, default=1.0, help="only the likeliest up to P (1)"
    )
    parser.add_argument("--seed", metavar="S", type=int, default=0, help="of the draws (0)")
    parser.add_argument(
        "--count", metavar="C", type=int, default=1, help="texts, with the seeds S, S+1, ... (1)"
    )
    add_fed_back(parser)
    parser.add_argument(
        "--as-published",
        action="store_true",
        help="draw from the softmax of the softmax, as the article's listing of Arch 2 does",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def add_fed_back(parser: argparse.ArgumentParser) -> None:
    """What Arch 2 is fed back; the surprise command takes it too."""
    parser.add_argument(
        "--fed-back",
        choices=_FED_BACK,
        help="arch2 only: the last character, or the last distribution (as it was trained)",
    )


def run(options: argparse.Namespace) -> int:
    """Write; returns the exit status."""
    # Imported late, so that a mistyped option is answered at once.
    import numpy as np

    from core.insight.sampling import Draw, sample
    from core.networks.stepwise import CharacterModel

    draw = Draw(options.temperature, options.top_k, options.top_p, options.as_published)
    prime = _prime(options.prime)
    _check(options, prime)
    weights, config = read_weights(options)
    model = CharacterModel(weights, config, options.fed_back)
    ids = None if prime is None else _ids(prime)
    if prime is not None and prime != options.prime:
        print(f"The prime was read as {prime!r}.", file=sys.stderr)
    samples = [
        sample(model, options.length, np.random.default_rng(seed), prime=ids, draw=draw)
        for seed in range(options.seed, options.seed + options.count)
    ]
    whole = all(len(text) == options.length for text in samples)
    if not whole:
        print("The network's outputs grew past every finite number: a text ends.", file=sys.stderr)
    if not options.json:
        print("\n".join(samples))
        return DONE if whole else IN_PART
    settings = ("length", "temperature", "top_k", "top_p", "as_published", "seed", "count")
    outcome = {
        "samples": samples,
        "prime": prime,
        **{name: getattr(options, name) for name in settings},
        "fed_back": model.fed_back if config.architecture == "arch2" else None,
    }
    print(json.dumps(outcome, allow_nan=False))
    return DONE if whole else IN_PART


def read_weights(
    options: argparse.Namespace,
) -> tuple[dict[str, np.ndarray], TrainingConfig]:
    """The weights as arrays by name, and their configuration.

    Raises:
        WeightsError: the file cannot be used.
        ConfigError: `--fed-back` was given for a network that has no such thing.
    """
    from core.storage.weights import load_weights

    weights, config, _ = load_weights(options.weights)
    if options.fed_back and config.architecture != "arch2":
        raise ConfigError(
            f"fed_back={options.fed_back} is for Arch 2 only and {shown(options.weights)} holds an "
            "Arch 1: leave it out."
        )
    return weights, config


def _check(options: argparse.Namespace, prime: str | None) -> None:
    for name, low, high in (
        ("length", 1, _LONGEST),
        ("count", 1, 10 * _LONGEST // max(1, options.length)),
        ("seed", 0, 2**32 - 1),
    ):
        value = getattr(options, name)
        if not low <= value <= high:
            raise ConfigError(
                f"{name}={value} is not allowed: choose a whole number from {low} to {high:,}."
            )
    if prime is not None and len(prime) >= options.length:
        raise ConfigError(
            f"length={options.length} leaves nothing to write after a prime of {len(prime)} "
            f"characters: choose {len(prime) + 1} or more."
        )


def _prime(raw: str | None) -> str | None:
    """The prime as the network reads it; None where there is none, or an empty one."""
    from core.data.alphabet import normalise

    return normalise(raw) if raw else None


def _ids(text: str) -> np.ndarray:
    from core.data.alphabet import encode

    return encode(text)
