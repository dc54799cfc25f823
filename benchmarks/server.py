"""A real dashboard server in a process of its own, and what it costs that process.

Knows nothing of what the pages show. Linux only: processor time is read from /proc.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

_ROOT = Path(__file__).resolve().parents[1]
APP = _ROOT / "dashboard" / "app.py"
"""The dashboard."""
_START_SECONDS = 90


class Server:
    """Where a server listens, and its process."""

    def __init__(self, port: int, process: subprocess.Popen) -> None:
        self.port = port
        self._process = process

    @property
    def stream(self) -> str:
        """The address that a page's WebSocket connects to."""
        return f"ws://127.0.0.1:{self.port}/_stcore/stream"

    def cpu_seconds(self) -> float:
        """Processor time the server has used since it began, all threads together."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # user and system

    def memory_bytes(self) -> int:
        """What the server holds of the machine's memory at present."""
        return psutil.Process(self._process.pid).memory_info().rss

    def stop(self, number: int) -> tuple[int, float]:
        """Send it a signal and wait for its end: the exit status, and seconds.

        Raises:
            TimeoutExpired: it still runs after twenty seconds.
        """
        began = time.monotonic()
        self._process.send_signal(number)
        return self._process.wait(timeout=20), time.monotonic() - began

    def healthy(self) -> bool:
        """Whether it answers."""
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}/_stcore/health", timeout=2
            ) as answer:
                return answer.read() == b"ok"
        except (OSError, urllib.error.HTTPError):
            return False


@contextmanager
def serve(
    script: Path, env: Mapping[str, str] | None = None, log: Path | None = None
) -> Iterator[Server]:
    """Serve a Streamlit script with the project's settings.

    Args:
        script: what to serve.
        env: variables over the present ones; UNROLL_HOME is an empty folder if it is left out.
        log: takes what the server prints; nothing does if it is left out.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as home, (log or Path(os.devnull)).open("wb") as printed:
        command = [sys.executable, "-m", "streamlit", "run", str(script)]
        options = [f"--server.port={port}", "--server.headless=true"]
        process = subprocess.Popen(
            command + options,
            cwd=_ROOT,
            env={**os.environ, "UNROLL_HOME": home, **(env or {})},
            stdout=printed,
            stderr=subprocess.STDOUT,
        )
        try:
            server = Server(port, process)
            deadline = time.monotonic() + _START_SECONDS
            while not server.healthy():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the server did not come up: {' '.join(command)}")
                time.sleep(0.2)
            yield server
        finally:
            process.terminate()
            process.wait(timeout=20)
