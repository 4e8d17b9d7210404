"""Chapters 4 to 6 on photographs, from end to end: what they find, and how long they take.

    HOTDOG_HOME=... python benchmarks/chapters.py

Runs each notebook in the full edition with all its assertions, and takes the figures out of its
variables. Writes ``book/results/chapters_photographs.json``. Chapters 2 and 3 have records of their
own (``wrongly_prepared.py``, ``inside.py``).
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from chapter import run_chapter

from hotdog_lib.training.record import environment, write_json

RECORD = Path(__file__).resolve().parent.parent / "book" / "results" / "chapters_photographs.json"

#: Notebook -> what a figure is called -> the expression that holds it at the chapter's end.
FIGURES = {
    "04_a_new_head": {
        "accuracy of a head by the cut": "by_cut",
        "lead of the hot dog row, gentle rate": "dict(zip(map(str, looks), leads['gentle']))",
        "lead of the hot dog row, fast rate": "dict(zip(map(str, looks), leads['fast']))",
        "lead after 5 and 20 steps of everything": "later",
    },
    "05_freezing": {
        "network whose statistics drift": "name",
        "answers of the source's head that changed": "interval(*source_changed)",
        "answers of the hot dog head that changed": "interval(*ours_changed)",
        "points of accuracy gained by the drift": "interval(*(100 * value for value in gained))",
        "accuracy by the policy for norm layers": "by_policy",
        "accuracy by what was thawed": "by_way",
    },
    "06_fine_tuning": {
        "loss of heads by reduction": "losses",
        "heads of sum and mean end apart, SGD": "sgd_gap",
        "heads of sum and mean end apart, AdamW": "adam_gap",
        "lowest accuracy by steps of warm-up": "{str(k): v for k, v in lowest.items()}",
        "agreement of heads on the body's direction": "agree",
        "accuracy of the library's finetune": "result['accuracy']",
    },
}

PRELUDE = """import json

def interval(mean, half):
    return f"{mean:.3f} ± {half:.3f}"

"""


def found_in(chapter: str) -> dict[str, Any]:
    """Run one chapter; its figures by name, and the processor's seconds it took."""
    pairs = [f"{name!r}: {value}" for name, value in FIGURES[chapter].items()]
    pairs += ["'seconds': time.process_time()", "'hardware': lab.hardware.summary()"]
    found = run_chapter(chapter, f"{PRELUDE}print(json.dumps({{{', '.join(pairs)}}}))")
    logging.info("%s: %.0f s", chapter, found["seconds"])
    return found


def main() -> None:
    """Run them, and write the record."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    chapters = {chapter: found_in(chapter) for chapter in FIGURES}
    took = ", ".join(f"{name[:2]} in {row['seconds']:.0f}" for name, row in chapters.items())
    record = {
        "title": "Chapters 4 to 6 on photographs",
        "says": f"From end to end, with every assertion, in seconds of the processor: {took}.",
        "edition": "full (photographs in the layout of D2L's archive, not that archive itself)",
        "command": "HOTDOG_HOME=... python benchmarks/chapters.py",
        "date": environment()["date"],
        "hardware": next(iter(chapters.values()))["hardware"],
        "chapters": chapters,
        "environment": environment(),
    }
    write_json(RECORD, record)


if __name__ == "__main__":
    main()
