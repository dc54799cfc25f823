"""How long a text of text8's size takes to open from the cache, and to count once.

    python -m benchmarks.texts [--json]

Fetches nothing: the built-in text, repeated to text8's 100,000,000 characters, is stored in
an empty cache folder the way text8 is. Opening checks all of it, as with text8 itself.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np

from core.data.corpora import load_corpus
from core.data.ngrams import cached_floors
from core.data.text8 import TEXT8, _store_ids
from core.paths import cache_home


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["UNROLL_HOME"] = home
        result = _measure()
    if options.json:
        print(json.dumps(result))
        return
    print(
        f"{TEXT8.characters:,} characters: open {result['open_s']:.2f} s, "
        f"floors to order 4 {result['floors_s']:.1f} s, kept floors {result['kept_floors_s']:.3f} s"
    )


def _measure() -> dict[str, float]:
    ids = np.resize(load_corpus("builtin").ids, TEXT8.characters)
    _store_ids(cache_home() / "text8", ids)
    corpus = load_corpus("text8")
    return {
        "open_s": median(_seconds(lambda: load_corpus("text8")) for _ in range(5)),
        "floors_s": _seconds(lambda: cached_floors(corpus)),
        "kept_floors_s": _seconds(lambda: cached_floors(corpus)),
    }


def _seconds(call: Callable[[], object]) -> float:
    began = perf_counter()
    call()
    return perf_counter() - began


if __name__ == "__main__":
    main()
