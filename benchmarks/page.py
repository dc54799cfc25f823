"""An open page without a browser: a WebSocket client that speaks Streamlit's messages.

It does what Streamlit's page does as far as the server can tell: asks for the page, repeats
each fragment at the interval the server names, and presses buttons. It draws nothing and
keeps no messages back, so every refresh travels whole.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from time import perf_counter

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

_STEP = re.compile(r"step ([\d,]+) of")


class Page:
    """One session.

    Attributes:
        step: the training step that the status line shows.
        step_at: when it was received.
        refreshes: fragment runs that the server has finished.
        received: bytes that have come in.
        buttons: the id of each button by its label.
    """

    def __init__(self, stream: str, query: str = "") -> None:
        self._stream, self._query = stream, query
        self.step, self.step_at = 0, 0.0
        self.refreshes = self.received = 0
        self.buttons: dict[str, str] = {}
        self._page_hash = ""
        self._tasks: list[asyncio.Task] = []
        self._repeats: list[asyncio.Task] = []
        self._news = asyncio.Condition()
        self._loads = 0
        self._socket: ClientConnection

    async def __aenter__(self) -> Page:
        self._socket = await connect(
            self._stream, subprotocols=["streamlit"], max_size=None, compression=None
        )
        self._tasks.append(asyncio.create_task(self._listen()))
        await self._ask()
        await self.until(lambda: self._loads > 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in (*self._repeats, *self._tasks):
            task.cancel()
        await self._socket.close()

    async def until(self, condition, seconds: float = 60.0) -> None:
        """Wait until a message makes `condition()` true.

        Raises:
            TimeoutError: none did.
        """
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(condition)

    async def press(self, label: str) -> None:
        """Press a button; until the page has run, it shows no button."""
        button = self.buttons[label]
        self.buttons.clear()
        await self._ask(pressed=button)

    async def click(self) -> float:
        """Have the page run again, as after a click on one of its widgets; seconds until it has."""
        loads, began = self._loads, perf_counter()
        await self._ask()
        await self.until(lambda: self._loads > loads)
        return perf_counter() - began

    async def _ask(self, *, fragment: str = "", pressed: str = "") -> None:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash = self._query, self._page_hash
        if fragment:
            state.fragment_id, state.is_auto_rerun = fragment, True
        if pressed:
            widget = state.widget_states.widgets.add()
            widget.id, widget.trigger_value = pressed, True
        await self._socket.send(message.SerializeToString())

    async def _listen(self) -> None:
        with suppress(ConnectionClosed):  # the server was stopped
            async for raw in self._socket:
                self.received += len(raw)
                self._take(ForwardMsg.FromString(raw))
                async with self._news:
                    self._news.notify_all()

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session" and not message.metadata.run.fragment_ids:
            self._page_hash = message.new_session.page_script_hash
            for task in self._repeats:  # the page's whole run sets its timers anew
                task.cancel()
            self._repeats.clear()
        elif kind == "auto_rerun":
            repeat = self._repeat(message.auto_rerun.fragment_id, message.auto_rerun.interval)
            self._repeats.append(asyncio.create_task(repeat))
        elif kind == "script_finished":
            name = ForwardMsg.ScriptFinishedStatus.Name(message.script_finished)
            if name == "FINISHED_FRAGMENT_RUN_SUCCESSFULLY":
                self.refreshes += 1
            elif name == "FINISHED_SUCCESSFULLY":
                self._loads += 1
        elif kind == "delta":
            self._take_element(message.delta.new_element)

    def _take_element(self, element) -> None:
        kind = element.WhichOneof("type")
        if kind == "button":
            self.buttons[element.button.label] = element.button.id
        elif kind == "progress" and (found := _STEP.search(element.progress.text)):
            self.step, self.step_at = int(found[1].replace(",", "")), perf_counter()

    async def _repeat(self, fragment: str, interval: float) -> None:
        with suppress(asyncio.CancelledError, ConnectionClosed):
            while True:
                await asyncio.sleep(interval)
                await self._ask(fragment=fragment)
