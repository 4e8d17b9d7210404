"""How many pictures a second the kitchen and the pantry draw.

    python benchmarks/kitchen.py

For each size, in rounds side by side: a set with as many processes as pay, and a smaller one with
this process alone. The best round counts, since other work on the machine only ever slows it; all
rounds are in the record, and the first set, which waits for the helpers to start, on its own.
Writes ``book/results/kitchen_speed.json``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from hotdog_lib.kitchen import RenderedSet, render_pantry_set, render_set
from hotdog_lib.kitchen.crew import cores, dismiss
from hotdog_lib.training.hardware import pick_hardware
from hotdog_lib.training.record import environment, write_json

RESULTS = Path(__file__).resolve().parent.parent / "book" / "results"
MAKERS: dict[str, Callable[..., RenderedSet]] = {
    "kitchen": render_set,
    "pantry": render_pantry_set,
}
Row = dict[str, Any]


def pictures_a_second(maker: str, size: int, count: int, workers: int) -> float:
    """Of one set, by the clock."""
    started = time.perf_counter()
    MAKERS[maker](1, range(count), size, workers=workers)
    return count / (time.perf_counter() - started)


def measure(makers: list[str], sizes: list[int], count: int, rounds: int) -> list[Row]:
    """One row a maker and size; a round visits all of them before the next begins."""
    workers = cores()
    rows: list[Row] = [
        {"drawn_by": maker, "picture_px": size, "processes": workers, "pictures": count}
        for maker in makers
        for size in sizes
    ]
    for row in rows:
        dismiss()
        first = pictures_a_second(row["drawn_by"], row["picture_px"], count, workers)
        row |= {"first_set_a_second": first, "pictures_a_second": [], "times_one_process": []}
    for _ in range(rounds):
        for row in rows:
            what = row["drawn_by"], row["picture_px"]
            together = pictures_a_second(*what, count, workers)
            row["pictures_a_second"].append(together)
            alone = pictures_a_second(*what, max(1, count // 8), 1)
            row["times_one_process"].append(together / alone)
    for row in rows:
        row["best_a_second"] = max(row["pictures_a_second"])
    return rows


def finding(rows: list[Row], rounds: int) -> str:
    """The best rounds in one sentence."""
    parts = [
        f"the {row['drawn_by']} {row['best_a_second']:.0f} of {row['picture_px']} px"
        for row in rows
    ]
    return (
        f"Pictures drawn a second by {rows[0]['processes']} processes, in the best of {rounds} "
        f"rounds of {rows[0]['pictures']:,}: {', '.join(parts)}."
    )


def main() -> None:
    """Measure, write and print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--sizes", type=int, nargs="+", default=[96, 160])
    arguments.add_argument("--count", type=int, default=4000)
    arguments.add_argument("--rounds", type=int, default=6)
    arguments.add_argument("--makers", nargs="+", choices=MAKERS, default=list(MAKERS))
    arguments.add_argument("--out", type=Path, default=RESULTS / "kitchen_speed.json")
    given = arguments.parse_args()
    hardware = pick_hardware("cpu", "fp32").summary()
    torch.set_num_threads(1)
    rows = measure(given.makers, given.sizes, given.count, given.rounds)
    record = {
        "title": "How fast pictures are drawn",
        "says": finding(rows, given.rounds),
        "edition": "pocket",
        "rounds": given.rounds,
        "speed": rows,
        "hardware": hardware,
        "environment": environment(),
        "command": "python benchmarks/kitchen.py",
        "date": time.strftime("%Y-%m-%d"),
    }
    write_json(given.out, record)
    print(record["says"])


if __name__ == "__main__":
    main()
