"""Choosing what to train on: the built-in text, text8, or a text of one's own.

A text of one's own is normalised, kept on this machine, and shown before and after.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import streamlit as st

from core.data.corpora import keep, kept_titles, own_corpus
from core.data.preview import NormalisingPreview, preview
from core.data.uploads import read_text_bytes, read_text_file
from core.errors import TextError
from core.links import linkable
from dashboard.widgets.plain import plain

_TITLES = {
    "builtin": "Built-in: Python reference",
    "text8": "text8: 100 M of Wikipedia",
}


def text_picker(key: str, *, disabled: bool) -> None:
    """A selectbox whose value, a text's key, lives in the session state under `key`."""
    labels = _labels()
    chosen = st.session_state[key]
    if not linkable(chosen):  # a page made by hand can send anything, a path among others
        chosen = st.session_state[key] = "builtin"
    labels.setdefault(chosen, chosen)  # a latch text from a link
    st.selectbox(
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
            "A .txt, .gz or .zip file in UTF-8",
            key="uploaded_text",
            on_change=_take_upload,
            args=(key,),
        )
        if _on_this_machine():
            st.text_input(
                "Or the path of a file on this machine",
                key="text_path",
                on_change=_take_path,
                args=(key,),
            )
        if refusal := st.session_state.get("text_refusal"):
            st.error(plain(refusal))
        elif shown := st.session_state.get("text_preview"):
            _show(*shown)


def _labels() -> dict[str, str]:
    """What each text is called: Streamlit tells options apart by their labels alone."""
    titles = _TITLES | kept_titles()
    times = Counter(titles.values())
    return {
        key: f"{title} ({key[4:10]})" if key.startswith("own:") and times[title] > 1 else title
        for key, title in titles.items()
    }


def _take_upload(key: str) -> None:
    file = st.session_state["uploaded_text"]
    if file is not None:
        _take(key, file.name, lambda: read_text_bytes(file.getvalue(), file.name))


def _take_path(key: str) -> None:
    if path := st.session_state["text_path"].strip():
        _take(key, path, lambda: read_text_file(path))


def _take(key: str, name: str, read: Callable[[], str]) -> None:
    state = st.session_state
    state["text_refusal"] = state["text_preview"] = None
    try:
        raw = read()
        corpus = keep(own_corpus(raw, name))
    except TextError as error:
        state["text_refusal"] = str(error)
        return
    state["text_preview"] = (corpus.title, len(corpus), preview(raw))
    state[key] = corpus.key


def _show(title: str, length: int, shown: NormalisingPreview) -> None:
    st.markdown(f"**{length:,} characters** after normalising:")
    st.text(title)
    st.caption(shown_counts(shown))
    st.caption("Before")
    st.code(shown.before, language=None, wrap_lines=True, height=120)
    st.caption("After")
    st.code(shown.after, language=None, wrap_lines=True, height=120)


def shown_counts(shown: NormalisingPreview) -> str:
    """What normalising did, in a line."""
    return (
        f"{shown.characters_before:,} characters before; {shown.digits_spelled:,} digits were "
        f"spelled out and {shown.turned_to_spaces:,} characters became spaces."
    )


def _on_this_machine() -> bool:
    """Whether only people at this machine can reach the page: paths are for them alone."""
    return st.get_option("server.address") in ("127.0.0.1", "localhost", "::1")
