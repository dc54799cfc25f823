"""The runs of this process: started, found again, and forgotten when there are too many.

Knows nothing of pages. Thread safety: every method may be called from any thread.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from threading import Lock

from core.config import TrainingConfig
from core.data.corpora import Corpus, load_corpus
from core.training.run import Run
from core.training.slots import Slots


class RunManager:
    """Holds every run of the process.

    Args:
        max_running: runs that train at once; the others wait in a queue.
        max_kept: ended runs beyond so many are forgotten, oldest first.
        load_text: from a text's key to its corpus.
    """

    def __init__(
        self,
        max_running: int = 2,
        max_kept: int = 30,
        load_text: Callable[..., Corpus] = load_corpus,
    ) -> None:
        self._slots = Slots(max_running)
        self._max_kept = max_kept
        self._load_text = load_text
        self._runs: dict[str, Run] = {}  # oldest first
        self._lock = Lock()

    def start(self, config: TrainingConfig) -> Run:
        """Start a run, or queue it."""
        run = Run(secrets.token_hex(4), config, self._slots, load_text=self._load_text)
        with self._lock:
            self._runs[run.run_id] = run
            self._forget()
        run.start()
        return run

    def get(self, run_id: str) -> Run | None:
        """The run of this name, if it is known."""
        return self._runs.get(run_id)

    def runs(self) -> list[Run]:
        """All runs, newest first."""
        with self._lock:
            return list(reversed(self._runs.values()))

    def latest_active(self) -> Run | None:
        """The newest run that can still train."""
        return next((run for run in self.runs() if run.snapshot.status.active), None)

    def stop_all(self, timeout: float = 10.0) -> None:
        """Stop every run and wait for the threads to end."""
        for run in self.runs():
            run.stop()
        for run in self.runs():
            run.wait(timeout)

    def _forget(self) -> None:
        ended = [i for i, run in self._runs.items() if not run.snapshot.status.active]
        for run_id in ended[: max(0, len(ended) - self._max_kept)]:
            del self._runs[run_id]
