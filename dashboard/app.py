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

from core.errors import UnrollError  # noqa: E402
from dashboard import link, visitor  # noqa: E402
from dashboard.widgets import present  # noqa: E402
from dashboard.widgets.footer import footer  # noqa: E402
from dashboard.widgets.page_script import page_script  # noqa: E402
from dashboard.widgets.plain import plain  # noqa: E402
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
page = st.navigation(
    [
        st.Page(here / "views" / "learn.py", title="Learn", icon=":material/school:"),
        st.Page(
            here / "views" / "train.py", title="Train", icon=":material/play_arrow:", default=True
        ),
        st.Page(here / "views" / "compare.py", title="Compare", icon=":material/balance:"),
        st.Page(here / "views" / "flow.py", title="Gradient flow", icon=":material/water:"),
        st.Page(here / "views" / "sample.py", title="Sample", icon=":material/edit_note:"),
        st.Page(here / "views" / "runs.py", title="Runs", icon=":material/list:"),
    ],
    position="top",
)
try:
    present.arrive()
    present.apply()
    page_script()
    visitor.arrive()
    link.arrive()
    link.enter(page.title)
    page.run()
    footer()
    visitor.introduce()
except UnrollError as error:  # such as a data folder that cannot be written
    st.error(plain(str(error)))
