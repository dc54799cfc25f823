"""Where compiled code is kept, and whether all of it is there.

numba keeps what it has compiled, but looks only at the file of the function that is called, not at
those that this one calls: after an edit elsewhere it would run what it had. So the folder's name is
made from everything that the code depends on, and a marker in it says that nothing is missing.
Compiling takes some twenty to eighty seconds. Knows nothing of what is compiled.
"""

from __future__ import annotations

import os
import platform
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import platformdirs

_READY = "ready"


@lru_cache(maxsize=1)
def folder() -> Path:
    """Of this version of the code, on this kind of processor. It may not be there yet."""
    depends_on = sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        depends_on.update(path.read_bytes())
        # Where it lies and since when: numba compiles a copy anew, and one that was touched.
        depends_on.update(f"{path.resolve()} {path.stat().st_mtime_ns}".encode())
    for part in ("numba", "llvmlite", "numpy", "scipy"):
        depends_on.update(version(part).encode())
    depends_on.update(platform.python_version().encode())
    depends_on.update(_processor().encode())
    kept_in = os.environ.get("UNROLL_COMPILED") or platformdirs.user_cache_dir("unroll")
    return Path(kept_in) / "compiled" / depends_on.hexdigest()[:16]


def ready() -> bool:
    """Whether all is compiled, so that its first use takes no longer than its second."""
    return (folder() / _READY).exists()


def note_ready() -> None:
    """All is compiled.

    Raises:
        OSError: the folder cannot be written to, so that all will be compiled again.
    """
    folder().mkdir(parents=True, exist_ok=True)
    (folder() / _READY).touch()


def _processor() -> str:
    """What code is compiled for: another machine may share this home."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return platform.processor() + platform.machine()
    told = (line for line in lines if line.startswith(("model name", "flags", "Features")))
    return "".join(sorted(set(told)))
