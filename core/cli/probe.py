"""Measure how far back a loss reaches through a trained network."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from core.cli.texts import add_encoding, text_at_hand
from core.errors import ConfigError, TextError
from core.jsonable import finite
from core.records import ProbeRecord

_MAX_LAGS = 100


def add_options(parser: argparse.ArgumentParser) -> None:
    """The weights, the text to read, and how far to look back."""
    parser.description = (
        "Measures gradient flow, ‖∂L_T/∂h_{T-k}‖ / ‖∂L_T/∂h_T‖ for k = 0 to K, in float64. It "
        "reads 16 windows of K+1 characters of the text's held-out end from a zero state: window "
        "b of 16 starts one character after b·(L // 16), of the L held-out characters. L_T is the "
        "loss of the last character alone; h is the whole hidden layer; each norm is averaged "
        "over the 16 windows before it is divided. Slopes and shares are over the recurrent "
        "units and all places of all windows."
    )
    parser.add_argument(
        "--weights", metavar="FILE", type=Path, required=True, help="a .safetensors weight file"
    )
    parser.add_argument(
        "--text", required=True, help="builtin, text8, latch:LAG, or the path of a text file"
    )
    add_encoding(parser)
    parser.add_argument(
        "--lags",
        metavar="K",
        type=int,
        default=_MAX_LAGS,
        help=f"how many characters to look back, 1 to {_MAX_LAGS} ({_MAX_LAGS})",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    """Probe; returns the exit status."""
    if not 1 <= options.lags <= _MAX_LAGS:
        raise ConfigError(
            f"lags={options.lags} is not allowed: choose a whole number from 1 to {_MAX_LAGS}."
        )
    # Imported late, so that a mistyped option is answered at once.
    from core.data.corpora import load_corpus
    from core.insight.flow import held_out_windows, probe
    from core.storage.weights import load_weights

    weights, config, _ = load_weights(options.weights)
    corpus = load_corpus(text_at_hand(options.text, options.encoding))
    if corpus.held_out < 2:
        raise TextError(
            f"A probe reads the held-out end of a text, 2 characters at least, the end of a text "
            f"of 40; this text has {len(corpus)}. Pick a longer text."
        )
    found = probe(
        {name: weight.astype(float) for name, weight in weights.items()},
        config,
        *held_out_windows(corpus.validation, options.lags),
    )
    print(json.dumps(finite(_outcome(found)), allow_nan=False) if options.json else _summary(found))
    return 0


def _outcome(found: ProbeRecord) -> dict[str, Any]:
    """What `--json` prints, where a number that is not finite becomes null."""
    return {
        "lags": list(range(len(found.flow))),
        "flow": found.flow,
        "decay_per_step": found.decay_per_step,
        "half_life": found.half_life,
        "horizon": found.horizon,
        "spectral_radius": found.spectral_radius,
        "mean_slope": found.mean_slope,
        "saturated_share": found.saturated_share,
        "dead_share": found.dead_share,
    }


def _summary(found: ProbeRecord) -> str:
    shown = [k for k in (1, 2, 5, 10, 20, 40, 60, 80, 100) if k < len(found.flow)]
    lines = [
        "gradient flow    " + ", ".join(f"{found.flow[k]:.3g} at {k}" for k in shown),
        f"decay            {found.decay_per_step:.4f} a step, fitted to lags {found.fit_from} "
        f"to {found.fit_to}; weights times slopes foretell {found.expected_decay:.4f}",
        f"half-life        {found.half_life:.2f} characters",
        f"horizon          {found.horizon_in_words} characters, the last lag with at least 1 %",
        f"spectral radius  {found.spectral_radius:.4f}",
        f"mean slope       {found.mean_slope:.4f}",
        f"saturated share  {found.saturated_share:.1%}",
        f"dead share       {found.dead_share:.1%}",
    ]
    return "\n".join(lines)
