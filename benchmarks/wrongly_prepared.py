"""Chapter 2 on photographs: what wrongly prepared pictures do to a network's answers.

    HOTDOG_HOME=... python benchmarks/wrongly_prepared.py

Runs ``notebooks/02_the_pictures.ipynb`` up to its table of the five heads, and takes the results
out of its variables. Writes ``book/results/wrongly_prepared_photographs.json``.
"""

from __future__ import annotations

from pathlib import Path

from chapter import run_chapter

from hotdog_lib.training.record import environment, write_json

RESULTS = Path(__file__).resolve().parent.parent / "book" / "results"
LAST_CELL = """
import json

print(json.dumps({
    "network": f"{lab.model}, {lab.weights} weights, {len(source.categories)} classes",
    "pictures": len(held),
    "faults": [
        {
            "prepared": fault,
            "source_answers_kept": kept[fault],
            "head_answers_changed": changed,
            "head_accuracy": accuracy,
        }
        for fault, (changed, accuracy) in rows.items()
    ],
    "copies_over_new_pictures": [c - n for c, n in zip(on_copies, on_new, strict=True)],
    "hardware": lab.hardware.summary(),
}))
"""


def main() -> None:
    """Run, and write the record."""
    found = run_chapter("02_the_pictures", LAST_CELL, until="rows = {}")
    kept = [f"{row['prepared']} {row['source_answers_kept']:.0%}" for row in found["faults"][1:]]
    record = {
        "title": "Chapter 2 on photographs: wrongly prepared pictures",
        "says": f"Of the source's own answers are left: {', '.join(kept)}.",
        "edition": "full (photographs in the layout of D2L's archive, not that archive itself)",
        "command": "HOTDOG_HOME=... python benchmarks/wrongly_prepared.py",
        "date": environment()["date"],
        **found,
        "environment": environment(),
    }
    write_json(RESULTS / "wrongly_prepared_photographs.json", record)


if __name__ == "__main__":
    main()
