"""The folder of a run: one process at a time, nothing half-written, and a record of what changed
while it was stopped."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from hotdog_lib.errors import HotdogError
from hotdog_lib.home import alone, sweep
from hotdog_lib.training.checkpoint import Identity, flatten
from hotdog_lib.training.record import tidy

logger = logging.getLogger(__name__)

COMPARED = ("hardware", "environment")


@contextmanager
def claimed(out: Path, *, resume: bool) -> Iterator[None]:
    """Make the folder and keep it for this process; where nothing is put into it, it goes again.

    Raises:
        HotdogError: it is a file, cannot be written, holds a run already (without ``resume``), or
            another process is at work in it.
    """
    if out.exists() and not out.is_dir():
        raise HotdogError(f"{out} is a file; --out takes a folder")
    missing = [folder for folder in (out, *out.parents) if not folder.exists()]
    try:
        with alone(out / ".lock", remedy="choose another --out"):
            if not resume and (out / "config.json").exists():
                raise HotdogError(
                    f"{out} holds a run already; add --resume to go on, or choose another --out"
                )
            sweep(out)
            yield
    finally:
        with suppress(OSError):  # there is something in it
            for folder in missing:
                folder.rmdir()


def finished_metrics(out: Path, identity: Identity) -> dict[str, Any] | None:
    """``metrics.json`` of a run that is finished already; None when there is something to do.

    Raises:
        HotdogError: the folder's run had other settings, pictures or weights.
    """
    config, metrics = read_record(out / "config.json"), read_record(out / "metrics.json")
    if config is not None:
        Identity(**tidy(vars(identity))).check(config["identity"])  # as JSON has rounded it
    if metrics is not None:
        (out / "checkpoint.safetensors").unlink(missing_ok=True)
    return metrics


def read_record(path: Path) -> dict[str, Any] | None:
    """A JSON object that a run has written; None where there is none.

    Raises:
        HotdogError: it cannot be read.
    """
    if not path.exists():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise HotdogError(f"cannot read {path} ({error}); start in a new folder") from error
    if not isinstance(record, dict):
        raise HotdogError(f"{path} holds no JSON object; start in a new folder")
    return record


def note_changes(out: Path, record: dict[str, Any]) -> dict[str, Any]:
    """``record`` of a resumed run with, as ``began_with``, what was different when it began.

    On other hardware, or with other versions, a run goes on well, but not bit for bit.
    """
    before = read_record(out / "config.json") or record
    before = before.get("began_with") or {key: before.get(key, {}) for key in COMPARED}
    changed = differing(before, record)
    if not changed:
        return record
    logger.warning(
        "this run began with other %s: it goes on, but not bit for bit as it would have there",
        ", ".join(changed),
    )
    return record | {"began_with": before}


def differing(one: dict[str, Any], two: dict[str, Any]) -> list[str]:
    """Dotted names of the facts on hardware and versions in which two records differ."""
    mine, theirs = (
        flatten({key: record.get(key, {}) for key in COMPARED}) for record in (one, two)
    )
    names = [name for name in mine | theirs if name != "environment.date"]
    return [name for name in names if mine.get(name) != theirs.get(name)]
