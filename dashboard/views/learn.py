"""Learn: a walk in eight steps, and the pictures of what a recurrent network does.

Each asks for a prediction before it answers.
"""

from collections.abc import Sequence

import streamlit as st

from dashboard import visitor
from dashboard.classroom import commands
from dashboard.learn.pictures import PICTURES
from dashboard.learn.walk.page import walk
from dashboard.link import write_link
from dashboard.widgets import page_head
from dashboard.widgets.held import held

WALK = "walk"
TITLES = {WALK: "The walk"} | {picture.name: picture.title for picture in PICTURES}
BY_NAME = {picture.name: picture for picture in PICTURES}


def _ask(text: str, options: Sequence[str], answer: str) -> None:
    """The teacher's: what their picture answers is told when it is revealed."""
    commands.attempt(commands.ask, text, options, "picture", f"In your teacher’s picture: {answer}")


if "picture" not in st.session_state:
    asked = st.query_params.get("picture", "")
    st.session_state["picture"] = asked if asked in TITLES else WALK

with st.container(gap="xsmall"):  # picture and question are to be seen at once
    with page_head.beside(apart=True):
        chosen = held(
            st.segmented_control,
            "Picture",
            list(TITLES),
            required=True,
            format_func=TITLES.__getitem__,
            key="picture",
            label_visibility="collapsed",
            persist_state="session",
        )
    if chosen in BY_NAME:
        picture = BY_NAME[chosen]
        st.markdown(picture.sentences)
        picture.draw(_ask if visitor.who().teacher else None)
        write_link(picture=picture.name)
    else:
        write_link(step=walk())
