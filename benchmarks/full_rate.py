"""Served by `watch.py --full-rate`: the dashboard, with every page refreshed twice a second.

Without the back-off of `dashboard/pace.py`, which would hide what many pages cost.
"""

import runpy
import sys
from pathlib import Path

root = Path(__file__).resolve().parents[1]
if str(root) not in sys.path:
    sys.path.insert(0, str(root))

from dashboard import pace  # noqa: E402

pace.FEW = sys.maxsize
runpy.run_path(str(root / "dashboard" / "app.py"), run_name="__main__")
