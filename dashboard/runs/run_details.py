"""What can be done with the chosen runs: open, go on, repeat, name, share, delete.

Knows no charts. Every refusal is a sentence on the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.config import bounds
from core.errors import UnrollError
from core.palette import run_colour
from core.records import RunStatus
from core.storage.rows import RunRow
from core.storage.script import script_for
from dashboard import session
from dashboard.gate import may_command, may_export, may_export_text
from dashboard.runs import run_actions
from dashboard.runs.runs_overlay import overlay, settings_table
from dashboard.widgets.command_row import command, command_row
from dashboard.widgets.held import held
from dashboard.widgets.plain import plain
from dashboard.widgets.recorded_badge import pictures, tell_recorded
from dashboard.widgets.whose_run import foreign


def chosen_runs(rows: Sequence[RunRow]) -> None:
    """The panel under the table, for any number of chosen runs."""
    refusal = run_actions.refusal()
    if len(rows) == 1:
        _one(rows[0], refusal)
        return
    if refusal:
        st.error(plain(refusal))
    if rows:
        _several(rows)
    else:
        st.caption("Choose a run in the table to open, resume, share or delete it.")


def undo_bar() -> None:
    """For a minute after a deletion, the way back."""
    deleted, seconds = run_actions.deleted_runs()
    if not deleted:
        return
    told = deleted[0][1] if len(deleted) == 1 else f"{len(deleted)} runs"
    drawn: list[bool] = []

    @st.fragment(run_every=seconds)
    def bar() -> None:
        if drawn:
            st.rerun()  # the minute is over
        drawn.append(True)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(f"{plain(told)} deleted; for good in a minute.", icon=":material/delete:")
            st.button(
                "Undo",
                on_click=_undo,
                args=([run_id for run_id, _ in deleted],),
                type="primary",
                key="runs_undo",
            )

    bar()


def _undo(run_ids: Sequence[str]) -> None:
    run_actions.undo(run_ids)
    st.rerun()  # the whole page, not only the bar


def _one(row: RunRow, refusal: str | None) -> None:
    _name(row)
    active = row.status.active
    badly = row.status in (RunStatus.DIVERGED, RunStatus.FAILED)
    # A run that trains is counted in the list above, which is drawn more often than this.
    steps = f"{row.planned_steps:,} steps"
    after = f", {steps} planned" if active else f" after {row.step:,} of {steps}"
    message = f" · {plain(row.message)}" if row.message and not active and not badly else ""
    st.caption(f"{row.id} · {row.status}{after}{message}")
    if row.recorded:
        tell_recorded(row.note)
    _commands(row)
    with st.container():  # below the buttons: what comes and goes must not move them
        if not row.recorded and not may_command(row):
            st.info(foreign(row), icon=":material/visibility:")
        if refusal:
            st.error(plain(refusal))
        if badly:
            st.error(plain(row.message))
        if problem := run_actions.missing_weights(row):
            st.warning(plain(problem))
        if row.status == RunStatus.DIVERGED:
            _way_on(row)
    overlay([row])
    if not row.recorded and may_command(row):
        _words(row)
    with st.expander("Show me the code", icon=":material/code:"):
        st.caption(
            "The same run in plain PyTorch: torch and numpy are all it needs. Its losses agree to "
            "about 1e-6, except where large steps make rounding grow."
        )
        try:
            st.code(script_for(row, run_actions.events_of(row)), language="python")
        except UnrollError as error:
            st.error(plain(str(error)))


def _commands(row: RunRow) -> None:
    active, mine = row.status.active, may_command(row)
    with command_row("runs"):
        if command("Open", key="runs_open", icon="open_in_full", kind="primary"):
            run_actions.go(lambda: run_actions.open_run(row.id))
        resumable = mine and row.resumable and not row.recorded
        if command("Resume", key="runs_resume", fits=resumable, icon="play_arrow"):
            run_actions.go(lambda: session.resume(row.id))
        idle = mine and not active and not row.recorded  # what came with Unroll stays as it is
        _extend(row, fits=idle and row.status != RunStatus.DIVERGED)
        if command(
            "Duplicate",
            key="runs_duplicate",
            icon="content_copy",
            help="Its settings and live changes, to start again, changed or not.",
        ):
            run_actions.go(lambda: run_actions.duplicate(row))
        taken_away, with_text = may_export(row), may_export_text(row)
        st.download_button(
            "Download",
            # It is called where nobody knows any more who asks.
            (lambda: run_actions.packed(row.id, with_text)) if taken_away else b"",
            disabled=not taken_away,
            file_name=f"unroll-{row.id}.zip",
            mime="application/zip",
            icon=":material/download:",
            on_click="ignore",
            key="runs_download",
            help="Settings, curves, texts, weights and how to repeat it, as one .zip.",
        )
        command(
            "Delete",
            run_actions.delete,
            [row],
            key="runs_delete",
            fits=idle,
            icon="delete",
            kind="tertiary",
            help="Stop a run before deleting it. For a minute it can be had back. Recorded runs "
            "stay.",
        )


def _way_on(row: RunRow) -> None:
    """The last weights of a diverged run lead nowhere: what to change, and start again."""
    try:
        remedy, changes = run_actions.remedy(row)
    except UnrollError:  # settings of another version: they cannot be duplicated at all
        return
    if st.button(
        f"Duplicate with {remedy}",
        icon=":material/healing:",
        key="runs_mend",
        help="A diverged run cannot go on from its last weights: start it again so.",
    ):
        run_actions.go(lambda: run_actions.duplicate(row, **changes))


def _several(rows: Sequence[RunRow]) -> None:
    idle = [r for r in rows if not r.status.active and not r.recorded and may_command(r)]
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.markdown(f"#### {len(rows)} runs")
        st.button(
            "Delete 1 run" if len(idle) == 1 else f"Delete {len(idle)} runs",
            icon=":material/delete:",
            type="tertiary",
            disabled=not idle,
            on_click=run_actions.delete,
            args=(idle,),
            key="runs_delete_all",
        )
    with pictures(all(row.recorded for row in rows)):
        overlay(rows)
    settings_table(rows)


def _extend(row: RunRow, fits: bool) -> None:
    icon = ":material/keyboard_double_arrow_right:"
    most = int(bounds("steps")[1])
    fits = fits and row.step < most
    with st.popover("Extend", icon=icon, disabled=not fits):
        if not fits:
            return
        steps = held(
            st.number_input,
            "Train on to step",
            min_value=row.step + 1,
            max_value=most,
            value=min(max(2 * row.planned_steps, row.step + 1), most),
            step=1_000,
            key=f"runs_extend_{row.id}",
        )
        if st.button("Go on", type="primary", key="runs_extend_go"):
            run_actions.go(lambda: session.resume(row.id, int(steps)))


def _name(row: RunRow) -> None:
    """Its name under its colour: a field to rename it in, if it is for this visitor to name."""
    st.html(f'<div style="border-top: 5px solid {run_colour(row.id)}"></div>')
    if row.recorded or not may_command(row):
        st.markdown(f"#### {plain(row.name)}")
        return
    place = _word(row.id, "name")
    if st.session_state.get(place) != row.name:  # else what is being typed would be lost
        st.session_state[place] = row.name
    held(
        st.text_input,
        "Name",
        max_chars=200,
        icon=":material/edit:",
        label_visibility="collapsed",
        width=520,
        **_kept(row, "name"),
    )


def _words(row: RunRow) -> None:
    """What else a user says about the run; each change is kept at once."""
    tags, star = st.columns([6, 1], vertical_alignment="bottom")
    with tags:
        held(
            st.text_input,
            "Tags",
            ", ".join(row.tags),
            placeholder="separated by commas",
            **_kept(row, "tags"),
        )
    with star:
        held(st.toggle, "Star", row.starred, **_kept(row, "starred"))
    held(st.text_area, "Note", row.note, max_chars=10_000, height=100, **_kept(row, "note"))


def _kept(row: RunRow, field: str) -> dict[str, Any]:
    """Of a widget for this field: its key, and what is done when it changes."""
    return {"key": _word(row.id, field), "on_change": _edit, "args": (row.id, field)}


def _edit(run_id: str, field: str) -> None:
    value = st.session_state[_word(run_id, field)]
    if field == "tags":
        value = [tag.strip()[:50] for tag in value.split(",") if tag.strip()]
    run_actions.edit(run_id, **{field: value})


def _word(run_id: str, field: str) -> str:
    return f"runs_word_{run_id}_{field}"
