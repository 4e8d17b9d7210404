"""What the page "Try it" says of its own networks, read from the parts.json that came with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from IPython.display import Markdown
from measured import table

PARTS = Path(__file__).resolve().parent / "_static/made/try_it"


def made() -> dict[str, Any]:
    """What parts.json holds."""
    return json.loads((PARTS / "parts.json").read_text(encoding="utf-8"))


def weight(parts: dict[str, Any]) -> int:
    """Bytes of the networks that the page loads, those of the lesson included."""
    return sum(parts[name]["checked"]["bytes"] for name in ("classifier", "source", "random"))


def facts(parts: dict[str, Any]) -> Markdown:
    """Where the networks come from and how good they are, as a table."""
    classifier, source = parts["classifier"], parts["source"]
    test, pictures = classifier["test"], classifier["pictures"]
    drawn = "drawn by the kitchen" if parts["edition"] == "pocket" else "photographs"
    rows = {
        "edition": parts["edition"],
        "network": f"{parts['model']} with {parts['weights']} weights",
        "fine-tuned on": f"{pictures['train']:,} pictures, {drawn}, each a hot dog or not",
        "right on new ones": f"{test['accuracy']:.1%} of {test['n']}",
        "to load before the first answer": f"{classifier['checked']['bytes'] / 1e6:.1f} MB",
        "to load before the first lesson": f"{source['checked']['bytes'] / 1e6:.1f} MB, "
        "and as much of random numbers",
        "features of a picture": source["features"],
        "largest difference from PyTorch": f"{classifier['checked']['difference']:.0e}",
    }
    return Markdown(table([{"what": key, "here": value} for key, value in rows.items()]))
