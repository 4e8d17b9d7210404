"""Several processes for one set of pictures.

The helpers are plain child processes that import this package and nothing of the caller's: they
work the same from a script without a main guard, from a notebook and from a test. To start one
takes as long as some hundred pictures, so a helper stays for the next sets, until it has rested
for a while.
"""

import atexit
import gc
import logging
import os
import pickle
import queue
import struct
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

CHUNK = 50
START = 700  # pictures of 96 px that one process makes while a helper is still starting
REST = 60.0  # seconds without work after which the helpers are sent home
_COMMAND = "from hotdog_lib.kitchen.crew import serve; serve()"
_LENGTH = struct.Struct("<q")


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def useful_workers(count: int, size: int) -> int:
    """How many processes pay for `count` pictures of `size` pixels, this one included."""
    load = count * (size / 96) ** 1.3
    at_hand = min(1 + len(_resting), count // CHUNK)  # these need no time to start
    return max(1, min(cores(), max(int(load // START), at_hand)))


def spread(
    make: Callable[[Sequence[int]], Any], indices: Sequence[int], workers: int
) -> list[tuple[int, Any]]:
    """make(part) for all parts of the indices: [(position of the part, result), ...] in order.

    `make` must be picklable by reference (a function of this package, or a `partial` of one).
    This process works along; an exception of `make` is raised here.
    """
    jobs: queue.SimpleQueue[int] = queue.SimpleQueue()
    for start in range(0, len(indices), CHUNK):
        jobs.put(start)
    done: dict[int, Any] = {}
    helpers = [
        threading.Thread(target=_lead, args=(make, indices, jobs, done)) for _ in range(workers - 1)
    ]
    for helper in helpers:
        helper.start()
    try:
        _work(make, indices, jobs, done)
    finally:
        with suppress(queue.Empty):  # after an error here the helpers get nothing more to do
            while True:
                jobs.get_nowait()
        for helper in helpers:
            helper.join()
    for start in range(0, len(indices), CHUNK):
        if start not in done:  # its helper died: the work is done here
            done[start] = make(indices[start : start + CHUNK])
        if isinstance(done[start], Exception):
            raise done[start]
    return sorted(done.items())


def _work(make: Callable, indices: Sequence[int], jobs: queue.SimpleQueue, done: dict) -> None:
    with suppress(queue.Empty):
        while True:
            start = jobs.get_nowait()
            done[start] = make(indices[start : start + CHUNK])


def _lead(make: Callable, indices: Sequence[int], jobs: queue.SimpleQueue, done: dict) -> None:
    """Hands a helper one part after another."""
    try:
        with _helper() as child:
            _work(lambda part: _ask(child, make, part), indices, jobs, done)
    except (OSError, EOFError) as error:
        logging.getLogger(__name__).warning("a helper process stopped: %s", error)


_resting: deque[subprocess.Popen] = deque()  # its append and pop are atomic
_owner = os.getpid()
_clock: threading.Timer | None = None  # since the last of them went to rest


@contextmanager
def _helper() -> Iterator[subprocess.Popen]:
    """A helper of one's own: a rested one where there is one, else a new one."""
    child = _rested() or _start()
    try:
        yield child
    except BaseException:
        _close(child)
        raise
    _rest(child)


def _start() -> subprocess.Popen:
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", _COMMAND]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment)


def _rested() -> subprocess.Popen | None:
    """A helper that rests and is alive; a forked copy of this process leaves them alone."""
    while _resting and _owner == os.getpid():
        with suppress(IndexError):
            child = _resting.pop()
            if child.poll() is None:
                return child
            _close(child)
    return None


def _rest(child: subprocess.Popen) -> None:
    global _clock
    if _clock:
        _clock.cancel()
    _clock = threading.Timer(REST, dismiss)
    _clock.daemon = True
    _resting.append(child)
    _clock.start()


def _close(child: subprocess.Popen) -> None:
    """Ends it. A closed pipe alone would not: a forked process may hold a copy of that open."""
    child.kill()
    with suppress(OSError):  # a dead one's pipe
        child.stdin.close()
    child.stdout.close()
    child.wait()


@atexit.register
def dismiss() -> None:
    """Sends the resting helpers home; the next large set starts new ones, with the code of then."""
    while child := _rested():
        _close(child)


def _ask(child: subprocess.Popen, make: Callable, part: Sequence[int]) -> Any:
    _send(child.stdin, (make, part))
    return _receive(child.stdout)


def _send(stream: BinaryIO, thing: Any) -> None:
    packed = pickle.dumps(thing, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(packed)) + packed)
    stream.flush()


def _receive(stream: BinaryIO) -> Any:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError("the other side closed its pipe")
    return pickle.loads(stream.read(_LENGTH.unpack(head)[0]))  # from our own child or parent


def serve() -> None:
    """The helper's loop: parts come in on standard input, results go out."""
    gc.freeze()  # what was imported stays
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not get among the answers
    with suppress(EOFError, KeyboardInterrupt):
        while True:
            make, part = _receive(sys.stdin.buffer)
            try:
                result = make(part)
            except Exception as error:
                result = error
            _send(answers, result)
