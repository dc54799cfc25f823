"""Clusters: where they listen, and what is said where no scheduler answers."""

import socket
from contextlib import ExitStack
from threading import Thread
from time import monotonic

import psutil
import pytest

from core.errors import SweepError
from core.experiments import cluster as cluster_module
from core.experiments.cluster import Cluster


def listening(process):
    """The addresses at which a process listens, and its children."""
    return [
        connection.laddr
        for one in [process, *process.children(recursive=True)]
        for connection in one.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]


def test_a_local_cluster_listens_on_loopback_and_serves_no_web(cluster):
    addresses = listening(psutil.Process(cluster._process.pid))
    # The scheduler, and a nanny and a worker for each of two.
    assert len(addresses) == 5
    assert {address.ip for address in addresses} == {"127.0.0.1"}
    assert 8787 not in {address.port for address in addresses}


@pytest.fixture
def port():
    """Serve a port on loopback that greets one guest with these bytes; returns its number."""
    with ExitStack() as stack:

        def serve(greeting):
            server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def greet():
                guest = stack.enter_context(server.accept()[0])
                guest.sendall(greeting)

            thread = Thread(target=greet)
            thread.start()
            stack.callback(thread.join)
            return server.getsockname()[1]

        yield serve


@pytest.mark.parametrize("greeting", [b"SSH-2.0-OpenSSH_9.2\r\n", b"220 mail.example ESMTP\r\n"])
def test_another_server_than_dask_s_is_told_at_once(port, greeting):
    address, began = f"tcp://127.0.0.1:{port(greeting)}", monotonic()
    with pytest.raises(SweepError, match=f"What answers at {address} is no Dask scheduler: check"):
        Cluster(address).client()
    assert monotonic() - began < 5


def test_a_server_that_waits_for_the_other_to_begin_is_not_waited_for(port, monkeypatch):
    monkeypatch.setattr(cluster_module, "_CONNECT", 0.2)
    with pytest.raises(SweepError, match=r"No scheduler answers at .* \(TimeoutError\): start one"):
        Cluster(f"tcp://127.0.0.1:{port(b'')}").client()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:99999", "tls://127.0.0.1:9"])
def test_a_port_out_of_range_and_missing_certificates_are_sentences(address):
    with pytest.raises(SweepError, match=f"No scheduler answers at {address}"):
        Cluster(address).client()


def test_an_endless_address_is_cut_in_the_sentence():
    with pytest.raises(SweepError) as refused:
        Cluster("\x1b[31m" + "x" * 9_000)
    assert len(str(refused.value)) < 250
    assert "\x1b" not in str(refused.value)
