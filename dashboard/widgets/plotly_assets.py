"""The scripts that the live charts load, put where Streamlit serves static files.

Knows nothing of figures. plotly.min.js (4.7 MB) comes out of the installed plotly package,
so that the dashboard works without a network and the repository stays small. The chart's
own script is served beside it: inside the component's definition Streamlit would send it
along with every update of every chart.

A file's name changes with its content, so a browser may keep what it has loaded.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

import plotly

STATIC_DIR = Path(__file__).parents[1] / "static"
"""Streamlit serves the folder `static` beside the main script as `app/static/`."""

_PLOTLY_JS = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
_CHART_JS = Path(__file__).with_name("live_chart.js")

PLOTLY_FILE = f"plotly-{version('plotly')}.min.js"
CHART_FILE = f"live_chart-{hashlib.sha256(_CHART_JS.read_bytes()).hexdigest()[:12]}.js"

# Streamlit's own script tells where the app is mounted, whatever page or base path the
# address bar shows.
CHART_SCRIPT = f"""
(() => {{
  const own = document.querySelector('script[src*="static/js/"]')?.src
  const home = own ? own.replace(/static\\/js\\/[^/]*$/, "") : new URL("./", document.baseURI).href
  return import(home + "app/static/{CHART_FILE}")
}})()
""".strip()
"""JavaScript: a promise of the charts' own module."""


def ensure_plotly_js(static_dir: Path = STATIC_DIR) -> None:
    """Put plotly.min.js and the live chart's script into `static_dir`, if they are not there.

    Call it once when the app starts; a second call, or a second process, costs nothing and
    does no harm.

    Raises:
        OSError: the folder cannot be written, or the plotly package is incomplete.
    """
    static_dir.mkdir(parents=True, exist_ok=True)
    for source, name in ((_PLOTLY_JS, PLOTLY_FILE), (_CHART_JS, CHART_FILE)):
        _copy_if_missing(source, static_dir / name)


def _copy_if_missing(source: Path, target: Path) -> None:
    if target.exists() and target.stat().st_size == source.stat().st_size:
        return
    # A page may ask for the file at any moment: it must never see half of it.
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    try:
        shutil.copyfile(source, temporary)
        os.chmod(temporary, 0o644)  # mkstemp's files are for their owner alone
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
