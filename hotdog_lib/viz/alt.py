"""The texts of pictures: which cells of a notebook draw, and which of them say what they drew.

A cell has a text when its metadata holds ``{"mystnb": {"image": {"alt": "..."}}}``, or when it
hands one over in a call (``show(figure, alt=...)``, ``slider(..., alt=...)``). The tests ask; the
book's build asks again, of the pictures that came out.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from hotdog_lib.errors import HotdogError

#: Tags of cells whose pictures never reach the page.
UNSEEN = {"remove-cell", "remove-output"}
#: What belongs to a plotting library and yet draws nothing.
SILENT = {"close", "rcParams", "style", "use", "show"}
#: Modules whose functions draw.
PLOTTERS = ("matplotlib.pyplot", "hotdog_lib.viz")
#: Those of them that give numbers, or bring a text of their own.
WORDY = tuple(
    f"hotdog_lib.viz.{name}"
    for name in ("answers", "graph", "interpret", "style", "tables", "widgets")
)


def spoken(text: str) -> str:
    """A picture's text on one line.

    Raises:
        HotdogError: when it says nothing.
    """
    words = text.split()
    if len(words) < 4:
        raise HotdogError(f"alt text {text!r} is too short: say what the figure shows")
    return " ".join(words)


def missing_alt(notebook: dict[str, Any]) -> list[str]:
    """The first line of each cell of ``notebook`` (parsed JSON) that draws without a text."""
    known: set[str] = set()
    missing = []
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        tree = _parse(_source(cell))
        known |= _imported_plotters(tree)
        known |= {f.name for f in _functions(tree) if _draws(f.body, known) and not _says(f)}
        loose = [part for part in tree.body if not isinstance(part, ast.FunctionDef | ast.ClassDef)]
        if (_draws(loose, known) or _says_figure(cell)) and not _has_alt(cell, tree):
            missing.append(_source(cell).strip().split("\n")[0])
    return missing


def missing_alt_in_markdown(text: str) -> list[str]:
    """Pictures in MyST text that say nothing: ``![](a.png)``, ``<img>``, image, figure blocks."""
    bare = re.findall(r"!\[\s*\]\([^)]*\)", text)
    tags = [
        tag for tag in re.findall(r"<img\b[^>]*>", text) if not re.search(r'\balt="[^"]+"', tag)
    ]
    blocks = re.findall(
        r"^(?::{3,}|`{3,})\{(?:image|figure)\}.*?^(?::{3,}|`{3,})\s*$", text, re.M | re.S
    )
    return (
        bare + tags + [b.split("\n")[0] for b in blocks if not re.search(r"^:?alt: *\S", b, re.M)]
    )


def _source(cell: dict[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _parse(source: str) -> ast.Module:
    """The syntax tree of a cell, its magics left out."""
    return ast.parse(
        "\n".join(re.sub(r"^(\s*)[%!].*", r"\1pass", line) for line in source.split("\n"))
    )


def _functions(tree: ast.Module) -> list[ast.FunctionDef]:
    return [part for part in tree.body if isinstance(part, ast.FunctionDef)]


def _imported_plotters(tree: ast.Module) -> set[str]:
    """Names under which this cell imports a plotting module or one of its functions."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {(a.asname or a.name) for a in node.names if _is_plotter(a.name)}
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = [(a.asname or a.name, f"{node.module}.{a.name}") for a in node.names]
            names |= {short for short, full in whole if _is_plotter(full)} - SILENT
    return names


def _is_plotter(name: str) -> bool:
    return name.startswith(PLOTTERS) and not name.startswith(WORDY)


def _draws(body: list[ast.stmt], known: set[str]) -> bool:
    """Whether these statements call something that draws."""
    calls = [node for part in body for node in ast.walk(part) if isinstance(node, ast.Call)]
    names = [ast.unparse(call.func).split("(")[0].split(".") for call in calls]
    return any(name[0] in known and not SILENT & set(name) for name in names)


def _says_figure(cell: dict[str, Any]) -> bool:
    """Whether the metadata make it a figure: tag ``figure``, or a caption or name for the book."""
    metadata = cell.get("metadata", {})
    return "figure" in metadata.get("tags", []) or "figure" in metadata.get("mystnb", {})


def _has_alt(cell: dict[str, Any], tree: ast.Module) -> bool:
    metadata = cell.get("metadata", {})
    if UNSEEN & set(metadata.get("tags", [])):
        return True
    text = str(metadata.get("mystnb", {}).get("image", {}).get("alt", ""))
    return len(text.split()) >= 4 or _says(tree)


def _says(tree: ast.AST) -> bool:
    """Whether a call in this code hands over a text."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return any(keyword.arg == "alt" for call in calls for keyword in call.keywords)
