"""How many pictures a second the kitchen and the pantry render.

    python benchmarks/kitchen.py

Prints one JSON object: for each size the pictures a second of ``render_set`` with as many
processes as pay, the start of the helpers counted in, and the processor time of one picture in one
thread, which says what idle cores would make of a busy machine. Each is the best of some rounds,
since other work only ever slows it; all rounds are listed. ``--out FILE`` writes it as well.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from pathlib import Path
from typing import Any

import torch

from hotdog_lib.kitchen import render, render_pantry, render_pantry_set, render_set
from hotdog_lib.kitchen.crew import cores, useful_workers

MAKERS = {"kitchen": (render, render_set), "pantry": (render_pantry, render_pantry_set)}


def milliseconds(one: Any, size: int, count: int, rounds: int = 3) -> float:
    """Processor time of a picture in milliseconds: the least of `rounds`, mean over pictures."""
    torch.set_num_threads(1)
    for index in range(5):  # warm up
        one(0, index, size)
    least = [float("inf")] * count
    for _ in range(rounds):
        for index in range(count):
            started = time.process_time()
            one(1, index, size)
            least[index] = min(least[index], time.process_time() - started)
    return 1000 * sum(least) / count


def measure(name: str, size: int, count: int, rounds: int) -> dict[str, Any]:
    """Both figures of one maker at one size."""
    one, many = MAKERS[name]
    workers = useful_workers(count, size)
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        many(1, range(count), size, workers=workers)
        seconds.append(round(time.perf_counter() - started, 2))
    return {
        "maker": name,
        "size": size,
        "pictures": count,
        "processes": workers,
        "seconds": seconds,
        "pictures_per_second": round(count / min(seconds), 1),
        "cpu_ms_per_picture": round(milliseconds(one, size, 60), 2),
    }


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sizes", type=int, nargs="+", default=[96, 160])
    arguments.add_argument("--count", type=int, default=4000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--makers", nargs="+", choices=MAKERS, default=list(MAKERS))
    arguments.add_argument("--out", type=Path)
    given = arguments.parse_args()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    record = {
        "cores": cores(),
        "load_before": load,
        "processor": platform.processor() or platform.machine(),
        "torch": torch.__version__,
        "rows": [
            measure(name, size, given.count, given.rounds)
            for name in given.makers
            for size in given.sizes
        ],
    }
    text = json.dumps(record, indent=2)
    print(text)
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
