"""Article: its claims and faults one by one, each with what was measured and what sets it right."""

import streamlit as st

from dashboard.article.cards import CARDS
from dashboard.link import write_link
from dashboard.widgets.held import held

BY_NAME = {card.name: card for card in CARDS}

if "card" not in st.session_state:
    asked = st.query_params.get("card", "")
    st.session_state["card"] = asked if asked in BY_NAME else CARDS[0].name

with st.container(gap="xsmall"):  # a card is to be seen at once
    chosen = held(
        st.segmented_control,
        "Card",
        list(BY_NAME),
        required=True,
        format_func=lambda name: BY_NAME[name].title,
        key="card",
        label_visibility="collapsed",
        persist_state="session",
    )
    card = BY_NAME[chosen or CARDS[0].name]
    card.draw()
    write_link(card=card.name)
