"""A page with the picture of cursors and the mega batch alone, for a real browser.

`?present=1` has the look for a projector. Counts its runs, which playing must not cause.
"""

from pathlib import Path

import streamlit as st

import dashboard
from core.config import PRESETS
from core.data.corpora import load_corpus
from dashboard.learn.mega_batch import mega_batch
from dashboard.widgets import present

st.set_page_config(page_title="Mega batch", layout="wide")
st.html(Path(dashboard.__file__).with_name("page.css"))
present.arrive()
present.apply()
st.session_state.setdefault("runs", 0)
st.session_state.runs += 1
st.caption(f"run {st.session_state.runs}")
st.button("Run the page again")
mega_batch(PRESETS["demo"].config, load_corpus("builtin"), key="mega_batch")
