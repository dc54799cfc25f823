"""Choosing what to train on: the built-in text, text8, or a text of one's own.

A text of one's own is normalised, kept on this machine, and shown before and after.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable

import streamlit as st

from core.data.own_text import OwnText, take, take_file
from core.data.preview import NormalisingPreview
from core.data.uploads import ENCODINGS, read_text_bytes
from core.errors import UnrollError
from core.links import linkable
from dashboard import texts
from dashboard.widgets.held import held
from dashboard.widgets.plain import plain
from dashboard.widgets.verbatim import verbatim

_TITLES = {
    "builtin": "Built-in: Python reference",
    "text8": "text8: 100 M of Wikipedia",
}


def text_picker(key: str, *, disabled: bool) -> None:
    """A selectbox whose value, a text's key, lives in the session state under `key`."""
    chosen = st.session_state[key]
    if not linkable(chosen):  # a page made by hand can send anything, a path among others
        chosen = st.session_state[key] = "builtin"
    labels = _labels(chosen)
    labels.setdefault(chosen, chosen)  # a latch text from a link
    held(
        st.selectbox,
        "Text",
        labels,
        format_func=lambda option: labels.get(option, option),
        key=key,
        disabled=disabled,
        help="The last 5 % (at most 100,000 characters) are held out for validation.",
    )
    if chosen == "text8":
        st.caption("31 MB, fetched once at Start and kept on this machine.")
    if disabled:
        return
    with st.popover("Use your own text", width="stretch", icon=":material/upload_file:"):
        st.file_uploader(
            "A .txt, .gz or .zip file",
            key="uploaded_text",
            on_change=_take_upload,
            args=(key,),
        )
        held(
            st.selectbox,
            "Encoding",
            ENCODINGS,
            format_func=lambda encoding: ENCODINGS.get(encoding, encoding),
            key="text_encoding",
            on_change=_take_again,
            args=(key,),
            help="Of older files. UTF-16 and UTF-32 are known by their mark.",
        )
        if _paths_are_taken():
            held(
                st.text_input,
                "Or the path of a file on this machine",
                key="text_path",
                on_change=_take_path,
                args=(key,),
            )
        if refusal := st.session_state.get("text_refusal"):
            st.error(plain(refusal))
        elif shown := st.session_state.get("text_preview"):
            _show(*shown)
    if texts.is_own(chosen):
        st.button(
            "Delete this text",
            key="text_delete",
            on_click=_delete,
            args=(key,),
            icon=":material/delete:",
            type="tertiary",
            help="From this machine, where no run was trained on it. It can be brought again.",
        )


def _delete(key: str) -> None:
    state = st.session_state
    state["text_preview"] = state["text_refusal"] = None
    try:
        texts.delete(state[key])
    except UnrollError as error:
        state["text_refusal"] = str(error)
        return
    state[key] = "builtin"


def _labels(chosen: str) -> dict[str, str]:
    """What each text is called: Streamlit tells options apart by their labels alone."""
    titles = _TITLES | texts.listed(chosen)
    times = Counter(titles.values())
    return {
        key: f"{title} ({key[4:10]})" if key.startswith("own:") and times[title] > 1 else title
        for key, title in titles.items()
    }


def _take_upload(key: str) -> None:
    file = st.session_state["uploaded_text"]
    if file is not None:
        _take(
            key,
            lambda: _allowed(
                read_text_bytes(file.getvalue(), file.name, encoding=_encoding()), file.name
            ),
        )


def _allowed(raw: str, name: str) -> OwnText:
    texts.require_text(len(raw))
    return take(raw, name, texts.may_rename)


def _take_path(key: str) -> None:
    if path := st.session_state["text_path"].strip():
        _take(key, lambda: take_file(path, _encoding(), texts.may_rename))


def _take_again(key: str) -> None:
    """In another encoding."""
    if st.session_state["uploaded_text"] is not None:
        _take_upload(key)
    elif _paths_are_taken():
        _take_path(key)


def _encoding() -> str:
    chosen = st.session_state.get("text_encoding")
    return chosen if chosen in ENCODINGS else "utf-8"  # a page made by hand can send anything


def _take(key: str, read: Callable[[], OwnText]) -> None:
    state = st.session_state
    state["text_refusal"] = state["text_preview"] = None
    try:
        taken = read()
        texts.note(taken.corpus.key)
    except UnrollError as error:
        state["text_refusal"] = str(error)
        return
    state["text_preview"] = (taken.corpus.title, len(taken.corpus), taken.preview)
    state[key] = taken.corpus.key


def _show(title: str, length: int, shown: NormalisingPreview) -> None:
    st.markdown(f"**{length:,} characters** after normalising:")
    st.text(title)
    st.caption(shown_counts(shown))
    if shown.warning:
        st.warning(shown.warning)
    st.caption("Before")
    verbatim(shown.before, height=120)
    st.caption("After")
    verbatim(shown.after, height=120)


def shown_counts(shown: NormalisingPreview) -> str:
    """What normalising did, in a line."""
    return (
        f"{shown.characters_before:,} characters before; {shown.digits_spelled:,} digits were "
        f"spelled out, {shown.accents_dropped:,} letters lost their accents (ü is read as u, ß as "
        f"ss), and {shown.turned_to_spaces:,} characters became spaces."
    )


def _paths_are_taken() -> bool:
    """Whether whoever sees the page may have any file of this machine read.

    Nothing about the address says so: behind a proxy, every visitor seems to be at this machine.
    """
    return os.environ.get("UNROLL_LOCAL_FILES") == "1"
