"""Whether a training fits into the memory that is free here, before anything is allocated.

Knows nothing of what training does with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil

from core.bounded import size
from core.config import TrainingConfig
from core.engines.cost import estimated_bytes
from core.engines.devices import surely_on_cpu
from core.errors import ConfigError

# Where a container's limit stands, below the control groups' own folder: the limit, what is used,
# and of that what the kernel would give back first.
_VERSION_2 = ("", "memory.max", "memory.current", "inactive_file")
_VERSION_1 = ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def require_memory(config: TrainingConfig, copies: int = 1) -> None:
    """Refuse a configuration whose training on the CPU would not fit. A GPU has its own memory.

    Args:
        config: the network, its windows and its engine.
        copies: so many are to train at once, each in a process of its own.

    Raises:
        ConfigError: it needs more than is free.
    """
    needed, free = copies * estimated_bytes(config), free_bytes()
    if needed <= free or not surely_on_cpu(config):
        return
    times = f" in each of {copies} workers" if copies > 1 else ""
    fewer = "Lower one of them, or take fewer workers." if copies > 1 else "Lower one of them."
    raise ConfigError(
        f"unrollings={config.unrollings} with batch_size={config.batch_size} and "
        f"nodes={config.nodes}{times} needs about {size(needed)} of memory, and "
        f"{size(free)} are free here. {fewer}"
    )


def free_bytes(root: Path = Path("/")) -> int:
    """What this process may still take: of the machine's memory, or of a container's share.

    Args:
        root: of the file system in which control groups are looked for.
    """
    return max(0, min(int(psutil.virtual_memory().available), *_left_in_groups(root)))


def _left_in_groups(root: Path) -> Iterator[int]:
    """Of the groups that this process is in and that have a limit, how much each has left."""
    groups = root / "sys/fs/cgroup"
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:  # no Linux
        lines = []
    for line in lines:
        _, kinds, path = line.split(":", 2)
        if kinds == "":
            yield from _left_up_from(groups, path, *_VERSION_2)
        elif "memory" in kinds.split(","):
            yield from _left_up_from(groups, path, *_VERSION_1)
    yield 2**63  # where nobody set a limit


def _left_up_from(
    groups: Path, path: str, folder: str, limit: str, used: str, cached: str
) -> Iterator[int]:
    """Of a group and those around it; a container may see its own group as the outermost."""
    top = groups / folder
    group = top / path.lstrip("/")
    for place in (group, *group.parents):
        if not place.is_relative_to(top):
            return
        try:
            most, taken = (int((place / name).read_text()) for name in (limit, used))
            figures = dict(row.split() for row in (place / "memory.stat").read_text().splitlines())
            yield most - taken + int(figures.get(cached, 0))
        except (OSError, ValueError):  # "max": no limit; or nothing that may be read
            continue
