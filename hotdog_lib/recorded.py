"""What was measured before, for chapters: runs that take longer than a chapter may."""

from __future__ import annotations

import json
import sysconfig
from pathlib import Path
from typing import Any

from hotdog_lib.errors import HotdogError

#: Where the records lie: in a checkout, and beside an installed package (see pyproject.toml).
FOLDERS = (
    Path(__file__).resolve().parent.parent / "book" / "results",
    Path(sysconfig.get_path("data")) / "share" / "hotdog_lib" / "results",
)


def recorded(name: str) -> dict[str, Any]:
    """The record ``book/results/<name>.json``; what it may hold is said in the README beside it.

    Raises:
        HotdogError: no such record; it names those that there are.

    Example:
        >>> recorded("small_data_resnet18_slim")["edition"]
        'pocket'
    """
    found = {path.stem: path for folder in FOLDERS[::-1] for path in folder.glob("*.json")}
    if name not in found:
        raise HotdogError(
            f"there is no record {name!r} in {FOLDERS[0]}; there are: {', '.join(found) or 'none'}"
        )
    return json.loads(found[name].read_text(encoding="utf-8"))


def row_of(record: dict[str, Any], table: str, **facts: Any) -> dict[str, Any]:
    """The one row of a record's table with these facts, such as ``pictures=100``.

    Raises:
        HotdogError: there is none, or more than one; it names the command that makes the record.

    Example:
        >>> row_of(
        ...     {"runs": [{"pictures": 50, "f1": 0.7}, {"pictures": 100, "f1": 0.8}]},
        ...     "runs",
        ...     pictures=100,
        ... )["f1"]
        0.8
    """
    rows = [row for row in record.get(table, []) if facts.items() <= row.items()]
    if len(rows) != 1:
        raise HotdogError(
            f"the record {record.get('title', '')!r} has {len(rows)} rows with {facts} in "
            f"{table!r}; one is needed: {record.get('command', 'measure it again')}"
        )
    return rows[0]
