"""ES modules as one script: Streamlit's components take a single string of JavaScript.

Knows no page and nothing of what the modules do.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path

_IMPORT = re.compile(r'(?<=from )"(\./[\w./-]+\.js)"')


def es_module(path: Path) -> str:
    """The module's source, with everything that it imports inside.

    Each `from "./name.js"` becomes a `data:` address that holds that module, and so on. The files
    themselves stay plain ES modules, which a browser or an editor reads as they are.
    """
    source = path.read_text(encoding="utf-8")
    return _IMPORT.sub(lambda found: f'"{_address(path.parent / found[1])}"', source)


def _address(path: Path) -> str:
    encoded = base64.b64encode(es_module(path).encode()).decode()
    return f"data:text/javascript;base64,{encoded}"
