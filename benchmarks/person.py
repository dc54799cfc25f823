"""People at a server: what thirty of them do in an hour with it, and a teacher who asks them.

Each has a browser of their own, which is a secret in a cookie, and does what a page offers at
random, from a seed. Knows nothing of what is made of their times.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

from benchmarks.page import Page
from core.classroom.visitor import browser_of

_TRAIN = ""  # its name in the address
_OTHERS = ("learn", "compare", "flow", "sample", "runs")
# On Train: what is pressed, and how often of all that fits.
_PRESSED = {"Start": 8, "Pause": 2, "Resume": 6, "Stop": 2, "1 step": 1, "New run": 1}
_PRESSED |= {"Set up the same": 4, "Without a name": 20}
_CHANGED = {"Learning rate": (0.5, 1.0, 1.5, 2.0, 2.5), "Clip at norm": (0.5, 1.0, 1.25, 2.0)}
OPTIONS = ("tanh", "ReLU", "neither")


class Person:
    """Somebody at a browser.

    Args:
        stream: the address of the server's WebSocket.
        number: who they are.
        query: of the link that they come with.
        think: mean seconds between an answer and the next click.

    Attributes:
        seconds: until a click was answered, with what it was.
        refusals: sentences that they read, and how often.
        exceptions: what their pages showed of errors.
        lost: connections that ended by themselves.
        trained: steps and seconds of all times between two looks at a run that trained in both.
        votes: what they answered, by the question's text; when, by `time.time`.
    """

    def __init__(self, stream: str, number: int, query: str, think: float) -> None:
        self._stream, self._query, self._think = stream, query, think
        self._dice = Random(number)
        secret = f"{self._dice.getrandbits(128):032x}"
        self._cookie, self.browser = f"unroll_browser={secret}", browser_of(secret) or ""
        self._page: Page
        self.seconds: list[tuple[str, float]] = []
        self.refusals: Counter[str] = Counter()
        self.exceptions: list[str] = []
        self.lost = 0
        self.trained: list[tuple[int, float]] = []
        self.votes: dict[str, list[tuple[float, str]]] = {}

    def opened(self, query: str | None = None, name: str = "") -> Page:
        """A page in their browser, to be entered."""
        query = self._query if query is None else query
        self._page = Page(self._stream, query, name=name, cookie=self._cookie)
        return self._page

    async def spend(self, ends: float, others: Sequence[Person]) -> None:
        """Be there until `ends`, by `time.time`."""
        name, query = _TRAIN, self._query
        await asyncio.sleep(self._dice.uniform(0, min(10.0, self._think)))
        while time.time() < ends:
            began = time.perf_counter()
            page = self.opened(query, name)
            looking = asyncio.create_task(self._look())
            try:
                async with page:
                    self.seconds.append(("reload", time.perf_counter() - began))
                    await self._stay(ends)
            except Exception as error:
                self.exceptions.append(f"client: {type(error).__name__}: {error}")
            finally:
                looking.cancel()
            self._keep()
            name, query = page.name, page.query
            if self._dice.random() < 0.3:  # a link from a neighbour
                name, query = _TRAIN, self._dice.choice(others).address()

    def address(self) -> str:
        """The query in their address bar."""
        return self._page.query if hasattr(self, "_page") and not self._page.name else self._query

    async def _stay(self, ends: float) -> None:
        """Click until the page is loaded anew."""
        while time.time() < ends and not self._page.lost:
            await asyncio.sleep(self._dice.expovariate(1 / self._think))
            if self._dice.random() < 0.05:
                return
            self.seconds.append(await self._act())

    async def _act(self) -> tuple[str, float]:
        page, dice = self._page, self._dice
        asked = next((name for name, one in page.fields.items() if _is_question(one)), None)
        if asked and dice.random() < 0.5:
            return "answer", await self._answer(asked)
        if page.name != _TRAIN:
            goes = _TRAIN if dice.random() < 0.5 else dice.choice(_OTHERS)
            return f"to {goes or 'train'}", await page.go(goes)
        choices = {label: often for label, often in _PRESSED.items() if label in page.buttons}
        choices |= {label: 2 for label in _CHANGED if label in page.fields}
        choices |= {"page": 2, "look": 2}
        chosen = dice.choices(list(choices), list(choices.values()))[0]
        if chosen == "page":
            goes = dice.choice(_OTHERS)
            return f"to {goes}", await page.go(goes)
        if chosen == "look":
            return "look", await page.click()
        if chosen in _CHANGED:
            changed: dict[str, Any] = {chosen: dice.choice(_CHANGED[chosen])}
            return "change", await page.click(**changed)
        return chosen.lower(), await page.click(chosen)

    async def _answer(self, label: str) -> float:
        given = self._dice.choice(OPTIONS)
        seconds = await self._page.click(**{label: given})
        self.votes.setdefault(label.strip("*"), []).append((time.time(), given))
        return seconds

    async def _look(self) -> None:
        """Note how far the run has come that the page shows, about once a second."""
        before = (0, 0.0, "")
        while True:
            page = self._page
            now = (page.step, page.step_at, page.query)
            runs = page.status == "running" and page.step_at > 0
            if runs and before[2] == now[2] and now[0] > before[0] > 0:
                self.trained.append((now[0] - before[0], now[1] - before[1]))
            before = now if runs else (0, 0.0, "")
            await asyncio.sleep(1.0)

    def _keep(self) -> None:
        self.refusals += self._page.refusals
        self.exceptions += self._page.exceptions
        self.lost += self._page.lost


class Teacher(Person):
    """Somebody with the key, who asks the room all the while.

    Attributes:
        locked: when each question was locked, by `time.time`, by its text.
    """

    def __init__(self, stream: str, key: str, every: float) -> None:
        super().__init__(stream, 10_000, "", every)
        self._key, self._every = key, every
        self.locked: dict[str, float] = {}

    async def spend(self, ends: float, others: Sequence[Person]) -> None:
        """Ask, lock and reveal until `ends`, by `time.time`."""
        try:
            await self._teach(ends)
        except Exception as error:
            self.exceptions.append(f"teacher: {type(error).__name__}: {error}")
        self._keep()

    async def _teach(self, ends: float) -> None:
        async with self.opened() as page:
            await page.click(**{"The teacher's key": self._key})
            await page.go("classroom")
            await page.click(**{"What to do": "Ask"})
            options = next(label for label in page.fields if label.startswith("Options"))
            while time.time() + self._every < ends:
                text = f"Which will be ahead in round {len(self.locked) + 1}?"
                said = {"Question": text, options: "\n".join(OPTIONS)}
                self.seconds.append(("ask", await page.click("Ask the room", **said)))
                await asyncio.sleep(self._every)
                self.locked[text] = time.time()
                self.seconds.append(("lock", await page.click("Lock")))
                self.seconds.append(("reveal", await page.click("Show what was answered")))

    async def empty_queue(self) -> None:
        """Stop whatever waits for a place."""
        async with self.opened() as page:
            if "Empty the queue" in page.buttons:
                await page.click("Empty the queue")


def _is_question(element: Any) -> bool:
    return element.DESCRIPTOR.name == "Radio" and tuple(element.options) == OPTIONS
