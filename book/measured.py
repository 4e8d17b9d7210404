"""What the prose pages show of book/results/*.json, read while the book is built.

Any JSON object may lie there. ``title``, ``says`` (the finding in one sentence), ``edition``,
``hardware``, ``command`` and ``date`` are shown around it; lists of flat objects become tables,
lists of numbers a mean and an interval.
"""

from __future__ import annotations

import html
import json
import math
from pathlib import Path
from typing import Any

from IPython.display import Markdown

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "book/results"
ABOUT = ("edition", "hardware", "date", "command")
HIDDEN = ("environment",)  # kept in the file, for those who compare two records


def everything(pattern: str = "*.json") -> dict[str, dict[str, Any]]:
    """File name without its ending -> content, of the results that match ``pattern``, by name."""
    read = {
        p.stem: json.loads(p.read_text(encoding="utf-8")) for p in sorted(RESULTS.glob(pattern))
    }
    return {name: data if isinstance(data, dict) else {"rows": data} for name, data in read.items()}


def table(rows: list[dict[str, Any]]) -> str:
    """A Markdown table of flat objects; columns in the order in which they first appear."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    numeric = [all(isinstance(row.get(c, 0), int | float | list) for row in rows) for c in columns]
    lines = [
        " | ".join(words(c) for c in columns),
        " | ".join("--:" if n else ":--" for n in numeric),
    ]
    lines += [" | ".join(cell(row.get(c, "")) for c in columns) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def cell(value: Any) -> str:
    """One value as text; several numbers as their mean and 95 % interval."""
    if isinstance(value, bool | str) or value is None:
        return {True: "yes", False: "no", None: ""}.get(value, str(value).replace("|", "\\|"))
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        small = 0 < abs(value) < 0.01  # a learning rate is not 0.000
        return f"{value:.3g}" if small else f"{value:.3f}" if abs(value) < 10 else f"{value:,.0f}"
    if len(value) > 1:
        from hotdog_lib.training.metrics import mean_interval  # brings torch: only where needed

        mean, half = mean_interval(value)
        return f"{mean:.3f} ± {half:.3f}"
    return cell(value[0]) if value else ""


def words(key: str) -> str:
    """A key as a column's heading."""
    return key.replace("_", " ")


def section(name: str, result: dict[str, Any], *, folded: bool = False) -> str:
    """One result as Markdown: its finding, its tables, and how it was made."""
    parts = [] if folded else [f"**{title_of(name, result)}**", result.get("says", "")]
    shown = {k: v for k, v in result.items() if k not in ("title", "says", *HIDDEN, *ABOUT)}
    facts = {k: v for k, v in shown.items() if is_cell(v)}
    if facts:
        parts.append(table([{"figure": words(k), "value": v} for k, v in facts.items()]))
    for key, value in shown.items():
        rows = rows_of(value)
        if rows:
            parts += [f"*{words(key).capitalize()}*", table(rows)]
    about = [
        f"{words(k)}: {f'`{result[k]}`' if k == 'command' else result[k]}"
        for k in ABOUT
        if k in result
    ]
    text = "\n\n".join(part for part in [*parts, "; ".join(about)] if part)
    if not folded:
        return text
    title = html.escape(title_of(name, result))
    return f"<details>\n<summary>{title}</summary>\n\n{text}\n\n</details>"


def is_cell(value: Any) -> bool:
    """Whether a value fits one cell: a scalar, or a list of numbers."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(v, int | float) for v in value)
    return not isinstance(value, dict)


def rows_of(value: Any) -> list[dict[str, Any]]:
    """A list of objects, or an object of objects, as rows; what fits no cell stays in the file."""
    if isinstance(value, dict):
        nested = {k: v for k, v in value.items() if isinstance(v, dict)}
        value = [{"": k, **v} for k, v in nested.items()] or [
            {"": k, "value": v} for k, v in value.items()
        ]
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        return []
    return [{k: v for k, v in row.items() if is_cell(v)} for row in value]


def show(pattern: str = "*.json", *, folded: bool = False) -> Markdown:
    """All results that match ``pattern``, for a page; ``folded``, each opens by its title."""
    parts = [section(*item, folded=folded) for item in everything(pattern).items()]
    return Markdown("\n\n".join(parts) or "Nothing measured yet.")


def overview(pattern: str = "*.json") -> Markdown:
    """One table: what was measured, what was found, and the command that does it again."""
    rows = [
        {
            "measured": title_of(name, result),
            "found": result.get("says", ""),
            "edition": str(result.get("edition", "")).split(" (")[0],
            "command": f"`{result['command']}`" if "command" in result else "",
        }
        for name, result in everything(pattern).items()
    ]
    return Markdown(table(rows) if rows else "Nothing measured yet.")


def title_of(name: str, result: dict[str, Any]) -> str:
    """What a result is called."""
    return result.get("title") or words(name).capitalize()


def embedded_networks() -> Markdown:
    """The networks in the package, as their files describe themselves."""
    from safetensors import safe_open

    networks = []
    for path in sorted((ROOT / "hotdog_lib/models/embedded").glob("*.safetensors")):
        with safe_open(path, "numpy") as file:
            card = json.loads(file.metadata()["hotdog_lib"])
            numbers = sum(math.prod(file.get_slice(key).get_shape()) for key in file.keys())
        about = {
            "title": f"`{card['model']}`",
            "picture size": card["preprocessing"]["crop_size"],
            "classes": len(card["class_names"]),
            "numbers stored": numbers,
            "megabytes": path.stat().st_size / 1e6,
        }
        networks.append(section(card["model"], about | card.get("provenance", {})))
    return Markdown("\n\n".join(networks) or "This copy of the package has none.")
