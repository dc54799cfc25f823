"""Learn: pictures of what a recurrent network does, each with a question before its answer."""

import streamlit as st

from dashboard.learn.pictures import PICTURES
from dashboard.link import write_link

BY_NAME = {picture.name: picture for picture in PICTURES}

if "picture" not in st.session_state:
    asked = st.query_params.get("picture", "")
    st.session_state["picture"] = asked if asked in BY_NAME else PICTURES[0].name

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
    st.header("Learn", width="content", anchor=False)
    chosen = st.segmented_control(
        "Picture",
        list(BY_NAME),
        required=True,
        format_func=lambda name: BY_NAME[name].title,
        key="picture",
        label_visibility="collapsed",
        persist_state="session",
    )
picture = BY_NAME[chosen or PICTURES[0].name]
st.markdown(picture.sentences)
picture.draw()
write_link(picture=picture.name)
