"""Chapter 3 on photographs: its own notebook in the full edition, and what it found.

    HOTDOG_HOME=... python benchmarks/inside.py

Runs ``notebooks/03_inside_a_pretrained_network.ipynb`` with its assertions and takes the results
out of its variables. Writes ``book/results/inside_photographs.json``.
"""

from __future__ import annotations

from pathlib import Path

from chapter import run_chapter

from hotdog_lib.training.record import environment, write_json

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = "03_inside_a_pretrained_network"
RECORD = ROOT / "book" / "results" / "inside_photographs.json"
LAST_CELL = """
import json

print(json.dumps({
    "network": f"{name}, {source.name} weights, {len(source.categories)} classes",
    "test_pictures": len(test),
    "threshold_from_validation": threshold,
    "hot_dog_if": [{"rule": rule} | result for rule, result in rules.items()],
    "asked_wrongly": [{"what_is_off": w, "same_first_guess": s} for w, s in stays.items()],
    "read_off_each_stage": [{"stage": s, "right": v} for s, v in by_stage.items()],
    "right_with_shuffled_weights": remains,
    "ten_of_64_tiles_covered": [
        {"tiles": "with the largest gradients", "logit_falls_by": by_gradient.mean().item()},
        {"tiles": "at random", "logit_falls_by": by_chance.mean().item()},
    ],
    "hardware": lab.hardware.summary(),
    "seconds": seconds,
}))
"""


def main() -> None:
    """Run, and write the record."""
    found = run_chapter(NOTEBOOK, LAST_CELL)
    right = {row["rule"]: row["right"] for row in found["hot_dog_if"]}
    guess, chosen = right["it is the first guess"], right["above the chosen threshold"]
    record = {
        "title": "Chapter 3 on photographs",
        "says": f"The source's own class hotdog is right for {guess:.3f} of the photographs by its "
        f"first guess, and for {chosen:.3f} above a threshold chosen on validation pictures.",
        "edition": "full (photographs in the layout of D2L's archive, not that archive itself)",
        "command": "HOTDOG_HOME=... python benchmarks/inside.py",
        **found,
        "environment": environment(),
    }
    write_json(RECORD, record)
    print(record["says"])


if __name__ == "__main__":
    main()
