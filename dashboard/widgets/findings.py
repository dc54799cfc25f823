"""What is wrong with a run, and what to try: behind one button, or at length.

Knows no rules; the findings come from `core.insight.diagnosis`.
"""

from __future__ import annotations

import streamlit as st

from core.errors import ConfigError
from core.insight.diagnosis import diagnose
from core.insight.findings import Finding
from core.labels import FIELDS, number, value_name
from core.links import nearest_preset
from core.training.snapshot import RunSnapshot
from dashboard import session
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
    if snapshot and finding.remedy.settings:
        st.button(
            f"Set up: {_in_words(finding)}",
            icon=":material/healing:",
            on_click=_set_up,
            args=(snapshot, finding),
            key=f"try_{finding.name}",
            help="This run's settings with that change, for a new run. This one stays as it is.",
        )


def _in_words(finding: Finding) -> str:
    """What the new run changes: "Initial weights zero-mean, Learning rate 0.0007"."""
    return ", ".join(
        f"{FIELDS[name]} {_value(name, value)}" for name, value in finding.remedy.settings.items()
    )


def _value(name: str, value: str | int | float) -> str:
    if name == "clip" and not value:
        return "off"
    return value_name(value) if isinstance(value, str) else number(value)


def _set_up(snapshot: RunSnapshot, finding: Finding) -> None:
    config = snapshot.config.changed(**snapshot.live.model_dump())
    problems: tuple[str, ...] = ()
    try:
        config = config.changed(**finding.remedy.settings)
    except ConfigError as error:  # a rate below what is allowed
        problems = (str(error),)
    session.set_up(nearest_preset(config.model_dump()), config, problems=problems)
