"""Served by the rehearsal of kills: the dashboard, with a checkpoint every 0.3 s, not 30 s."""

import os
import runpy
import sys
from functools import partial
from pathlib import Path

root = Path(__file__).resolve().parents[3]
if str(root) not in sys.path:
    sys.path.insert(0, str(root))
os.environ.setdefault("OMP_NUM_THREADS", "1")

import dashboard.library  # noqa: E402
from core.storage.writer import Writer  # noqa: E402

dashboard.library.Writer = partial(Writer, checkpoint_every=0.3)
runpy.run_path(str(root / "dashboard" / "app.py"), run_name="__main__")
