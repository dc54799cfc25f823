"""A real server with many visitors: how many heaps its threads spread what they free over."""

import asyncio
import platform
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from benchmarks.page import Page
from benchmarks.server import serve

APP = Path(__file__).parent / "apps" / "heaps_app.py"
QUERY = "v=1&preset=demo&steps=1000000"


async def twelve_visit(server):
    async with AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(Page(server.stream, QUERY)) for _ in range(12)]
        await pages[0].press("Start")
        await pages[0].until(lambda: pages[0].step > 0)
        await asyncio.gather(*(page.click() for page in pages))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc alone")
def test_a_server_decides_on_its_heaps_before_its_threads_have_many(tmp_path, monkeypatch):
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    noted = tmp_path / "heaps.xml"
    with serve(APP, {"UNROLL_HEAPS": str(noted)}) as server, ThreadPoolExecutor(1) as apart:
        # On a thread of its own: on this one a browser of other tests may have its loop.
        apart.submit(asyncio.run, twelve_visit(server)).result()
    heaps = noted.read_text().count("<heap nr")
    print(heaps)
    assert (
        heaps <= 8
    )  # Streamlit's own threads have some by then; else there are two a core and more
