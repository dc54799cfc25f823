"""The table of runs with its filters, and which rows are chosen. Knows nothing of actions."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha1

import streamlit as st

from core.errors import UnrollError
from core.records import RunStatus
from core.storage.importing import import_run
from core.storage.rows import RunRow
from dashboard.components.plain import plain
from dashboard.library import library
from dashboard.runs_table import matching, runs_table

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
    present = [str(s) for s in RunStatus if any(row.status == s for row in rows)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            "Search",
            key="runs_search",
            placeholder="name, tag, note, setting, text or finding",
            width=360,
            persist_state="session",
        )
        statuses = st.pills(
            "Status", present, selection_mode="multi", key="runs_status", persist_state="session"
        )
        starred = st.toggle("Starred only", key="runs_starred", persist_state="session")
        with st.popover("Import", icon=":material/upload:"):
            st.file_uploader(
                "A .zip that was exported",
                type="zip",
                key="runs_import",
                on_change=_import,
            )
            if refusal := st.session_state.get("runs_import_refusal"):
                st.error(plain(refusal))
    return matching(rows, words, statuses, starred)


def table(rows: Sequence[RunRow]) -> list[str]:
    """Draw the table; the ids of the chosen runs."""
    # The choice is kept by place, so a list of other runs is another table.
    ids = "".join(row.id for row in rows)
    event = st.dataframe(
        runs_table(rows),
        key=f"runs_table_{sha1(ids.encode()).hexdigest()[:10]}",
        column_config=_COLUMNS,
        column_order=[name for name in _COLUMNS if name != "_index"],
        on_select="rerun",
        selection_mode="multi-row",
        height=min(38 + 35 * max(len(rows), 1), 360),
        row_height=35,
        placeholder="",
    )
    return [rows[place].id for place in event.selection.rows if place < len(rows)]


def _import() -> None:
    file = st.session_state["runs_import"]
    st.session_state["runs_import_refusal"] = None
    if file is None:
        return
    try:
        import_run(library().shelf(), file.getvalue())
    except UnrollError as error:
        st.session_state["runs_import_refusal"] = str(error)
