"""Chapter 12 on photographs: its own notebook in the full edition, and what it found.

    HOTDOG_HOME=... python benchmarks/own_photos.py

Runs ``notebooks/12_your_own_photos.ipynb`` with its assertions on 400 of the photographs, 200 of
each class, and takes the results out of its variables. Writes
``book/results/own_photos_photographs.json``.
"""

from __future__ import annotations

from pathlib import Path

from chapter import run_chapter

from hotdog_lib.training.record import environment, write_json

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = "12_your_own_photos"
RECORD = ROOT / "book" / "results" / "own_photos_photographs.json"
LAST_CELL = """
import json

print(json.dumps({
    "network": f"{name}, {lab.weights} weights",
    "seed": options.recipe.seed,
    "pictures": {"train": len(train), "test": len(test)} | {
        "unreadable": len(parts.unreadable), "contradictory": len(parts.contradictory)
    },
    "candidates": [
        {"strategy": strategy, "best_epoch": epoch, "accuracy": held["accuracy"],
         "loss": held["loss"], "chosen": key == run}
        for key, (strategy, epoch, held) in candidates.items()
    ],
    "test_accuracy": [
        {"who": who, "right": hits, "of": len(test), "accuracy": hits / len(test),
         "low": intervals[who][0], "high": intervals[who][1]}
        for who, hits in scores.items()
    ],
    "wrong_folder": {
        "in_training": len(there), "among_ten_suspects": len(caught),
        "ten_at_random": 10 * len(there) / len(train),
    },
    "log_probability_falls_by": [
        {"covered_quarter": which, "mean": mean_interval(v)[0], "half": mean_interval(v)[1]}
        for which, v in falls.items()
    ],
    "height_and_width_swapped": {
        "other_answers": changed, "right_upright": upright_right, "right_swapped": sideways_right,
    },
    "tricky": [
        {"picture": a.name, "is": truth, "answer": a.label, "probability": a.probability,
         "above_threshold": a.probability >= at}
        for a, truth in zip(answered, tricky.values(), strict=True)
    ],
    "threshold": {
        "value": at, "answered": int(said.sum()), "of_them_right": good,
        "low": low_said, "high": high_said,
    },
    "another_program_differs_by": max(
        abs(row[label] - a.probabilities[label])
        for a, row in zip(answered, theirs, strict=True) for label in row
    ),
    "exports_differ_by": [{"file": f, "probability": d} for f, d in agreement.items()],
    "hardware": lab.hardware.summary(),
    "processor_seconds": time.process_time(),
    "seconds": seconds,
}))
"""


def main() -> None:
    """Run, and write the record."""
    found = run_chapter(NOTEBOOK, LAST_CELL)
    ours = found["test_accuracy"][-1]
    hits = sum(row["answer"] == row["is"] for row in found["tricky"])
    record = {
        "title": "Chapter 12 on photographs",
        "says": f"From a folder of {found['pictures']['train']} training pictures to a classifier "
        f"that is right on {ours['accuracy']:.3f} of {ours['of']} others (95 % interval "
        f"{ours['low']:.3f} to {ours['high']:.3f}), and on {hits} of 2017's three tricky pictures.",
        "edition": "full (photographs in the layout of D2L's archive, not that archive itself)",
        "command": "HOTDOG_HOME=... python benchmarks/own_photos.py",
        **found,
        "environment": environment(),
    }
    write_json(RECORD, record)
    print(record["says"])


if __name__ == "__main__":
    main()
