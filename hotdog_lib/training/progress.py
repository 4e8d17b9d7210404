"""Progress bars for people: none in CI, under nbval or where nobody watches."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any, TypeVar

T = TypeVar("T")


def watched_notebook() -> bool:
    """Whether somebody looks at this kernel's outputs: in JupyterLab, Colab or VS Code.

    A program that executes notebooks, as the book's build does, leaves none of their traces.
    """
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    in_vs_code = "__vsc_ipynb_file__" in getattr(shell, "user_ns", {})
    return in_vs_code or "google.colab" in sys.modules or "JPY_SESSION_NAME" in os.environ


def wants_bars() -> bool:
    """Whether somebody is there to see a bar: a terminal or a notebook, and no CI, test or book
    build."""
    if any(os.environ.get(name) for name in ("CI", "NBVAL", "PYTEST_CURRENT_TEST")):
        return False
    if int(os.environ.get("RANK", 0)):  # of several processes one is enough
        return False
    return watched_notebook() if "ipykernel" in sys.modules else sys.stderr.isatty()


def bar(items: Iterable[T], description: str, **options: Any) -> Iterable[T]:
    """``tqdm(items)`` where somebody watches, else the items as they are."""
    if not wants_bars():
        return items
    from tqdm.auto import tqdm

    return tqdm(items, desc=description, leave=False, **options)
