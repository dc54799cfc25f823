"""Measures the article's claims: `scripts/record article`.

Some ten minutes of one core. What is measured is noted as it comes, in the cache folder, so
that whoever is interrupted goes on from there. A part of it trains on the first five million
characters of text8, of which only numbers are kept: from the text8 that Unroll has fetched here, or
from the file that `UNROLL_TEXT8` names, compressed or not.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from core.config import TrainingConfig
from core.data.alphabet import encode
from core.data.corpora import Corpus, load_corpus
from core.experiments.arm_run import ArmRun, from_json, name_of, to_json, train_arm
from core.experiments.claims import CLAIMS, EXCERPT
from core.experiments.recorded_article import RecordedArticle, measured_on, to_lines
from core.paths import cache_home


def record_article(made: str) -> Iterator[bytes]:
    """Train every run of every claim; yields the lines of the file.

    Args:
        made: when and with what, for the note.
    """
    keys = {arm.config.text for claim in CLAIMS for arm in claim.arms}
    texts = {key: _text8() if key == "text8" else load_corpus(key) for key in sorted(keys)}
    runs = list(_measured(texts))
    seconds = round(sum(run.seconds for run in runs))
    note = f"{made}: {len(runs)} runs, trained in {seconds} s of one core."
    kept = {key: measured_on(corpus) for key, corpus in texts.items()}
    yield from to_lines(RecordedArticle(note, kept, tuple(runs)))
    _part().unlink(missing_ok=True)


def _measured(texts: dict[str, Corpus]) -> Iterator[ArmRun]:
    """Every run once, the noted ones without training them again."""
    noted = _noted()
    wanted: dict[str, tuple[TrainingConfig, int]] = {}
    for claim in CLAIMS:
        for _, config in claim.runs():
            name = name_of(config.model_dump())
            wanted[name] = config, max(claim.text, wanted.get(name, (config, 0))[1])
    with _part().open("a", encoding="utf-8") as part:
        for number, (name, (config, text)) in enumerate(wanted.items(), 1):
            corpus = texts[config.text]
            run = noted.get((name, corpus.sha256))
            if run is None or (text and not run.samples):
                run = train_arm(config, corpus, text)
                part.write(json.dumps(to_json(run)) + "\n")
                part.flush()
            print(f"\r{number} of {len(wanted)} runs", end="", file=sys.stderr)
            yield run
    print(file=sys.stderr)


def _noted() -> dict[tuple[str, str], ArmRun]:
    if not _part().exists():
        return {}
    runs = [from_json(json.loads(line)) for line in _part().read_text("utf-8").splitlines()]
    return {(name_of(run.settings), run.text_sha256): run for run in runs}


def _part() -> Path:
    """Where runs are noted until all of them are there."""
    return cache_home() / "article.part.jsonl"


def _text8() -> Corpus:
    """The first characters of text8."""
    if named := os.environ.get("UNROLL_TEXT8"):
        data = Path(named).read_bytes()
        ids = encode((gzip.decompress(data) if named.endswith(".gz") else data).decode("ascii"))
    else:
        ids = load_corpus("text8").ids
    if len(ids) < EXCERPT:
        raise SystemExit(
            f"{named or 'text8'} has {len(ids):,} characters: name a file of {EXCERPT:,}."
        )
    return Corpus("text8", f"text8, its first {EXCERPT:,} characters", ids[:EXCERPT])
