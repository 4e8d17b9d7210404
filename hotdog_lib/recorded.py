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
