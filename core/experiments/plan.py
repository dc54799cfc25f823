"""What a sweep is to measure: a grid of cells, and the budget that is equal for each.

Knows nothing of torch, of clusters or of how a cell is trained.

Two instruments. On latch texts the distance is the lag, trained with `lag + 8` unrollings, and
the score is recall at the echo, at the end; a seed has its own text and its own first weights.
On any other text the distance is the unrollings T, and the score is the validation loss; the
windows read at once are more the shorter they are, so that every update learns from about as
many predictions.

Beside a latch grid a second, small plan trains the same lines on real text, for their horizons.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.config import (
    Activation,
    Architecture,
    Clip,
    Init,
    TrainingConfig,
    Unrollings,
    bounds,
    choices,
)
from core.data.corpora import load_corpus
from core.data.latch import MAX_LAG
from core.errors import ConfigError, shown
from core.experiments.cells import BASE, LATCH, Cell, Line

ROOM = 8
"""Unrollings beyond the lag: the window must hold key and echo with room to spare."""
AT_T = 20
"""The unrollings at which a text's windows are as many as the plan's batch size says."""
MAX_SEEDS = 50
MAX_CELLS = 2_000
"""What a page can still show as a map, and a machine train in days rather than years."""
LONGEST_LAG = MAX_LAG
HORIZON_TEXT, HORIZON_T, HORIZON_SEEDS = "builtin", 40, 4
"""What horizons are measured on: the text, the unrollings, and at most so many seeds."""

Budget = Literal["updates", "characters"]
Lag = Annotated[int, Field(ge=1, le=LONGEST_LAG)]

_MOST_TOLD = 5  # problems in one message
_ALLOWED = {
    "text": "latch, or the key of a text",
    "lags": f"whole numbers from 1 to {LONGEST_LAG}",
    "unrollings": "whole numbers from {:g} to {:g}".format(*bounds("unrollings")),
    "activations": f"{', '.join(choices('activation'))} or both",
    "clips": "numbers from {:g}, which is off, to {:,.0f}".format(*bounds("clip")),
    "inits": f"some of {', '.join(choices('init'))}",
    "architectures": f"{', '.join(choices('architecture'))} or both",
    "seeds": f"a whole number from 1 to {MAX_SEEDS}",
    "first_seed": "a whole number from 0 to 1,000,000",
    "budget": "updates or characters",
    "amount": "a whole number from 1 to 10,000,000,000",
    "horizons": "true or false",
}


class SweepPlan(BaseModel):
    """A grid, and the budget that is equal for each of its cells.

    Attributes:
        text: latch, or the key of a text.
        lags: the distances on latch texts.
        unrollings: the distances on other texts.
        activations, clips, inits, architectures: their product makes the lines.
        seeds: how many of each.
        first_seed: they are this one and those that follow it.
        budget: what every cell gets the same amount of.
        amount: how many updates, or characters, a cell trains on.
        horizons: on latch texts, whether horizons on real text are measured beside the grid.
        base: everything else; on texts its batch size is that of T 20, see `windows`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = LATCH
    lags: tuple[Lag, ...] = (8, 12, 16)
    unrollings: tuple[Unrollings, ...] = (1, 5, 20, 40)
    activations: tuple[Activation, ...] = ("tanh", "relu")
    clips: tuple[Clip, ...] = (BASE.clip,)
    inits: tuple[Init, ...] = (BASE.init,)
    architectures: tuple[Architecture, ...] = (BASE.architecture,)
    seeds: int = Field(16, ge=1, le=MAX_SEEDS)
    first_seed: int = Field(0, ge=0, le=1_000_000)
    budget: Budget = "updates"
    amount: int = Field(1_000, ge=1, le=10_000_000_000)
    horizons: bool = True
    base: TrainingConfig = BASE

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> SweepPlan:
        """Make one from plain values.

        Raises:
            ConfigError: what was given, what is allowed.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise ConfigError(_sentences(error)) from None

    @model_validator(mode="before")
    @classmethod
    def _one_kind_of_distance(cls, values: Any) -> Any:
        """Forget what the text does not use: it is no part of the grid."""
        if isinstance(values, Mapping):
            for name, value in values.items():
                # Before each of them is looked at, and complained of.
                if isinstance(value, Sequence) and len(value) > MAX_CELLS and name != "text":
                    raise ValueError(
                        f"{name} has {len(value):,} values; a grid may have {MAX_CELLS:,} cells: "
                        "name fewer"
                    )
            on_latch = values.get("text", LATCH) == LATCH
            unused = ("unrollings",) if on_latch else ("lags", "horizons")
            values = {name: value for name, value in values.items() if name not in unused}
        return values

    @model_validator(mode="after")
    def _makes_sense(self) -> SweepPlan:
        distances = "lags" if self.on_latch else "unrollings"
        for name in (distances, "activations", "clips", "inits", "architectures"):
            values = getattr(self, name)
            if not values or len(set(values)) < len(values):
                given = shown(", ".join(map(str, values)) or "none")
                raise ValueError(f"{name}={given}: name at least one, and none twice")
        if (count := self.cell_count) > MAX_CELLS:
            raise ValueError(
                f"the grid has {count:,} cells; {MAX_CELLS:,} are allowed: take fewer seeds or "
                "distances"
            )
        if self.text.startswith("latch:"):
            raise ValueError(f"text={shown(self.text)}: name latch alone, and its lags in lags")
        if "arch2" in self.architectures and self.base.combine != "concat":
            raise ValueError(
                f"combine={self.base.combine} is not defined for arch2, which knows concat only; "
                "choose concat, or arch1 alone"
            )
        return self

    @property
    def on_latch(self) -> bool:
        """Whether the instrument is recall on latch texts."""
        return self.text == LATCH

    @property
    def distances(self) -> tuple[int, ...]:
        """The lags or the unrollings, whichever the instrument varies."""
        return tuple(sorted(self.lags if self.on_latch else self.unrollings))

    @property
    def distance_name(self) -> str:
        """What a distance is called: "lag", or "T"."""
        return "lag" if self.on_latch else "T"

    @property
    def score_name(self) -> Literal["recall_at_end", "loss_nats"]:
        """The field of `CellResult` that the verdict rests on."""
        return "recall_at_end" if self.on_latch else "loss_nats"

    @property
    def lines(self) -> tuple[Line, ...]:
        """One for each curve, in the plan's order."""
        return tuple(
            Line(activation, clip, init, architecture)
            for architecture in self.architectures
            for init in self.inits
            for clip in self.clips
            for activation in self.activations
        )

    @property
    def horizon_plan(self) -> SweepPlan | None:
        """The plan for the horizons of the same lines, after the same budget; None without it."""
        if not (self.on_latch and self.horizons):
            return None
        return self.model_copy(
            update={
                "text": HORIZON_TEXT,
                "unrollings": (HORIZON_T,),
                "seeds": min(HORIZON_SEEDS, self.seeds),
            }
        )

    @property
    def cell_count(self) -> int:
        """How many runs the grid has, those for horizons left out."""
        axes = (self.distances, self.activations, self.clips, self.inits, self.architectures)
        count = self.seeds
        for axis in axes:
            count *= len(axis)
        return count

    def windows(self, distance: int) -> int:
        """How many windows a cell reads at once: on texts, B T is held near that of T 20."""
        if self.on_latch:
            return self.base.batch_size
        most = int(bounds("batch_size")[1])
        return min(most, max(1, round(self.base.batch_size * AT_T / distance)))

    def line_name(self, line: Line) -> str:
        """What tells this line from the plan's others: "ReLU", "tanh, clip off"."""
        axes = {"clip": self.clips, "init": self.inits, "architecture": self.architectures}
        return line.name([name for name, values in axes.items() if len(values) > 1])

    def cells(self, text_sha256: str = "") -> list[Cell]:
        """The grid: all of the first seed first, so that the map fills evenly, long ones ahead.

        Args:
            text_sha256: of the text where it is no latch text; a cell refuses another.
        """
        named_by = "" if self.on_latch else text_sha256
        return [
            self._cell(line, distance, seed, named_by)
            for seed in range(self.first_seed, self.first_seed + self.seeds)
            for distance in reversed(self.distances)
            for line in self.lines
        ]

    def all_cells(self, text_sha256: str = "") -> list[Cell]:
        """The grid, and after it the cells for horizons; the hash is of the one real text."""
        beside = self.horizon_plan
        return self.cells(text_sha256) + (beside.cells(text_sha256) if beside else [])

    def of_grid(self, cells: Iterable[Cell]) -> list[Cell]:
        """Those of these cells that are not for horizons."""
        return [cell for cell in cells if (cell.lag is not None) == self.on_latch]

    def _cell(self, line: Line, distance: int, seed: int, text_sha256: str) -> Cell:
        unrollings = distance + ROOM if self.on_latch else distance
        windows = self.windows(distance)
        steps = self.amount
        if self.budget == "characters":
            steps = max(1, round(self.amount / (windows * unrollings)))
        config = self.base.changed(
            text=f"{LATCH}:{distance}:{seed}" if self.on_latch else self.text,
            batch_size=windows,
            activation=line.activation,
            clip=line.clip,
            init=line.init,
            architecture=line.architecture,
            unrollings=unrollings,
            seed=seed,
            steps=steps,
        )
        return Cell(config, line, distance, text_sha256)


def text_sha256(plan: SweepPlan) -> str:
    """The SHA-256 that names the plan's real text; empty without one: latch texts are named by
    lag and seed.

    Raises:
        TextError: there is no such text.
    """
    on_text = plan.horizon_plan if plan.on_latch else plan
    return "" if on_text is None else load_corpus(on_text.text).sha256


def _sentences(error: ValidationError) -> str:
    lines, named = [], set()
    for problem in error.errors():
        name = str(problem["loc"][0]) if problem["loc"] else ""
        if not name or name == "base":
            lines.append(problem["msg"].removeprefix("Value error, ") + ".")
        elif problem["type"] == "extra_forbidden":
            lines.append(f"{shown(name)} is not part of a sweep.")
        elif name not in named:  # of a list's values, the first that is wrong
            named.add(name)
            given = shown(problem["input"])
            lines.append(f"{name}={given} is not allowed: choose {_ALLOWED[name]}.")
    return " ".join(list(dict.fromkeys(lines))[:_MOST_TOLD])
