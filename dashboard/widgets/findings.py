"""What is wrong with a run: behind one button, or at length.

Knows no rules; the findings come from `core.insight.diagnosis`.
"""

from __future__ import annotations

import streamlit as st

from core.insight.diagnosis import diagnose
from core.insight.findings import Finding
from core.training.snapshot import RunSnapshot
from dashboard.widgets.plain import plain

_LOOKS = {
    "error": ("red", ":material/error:"),
    "warning": ("orange", ":material/warning:"),
    "info": ("blue", ":material/info:"),
}


def findings_button(snapshot: RunSnapshot | None) -> None:
    """One button, there with findings and without: the page around it stays where it is."""
    found = diagnose(snapshot) if snapshot else ()
    label, icon = "No findings so far", ":material/check:"
    if found:
        colour, icon = _LOOKS[found[0].severity]
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        label = f":{colour}[{found[0].title}]{more}"
    with st.popover(label, icon=icon, width="stretch", key="findings", disabled=not found):
        for finding in found:
            _at_length(finding)


def findings_list(snapshot: RunSnapshot | None) -> None:
    """Every finding with its evidence, its cause and what to try."""
    st.subheader("Findings")
    found = diagnose(snapshot) if snapshot else ()
    if not found:
        st.caption("None so far." if snapshot else "They appear as soon as a run shows them.")
    for finding in found:
        with st.container(border=True):
            _at_length(finding)


def _at_length(finding: Finding) -> None:
    colour, icon = _LOOKS[finding.severity]
    st.markdown(
        f":{colour}-badge[{icon} {finding.title}] {plain(finding.evidence)}\n\n"
        f"**Why:** {plain(finding.cause)}\n\n**Try:** {plain(finding.remedy)}"
    )
