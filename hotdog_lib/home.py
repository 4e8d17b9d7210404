"""Where fetched and derived files live, and how a file is put in place so that no half of it is
ever seen."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hotdog_lib.errors import HotdogError


def _user_cache() -> Path:
    import pooch  # 0.2 s to import: only when the folder is asked for

    return Path(pooch.os_cache("hotdog_lib"))


def home() -> Path:
    """Folder of fetched data and weights: ``HOTDOG_HOME``, else the user's cache folder. It may be
    read-only."""
    return Path(os.environ.get("HOTDOG_HOME") or _user_cache()).expanduser().resolve()


def cache_dir() -> Path:
    """Writable folder of derived files (pixel caches): ``HOTDOG_CACHE``, else the user's cache
    folder."""
    folder = (
        Path(os.environ.get("HOTDOG_CACHE") or _user_cache() / "derived").expanduser().resolve()
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HotdogError(
            f"cannot make the cache folder {folder} ({error.strerror}); "
            "set HOTDOG_CACHE to a folder that you can write to"
        ) from error
    return folder


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; on success it is flushed to disk and renamed to
    ``path``.

    After an exception, or a kill, ``path`` is what it was before: the old file, or none.

    Example:
        >>> with atomic_write(Path("metrics.json")) as temporary:   # doctest: +SKIP
        ...     temporary.write_text("{}")
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())  # mkstemp makes it private; an ordinary file is not
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
