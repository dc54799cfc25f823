"""Compare: race runs side by side, and measure how far back each activation learns."""

import streamlit as st

from dashboard.compare.limits_tab import limits_tab
from dashboard.compare.race_tab import race_link, race_tab
from dashboard.compare.sweeping import sweep_runs
from dashboard.widgets import page_head, present
from dashboard.widgets.held import held

PARTS = {"race": ("Race", race_tab), "limits": ("Unrolling limits", limits_tab)}

if "compare_part" not in st.session_state:
    # A reload finds what was open, or the sweep that runs.
    asked = st.query_params.get("part", "limits" if sweep_runs() else "race")
    st.session_state["compare_part"] = asked if asked in PARTS else "race"
    st.session_state["race_id"] = st.query_params.get("race")

with page_head.beside(apart=True):
    chosen = held(
        st.segmented_control,
        "What to compare",
        list(PARTS),
        required=True,
        format_func=lambda name: PARTS[name][0],
        key="compare_part",
        label_visibility="collapsed",
    )
part = chosen or "race"
query = {"part": part, **(race_link() if part == "race" else {}), **present.query()}
if st.query_params.to_dict() != query:
    st.query_params.from_dict(query)
PARTS[part][1]()
