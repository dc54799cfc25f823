"""What can be done with the chosen runs: open, go on, repeat, name, share, delete.

Knows no charts. Every refusal is a sentence on the page.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import streamlit as st

from core.config import bounds
from core.errors import UnrollError
from core.records import RunStatus
from core.storage.archive import live_changes
from core.storage.export import export_run
from core.storage.rows import RunRow
from core.storage.script import script_for
from dashboard import session
from dashboard.components.plain import plain
from dashboard.components.runs_overlay import overlay, settings_table
from dashboard.library import library

_REFUSAL, _DELETED = "runs_refusal", "runs_deleted"
_TRAIN = "views/train.py"


def chosen_runs(rows: Sequence[RunRow]) -> None:
    """The panel under the table, for any number of chosen runs."""
    if refusal := st.session_state.pop(_REFUSAL, None):
        st.error(plain(refusal))
    if not rows:
        st.caption("Choose a run in the table to open, resume, share or delete it.")
    elif len(rows) == 1:
        _one(rows[0])
    else:
        _several(rows)


def undo_bar() -> None:
    """For a minute after a deletion, the way back."""
    names, ids = [], []
    for run_id, name in st.session_state.get(_DELETED, ()):
        try:
            if library().shelf().get(run_id).deleted is not None:
                names.append(name)
                ids.append(run_id)
        except UnrollError:  # the minute is over
            continue
    if not ids:
        st.session_state.pop(_DELETED, None)
        return
    told = names[0] if len(names) == 1 else f"{len(names)} runs"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(f"{plain(told)} deleted; for good in a minute.", icon=":material/delete:")
        st.button("Undo", on_click=_undo, args=(ids,), type="primary", key="runs_undo")


def _one(row: RunRow) -> None:
    st.markdown(f"#### {plain(row.name)}")
    st.caption(
        f"{row.id} · {row.status} after {row.step:,} of {row.planned_steps:,} steps"
        + (f" · {plain(row.message)}" if row.message else "")
    )
    active = row.status.active
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Open", type="primary", icon=":material/open_in_full:", key="runs_open"):
            _go(lambda: session.watch(_found(row.id)))
        if row.resumable and st.button("Resume", icon=":material/play_arrow:", key="runs_resume"):
            _go(lambda: session.resume(row.id))
        if not active and row.status != RunStatus.DIVERGED:
            _extend(row)
        if st.button(
            "Duplicate",
            icon=":material/content_copy:",
            key="runs_duplicate",
            help="Its settings and live changes, to start again, changed or not.",
        ):
            _go(lambda: _duplicate(row))
        st.download_button(
            "Download",
            lambda: _zip(row.id),
            file_name=f"unroll-{row.id}.zip",
            mime="application/zip",
            icon=":material/download:",
            on_click="ignore",
            key="runs_download",
            help="Settings, curves, texts, weights and how to repeat it, as one .zip.",
        )
        st.button(
            "Delete",
            icon=":material/delete:",
            type="tertiary",
            disabled=active,
            on_click=_delete,
            args=([row],),
            key="runs_delete",
            help="Stop it before deleting it." if active else None,
        )
    _words(row)
    with st.expander("Show me the code", icon=":material/code:"):
        st.caption("The same run in plain PyTorch: torch and numpy are all it needs.")
        try:
            st.code(script_for(row, library().shelf().events(row.id)), language="python")
        except UnrollError as error:
            st.error(plain(str(error)))


def _several(rows: Sequence[RunRow]) -> None:
    idle = [row for row in rows if not row.status.active]
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.markdown(f"#### {len(rows)} runs")
        st.button(
            f"Delete {len(idle)} runs",
            icon=":material/delete:",
            type="tertiary",
            disabled=not idle,
            on_click=_delete,
            args=(idle,),
            key="runs_delete_all",
        )
    overlay(rows)
    settings_table(rows)


def _extend(row: RunRow) -> None:
    with st.popover("Extend", icon=":material/keyboard_double_arrow_right:"):
        steps = st.number_input(
            "Train on to step",
            min_value=row.step + 1,
            max_value=bounds("steps")[1],
            value=max(2 * row.planned_steps, row.step + 1),
            step=1_000,
            key=f"runs_extend_{row.id}",
        )
        if st.button("Go on", type="primary", key="runs_extend_go"):
            _go(lambda: session.resume(row.id, steps))


def _words(row: RunRow) -> None:
    """What a user says about the run; each change is kept at once."""
    key = f"runs_word_{row.id}"
    name, tags, star = st.columns([3, 3, 1], vertical_alignment="bottom")
    with name:
        st.text_input(
            "Name", row.name, max_chars=200, key=f"{key}_name", on_change=_edit, args=(row, "name")
        )
    with tags:
        st.text_input(
            "Tags",
            ", ".join(row.tags),
            key=f"{key}_tags",
            on_change=_edit,
            args=(row, "tags"),
            placeholder="separated by commas",
        )
    with star:
        st.toggle("Star", row.starred, key=f"{key}_starred", on_change=_edit, args=(row, "starred"))
    st.text_area("Note", row.note, key=f"{key}_note", on_change=_edit, args=(row, "note"))


def _edit(row: RunRow, field: str) -> None:
    value = st.session_state[f"runs_word_{row.id}_{field}"]
    if field == "tags":
        value = [tag.strip()[:50] for tag in value.split(",") if tag.strip()]
    _try(lambda: library().shelf().edit(row.id, **{field: value}))


def _delete(rows: Sequence[RunRow]) -> None:
    for row in rows:
        if _try(lambda row=row: library().shelf().delete(row.id)):
            library().forget(row.id)
            deleted = st.session_state.get(_DELETED, ())
            st.session_state[_DELETED] = (*deleted, (row.id, row.name))


def _undo(run_ids: Sequence[str]) -> None:
    for run_id in run_ids:
        _try(lambda run_id=run_id: library().shelf().undelete(run_id))
    st.session_state.pop(_DELETED, None)


def _duplicate(row: RunRow) -> None:
    events = (*row.planned, *live_changes(library().shelf().events(row.id)))
    # A planned change that took effect was recorded too; once is enough.
    planned = {(event.step, event.kind): event for event in events}
    session.set_up(row.preset, row.config, tuple(planned.values()))


def _found(run_id: str):
    run = session.find_run(run_id)
    if run is None:
        return library().shelf().get(run_id)  # says why not
    return run


def _zip(run_id: str) -> bytes:
    library().flush()
    file = io.BytesIO()
    export_run(library().shelf(), run_id, file)
    return file.getvalue()


def _go(action: Callable[[], object]) -> None:
    """Do it and show the Train page; a refusal stays here."""
    if _try(action):
        st.switch_page(_TRAIN)
    st.rerun()


def _try(action: Callable[[], object]) -> bool:
    try:
        action()
    except UnrollError as error:
        st.session_state[_REFUSAL] = str(error)
        return False
    return True
