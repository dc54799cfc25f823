"""Choosing a network to read: a run of this server, or an uploaded weight file."""

from __future__ import annotations

import streamlit as st

from core.errors import UnrollError, WeightsError
from dashboard.sample.sources import Source, Taken, add_upload, sources
from dashboard.widgets import moment
from dashboard.widgets.describe import describe
from dashboard.widgets.held import held
from dashboard.widgets.plain import plain


def source_picker(panel: str) -> Source | None:
    """A selectbox of all sources, and a place to upload one; None where there are none.

    Args:
        panel: tells the widgets of two panels apart.
    """
    found = {source.key: source for source in sources()}
    chosen = moment.SOURCE if panel == "a" else f"sample_source_{panel}"
    if st.session_state.get(chosen) not in found:
        st.session_state.pop(chosen, None)  # a run that was forgotten
    if found:
        held(
            st.selectbox,
            "Network",
            found,
            format_func=lambda key: found[key].title if key in found else key,
            key=chosen,
            persist_state="session",
        )
    with st.popover("Upload weights", width="stretch", icon=":material/upload_file:"):
        st.file_uploader(
            "A .safetensors weight file",
            key=f"sample_upload_{panel}",
            on_change=_take_upload,
            args=(panel,),
        )
        if refusal := st.session_state.get(f"sample_refusal_{panel}"):
            st.error(plain(refusal))
    return found.get(st.session_state.get(chosen, "")) if found else None


def weights_in_hand(source: Source, panel: str, *, newest: bool = False) -> Taken | None:
    """The weights last taken from this source; takes them if there are none, or on `newest`.

    A sentence is shown where there are none to take.
    """
    place = f"sample_taken_{panel}"
    key, taken = st.session_state.get(place, ("", None))
    if newest or key != source.key:
        try:
            taken = source.take()
        except UnrollError as error:
            st.info(plain(str(error)))
            return None
        st.session_state[place] = (source.key, taken)
    return taken


def about_weights(source: Source, taken: Taken, panel: str) -> None:
    """What was taken, and for a run that trains a button to take newer ones."""
    run = source.find_run()
    status = f" of a run that is {run.snapshot.status}" if run else ""
    st.caption(f"{describe(taken.config)}  \n{about_step(taken)}{status}.")
    if source.live:
        st.button(
            "Take the newest weights",
            key=f"sample_newest_{panel}",
            icon=":material/refresh:",
            on_click=_take_newest,
            args=(source, panel),
            width="stretch",
        )


def _take_newest(source: Source, panel: str) -> None:
    weights_in_hand(source, panel, newest=True)


def about_step(taken: Taken) -> str:
    """Which weights these are."""
    return "From a file" if taken.step is None else f"Weights of step {taken.step:,}"


def _take_upload(panel: str) -> None:
    state = st.session_state
    file = state[f"sample_upload_{panel}"]
    state[f"sample_refusal_{panel}"] = None
    if file is None:
        return
    try:
        key = add_upload(file.name, file.getvalue())
    except WeightsError as error:
        state[f"sample_refusal_{panel}"] = str(error)
        return
    state[f"sample_source_{panel}"] = key
    state.pop(f"sample_taken_{panel}", None)  # a new file may have an old one's name
