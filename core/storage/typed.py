"""Records held against their types: what a damaged file gives may be anything.

Knows nothing of files or of what the records mean.
"""

from __future__ import annotations

from functools import cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

_Record = TypeVar("_Record")


def typed(record: _Record) -> _Record:
    """The dataclass instance itself, if every field holds what its type says.

    Integers count as floats, as in Python. Of mappings the kind alone is looked at.

    Raises:
        ValueError: a field holds something else.
    """
    kind: Any = type(record)
    for name, hint in _hints(kind).items():
        if not _fits(getattr(record, name), hint):
            raise ValueError(f"{name} is damaged")
    return record


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _fits(value: Any, hint: Any) -> bool:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple:  # of any length, all of one kind
        return isinstance(value, tuple) and all(_fits(item, arguments[0]) for item in value)
    if origin is UnionType:
        return any(_fits(value, one) for one in arguments)
    if origin is not None:  # a mapping
        return isinstance(value, origin)
    return isinstance(value, (int, float) if hint is float else hint)
