"""The dashboard's front door: page settings and navigation, nothing else."""

import os
import sys
from pathlib import Path

# `streamlit run dashboard/app.py` puts dashboard/ on the path, not the folder above it.
root = str(Path(__file__).resolve().parents[1])
if root not in sys.path:
    sys.path.insert(0, root)
# Before NumPy is imported: small products are slower on several threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import streamlit as st  # noqa: E402

from dashboard.widgets import present  # noqa: E402
from dashboard.widgets.page_script import page_script  # noqa: E402
from dashboard.widgets.plotly_assets import ensure_plotly_js  # noqa: E402

st.set_page_config(
    page_title="Unroll",
    page_icon="🔁",  # a Material icon would be fetched from the internet
    layout="wide",
    # With an entry of its own the menu stays, and in it the choice of light or dark.
    menu_items={"About": "**Unroll** trains vanilla character RNNs and shows what happens inside."},
)
ensure_plotly_js()
here = Path(__file__).parent
st.html(here / "page.css")
present.arrive()
page_script()

# A server's first visitor waits for these: the browser has charts to get ready for meanwhile.
from core.errors import UnrollError  # noqa: E402
from dashboard import link, visitor  # noqa: E402
from dashboard.classroom import following  # noqa: E402
from dashboard.classroom.bar import CLASSROOM, classroom_bar  # noqa: E402
from dashboard.learn.walk.for_a_room import outcome_of  # noqa: E402
from dashboard.widgets.footer import footer  # noqa: E402
from dashboard.widgets.plain import plain  # noqa: E402

views = here / "views"
pages = [
    st.Page(views / "learn.py", title="Learn", icon=":material/school:"),
    st.Page(views / "article.py", title="Article", icon=":material/article:"),
    st.Page(views / "train.py", title="Train", icon=":material/play_arrow:", default=True),
    st.Page(views / "compare.py", title="Compare", icon=":material/balance:"),
    st.Page(views / "flow.py", title="Gradient flow", icon=":material/water:"),
    st.Page(views / "sample.py", title="Sample", icon=":material/edit_note:"),
    st.Page(views / "runs.py", title="Runs", icon=":material/list:"),
]
if visitor.teacher_key().is_set:
    pages.append(st.Page(views / "classroom.py", title=CLASSROOM, icon=":material/groups:"))
page = st.navigation(pages, position="top")
by_title = {one.title: one for one in pages}
try:
    present.apply()
    visitor.arrive()
    following.go(by_title, page.title)
    link.arrive()
    link.enter(page.title)
    classroom_bar(by_title, page.title, outcome_of)
    page.run()
    footer()
    visitor.introduce()
except UnrollError as error:  # such as a data folder that cannot be written
    st.error(plain(str(error)))
