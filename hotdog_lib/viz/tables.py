"""A small table for the page, from flat rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from hotdog_lib.errors import HotdogError

if TYPE_CHECKING:
    from IPython.display import Markdown


def table(rows: Iterable[Mapping[str, Any]]) -> Markdown:
    """Rows with the same keys as a table that a notebook and the book's page show.

    Whole numbers get thousands' commas, others three digits; two numbers in a tuple are a mean and
    the half-width of its interval. Columns of numbers are set to the right.

    Raises:
        HotdogError: no row.

    Example:
        >>> table([{"stage": "stem", "parameters": 9408}]).data.splitlines()[2]
        '| stem | 9,408 |'
    """
    from IPython.display import Markdown

    rows = list(rows)
    if not rows:
        raise HotdogError("table got no rows: pass at least one")
    columns = list(rows[0])
    ruled = ["--:" if all(_is_number(row[c]) for row in rows) else ":--" for c in columns]
    lines = [[column.replace("_", " ") for column in columns], ruled]
    lines += [[_cell(row[column]) for column in columns] for row in rows]
    return Markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | tuple) and not isinstance(value, bool)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, tuple):
        return f"{value[0]:.3f} ± {value[1]:.3f}"
    return str(value).replace("|", "\\|")
