"""The table of runs with its filters, and which rows are chosen. Knows nothing of actions."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.errors import UnrollError
from core.records import RunStatus
from core.storage.importing import import_run
from core.storage.rows import RunRow
from dashboard.components.plain import plain
from dashboard.library import library
from dashboard.runs_table import matching, runs_table

# Keys of st.session_state.
_TABLE = "runs_table"
_DRAWN = "runs_drawn"  # ids in the order in which the browser has them
_CHOSEN = "runs_chosen"
_REFUSAL, _IMPORTED = "runs_import_refusal", "runs_imported"

_BITS = "Bits per character on held-out text."
_COLUMNS = {
    "_index": None,
    "Star": st.column_config.TextColumn("★", width=35),
    "Name": st.column_config.TextColumn(width="medium"),
    "Status": st.column_config.TextColumn(width="small"),
    "Differs": st.column_config.TextColumn(
        width="medium", help="What differs from the nearest preset."
    ),
    "Best": st.column_config.NumberColumn("Best", format="%.3f", width=65, help=_BITS),
    "Last": st.column_config.NumberColumn("Last", format="%.3f", width=65, help=_BITS),
    "Gap": st.column_config.NumberColumn(
        "To bigram",
        format="%+.3f",
        width=85,
        help="The best less the bigram floor, in bits: below 0 the network uses memory.",
    ),
    "Steps": st.column_config.NumberColumn(format="localized", width=75),
    "Planned": st.column_config.NumberColumn(format="localized", width=80),
    "Characters": st.column_config.NumberColumn(format="compact", width=90),
    "Time": st.column_config.TextColumn(width=75, help="Of training."),
    "Diagnosis": st.column_config.TextColumn(width="medium"),
    "Tags": st.column_config.ListColumn(width="small"),
    "Note": st.column_config.TextColumn(width="small"),
    "Started": st.column_config.DatetimeColumn(format="D MMM, HH:mm", width=110),
    "Text": st.column_config.TextColumn(width="small"),
}


def filters(rows: Sequence[RunRow]) -> list[RunRow]:
    """Search words, statuses and the star; returns the rows that are left."""
    wanted = st.session_state.get("runs_status") or []
    present = [str(s) for s in RunStatus if s in wanted or any(row.status == s for row in rows)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            "Search",
            type="search",
            live="150ms",
            key="runs_search",
            placeholder="name, tag, note, setting, text or finding",
            width=400,
            persist_state="session",
        )
        statuses = st.pills(
            "Status", present, selection_mode="multi", key="runs_status", persist_state="session"
        )
        starred = st.toggle("Starred only", key="runs_starred", persist_state="session")
        st.space("stretch")
        _import_button()
    return matching(rows, words, statuses, starred)


def table(rows: Sequence[RunRow], of: int) -> list[RunRow]:
    """Draw the table of these rows, of so many in all; the chosen ones."""
    _count(len(rows), of)
    state = st.session_state
    ids = [row.id for row in rows]
    state[_DRAWN] = ids
    state[_CHOSEN] = [run_id for run_id in ids if run_id in state.get(_CHOSEN, ())]
    # The browser knows places only: tell it where the chosen runs stand now.
    places = [place for place, run_id in enumerate(ids) if run_id in state[_CHOSEN]]
    if sorted(state.get(_TABLE, {}).get("selection", {}).get("rows", [])) != places:
        state[_TABLE] = {"selection": {"rows": places}}
    st.dataframe(
        runs_table(rows),
        key=_TABLE,
        column_config=_COLUMNS,
        column_order=[name for name in _COLUMNS if name != "_index"],
        on_select=_choose,
        selection_mode="multi-row",
        height=min(38 + 35 * max(of, 1), 360),  # whatever is found: the page below stands still
        row_height=35,
        placeholder="",
    )
    return [row for row in rows if row.id in state[_CHOSEN]]


def _choose() -> None:
    drawn = st.session_state[_DRAWN]
    places = st.session_state[_TABLE]["selection"]["rows"]
    st.session_state[_CHOSEN] = [drawn[place] for place in places if place < len(drawn)]
    st.rerun()  # the whole page: what can be done with them stands below the list


def _count(shown: int, of: int) -> None:
    runs = "1 run" if of == 1 else f"{of:,} runs"
    if not of:
        st.caption("There are no runs yet: Start on the Train page makes the first.")
    elif shown == of:
        st.caption(runs)
    elif shown:
        st.caption(f"{shown:,} of {runs}")
    else:
        st.caption(f"None of the {runs} is like this. Search for less, or take a filter away.")


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
    shelf = library().shelf()
    try:
        row = shelf.get(import_run(shelf, file.getvalue()))
    except UnrollError as error:
        state[_REFUSAL] = str(error)
    else:
        state[_IMPORTED] = f"{row.name} is in the list."
