"""Values as JSON can hold them. Knows nothing of what they mean."""

from __future__ import annotations

import math
from typing import Any


def finite(value: Any) -> Any:
    """The value with every number in it that is none, or infinite, as None: JSON has no word."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    return [finite(item) for item in value] if isinstance(value, list | tuple) else value
