"""A chapter run in the full edition, for what it finds on photographs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"


def run_chapter(name: str, last_cell: str, until: str = "") -> dict[str, Any]:
    """Execute a notebook in the full edition, with its assertions.

    Args:
        name: of the notebook, without its ending.
        last_cell: code that prints one JSON object.
        until: stop after the cell whose source holds this; the whole notebook if it is empty.
    """
    os.environ["HOTDOG_EDITION"] = "full"
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    if until:
        (end,) = (i for i, cell in enumerate(notebook.cells) if until in cell.source)
        del notebook.cells[end + 1 :]
    notebook.cells.append(nbformat.v4.new_code_cell(last_cell))
    where = {"metadata": {"path": str(NOTEBOOKS)}}
    NotebookClient(notebook, timeout=3600, kernel_name="python3", resources=where).execute()
    return json.loads(notebook.cells[-1].outputs[0].text)
