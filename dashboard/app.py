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

from core.engines.heap import share_heaps  # noqa: E402

share_heaps()  # before there are threads that each have one of their own

import streamlit as st  # noqa: E402

from dashboard import visitor  # noqa: E402
from dashboard.widgets import page_head, present  # noqa: E402
from dashboard.widgets.page_script import page_script  # noqa: E402
from dashboard.widgets.plotly_assets import ensure_plotly_js  # noqa: E402

# A view, its title in the menu, its heading, its icon.
VIEWS = [
    ("learn", "Learn", "Learn", "school"),
    ("article", "Article", "The article, replayed", "article"),
    ("train", "Train", "Train", "play_arrow"),
    ("compare", "Compare", "Compare", "balance"),
    ("flow", "Gradient flow", "Where in time the gradient dies", "water"),
    ("sample", "Sample", "Read what the network learned", "edit_note"),
    ("runs", "Runs", "Runs", "list"),
]
CLASSROOM = ("classroom", "Classroom", "Classroom", "groups")  # nobody is led there
CHARTLESS = ["learn", "sample", "runs", "classroom"]  # what is seen first there is no chart

present.arrive()
ensure_plotly_js()
page_script(CHARTLESS)  # first of all: the browser needs a second for the charts' library
here = Path(__file__).parent
# Before the navigation, or the browser would fetch the icon of a page from the internet.
st.set_page_config(
    page_title="Unroll",
    page_icon=here / "icon.svg",
    layout="wide",
    # With an entry of its own the menu stays, and in it the choice of light or dark.
    menu_items={"About": "**Unroll** trains vanilla character RNNs and shows what happens inside."},
)
views = [*VIEWS, CLASSROOM] if visitor.teacher_key().is_set else VIEWS
pages = {
    title: st.Page(
        here / "views" / f"{name}.py",
        title=title,
        icon=f":material/{icon}:",
        default=name == "train",
    )
    for name, title, _, icon in views
}
headings = {title: heading for _, title, heading, _ in views}
page = st.navigation(list(pages.values()), position="top")
st.html(here / "page.css")
present.apply()
# What comes and goes above must not make anew what stands below, nor close what was opened there.
above = st.container()
with st.container(gap="xsmall"):
    page_head.draw(headings[page.title])
    body = st.container(key="page_body")

# A server's first visitor waits for these: where they are is on the page by now, and the browser
# has charts to get ready for meanwhile.
from core.errors import UnrollError  # noqa: E402
from dashboard import link  # noqa: E402
from dashboard.classroom import following  # noqa: E402
from dashboard.classroom.bar import classroom_bar  # noqa: E402
from dashboard.learn.walk.for_a_room import outcome_of  # noqa: E402
from dashboard.widgets.footer import footer  # noqa: E402
from dashboard.widgets.plain import plain  # noqa: E402

try:
    visitor.arrive()
    following.go(pages, page.title)
    link.arrive()
    link.enter(page.title)
    with above:
        classroom_bar({title: pages[title] for _, title, *_ in VIEWS}, page.title, outcome_of)
    with body:
        page.run()
    footer()
    visitor.introduce()
except UnrollError as error:  # such as a data folder that cannot be written
    st.error(plain(str(error)))
