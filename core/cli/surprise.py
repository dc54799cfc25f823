"""Say how surprised a trained network is by each character of a text."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from core.cli.sample import add_fed_back, read_weights

_ROW = 60  # characters in a line of the plain answer


def add_options(parser: argparse.ArgumentParser) -> None:
    """The weights and the text."""
    parser.add_argument(
        "--weights", metavar="FILE", type=Path, required=True, help="a .safetensors weight file"
    )
    parser.add_argument(
        "--text", required=True, help="what to read; it is reduced to a to z and spaces first"
    )
    add_fed_back(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    """Read; returns the exit status."""
    # Imported late, so that a mistyped option is answered at once.
    from core.data.alphabet import encode, normalise
    from core.insight.surprise import surprise

    weights, config = read_weights(options)
    text = normalise(options.text)
    found = surprise(weights, config, encode(text), options.fed_back)
    bits = [None, *found.bits.tolist()]  # the first character is given
    if options.json:
        outcome = {
            "text": text,
            "characters": [
                {"character": character, "bits": cost}
                for character, cost in zip(text, bits, strict=True)
            ],
            "log_likelihood_nats": found.log_likelihood_nats,
            "bits_per_character": found.bits_per_character,
        }
        print(json.dumps(outcome, allow_nan=False))
        return 0
    print(f"{found.bits_per_character:.4f} bits per character over {len(found.bits):,} characters")
    print(f"log-likelihood {found.log_likelihood_nats:.4f} nats")
    print("The digit below a character is its surprise in whole bits (+ is 10 or more).")
    marks = "".join(" " if b is None else "+" if b >= 9.5 else f"{b:.0f}" for b in bits)
    for start in range(0, len(text), _ROW):
        print(f"{text[start : start + _ROW]}\n{marks[start : start + _ROW]}")
    return 0
