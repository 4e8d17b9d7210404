"""Where fetched and derived files live, and how a file is put in place so that no half of it is
ever seen."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from safetensors import SafetensorError

from hotdog_lib.errors import HotdogError

logger = logging.getLogger(__name__)

PART = ".part"  # ends the names of folders of half-written files


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
def atomic_write(
    path: Path, remedy: str = "make room there, or choose another place"
) -> Iterator[Path]:
    """Yield a temporary path; on success the file there is flushed to disk and renamed to ``path``.

    After an exception, a kill or a power cut, ``path`` is what it was before: old, or not there.

    Args:
        path: the file; its folder is made.
        remedy: what the user can do where it cannot be written, for the message.

    Raises:
        HotdogError: a full disk, a read-only folder, no such place.

    Example:
        >>> with atomic_write(Path("metrics.json")) as temporary:   # doctest: +SKIP
        ...     temporary.write_text("{}")
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A folder, since some libraries put temporary files of their own beside what they write.
        with tempfile.TemporaryDirectory(
            prefix=f".{path.name}.", suffix=PART, dir=path.parent, ignore_cleanup_errors=True
        ) as folder:
            temporary = Path(folder) / path.name
            yield temporary
            _put_in_place(temporary, path)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise HotdogError(
            f"cannot write {path} ({reason}); {remedy}. What was there before is unchanged"
        ) from error


def _put_in_place(temporary: Path, path: Path) -> None:
    ordinary = temporary.with_name("ordinary")
    ordinary.touch()
    os.chmod(temporary, ordinary.stat().st_mode)  # safetensors makes its files private
    with open(temporary, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(temporary, path)
    if hasattr(os, "O_DIRECTORY"):  # the rename itself must outlast a power cut; not on Windows
        folder = os.open(path.parent, os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def sweep(folder: Path, name: str = "", age: float = 0.0) -> None:
    """Remove what killed writers of ``name`` (of anything, if empty) left in ``folder`` more than
    ``age`` seconds ago; it is never read and only takes up space."""
    for left in folder.glob(f".*{PART}"):
        try:
            if left.name.startswith(f".{name}") and time.time() - left.lstat().st_mtime >= age:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
        except OSError as error:  # another process was faster, or it is not ours to remove
            logger.debug("%s is left there: %s", left, error)


@contextmanager
def alone(lock: Path, *, wait: bool = False, remedy: str) -> Iterator[None]:
    """Keep other processes out while this one holds ``lock``; a killed process holds nothing.

    Args:
        lock: a file that both would lock; its folder is made. It is removed afterwards.
        wait: until the other process is done; else its presence is an error.
        remedy: what the user can do about that, for the message.

    Raises:
        HotdogError: another process holds it, or the folder cannot be written.
    """
    held = FileLock(lock)
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        try:
            held.acquire(timeout=0)
        except Timeout:
            if not wait:
                raise
            logger.info("waiting for another process at work on %s", lock.parent)
            held.acquire()
    except Timeout as error:
        raise HotdogError(
            f"another process is at work in {lock.parent}; wait for it, or {remedy}"
        ) from error
    except (OSError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or error
        raise HotdogError(f"{lock.parent} cannot be written ({reason}); {remedy}") from error
    try:
        yield
    finally:
        if hasattr(os, "O_DIRECTORY"):  # Windows removes no open file; there it stays, empty
            lock.unlink(missing_ok=True)
        held.release()


def file_digest(path: Path, algorithm: str = "sha256") -> str:
    """Hash of a file's content in hex, read in pieces."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
