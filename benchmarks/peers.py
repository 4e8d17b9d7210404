"""The library against three usual training loops on the same photographs, in one run.

    python -m pip install -r benchmarks/requirements-peers.txt
    HOTDOG_HOME=... python benchmarks/peers.py

SqueezeNet 1.1 from ImageNet on photographs of ``HOTDOG_HOME/hotdog/train``; without them, and
without its weights, there is nothing to compare. Every contender (``peers_loops.py``) runs in a
process of its own, on two threads, in turn, ``--rounds`` times; each round has photographs of its
own. Imports are timed apart. From then on everything counts: decoding, caching, looking at the
validation pictures.

*The race.* The plain loop's accuracy after its last epoch is the mark of its round. What counts of
the others is the time until they first reach it, at the end of an epoch or of the head's phase.

*Seconds.* Those of a processor, on all threads and workers, since the machine may be shared; those
on the clock stand beside them. Ratios are taken in each round and their median is told.

Writes ``book/results/peers_photographs.json`` after every run; what is there is not run again.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import torch
from peers_loops import BATCH, CONTENDERS, EPOCHS, IMPORTS, SIDE

from hotdog_lib.data.folders import scan_folder
from hotdog_lib.home import home
from hotdog_lib.models import get_weights
from hotdog_lib.training.hardware import pick_hardware
from hotdog_lib.training.record import environment, write_json

RESULTS = Path(__file__).resolve().parent.parent / "book" / "results"
#: File name under which torchvision looks for its weights before it would download them.
HUB_FILE = "hub/checkpoints/squeezenet1_1-b8a52dc0.pth"
THREADS = 2
Row = dict[str, Any]


def photographs(folder: Path, seed: int, train: int, held: int) -> None:
    """Links to photographs drawn at random, as many of each class, in ``train`` and ``val``."""
    source = scan_folder(home() / "hotdog", "train")
    generator = torch.Generator().manual_seed(seed)
    for target, name in enumerate(source.class_names):
        paths = [p for p, t in zip(source.paths, source.targets, strict=True) if t == target]
        order = torch.randperm(len(paths), generator=generator).tolist()
        for split, rows in (("train", order[: train // 2]), ("val", order[-(held // 2) :])):
            place = folder / split / name
            place.mkdir(parents=True)
            for row in rows:
                shutil.copy(paths[row], place)


def torch_home(folder: Path) -> None:
    """The ImageNet weights where torchvision, and so every contender, finds them."""
    source = get_weights("squeezenet1_1", "imagenet")
    assert source is not None
    path = folder / HUB_FILE
    path.parent.mkdir(parents=True)
    torch.save(source.state_dict(), path)


def processor_seconds() -> float:
    """Of this process and of those that it has started, ended or not."""
    own = sum(os.times()[:4])
    living = psutil.Process().children(recursive=True)
    return own + sum(sum(child.cpu_times()[:2]) for child in living)


def run_here(name: str, folder: Path, seed: int) -> Row:
    """One contender in this very process: its marks, and what its imports and memory cost."""
    began = processor_seconds()
    for module in IMPORTS["ours" if name.startswith("ours") else name.removesuffix(", frozen")]:
        importlib.import_module(module)
    started, computed, marks = time.perf_counter(), processor_seconds(), []

    def mark(part: str, epoch: int, accuracy: float, train_seconds: float) -> None:
        spent = {"seconds": time.perf_counter() - started, "cpu": processor_seconds() - computed}
        told = {"part": part, "epoch": epoch, "accuracy": accuracy, "pass": train_seconds}
        marks.append(told | spent)

    CONTENDERS[name](folder, seed, mark)
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    kilobytes = sum(resource.getrusage(kind).ru_maxrss for kind in kinds)
    return {
        "import_seconds": computed - began,
        "memory_mb": kilobytes / 1000,
        "marks": marks,
    }


def run(name: str, folder: Path, seed: int, scratch: Path) -> Row:
    """One contender in a process of its own."""
    cache = scratch / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    command = [
        sys.executable,
        __file__,
        "--one",
        name,
        "--folder",
        str(folder),
        "--seed",
        str(seed),
    ]
    given = {"OMP_NUM_THREADS": str(THREADS), "TORCH_HOME": str(scratch / "torch")}
    given |= {"HOTDOG_CACHE": str(cache), "GOMP_SPINCOUNT": "0"}
    done = subprocess.run(command, env={**os.environ, **given}, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-3000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    last = found["marks"][-1]
    logging.info("%s seed %d: %.3f, %.1f s", name, seed, last["accuracy"], last["cpu"])
    return {"contender": name, "seed": seed, **found}


def measured_before(path: Path, about: Row) -> list[Row]:
    """Runs of a measurement that was stopped, if it was the same one."""
    old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return old["runs"][0] if old.get("about") == about else []


def order(seed: int) -> list[str]:
    """The contenders in turn, another one first in each round."""
    names = list(CONTENDERS)
    cut = seed % len(names)
    return names[cut:] + names[:cut]


def main() -> None:
    """Run what is missing, writing the file after each run."""
    from peers_record import record_of  # what the runs amount to

    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--train", type=int, default=120)
    arguments.add_argument("--held", type=int, default=100)
    arguments.add_argument("--out", type=Path, default=RESULTS / "peers_photographs.json")
    arguments.add_argument("--one", choices=list(CONTENDERS), help=argparse.SUPPRESS)
    arguments.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.one:
        print(json.dumps(run_here(given.one, given.folder, given.seed)))
        return
    about = {"train": given.train, "held": given.held, "epochs": EPOCHS, "batch": BATCH}
    about |= {"side": SIDE, "threads": THREADS, "hardware": pick_hardware().describe()["name"]}
    runs = measured_before(given.out, about)
    with tempfile.TemporaryDirectory() as place:
        scratch = Path(place)
        torch_home(scratch / "torch")
        for seed in range(given.rounds):
            folder = scratch / f"photographs-{seed}"
            photographs(folder, seed, given.train, given.held)
            for name in order(seed):
                if not any(r["contender"] == name and r["seed"] == seed for r in runs):
                    runs.append(run(name, folder, seed, scratch))
                    write_json(given.out, record_of(runs, about) | {"environment": environment()})


if __name__ == "__main__":
    main()
