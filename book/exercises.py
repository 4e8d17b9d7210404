"""Write the exercises' cells into notebooks: python book/exercises.py notebooks/05_freezing.ipynb

A chapter's author leaves four code cells for each exercise, with ``"hotdog": {"exercise": "05.1",
"part": "stub"}`` (then ``hints``, ``solution``, ``proof``) in their metadata, wherever they belong.
What is in them comes from hotdog_lib/exercises, and a test holds them to it. The proof is hidden:
it asserts that the solution is right with what the notebook has imported.
"""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from typing import Any

from hotdog_lib.exercises.exercise import Exercise, find

#: What a notebook has of each exercise, in this order.
PARTS = ("stub", "hints", "solution", "proof")
#: Tags of the cells whose code the page does not show.
TAGS = {"hints": ["remove-input"], "proof": ["remove-cell"]}
#: Folded away in JupyterLab and in Colab; on the page a dropdown is around it.
FOLDED = {"cellView": "form", "jupyter": {"source_hidden": True}}


def filled(notebook: dict[str, Any]) -> dict[str, Any]:
    """A copy of ``notebook`` (parsed JSON) with the cells of its exercises as they should be."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook["cells"]:
        if place(cell):
            exercise_id, part = place(cell)
            cell["source"] = source(find(exercise_id), part).splitlines(keepends=True)
            if part == "solution":
                cell["metadata"] |= FOLDED
            if part in TAGS:
                cell["metadata"]["tags"] = TAGS[part]
    return notebook


def place(cell: dict[str, Any]) -> tuple[str, str] | None:
    """The exercise and the part of it that a cell holds, or None."""
    about = cell["metadata"].get("hotdog", {})
    return (about["exercise"], about["part"]) if "exercise" in about else None


def source(exercise: Exercise, part: str) -> str:
    """Source of a cell: the stub or the solution with the call that checks it, or the hints."""
    if part == "hints":
        return f'practice.hint("{exercise.id}")'
    gap = "\n\n\n" if exercise.solution.startswith(("def ", "class ")) else "\n\n"
    call = f'practice.check("{exercise.id}", {exercise.answer})'
    if part == "proof":
        return f'assert {call}.state == "right"'
    if part == "stub":
        return exercise.stub + gap + call
    return f"# @title Solution of {exercise.id}\n{exercise.solution}{gap}{call}"


def main(paths: list[str]) -> None:
    """Fill the notebooks at ``paths``."""
    for path in map(Path, paths):
        notebook = filled(json.loads(path.read_text(encoding="utf-8")))
        text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:]) if sys.argv[1:] else sys.exit(__doc__)
