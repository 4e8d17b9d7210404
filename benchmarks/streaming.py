"""Memory and cost an image of sets of 1,000 to 100,000 pictures in shards: written, trained on.

    python benchmarks/streaming.py      # some 10 minutes of two free cores; resumable
    python benchmarks/streaming.py --sizes 100 1000 --distinct 100

The kitchen draws the first 10,000; a larger set holds them several times, since no cost that is
measured here hangs on what the pictures show. ``--distinct 100000`` draws them all.

Every measurement is a process of its own, so that its peak memory is its own. Repetitions go round
the sizes, so that a machine that is busy for a while is so for all of them. A small network trains,
so that the pictures' way to it is what is measured, and not the network.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor, nn

from hotdog_lib.data.augment import Augmentation
from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.data.shards import Source, open_shards, source_key, write_shards
from hotdog_lib.home import cache_dir
from hotdog_lib.lab import kitchen_source
from hotdog_lib.training.hardware import Hardware, pick_hardware
from hotdog_lib.training.recipe import Recipe
from hotdog_lib.training.record import environment, write_json
from hotdog_lib.training.trainer import Trainer

SIZE, SEED, BATCH = 96, 2026, 64
LEAST = 10_000  # pictures that a measurement passes at least: a small set is passed several times
TIMES, PEAKS = ("processor_ms", "clock_ms"), ("own_mib", "all_mib")


class Memory:
    """Highest memory of this process and its children while the block runs, in MiB.

    ``own``: anonymous memory, which nothing but the process needs. ``all``: with the pages of
    mapped files, which the system takes back when it wants them.
    """

    def __init__(self, with_helpers: bool = False) -> None:
        self._with_helpers = with_helpers

    def __enter__(self) -> Memory:
        Path("/proc/self/clear_refs").write_text("5")  # the highest so far is forgotten
        self.own = self.all = self.helpers = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()
        self.all = _status("self")["VmHWM"]

    def _watch(self) -> None:
        while not self._done.wait(0.1):
            self.own = max(self.own, _status("self")["RssAnon"])
            if self._with_helpers:  # costs a look at every process of the machine
                import psutil

                rows = [_status(str(child.pid)) for child in psutil.Process().children()]
                self.helpers = max(self.helpers, sum(row.get("RssAnon", 0) for row in rows))

    def row(self) -> dict[str, float]:
        helpers = {"helpers_mib": self.helpers} if self._with_helpers else {}
        return {"own_mib": self.own, "all_mib": self.all, **helpers}


def _status(pid: str) -> dict[str, float]:
    """Memory figures of a process in MiB, from Linux; none of one that has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    rows = (line.split() for line in lines if line.endswith(" kB"))
    return {name.rstrip(":"): int(number) / 1024 for name, number, _ in rows}


def clocked(run: Callable[[], int]) -> dict[str, float]:
    """Milliseconds an image, by the clock and of the processor; ``run`` returns its images."""
    started, computed = time.perf_counter(), time.process_time()
    images = run()
    seconds, processor = time.perf_counter() - started, time.process_time() - computed
    return {"clock_ms": 1e3 * seconds / images, "processor_ms": 1e3 * processor / images}


def draw(work: Path, count: int) -> dict[str, float]:
    """The kitchen's pictures into shards, in the memory that takes."""
    with Memory(with_helpers=True) as memory:
        row = clocked(lambda: len(write_shards(work / "drawn", kitchen_source(SEED, count, SIZE))))
    return {"clock_ms": row["clock_ms"], **memory.row()}


def write(work: Path, count: int) -> dict[str, float]:
    """Pictures that are drawn already into new shards; fetching those is not counted."""
    drawn, out = open_shards(work / "drawn"), work / f"set-{count}"
    targets, fetching = drawn.targets.tolist(), {"clock_ms": 0.0, "processor_ms": 0.0}

    def fetch(rows: list[int]) -> Tensor:
        images = []
        for key, value in clocked(lambda: images.append(drawn.images[rows]) or 1).items():
            fetching[key] += value
        return images[0]

    def read(start: int) -> Iterator:
        rows = (row % len(drawn) for row in range(start, count))
        for first in iter(lambda: list(islice(rows, BATCH)), []):
            for row, image in zip(first, fetch(first), strict=True):
                yield drawn.names[row], targets[row], image

    source = Source(source_key(count), drawn.class_names, SIZE, count, read)
    rounds = max(1, LEAST // count)
    # Every round has a folder of its own: memory and disk that were just let go of are cheaper.
    folders = [out, *(work / "more" / str(number) for number in range(1, rounds))]
    for folder in (out, work / "more"):
        shutil.rmtree(folder, ignore_errors=True)

    def run() -> int:
        for folder in folders:
            write_shards(folder, source)
        return count * rounds

    with Memory() as memory:
        row = clocked(run)
    row = {key: value - fetching[key] / (count * rounds) for key, value in row.items()}
    return {**row, **memory.row()}


def train(work: Path, count: int, images: int) -> dict[str, float]:
    """A small network, and everything else as in any run: order, crops, schedule.

    Small sets are passed several times; of a large one, a part from all over it may do.
    """
    folder, epochs = work / f"set-{count}", max(1, images // count)
    trainer_of(open_shards(folder).subset(range(BATCH)), 1).fit()  # no image pays for the imports
    order = torch.randperm(count, generator=torch.Generator().manual_seed(0))

    def check() -> int:
        whole.images[torch.arange(0, count, 500)]  # some of every shard
        return count

    def run() -> int:
        part = whole if images >= count else whole.subset(order[:images])
        trainer_of(part, epochs).fit()
        return epochs * (len(part) // BATCH) * BATCH

    with Memory() as memory:
        whole = open_shards(folder)
        checked, row = clocked(check), clocked(run)
    more = {"check_ms": checked["processor_ms"], "images": float(images)}
    return {**row, **more, **memory.row()}


def trainer_of(pictures: PictureSet, epochs: int) -> Trainer:
    """A network that hardly computes, from scratch."""
    torch.manual_seed(0)
    body = [nn.Conv2d(3, 16, 8, 8), nn.ReLU(), nn.Conv2d(16, 32, 3, 2), nn.ReLU()]
    model = nn.Sequential(*body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 2))
    recipe = Recipe("scratch", epochs=epochs, batch_size=BATCH, augmentation=Augmentation())
    hardware = Hardware(torch.device("cpu"), bf16=False)
    return Trainer(model, pictures, None, recipe, Preprocessing(SIZE, SIZE), hardware)


def one(work: Path, part: str, count: int, repeat: int) -> dict[str, dict[str, float]]:
    """What one process measures; the first repetition trains on all pictures, others on some."""
    if part == "draw":
        return {"draw": draw(work, count)}
    images = max(count, LEAST) if repeat == 0 else LEAST
    return {"write": write(work, count), "train": train(work, count, images)}


def measure(work: Path, part: str, count: int, repeat: int) -> dict[str, dict[str, float]]:
    """One measurement in a process of its own, or what it gave before this was stopped."""
    kept = work / f"{part}-{count}-{repeat}.json"
    if not kept.exists():
        command = [sys.executable, __file__, "--part", part, "--sizes", str(count)]
        command += ["--repeats", str(repeat), "--work", str(work)]
        answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        kept.write_text(answer.stdout.splitlines()[-1])
    print(part, count, repeat, kept.read_text(), flush=True)
    return json.loads(kept.read_text())


def summary(runs: dict[int, list[dict[str, float]]]) -> list[dict[str, float]]:
    """A row a size: medians over the repetitions, highest memory, and the median of the ratios to
    the first size in the same repetition."""
    table, first = [], next(iter(runs.values()))
    for count, rows in runs.items():
        row: dict[str, float] = {"pictures": count, "repeats": len(rows)}
        row |= {key: statistics.median(run[key] for run in rows) for key in TIMES}
        row |= {key: max(run[key] for run in rows) for key in PEAKS}
        row |= {"check_ms": rows[0]["check_ms"]} if "check_ms" in rows[0] else {}
        for key in TIMES:
            ratios = [run[key] / base[key] for run, base in zip(rows, first, strict=True)]
            row[f"{key.removesuffix('_ms')}_ratio"] = statistics.median(ratios)
            row[f"{key.removesuffix('_ms')}_ratios"] = sorted(ratios)
        table.append(row)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--distinct", type=int, default=10_000, help="pictures that are drawn")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--work", type=Path, default=None, help="scratch, 4 GB")
    parser.add_argument("--part", help="internal: one measurement")
    options = parser.parse_args()
    work = options.work or cache_dir() / "streaming"
    if options.part:
        torch.set_num_threads(1)
        print(json.dumps(one(work, options.part, options.sizes[0], options.repeats)))
        return
    work.mkdir(parents=True, exist_ok=True)
    drawn = measure(work, "draw", options.distinct, 0)["draw"]
    runs = {part: {count: [] for count in options.sizes} for part in ("write", "train")}
    for repeat in range(options.repeats):
        for count in options.sizes:
            measured = measure(work, "use", count, repeat)
            for part, rows in runs.items():
                rows[count].append(measured[part])
    record(options, drawn, {part: summary(rows) for part, rows in runs.items()})


def record(
    options: argparse.Namespace, drawn: dict[str, float], parts: dict[str, list[dict[str, float]]]
) -> None:
    last = {part: rows[-1] for part, rows in parts.items()}
    most = max(row["all_mib"] for rows in (*parts.values(), [drawn]) for row in rows)
    result = {
        "title": "Sets larger than memory",
        "says": f"From {options.sizes[0]:,} to {options.sizes[-1]:,} pictures of {SIZE} px in "
        f"shards, the processor time of a picture becomes {last['write']['processor_ratio']:.2f} "
        f"times as long in writing and {last['train']['processor_ratio']:.2f} times in training; "
        f"no process ever had more than {most:,.0f} MiB.",
        "edition": "pocket",
        "picture_px": SIZE,
        "distinct": options.distinct,
        "batch_size": BATCH,
        "draw": [{"pictures": options.distinct, **drawn}],
        **parts,
        "hardware": pick_hardware("cpu", "fp32").summary(),
        "environment": environment(),
        "command": "python benchmarks/streaming.py",
        "date": time.strftime("%Y-%m-%d"),
    }
    target = Path(__file__).parent.parent / "book/results/streaming.json"
    write_json(target, result)
    print(target)


if __name__ == "__main__":
    main()
