"""The dashboard with short runs on the latch text of the walk: none of them learns it."""

import runpy
from pathlib import Path

import dashboard
from dashboard.learn.walk import latch

latch._START = latch._START.changed(steps=40, report_every=40, nodes=8)
runpy.run_path(str(Path(dashboard.__file__).with_name("app.py")), run_name="__main__")
