"""What is wrong with a run, and what to try: behind one button, or at length.

Knows no rules; the findings come from `core.insight.diagnosis`.
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.insight.diagnosis import diagnose
from core.insight.findings import Finding
from core.labels import FIELDS, number, value_name
from core.training.snapshot import RunSnapshot
from dashboard import session
from dashboard.widgets.plain import plain

Settings = Mapping[str, str | int | float]

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
    # Another run's is another popover, or one that was open would stay so, empty.
    key = f"findings_{snapshot.run_id if snapshot else ''}"
    with st.popover(label, icon=icon, width="stretch", key=key, disabled=not found):
        for finding in found:
            _at_length(finding, snapshot)


def findings_list(snapshot: RunSnapshot | None) -> None:
    """Every finding with its evidence, its cause and what to try."""
    st.subheader("Findings")
    found = diagnose(snapshot) if snapshot else ()
    if not found:
        st.caption("None so far." if snapshot else "They appear as soon as a run shows them.")
    for finding in found:
        with st.container(border=True):
            _at_length(finding, snapshot)


def _at_length(finding: Finding, snapshot: RunSnapshot | None) -> None:
    colour, icon = _LOOKS[finding.severity]
    st.markdown(
        f":{colour}-badge[{icon} {finding.title}] {plain(finding.evidence)}\n\n"
        f"**Why:** {plain(finding.cause)}\n\n**Try:** {plain(finding.remedy.text)}"
    )
    settings = _news(finding, snapshot) if snapshot else {}
    if settings and st.button(
        f"Set up: {_in_words(settings)}",
        icon=":material/healing:",
        key=f"try_{finding.name}",
        help="A new run like this one but for that, on Train, yet to be started. This one is kept, "
        "and goes on if it trains.",
    ):
        run = session.watched_run()
        if run is not None:
            session.set_up_as(run, **settings)
            st.switch_page(session.TRAIN)


def _news(finding: Finding, snapshot: RunSnapshot) -> Settings:
    """What is to be tried and is not so already."""
    now = {**snapshot.config.model_dump(), **snapshot.live.model_dump()}
    return {name: to for name, to in finding.remedy.settings.items() if to != now[name]}


def _in_words(settings: Settings) -> str:
    """Such as "Initial weights zero-mean, Learning rate 0.0007"."""
    return ", ".join(f"{FIELDS[name]} {_value(name, to)}" for name, to in settings.items())


def _value(name: str, value: str | int | float) -> str:
    if name == "clip" and not value:
        return "off"
    return value_name(value) if isinstance(value, str) else number(value)
