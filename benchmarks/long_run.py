"""Served by `watch.py`: the dashboard, with a paused run of many recorded steps in it.

UNROLL_RECORDED_STEPS says how many. The run is a real one that was paused before its first
step; only what it has recorded is made up, because 800,000 steps would take half an hour.
"""

import math
import os
import runpy
import sys
from dataclasses import replace
from pathlib import Path
from threading import Thread
from time import sleep

root = Path(__file__).resolve().parents[1]
if str(root) not in sys.path:
    sys.path.insert(0, str(root))
os.environ.setdefault("OMP_NUM_THREADS", "1")

import streamlit as st  # noqa: E402

from core.config import PRESETS  # noqa: E402
from core.history import History  # noqa: E402
from core.records import Report, RunStatus, StepRecord  # noqa: E402
from dashboard.server import manager  # noqa: E402


@st.cache_resource
def prepare() -> None:
    """Start the run, pause it, and put the records in; a new one follows ten times a second."""
    steps = int(os.environ["UNROLL_RECORDED_STEPS"])
    config = PRESETS["arch1"].config
    run = manager().start(config)
    run.pause()
    paused = run.wait_until(lambda snapshot: snapshot.status == RunStatus.PAUSED)
    history, reports = History(steps), []

    def record(step: int) -> None:
        wave = math.sin(step) * 0.1
        loss, norm = 1.8 + 1 / math.sqrt(step) + wave, math.exp(5 * wave)
        seen, seconds = step * config.characters_per_step, step / 500
        history.append(
            StepRecord(step, seen, loss, norm, min(norm, 1.25), norm > 1.25, 2.5, seconds)
        )
        if step % config.report_every == 0:
            reports.append(Report(step, seen, seconds, loss, loss, "what it wrote " * 7))

    def publish() -> None:
        run._exchange.snapshot = replace(
            paused, step=len(history), history=history.view(), reports=tuple(reports)
        )

    def go_on() -> None:
        while True:  # otherwise the page would find nothing new to draw
            sleep(0.1)
            record(len(history) + 1)
            publish()

    for step in range(1, steps + 1):
        record(step)
    publish()
    Thread(target=go_on, daemon=True).start()


prepare()
runpy.run_path(str(root / "dashboard" / "app.py"), run_name="__main__")
