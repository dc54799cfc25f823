"""The store of runs, as every command opens it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imported late, so that a mistyped option is answered at once
    from core.storage.store import Store


def open_store() -> Store:
    """The store; where a damaged one has to be set aside, that is said, and a new one begun.

    Raises:
        StoreError: it can be neither opened nor set aside.
    """
    from core.storage.database import SetAside
    from core.storage.store import Store

    try:
        return Store()
    except SetAside as error:
        print(error, file=sys.stderr)
        return Store()
