"""The runs that come with Unroll: exports in `recordings/`, as a store that nobody writes to.

They are unpacked once, into the folder of what can be made again, apart from the user's own store:
so that each of them can be looked at as any stored run is, and none is ever taken for the user's.
`scripts/record` makes the exports. Knows nothing of pages.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path

from core.errors import StoreError
from core.paths import cache_home
from core.storage.database import SetAside
from core.storage.schema import RUNS
from core.storage.store import Store
from core.storage.zip_import import import_run

FOLDER = Path(__file__).parents[2] / "recordings"
"""Where the exports are."""
PREFIX = "Recorded: "
"""How their names begin, wherever they are listed."""
SWEEP = "sweep.jsonl"
"""The file beside them that holds the recorded sweep; `experiments/recorded_sweep.py` reads it."""
ARTICLE = "article.jsonl"
"""That of the article's claims, measured; `experiments/recorded_article.py` reads it."""


class RecordedRuns(Store):
    """The recorded runs. Whatever would change one is refused in a sentence.

    Args:
        exports: the folder of their exports.

    Raises:
        StoreError: they cannot be unpacked.
        UnrollError: there is no folder to unpack them into.
    """

    def __init__(self, exports: Path = FOLDER) -> None:
        home = _unpacked(exports)
        try:
            super().__init__(home)
        except SetAside:  # nothing is lost: they are unpacked anew
            shutil.rmtree(home, ignore_errors=True)
            super().__init__(_unpacked(exports))
        self.read_only = (
            "This run was recorded and comes with Unroll, so that it stays as it is: duplicate it "
            "to train one of your own."
        )


def switched_off() -> bool:
    """Whether the environment asks for pages without recordings, with `UNROLL_RECORDED=0`."""
    return os.environ.get("UNROLL_RECORDED") == "0"


def _unpacked(exports: Path) -> Path:
    """The folder of the store that holds these exports, made if need be.

    It is named by all that it is made of: another version of Unroll has another one.
    """
    files = sorted(exports.glob("*.zip"))
    made_of = sha256(str(len(RUNS.migrations)).encode())
    for file in files:
        made_of.update(file.read_bytes())
    home = cache_home() / "recorded" / made_of.hexdigest()[:16]
    if (home / Store.FILE).exists():
        return home
    shutil.rmtree(home, ignore_errors=True)  # somebody cleaned up, and not all of it
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        parts = Path(tempfile.mkdtemp(dir=home.parent))
    except OSError as error:
        raise StoreError(
            f"The recorded runs cannot be unpacked into {home.parent} ({error.strerror}): make "
            "room there."
        ) from None
    try:
        with closing(Store(parts)) as store:
            for file in files:
                import_run(store, file, recorded=True)
        with suppress(OSError):  # another process was first
            parts.rename(home)
    finally:
        shutil.rmtree(parts, ignore_errors=True)
    return home
