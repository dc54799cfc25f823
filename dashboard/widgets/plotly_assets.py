"""The scripts that the live charts load, put where Streamlit serves static files.

Knows nothing of figures. plotly.min.js (4.7 MB) comes out of the installed plotly package,
so that the dashboard works without a network and the repository stays small. It lies there
packed: otherwise Streamlit packs it anew for every visitor, and serves nothing else meanwhile.
The chart's own script is served beside it: inside the component's definition Streamlit would
send it along with every update of every chart.

A file's name changes with its content, so a browser may keep what it has loaded.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import tempfile
from importlib.metadata import version
from pathlib import Path

import plotly

STATIC_DIR = Path(__file__).parents[1] / "static"
"""Streamlit serves the folder `static` beside the main script as `app/static/`."""

_PLOTLY_JS = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
_CHART_JS = Path(__file__).with_name("live_chart.js")
_PACKED_WELL = 6  # of 9; a seventh of a second, once
_SHORTEST_GZIP = 18  # bytes

PLOTLY_FILE = f"plotly-{version('plotly')}.min.js.gz"
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
    packed, chart = static_dir / PLOTLY_FILE, static_dir / CHART_FILE
    if _unpacked_size(packed) != _PLOTLY_JS.stat().st_size:
        _write(packed, gzip.compress(_PLOTLY_JS.read_bytes(), _PACKED_WELL, mtime=0))
    if not chart.exists() or chart.stat().st_size != _CHART_JS.stat().st_size:
        _write(chart, _CHART_JS.read_bytes())


def _unpacked_size(packed: Path) -> int:
    """What the last four bytes of a gzip file say; -1 if there is none."""
    if not packed.exists() or packed.stat().st_size < _SHORTEST_GZIP:
        return -1
    with packed.open("rb") as file:
        file.seek(-4, os.SEEK_END)
        return int.from_bytes(file.read(), "little")


def _write(target: Path, content: bytes) -> None:
    # A page may ask for the file at any moment: it must never see half of it.
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o644)  # mkstemp's files are for their owner alone
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
