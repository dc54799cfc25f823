"""A Dask cluster of this machine: a scheduler, and worker processes of one thread each.

Knows nothing of cells. Its processes listen on 127.0.0.1, and to each other alone: Dask's own
`LocalCluster` starts a web server in each of them, with a dashboard or without.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

from distributed import Nanny, Scheduler, SpecCluster, Worker
from distributed.worker_memory import parse_memory_limit

_HOST = "127.0.0.1"


class SilentScheduler(Scheduler):
    """A scheduler without a web server."""

    def start_http_server(self, *_: Any, **__: Any) -> None:
        """Start none."""


class SilentWorker(Worker):
    """A worker without a web server."""

    def start_http_server(self, *_: Any, **__: Any) -> None:
        """Start none."""


def local_cluster(workers: int) -> SpecCluster:
    """That many workers, each with its part of the memory; close it, or use it in a `with`."""
    limit = parse_memory_limit("auto", 1, workers, logger=logging.getLogger("distributed"))
    options = {
        "host": _HOST,
        "nthreads": 1,
        "memory_limit": limit,
        "worker_class": SilentWorker,
        "silence_logs": logging.CRITICAL,
    }
    return SpecCluster(
        scheduler={"cls": SilentScheduler, "options": {"host": _HOST}},
        workers={name: {"cls": Nanny, "options": options} for name in range(workers)},
        silence_logs=logging.CRITICAL,
    )


def serve(workers: int) -> None:
    """Be a cluster until standard input ends; the scheduler's address is printed first."""
    with local_cluster(workers) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
