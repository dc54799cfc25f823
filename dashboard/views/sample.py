"""Sample: read what the network learned."""

import streamlit as st

from dashboard.link import write_link
from dashboard.sample.panel_choice import panel_choice
from dashboard.sample.sample_timeline import sample_timeline
from dashboard.sample.score_panel import score_panel
from dashboard.sample.step_through import step_through_panel
from dashboard.sample.surprise_panel import surprise_panel
from dashboard.sample.unit_panel import unit_panel
from dashboard.sample.writing import Panel, writing_commands, writing_panel
from dashboard.widgets import moment
from dashboard.widgets.held import held
from dashboard.widgets.recorded_badge import tell_recorded

PARTS = {
    "Step through": step_through_panel,
    "Surprise": surprise_panel,
    "Units": unit_panel,
    "Score": score_panel,
}
NAMES = ("Write", *PARTS, "Timeline")
moment.arrive(NAMES)
part = held(
    st.segmented_control,
    "What to look at",
    NAMES,
    required=True,
    key="sample_part",
    label_visibility="collapsed",
    persist_state="session",
)
assert part is not None, "one of them is required"


with st.sidebar:
    source, read = panel_choice("a", part)
    second = None
    if part == "Write" and held(
        st.toggle, "A second text beside it", key="sample_two", persist_state="session"
    ):
        st.subheader("Second text", divider=True)
        second = panel_choice("b", part)

if source is None:
    st.info("There is no network to read yet: train one on the Train page, or upload weights.")
elif part == "Timeline":
    sample_timeline(source)
elif read is None:
    st.info("Nothing can be read from this network yet.")
elif part == "Write":
    panels = [Panel("a", source, *read)]
    if second is not None and second[0] is not None and second[1] is not None:
        panels.append(Panel("b", second[0], *second[1]))
    for panel in panels:
        panel.arrive()
    pace = writing_commands(panels)
    places = [st.container()] if second is None else st.columns(2)
    for place, panel in zip(places, panels, strict=False):
        with place:
            tell_recorded(panel.taken.recorded)
            writing_panel(panel, pace)
else:
    tell_recorded(read[0].recorded)
    PARTS[part](*read)
write_link(part=part, **(source.link if source else {}))
