"""The network's text in two numbers, each beside what counting alone reaches."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.data.alphabet import decode
from core.data.ngrams import NAMES
from core.data.streams import predictions
from core.errors import UnrollError
from core.insight.sampling import sample_side_by_side
from core.insight.score import LONG_WORD, WordShare, known_words, validation_bits
from core.labels import floor
from dashboard.charts import sample as sample_charts
from dashboard.sample.draw_settings import Drawing
from dashboard.sample.sources import Taken
from dashboard.texts import TextFacts, text_facts
from dashboard.widgets.live_chart import live_chart
from dashboard.widgets.plain import plain
from dashboard.widgets.recorded_badge import pictures

_TEXTS = 20
_LENGTH = 2_000


def score_panel(taken: Taken, drawing: Drawing) -> None:
    """Two charts and the numbers behind them."""
    try:
        facts = text_facts(taken.text)
    except UnrollError as error:
        st.info(plain(str(error)))
        return
    key = (*taken.stamp, drawing.seed, drawing.fed_back)
    kept = st.session_state.get("sample_score")
    if kept is None or kept[0] != key:
        with st.spinner("Measuring"):
            kept = (key, score_table(taken, facts, drawing))
        st.session_state["sample_score"] = kept
    table: pd.DataFrame = kept[1]
    with pictures(bool(taken.recorded)):
        _draw(table, drawing)


def _draw(table: pd.DataFrame, drawing: Drawing) -> None:
    predicting = table.dropna(subset="bits")
    left, right = st.columns(2)
    with left:
        live_chart(
            sample_charts.bits_chart(predicting),
            key="sample_bits",
            height=330,
            alt="Bits per character on the held-out text of the network and of n-grams",
        )
        st.caption(
            "Over the end of the text, which neither the network nor the counts have seen; the "
            "table says over how many characters. The counts' bars are the dashed lines of the "
            "loss curves, in bits."
            + (
                " The network reads as it was trained, whatever is *fed back* when it writes."
                if drawing.fed_back
                else ""
            )
        )
        if np.isnan(table["bits"][0]):
            st.caption("This network has no bar: its loss on that text is no finite number.")
    with right:
        live_chart(
            sample_charts.words_chart(table),
            key="sample_words",
            height=330,
            alt="Share of words that occur in the training text",
        )
        st.caption(
            f"From {_TEXTS} texts of {_LENGTH:,} characters each, drawn at temperature 1; the "
            "first and the last word of each are left out. Short words come by chance, long ones "
            "hardly ever."
        )
    st.dataframe(_readable(table), hide_index=True, width="stretch")


def score_table(taken: Taken, facts: TextFacts, drawing: Drawing) -> pd.DataFrame:
    """A row a writer: the network, the n-grams, and the held-out text itself.

    Columns: name, counts (whether it is a counter), bits, characters (the bits are over), words,
    share, long_words, long_share; NaN where a writer has no such number.
    """
    held_out = facts.corpus.validation
    # The network's words do not hang on temperature, prime or top-k: runs are to be compared.
    written = sample_side_by_side(drawing.model(taken), _TEXTS, _LENGTH, drawing.generator())
    bits = validation_bits(taken.weights, taken.config, held_out)
    count = predictions(len(held_out))
    rows = [_row("this network", bits, count, known_words(written, facts.words))]
    for order, name in reversed(NAMES.items()):
        texts = [facts.ngrams.sample(_LENGTH, order, drawing.generator(n)) for n in range(_TEXTS)]
        costs = facts.ngrams.bits(held_out[: count + 1], order)  # what the network predicts
        words = known_words(texts, facts.words)
        rows.append(_row(floor(name), float(costs.mean()), count, words, counts=True))
    own = known_words([decode(held_out)], facts.words)
    rows.append(_row("held-out text", np.nan, np.nan, own))
    return pd.DataFrame(rows)


def _row(
    name: str, bits: float, characters: float, words: WordShare, *, counts: bool = False
) -> dict[str, object]:
    return {
        "name": name,
        "counts": counts,
        "bits": bits,
        "characters": characters,
        "words": words.words,
        "share": np.nan if words.share is None else words.share,
        "long_words": words.long_words,
        "long_share": np.nan if words.long_share is None else words.long_share,
    }


def _readable(table: pd.DataFrame) -> pd.DataFrame:
    def show(column: str, form: str) -> list[str]:
        return ["–" if np.isnan(value) else format(value, form) for value in table[column]]

    return pd.DataFrame(
        {
            "writer": table["name"],
            "held-out bits": show("bits", ".3f"),
            "over characters": show("characters", ",.0f"),
            "words": show("words", ",d"),
            "known": show("share", ".1%"),
            f"words of {LONG_WORD}+ letters": show("long_words", ",d"),
            "known of those": show("long_share", ".1%"),
        }
    )
