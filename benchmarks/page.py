"""An open page without a browser: a WebSocket client that speaks Streamlit's messages.

It does what Streamlit's page does as far as the server can tell: asks for the page, repeats
each fragment at the interval the server names, presses buttons, moves widgets and goes to other
pages. It draws nothing and keeps no messages back, so every refresh travels whole.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

_STEP = re.compile(r"step ([\d,]+) of")
_STATUS = re.compile(r"badge\[(\w+)\]")
_SET = {"number_input": "double_value", "radio": "string_value", "text_input": "string_value"}
_SET |= {"text_area": "string_value", "button_group": "string_array_value"}
_ERROR = 1  # Alert.Format.ERROR

Value = str | float


@dataclass
class Shown:
    """What can be used on a page.

    Attributes:
        buttons: the id of each button that can be pressed, by its label.
        fields: the element of each widget that can be set, by its label.
    """

    buttons: dict[str, str] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)

    def take(self, kind: str, element: Any) -> None:
        """Note a button or a widget as it is now."""
        if kind == "button":
            self.buttons.pop(element.label, None)
            if not element.disabled:
                self.buttons[element.label] = element.id
        elif kind in _SET:
            self.fields.pop(element.label, None)
            if not element.disabled:
                self.fields[element.label] = element


class Page:
    """One session.

    Args:
        stream: the address of the server's WebSocket.
        query: of the link that it is opened with.
        name: of the page in the address; empty is the first one.
        cookie: what the browser sends with the handshake.

    Attributes:
        query: as the address bar has it now.
        pages: the hash of each page by its name in the address.
        step: the training step that the status line shows.
        status: of the run that it shows; empty where it shows none.
        step_at: when both were received.
        refreshes: fragment runs that the server has finished.
        received: bytes that have come in.
        exceptions: what went wrong in a script, as the page would show it.
        refusals: sentences that the page shows in red, and how often they came.
        lost: the connection ended before the page was closed.
    """

    def __init__(self, stream: str, query: str = "", *, name: str = "", cookie: str = "") -> None:
        self._stream, self.query, self.name, self._cookie = stream, query, name, cookie
        self.pages: dict[str, str] = {}
        self.step, self.status, self.step_at = 0, "", 0.0
        self.refreshes = self.received = 0
        self.exceptions: list[str] = []
        self.refusals: Counter[str] = Counter()
        self.lost = False
        self._shown, self._coming = Shown(), Shown()
        self._page_hash = ""
        self._tasks: list[asyncio.Task] = []
        self._repeats: list[asyncio.Task] = []
        self._news = asyncio.Condition()
        self._begun = self._loaded = 0  # numbers of runs of the whole page
        self._ended = ""  # how the last run ended
        self._socket: ClientConnection

    @property
    def buttons(self) -> Mapping[str, str]:
        """The id of each button that can be pressed, by its label."""
        return self._shown.buttons

    @property
    def fields(self) -> Mapping[str, object]:
        """The element of each number, choice and text that can be set, by its label."""
        return self._shown.fields

    async def __aenter__(self) -> Page:
        headers = {"Cookie": self._cookie} if self._cookie else None
        self._socket = await connect(
            self._stream,
            subprotocols=[Subprotocol("streamlit")],
            max_size=None,
            compression=None,
            additional_headers=headers,
        )
        self._tasks.append(asyncio.create_task(self._listen()))
        await self.click()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in (*self._repeats, *self._tasks):
            task.cancel()
        await self._socket.close()

    async def until(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait until a message makes `condition()` true.

        Raises:
            TimeoutError: none did.
        """
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(condition)

    async def press(self, label: str) -> None:
        """Press a button; until the page has run, it shows no button."""
        button = self._shown.buttons[label]
        self._shown.buttons.clear()
        await self._ask(pressed=button)

    async def click(self, pressed: str = "", **changed: Value) -> float:
        """Have the page run again, as after a click on one of its widgets.

        Args:
            pressed: the label of a button; none is a click that changes nothing.
            changed: what is set, by label.

        Returns:
            Seconds until it has run.

        Raises:
            TimeoutError: it has not, in a minute.
        """
        begun, began = self._begun, perf_counter()
        button = self._shown.buttons[pressed] if pressed else ""
        await self._ask(pressed=button, changed=changed)
        try:
            await self.until(lambda: self._loaded > begun)
        except TimeoutError:
            asked = pressed or ", ".join(changed) or "a click"
            raise TimeoutError(
                f"no answer to {asked} on {self.name or 'train'}: since then {self._begun - begun} "
                f"runs of the page began, and the last ended with {self._ended or 'nothing'}"
            ) from None
        return perf_counter() - began

    async def go(self, name: str) -> float:
        """Go to another page, as by its entry in the navigation; seconds until it has run."""
        self.name, self.query, self._page_hash = name, "", self.pages[name]
        self.step, self.status, self.step_at = 0, "", 0.0
        return await self.click()

    async def _ask(
        self, *, fragment: str = "", pressed: str = "", changed: Mapping[str, Value] | None = None
    ) -> None:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash = self.query, self._page_hash
        state.page_name = "" if self._page_hash else self.name
        if fragment:
            state.fragment_id, state.is_auto_rerun = fragment, True
        if pressed:
            widget = state.widget_states.widgets.add()
            widget.id, widget.trigger_value = pressed, True
        for label, value in (changed or {}).items():
            state.widget_states.widgets.append(_set(self._shown.fields[label], value))
        await self._socket.send(message.SerializeToString())

    async def _listen(self) -> None:
        with suppress(ConnectionClosed):  # the server was stopped
            async for raw in self._socket:
                self.received += len(raw)
                self._take(ForwardMsg.FromString(raw))
                async with self._news:
                    self._news.notify_all()
        self.lost = True

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session" and not message.metadata.run.fragment_ids:
            self._begun += 1
            self._coming = Shown()
            self._page_hash = message.new_session.page_script_hash
            self.name = self._names().get(self._page_hash, self.name)  # it may have been led there
            for task in self._repeats:  # the page's whole run sets its timers anew
                task.cancel()
            self._repeats.clear()
        elif kind == "navigation":
            self.pages = {
                "" if page.is_default else page.url_pathname: page.page_script_hash
                for page in message.navigation.app_pages
            }
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            repeat = self._repeat(message.auto_rerun.fragment_id, message.auto_rerun.interval)
            self._repeats.append(asyncio.create_task(repeat))
        elif kind == "script_finished":
            self._finished(ForwardMsg.ScriptFinishedStatus.Name(message.script_finished))
        elif kind == "session_event" and message.session_event.HasField(
            "script_compilation_exception"
        ):
            self.exceptions.append(message.session_event.script_compilation_exception.message)
        elif kind == "delta":
            self._take_element(message.delta.new_element)

    def _names(self) -> dict[str, str]:
        return {page: name for name, page in self.pages.items()}

    def _finished(self, name: str) -> None:
        self._ended = name
        if name not in ("FINISHED_SUCCESSFULLY", "FINISHED_FRAGMENT_RUN_SUCCESSFULLY"):
            return
        self.refreshes += name != "FINISHED_SUCCESSFULLY"
        # Of a whole run whose end was not sent yet when a fragment's began, that one's end tells.
        self._shown = self._coming
        self._loaded = self._begun

    def _take_element(self, element: Any) -> None:
        kind = element.WhichOneof("type")
        if kind == "button" or kind in _SET:
            self._coming.take(kind, getattr(element, kind))
        elif kind == "progress" and (found := _STEP.search(element.progress.text)):
            self.step, self.step_at = int(found[1].replace(",", "")), perf_counter()
            status = _STATUS.search(element.progress.text)
            self.status = status[1] if status else ""
        elif kind == "exception":
            self.exceptions.append(f"{element.exception.type}: {element.exception.message}")
        elif kind == "alert" and element.alert.format == _ERROR:
            self.refusals[element.alert.body] += 1

    async def _repeat(self, fragment: str, interval: float) -> None:
        with suppress(asyncio.CancelledError, ConnectionClosed):
            while True:
                await asyncio.sleep(interval)
                await self._ask(fragment=fragment)


def _set(element: Any, value: Value) -> WidgetState:
    kind = next(kind for kind in _SET if type(element).__name__.lower() == kind.replace("_", ""))
    widget = WidgetState(id=element.id)
    if kind == "button_group":
        widget.string_array_value.data.append(value)
    else:
        setattr(widget, _SET[kind], value)
    return widget
