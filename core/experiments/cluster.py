"""Where a sweep's cells are trained: a Dask cluster, of this machine or of many.

Knows nothing of plans or of what is done with results. Without an address a cluster of this
machine's processes is made when it is first needed and kept warm; with one, that scheduler is used.
Past `Cluster.client` nothing can tell them apart.

The local cluster lives in a process of its own, of which it is the whole purpose
(`local_cluster.py`): the scheduler then takes no time from threads that train here, and the workers
do not import whatever program this is. It ends when its standard input does, so also when this
process is killed.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import SweepError, shown

if TYPE_CHECKING:
    from distributed import Client

VARIABLE = "UNROLL_SCHEDULER"
WORKERS_A_CORE = 4
"""More processes than cores train no faster, and each takes some 200 MB and a second to start."""

_ROOT = Path(__file__).parents[2]
_ADDRESS = re.compile(r"(tcp|tls|ws|wss)://\S+:[0-9]{1,5}")
# Not with -m: its workers import `SilentWorker` by the module's own name.
_SERVE = "from core.experiments.local_cluster import serve; serve({})"
_CONNECT = 5.0  # seconds for a scheduler to answer
_LONGEST_GREETING = 2**16  # bytes; it is some two hundred


def scheduler_address() -> str:
    """The scheduler that the environment names; empty for a cluster of this machine."""
    return os.environ.get(VARIABLE, "").strip()


def cores() -> int:
    """How many workers this machine gets: one for each core that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


class Cluster:
    """Workers to train on, connected to when first asked for.

    Thread safety: one thread at a time may use it; any may ask whether it is `warm`.

    Args:
        address: of a scheduler, such as `tcp://10.0.0.5:8786`; empty for this machine.
        workers: processes of a local cluster; one a core by default.

    Raises:
        SweepError: the address is none, or the workers are more than the machine's cores are for.
    """

    def __init__(self, address: str = "", workers: int | None = None) -> None:
        if address and not _ADDRESS.fullmatch(address):
            raise SweepError(
                f"{shown(address)!r} is no scheduler's address: write tcp://host:port, "
                "for example tcp://10.0.0.5:8786."
            )
        most = WORKERS_A_CORE * cores()
        if not address and workers is not None and not 1 <= workers <= most:
            raise SweepError(
                f"workers={workers:,} is not allowed: choose 1 to {most}, which is "
                f"{WORKERS_A_CORE} for each core that this machine has."
            )
        self.address = address
        self.workers = workers or cores()
        self._client: Client | None = None
        self._process: subprocess.Popen[str] | None = None

    @property
    def warm(self) -> bool:
        """Whether it is connected already."""
        client = self._client  # once: another thread may be letting go of it
        return client is not None and client.status == "running"

    @property
    def name(self) -> str:
        """What it is, in words."""
        return f"the scheduler at {shown(self.address)}" if self.address else "this machine"

    def client(self) -> Client:
        """The connection; a lost one is made anew.

        Raises:
            SweepError: no scheduler answers, or its workers do not know Unroll.
        """
        if self._client is not None and self.warm:
            return self._client
        self.close()
        # What it has to say of a lost scheduler, a sweep says in a sentence.
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        client = self._client = _connected(self.address or self._start())
        if self.address:
            _require_core(client, self.address)
        return client

    def worker_count(self) -> int:
        """How many workers there are at this moment; 0 if nobody can say."""
        client = self._client
        if client is None or not self.warm:
            return 0
        with suppress(Exception):  # it may be lost in this very moment
            return int(client.scheduler_info(n_workers=0)["n_workers"])
        return 0

    def close(self, patience: float = 10.0) -> None:
        """Let go of the workers; those of this machine end, or are killed after so many seconds."""
        client, process = self._client, self._process
        self._client = self._process = None
        if client is not None:
            with suppress(Exception):  # whatever is wrong with it, it is given up
                client.close(timeout=min(2.0, patience))
        if process is not None:
            _end(process, patience)

    def _start(self) -> str:
        """Start the process of a local cluster; its scheduler's address."""
        path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        with tempfile.TemporaryFile() as complaints:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _SERVE.format(self.workers)],
                env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                text=True,
                start_new_session=True,  # Ctrl-C is for this program: it then stops the sweep
            )
            told = self._process.stdout
            if address := told.readline().strip() if told else "":
                return address
            self.close()
            complaints.seek(0)
            lines = complaints.read().decode(errors="replace").split("\n")
        last = next((line for line in reversed(lines) if line.strip()), "it said nothing")
        raise SweepError(
            f"The worker processes could not be started ({shown(last)}): try again with fewer "
            "workers, or install what requirements.txt names."
        )


def _end(process: subprocess.Popen[str], patience: float) -> None:
    """End a local cluster: it goes when its standard input does."""
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()


def _connected(address: str) -> Client:
    from distributed import Client

    try:
        if address.startswith("tcp:"):
            _require_dask(address)
        return Client(address, timeout=_CONNECT, set_as_default=False)
    # OSError: also what a timeout is; OverflowError: no such port; TypeError: no certificates.
    except (OSError, ValueError, OverflowError, TypeError) as error:
        raise SweepError(
            f"No scheduler answers at {shown(address)} ({type(error).__name__}): start one there "
            f"with `dask scheduler`, or leave {VARIABLE} and --scheduler away to use this machine."
        ) from None


def _require_dask(address: str) -> None:
    """Refuse a port where somebody else answers: Dask would take the first bytes for a length.

    Raises:
        SweepError: it is no scheduler that answers.
        OSError: nobody does.
    """
    host, _, port = address.removeprefix("tcp://").rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT) as connection:
        # A scheduler begins with the length of its greeting, in bytes.
        head = connection.recv(8, socket.MSG_WAITALL)
    if len(head) < 8 or int.from_bytes(head, "little") > _LONGEST_GREETING:
        raise SweepError(
            f"What answers at {shown(address)} is no Dask scheduler: check the port, which is 8786 "
            "unless `dask scheduler` was given another."
        )


def _knows_unroll() -> bool:
    from core.experiments.train_cell import train_cell

    return callable(train_cell)


def _require_core(client: Client, address: str) -> None:
    """Refuse workers that cannot train; those that join later fail their cells instead."""
    try:
        client.run(_knows_unroll)
    except Exception as error:
        client.close(timeout=2)
        raise SweepError(
            f"The workers of {shown(address)} cannot train ({type(error).__name__}: "
            f"{shown(error)}): start them in Unroll's folder, with PYTHONPATH set to it and the "
            "same requirements installed."
        ) from None
