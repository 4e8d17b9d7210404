"""From an address to a file: in pieces, taken up where it broke off, and never for ever.

Nothing here is trusted: the length that a server states, its patience, or what it sends. Whoever
calls compares the hash before the file is used.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from requests import Response

logger = logging.getLogger(__name__)

TIMEOUT = (10, 60)  # seconds to connect, and between two pieces of the answer
PATIENCE = 60.0  # seconds for the answer to begin, and in which SLOWEST bytes must come
SLOWEST = 60_000  # bytes
PAUSES = (1, 4)  # seconds before the second and the third attempt in a row that brought nothing
ATTEMPTS = 20  # in all
MAX_BYTES = 4 * 2**30  # the largest of torchvision's weights has 2.5 GB
PIECE = 1 << 18  # bytes

Result = TypeVar("Result")


class Refused(Exception):
    """The answer is none, and asking again would bring the same."""


class Interrupted(Exception):
    """Something that may go better next time."""


def download(source: str, file: Path, *, progress: bool = False) -> str | None:
    """Bring what lies at an address to ``file``, going on after what is there already.

    Args:
        source: an http or https address.
        file: kept as far as it came when something goes wrong.
        progress: show a bar.

    Returns:
        what went wrong, if anything.
    """
    logger.info("fetching %s", source)
    failures, fault = 0, ""
    for _ in range(ATTEMPTS):
        before = file.stat().st_size if file.exists() else 0
        try:
            return _attempt(source, file, before, progress)
        except Refused as error:
            return str(error)
        except Interrupted as error:
            fault = str(error)
        came = (file.stat().st_size if file.exists() else 0) - before
        failures = 0 if came >= SLOWEST else failures + 1
        if failures > len(PAUSES):
            break
        time.sleep(PAUSES[max(0, failures - 1)])
    return fault


def within(seconds: float, job: Callable[[], Result]) -> Result:
    """What ``job`` returns or raises; TimeoutError where it takes longer.

    A thread that nobody waits for: a server that sends one byte a minute keeps any call on a
    socket busy without ever running into its time-out.
    """
    done: list[Any] = []

    def work() -> None:
        try:
            done.append((True, job()))
        except BaseException as error:
            done.append((False, error))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if not done:
        raise TimeoutError(f"no answer within {seconds:g} seconds")
    good, value = done[0]
    if not good:
        raise value
    return value


def _attempt(source: str, file: Path, have: int, progress: bool) -> None:
    import requests  # slow to import

    # No compression: the length stated is then that of the file.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    ask = lambda: requests.get(source, stream=True, timeout=TIMEOUT, headers=headers)  # noqa: E731
    try:
        with within(PATIENCE, ask) as response:
            start = _start(response, file, have)
            _receive(response, file, start, progress)
    except (requests.RequestException, TimeoutError) as error:
        raise Interrupted(str(error)) from error


def _start(response: Response, file: Path, have: int) -> int:
    """From which byte on the answer goes; an answer that is no file is refused."""
    code, kind = response.status_code, response.headers.get("Content-Type", "")
    if code == 416:  # what is there is longer than the file
        file.unlink()
        raise Interrupted("it has no such part")
    if code >= 500 or code == 429:
        raise Interrupted(f"it answers {code} {response.reason}")
    if code not in (200, 206):
        raise Refused(f"it answers {code} {response.reason}")
    if kind.startswith("text/html"):
        raise Refused(f"{response.url} is a web page, not the file: does the network want a login?")
    if code == 200:
        return 0
    begin = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    if not begin or int(begin.group(1)) != have:
        file.unlink(missing_ok=True)
        raise Interrupted("it sends another part than was asked for")
    return have


def _receive(response: Response, file: Path, start: int, progress: bool) -> None:
    stated = response.headers.get("Content-Length", "")
    length = start + int(stated) if stated.isdecimal() else None
    if (length or 0) > MAX_BYTES:
        raise Refused(f"it is {length:,} bytes long, more than the {MAX_BYTES:,} allowed")
    from tqdm.auto import tqdm  # slow to import

    shown = {"total": length, "initial": start, "unit": "B", "unit_scale": True, "leave": False}
    mode = "r+b" if start else "wb"
    with open(file, mode) as opened, tqdm(**shown, disable=not progress) as bar:
        opened.seek(start)
        opened.truncate()
        for piece in _pieces(response):
            opened.write(piece)
            bar.update(len(piece))
            if opened.tell() > MAX_BYTES:
                raise Refused(f"it is longer than the {MAX_BYTES:,} bytes allowed")
        end = opened.tell()
    if length is not None and end != length:
        raise Interrupted(f"it broke off after {end:,} of {length:,} bytes")


def _pieces(response: Response) -> Iterator[bytes]:
    from urllib3.exceptions import HTTPError

    read = getattr(response.raw, "read1", response.raw.read)  # read would wait for a whole piece
    since, came = time.monotonic(), 0
    try:
        while piece := read(PIECE):
            yield piece
            came += len(piece)
            if came >= SLOWEST:
                since, came = time.monotonic(), 0
            elif time.monotonic() - since > PATIENCE:
                raise Interrupted(f"it sent {came:,} bytes in {PATIENCE:g} seconds")
    except (HTTPError, OSError) as error:
        raise Interrupted(str(error)) from error
