"""A real server and a real browser for the tests in this folder.

Knows no page of the dashboard. Without Chromium every test that asks for one is skipped.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from people import People
from playwright.sync_api import Browser, BrowserContext, Page, expect

REPOSITORY = Path(__file__).parents[2]
START_SECONDS = 60  # torch is imported on the way, and the machine may be busy


class Servers:
    """Streamlit servers, each in a process of its own: call it to start one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, tuple[subprocess.Popen, Path]] = {}
        self._begun: dict[str, tuple[list[str], dict[str, str]]] = {}  # how to begin each again

    def __call__(self, script_path: Path, env: Mapping[str, str] | None = None) -> str:
        """Serve a script on a free port and return its address, such as http://127.0.0.1:40123.

        It runs from the repository's root, so the project's Streamlit settings hold; `env`
        adds variables, `STREAMLIT_SERVER_BASE_URL_PATH` among others. Unless it says otherwise
        UNROLL_HOME is an empty folder, and there are no recorded runs.
        """
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        home = self._folder / f"home-{port}"
        home.mkdir()
        log = self._folder / f"{port}.log"
        own = {
            "UNROLL_HOME": str(home),
            "UNROLL_RECORDED": "0",
            "UNROLL_SLOTS": "2",
            "PYTHONPATH": str(REPOSITORY),
            **(env or {}),
        }
        command = [
            sys.executable,
            *("-m", "streamlit", "run", str(script_path)),
            "--server.address=127.0.0.1",
            f"--server.port={port}",
            "--server.headless=true",
            "--server.fileWatcherType=none",
            "--browser.gatherUsageStats=false",
        ]
        base = own.get("STREAMLIT_SERVER_BASE_URL_PATH", "").strip("/")
        url = f"http://127.0.0.1:{port}" + (f"/{base}" if base else "")
        self._begun[url] = command, {**os.environ, **own}
        self._begin(url, log)
        return url

    def restart(self, url: str, by: int = signal.SIGTERM) -> None:
        """End the server at this address as a signal does, and begin it again."""
        process, log = self._running[url]
        process.send_signal(by)
        process.wait(timeout=30)
        self._begin(url, log)

    def _begin(self, url: str, log: Path) -> None:
        command, env = self._begun[url]
        with log.open("ab") as output:
            process = subprocess.Popen(
                command, cwd=REPOSITORY, env=env, stdout=output, stderr=subprocess.STDOUT
            )
        self._running[url] = (process, log)
        self._wait_until_healthy(url)

    def log(self, url: str) -> str:
        """What the server at this address has written so far."""
        return self._running[url][1].read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """End every server that was started."""
        for process, _ in self._running.values():
            process.terminate()
        for process, _ in self._running.values():
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _wait_until_healthy(self, url: str) -> None:
        process, _ = self._running[url]
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if _healthy(url):
                return
            try:
                process.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                continue
            pytest.fail(f"The server ended before it answered:\n{self.log(url)}")
        pytest.fail(f"The server did not answer in {START_SECONDS} s:\n{self.log(url)}")


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:
            return answer.read() == b"ok"
    except urllib.error.HTTPError as error:
        error.close()
        return False
    except OSError:  # nobody listens yet
        return False


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Start servers with `serve(script_path, env=None)`; they end with the test module."""
    servers = Servers(tmp_path_factory.mktemp("servers"))
    yield servers
    servers.stop()


@pytest.fixture(scope="session")
def recorded_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The dashboard with its recorded runs, for all tests that start none."""
    servers = Servers(tmp_path_factory.mktemp("recorded-server"))
    yield servers(REPOSITORY / "dashboard" / "app.py", {"UNROLL_RECORDED": "1"})
    servers.stop()


@pytest.fixture(scope="session", autouse=True)
def _patient() -> None:
    """A machine that does other things too may take its time."""
    expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def base_url() -> None:
    """No common address: each server has its own. The plugin's fixture warns under pytest 9."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """The installed Chromium, so that no browser has to be downloaded.

    The one without windows first: it starts and draws with a quarter less work.
    """
    names = (
        *("chromium-headless-shell", "chromium", "chromium-browser"),
        *("google-chrome", "google-chrome-stable"),
    )
    found = os.environ.get("CHROMIUM_PATH") or next(filter(None, map(shutil.which, names)), None)
    if not found:
        pytest.skip("No Chromium was found: install one, or give its path as CHROMIUM_PATH.")
    return {**browser_type_launch_args, "executable_path": found}


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """The errors that the page reports, as they come: on the console, or not caught."""
    return complaints_of(page)


def complaints_of(page: Page) -> list[str]:
    """Those of a page that a test has opened itself."""
    heard: list[str] = []
    page.on("console", lambda said: heard.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


@pytest.fixture(scope="session")
def people(browser: Browser) -> Iterator[People]:
    """The browsers of all tests here."""
    people = People(browser)
    yield people
    people.close()


@pytest.fixture
def context(people: People) -> Iterator[BrowserContext]:
    """The browser of the person whose `page` it is, which has been nowhere yet."""
    yield people.come()
    people.go()


@pytest.fixture
def another_page(context: BrowserContext, people: People) -> Callable[..., Page]:
    """Pages in browsers of other people; `another_page(width, height)`."""

    def make(width: int = 1400, height: int = 1000) -> Page:
        page = people.come().new_page()
        page.set_viewport_size({"width": width, "height": height})
        return page

    return make
