"""The table of runs with its filters, and which rows are chosen. Knows nothing of actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.errors import UnrollError
from core.records import RunStatus
from core.storage.rows import RunRow
from dashboard import gate
from dashboard.runs.run_colours import run_colours
from dashboard.runs.runs_table import coloured, matching, runs_table
from dashboard.widgets import present
from dashboard.widgets.held import held
from dashboard.widgets.plain import plain

# Keys of st.session_state.
_TABLES = "runs_tables"  # how many there were before this one
_DRAWN = "runs_drawn"  # ids in the order in which the browser has them
_CHOSEN = "runs_chosen"
_REFUSAL, _IMPORTED = "runs_import_refusal", "runs_imported"

_UNIT = "Best and last are bits per character on held-out text."
_BITS = "Bits per character on held-out text."
_COLUMNS = {  # those up to the diagnosis fit side by side into 1,280 pixels
    "_index": st.column_config.TextColumn("ID", width=118),
    "Colour": st.column_config.TextColumn("", width=33, help="Of its curves."),
    "Star": st.column_config.TextColumn("★", width=35),
    "Whose": st.column_config.TextColumn(
        width=70, help="The first digits of the name of the owner's browser."
    ),
    "Name": st.column_config.TextColumn(width=165),
    "Status": st.column_config.TextColumn(width=90),
    "Started": st.column_config.DatetimeColumn(format="D MMM, HH:mm", width=110),
    "Differs": st.column_config.TextColumn(width=130, help="What differs from the nearest preset."),
    "Best": st.column_config.NumberColumn("Best", format="%.3f", width=60, help=_BITS),
    "Last": st.column_config.NumberColumn("Last", format="%.3f", width=60, help=_BITS),
    "Gap": st.column_config.NumberColumn(
        "To bigram",
        format="%+.3f",
        width=85,
        help="The best less what counting 2 characters reaches on the same text, in bits.",
    ),
    "Steps": st.column_config.NumberColumn(format="localized", width=75),
    "Time": st.column_config.TextColumn(width=68, help="Of training."),
    "Diagnosis": st.column_config.TextColumn(width=135),
    "Characters": st.column_config.NumberColumn(format="compact", width=88),
    "Tags": st.column_config.ListColumn(width="small"),
    "Note": st.column_config.TextColumn(width="small"),
    "Text": st.column_config.TextColumn(width="small"),
    "Planned": st.column_config.NumberColumn(
        format="localized", width=80, help="Steps to take in all."
    ),
}


def filters(rows: Sequence[RunRow]) -> tuple[list[RunRow], int]:
    """Search words, statuses, the star, sweeps' cells and recordings.

    Returns:
        The rows that are left, and of how many: recordings that are hidden do not count.
    """
    own = [row for row in rows if not row.recorded]
    wanted = st.session_state.get("runs_status") or []
    present = [str(s) for s in RunStatus if s in wanted or any(row.status == s for row in rows)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = held(
            st.text_input,
            "Search",
            type="search",
            live="150ms",
            key="runs_search",
            placeholder="name, tag, note, setting, text or finding",
            width=400,
            persist_state="session",
        )
        statuses = held(
            st.pills,
            "Status",
            present,
            selection_mode="multi",
            key="runs_status",
            persist_state="session",
        )
        starred = held(st.toggle, "Starred only", key="runs_starred", persist_state="session")
        # A grid of fifty cells would bury the runs that were set up by hand.
        cells = sum(row.source == "sweep" for row in own)
        all_shown = cells in (0, len(own)) or held(
            st.toggle,
            "Sweep cells",
            key="runs_cells",
            persist_state="session",
            help="The runs of sweeps, of which one grid makes dozens. Starred ones always show.",
        )
        if own and len(own) < len(rows):
            with_recorded = held(
                st.toggle,
                "Recorded",
                key="runs_recorded",
                persist_state="session",
                help="The runs that come with Unroll.",
            )
            rows = rows if with_recorded else own
        st.space("stretch")
        _import_button()
    if not own:
        st.caption(
            "These runs were recorded and come with Unroll. Start on the Train page makes the "
            "first of your own."
        )
    found = matching(rows, words, statuses, starred)
    return found if all_shown else _without_cells(found), len(rows)


def _without_cells(rows: Sequence[RunRow]) -> list[RunRow]:
    """The rows that are no cell of a sweep, and the starred cells; says what is hidden."""
    hidden = [row for row in rows if row.source == "sweep" and not row.starred]
    if hidden:
        told = "1 sweep cell is" if len(hidden) == 1 else f"{len(hidden):,} sweep cells are"
        training = sum(row.status.active for row in hidden)
        st.caption(f"{told} hidden{f', {training:,} of them training' if training else ''}.")
    return [row for row in rows if row.source != "sweep" or row.starred]


def chosen_of(rows: Sequence[RunRow]) -> list[RunRow]:
    """The chosen ones of these; a run that is not shown is not chosen."""
    chosen = st.session_state.get(_CHOSEN, ())
    return [row for row in rows if row.id in chosen]


def table(rows: Sequence[RunRow], of: int) -> None:
    """Draw the table of these rows, of so many in all."""
    _count(len(rows), of)
    state = st.session_state
    state[_DRAWN] = [row.id for row in rows]
    state[_CHOSEN] = [row.id for row in chosen_of(rows)]
    header, row_height, most = (57, 49, 500) if present.is_on() else (38, 35, 360)  # pixels
    look: dict[str, Any] = {
        "column_config": _COLUMNS,
        "column_order": [name for name in _COLUMNS if name != "_index"],
        # Whatever is found: what is below stands still.
        "height": min(header + row_height * max(of, 1), most),
        "row_height": row_height,
        "placeholder": "",
    }
    if not rows:
        # A table without rows forgets no choice: the next one with rows is another table.
        state[_TABLES] = state.get(_TABLES, 0) + 1
        st.dataframe(runs_table(rows), key="runs_none", **look)
        return
    # The browser knows places only: tell it where the chosen runs stand now.
    places = [place for place, row in enumerate(rows) if row.id in state[_CHOSEN]]
    if sorted(state.get(_table(), {}).get("selection", {}).get("rows", [])) != places:
        state[_table()] = {"selection": {"rows": places}}
    st.dataframe(
        coloured(runs_table(rows, gate.owners(rows)), run_colours(chosen_of(rows))),
        key=_table(),
        on_select=_choose,
        selection_mode="multi-row",
        **look,
    )


def _table() -> str:
    return f"runs_table_{st.session_state.get(_TABLES, 0)}"


def no_runs() -> None:
    """In place of filters and table while the list is empty."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info("There are no runs yet: Start on the Train page makes the first.")
        _import_button()


def _choose() -> None:
    drawn = st.session_state[_DRAWN]
    places = st.session_state[_table()]["selection"]["rows"]
    chosen = [drawn[place] for place in places if place < len(drawn)]
    # A table that was told its choice repeats it with the next press of any button, which would
    # be lost over a rerun.
    if sorted(chosen) != sorted(st.session_state.get(_CHOSEN, ())):
        st.session_state[_CHOSEN] = chosen
        st.rerun()  # the whole page: what can be done with them stands below the list


def _count(shown: int, of: int) -> None:
    runs = "1 run" if of == 1 else f"{of:,} runs"
    if shown == of:
        st.caption(f"{runs}. {_UNIT}")
    elif shown:
        st.caption(f"{shown:,} of {runs}. {_UNIT}")
    else:
        st.caption(f"No run of {of:,} fits: search for fewer words, or take a filter away.")


def _import_button() -> None:
    with st.popover("Import", icon=":material/upload:"):
        st.file_uploader(
            "A run that was downloaded, as .zip", type="zip", key="runs_import", on_change=_import
        )
        if refusal := st.session_state.get(_REFUSAL):
            st.error(plain(refusal))
        elif told := st.session_state.get(_IMPORTED):
            st.success(plain(told))


def _import() -> None:
    state, file = st.session_state, st.session_state["runs_import"]
    state[_REFUSAL] = state[_IMPORTED] = None
    if file is None:
        return
    try:
        row = gate.take_in(file.getvalue())
    except UnrollError as error:
        state[_REFUSAL] = str(error)
    else:
        state[_IMPORTED] = f"{row.name} is in the list."
