"""Behind nginx, with the configuration that docs/nginx.conf offers: what needs more than pages."""

import re
import shutil
import socket
import subprocess
import zipfile
from contextlib import suppress
from getpass import getuser
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("nginx") is None, reason="there is no nginx here"),
]

ROOT = Path(__file__).parents[2]
APP = ROOT / "dashboard" / "app.py"
LINK = "?preset=demo&text=builtin&nodes=8&unrollings=5&steps=20&report_every=10"
LONG = "?preset=demo&text=builtin&nodes=100&batch_size=64&unrollings=5&steps=1000000"
AROUND = """
daemon off;
user {user};
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    log_format seats '$cookie_seat $upstream_addr';
    access_log {folder}/access.log seats;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/unroll.conf;
}}
"""


class Proxy:
    """nginx before some servers: its address, and who was sent where."""

    def __init__(self, folder: Path, servers: list[str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url, self._log = f"http://127.0.0.1:{port}", folder / "access.log"
        offered = (ROOT / "docs" / "nginx.conf").read_text(encoding="utf-8")
        ports = "".join(f"server {url.removeprefix('http://')};" for url in servers)
        assert "listen 80;" in offered
        assert "server 127.0.0.1:8501;" in offered
        used = offered.replace("listen 80;", f"listen 127.0.0.1:{port};")
        used = used.replace("server 127.0.0.1:8501;", ports)
        (folder / "unroll.conf").write_text(used, encoding="utf-8")
        around = AROUND.format(folder=folder, user=getuser())
        (folder / "nginx.conf").write_text(around, encoding="utf-8")
        command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        if not self._answers():
            self.stop()
            pytest.fail(f"nginx does not answer: {(folder / 'error.log').read_text()}")

    def _answers(self) -> bool:
        for _ in range(200):
            try:
                with urlopen(f"{self.url}/_stcore/health", timeout=2):
                    return True
            except URLError:
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(timeout=0.1)
                    break
        return False

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(timeout=10)

    def seats(self) -> dict[str, set[str]]:
        """The servers that each browser was sent to, by its seat."""
        found: dict[str, set[str]] = {}
        for line in self._log.read_text(encoding="utf-8").splitlines():
            seat, server = line.split()
            if seat != "-":  # as in a browser's very first request
                found.setdefault(seat, set()).add(server)
        return found


@pytest.fixture(scope="module")
def proxy(serve, tmp_path_factory):
    env = {"UNROLL_TEACHER_KEY": "chalk"}  # as docs/deploy.md has it: browsers own their runs
    made = Proxy(tmp_path_factory.mktemp("nginx"), [serve(APP, env), serve(APP, env)])
    yield made
    made.stop()


def button(page, name):
    """A button, once it can be pressed: at a first visit the browser has to be known first."""
    found = page.get_by_role("button", name=re.compile(rf"^{name}( Shortcut \w)?$"), disabled=False)
    found.first.wait_for(timeout=60_000)
    return found.first


def test_live_charts_uploads_and_downloads_work_and_a_browser_keeps_its_server_and_its_runs(
    page, proxy, tmp_path, another_page
):
    page.goto(f"{proxy.url}/{LINK}")
    button(page, "Start").click()
    expect(page.get_by_text("finished", exact=True).first).to_be_visible(timeout=60_000)
    expect(page.locator(".js-plotly-plot .scatterlayer .trace").first).to_be_visible()

    text = tmp_path / "foxes.txt"
    text.write_text("the quick brown fox jumps over the lazy dog " * 400, encoding="utf-8")
    page.get_by_role("button", name="Use your own text").click()
    page.locator("input[type=file]").set_input_files(str(text))
    expect(page.get_by_text("the quick brown fox").first).to_be_visible(timeout=30_000)

    expect(page.get_by_role("link", name="Classroom")).to_be_visible()  # all fit, at 1,280 pixels
    page.get_by_role("link", name="Runs").click()
    table = page.get_by_test_id("stDataFrame").first
    table.locator("canvas").first.wait_for(timeout=30_000)
    table.click(position={"x": 18, "y": 38 + 17})  # the first row's box
    download = page.get_by_test_id("stDownloadButton").get_by_role("button")
    download.wait_for(timeout=30_000)
    with page.expect_download() as downloaded:
        download.click()
    assert "metrics.csv" in zipfile.ZipFile(downloaded.value.path()).namelist()

    page.goto(f"{proxy.url}/{LONG}&run=new")
    button(page, "Start").click()
    button(page, "Pause").click()
    page.wait_for_url(re.compile("run=[0-9a-f]{12}"))
    page.reload()
    button(page, "Resume")  # paused it is still the owner's to command
    other = another_page()
    (seat,) = [cookie for cookie in page.context.cookies() if cookie["name"] == "seat"]
    other.context.add_cookies([seat])  # at the same server
    other.goto(page.url)
    expect(other.get_by_text("was started in another browser")).to_be_visible(timeout=30_000)
    for name in ("Resume", "Stop"):
        theirs = other.get_by_role("button", name=re.compile(f"^{name}"))
        expect(theirs).to_be_disabled(timeout=30_000)
    rate = other.get_by_role("spinbutton", name="Learning rate").filter(visible=True)
    expect(rate).to_be_disabled(timeout=30_000)
    button(page, "Stop").click()
    expect(page.get_by_text("stopped", exact=True).first).to_be_visible(timeout=30_000)

    assert [sorted(servers) for servers in proxy.seats().values() if len(servers) > 1] == []
