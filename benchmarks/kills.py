"""Runs and pixel caches, killed at random moments and taken up again: is the end the same?

    python benchmarks/kills.py --runs 50 --caches 20 --out book/results/trust_kills.json

Every job runs in a process of its own, which gets SIGKILL after a random share of the time that an
undisturbed one takes. A killed training run is resumed until it ends, killed again on the way in
one case of three, and must end with the bytes of the undisturbed run's model. A killed cache is
read back, and must hold the pixels that decoding gives. Needs a system that can fork: Linux, macOS.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from hotdog_lib.cli import main as command_line
from hotdog_lib.data.cache import load_pictures
from hotdog_lib.data.decode import decode_image
from hotdog_lib.data.folders import scan_folder
from hotdog_lib.data.preprocess import to_canvas
from hotdog_lib.home import file_digest
from hotdog_lib.training.hardware import pick_hardware
from hotdog_lib.training.record import environment, write_json

SIDE = 224  # pixels of a cached picture: large enough for the writing to take a while


def main(arguments: list[str] | None = None) -> int:
    """Kill, resume, compare; the exit code is 1 if anything came out differently."""
    given = _options().parse_args(arguments)
    torch.set_num_threads(1)  # a process with threads cannot be forked
    os.environ["CI"] = "1"  # no progress bars
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        os.environ["HOTDOG_CACHE"] = str(place / "cache")
        drawing = ("render", "--out", place / "drawn", "--train", 24, "--test", 8, "--size", 64)
        in_child(lambda: command(*drawing))
        record = {
            "title": "Killed and resumed",
            "runs": kill_runs(place, given.runs, random.Random(given.seed)),
            "caches": kill_caches(place, given.caches, random.Random(given.seed + 1)),
            "full disk": full_disk(place),
            "hardware": pick_hardware("cpu", "fp32").summary(),
            "environment": environment(),
            "command": "python benchmarks/kills.py",
            "edition": "pocket",
        }
    wrong = sum(record[part]["different"] for part in ("runs", "caches", "full disk"))
    record["says"] = _says(record, wrong)
    print(json.dumps(record, indent=1))
    if given.out:
        write_json(given.out, record | {"date": record["environment"]["date"]})
    return int(wrong > 0)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--caches", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    return parser


def _says(record: dict[str, Any], wrong: int) -> str:
    runs, caches = record["runs"]["kills"], record["caches"]["kills"]
    return (
        f"{runs} kills of training runs and {caches} of caches at random moments, and a full disk: "
        f"{wrong} ended differently from what nothing had disturbed."
    )


def in_child(job: Callable[[], Any], kill_after: float | None = None) -> int | None:
    """Exit code of ``job`` in a forked process; None if it was killed before it ended."""
    child = os.fork()
    if child == 0:
        os._exit(_exit_code(job))
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)  # a child that has ended waits to be asked for its code
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return None if status == -signal.SIGKILL else status


def _exit_code(job: Callable[[], Any]) -> int:
    """Of a job that says nothing, unless it fails as it never should."""
    loud, silent = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    try:
        return int(job() or 0)
    except BaseException:
        os.write(loud, traceback.format_exc().encode())
        return 99


def command(*words: Any) -> int:
    """One command of the command line."""
    return command_line([str(word) for word in words])


def train(place: Path, out: Path) -> int:
    """One training run of the command line, taken up if there is something in ``out``."""
    fixed = ["train", "--data", place / "drawn", "--model", "resnet18_slim", "--out", out]
    fixed += ["--weights", "embedded", "--strategy", "gradual", "--epochs", 6, "--head-epochs", 3]
    fixed += ["--batch-size", 8, "--validation", 0.25, "--device", "cpu", "--precision", "fp32"]
    return command(*fixed, "--resume")


def kill_runs(place: Path, kills: int, chance: random.Random) -> dict[str, Any]:
    """Kill training runs until ``kills`` have hit; how many ended otherwise than undisturbed."""
    whole = [place / name for name in ("whole", "again")]
    train_in_child = [lambda out=out: train(place, out) for out in whole]
    in_child(train_in_child[0])  # fills the cache, so that the second tells the usual time
    started = time.perf_counter()
    in_child(train_in_child[1])
    seconds = time.perf_counter() - started
    wanted = result(whole[0])
    assert result(whole[1]) == wanted, "two undisturbed runs differ"
    hits, different, states, resumes = 0, 0, Counter(), 0
    while hits < kills:
        out = place / f"killed-{hits}"
        limit = seconds * chance.random()
        if in_child(lambda out=out: train(place, out), limit) is not None:
            shutil.rmtree(out)  # it was faster: that is no kill
            continue
        hits += 1
        states[state_of(out)] += 1
        for again in (chance.random() < 1 / 3, False):
            limit = seconds * chance.random() if again else None
            resumes += 1
            if in_child(lambda out=out: train(place, out), limit) == 0:
                break
        different += result(out) != wanted
        shutil.rmtree(out)
    return {
        "kills": hits,
        "different": different,
        "resumes": resumes,
        "undisturbed runs": len(whole),
        "seconds of an undisturbed run": seconds,
        **{f"killed {state}": count for state, count in sorted(states.items())},
    }


def result(out: Path) -> tuple[str, str]:
    """What must not depend on kills: the bytes of the model, and the history without its times."""
    rows = [json.loads(line) for line in (out / "history.jsonl").read_text().splitlines()]
    kept = [{k: v for k, v in r.items() if k not in ("seconds", "images_per_second")} for r in rows]
    left = {path.name for path in out.iterdir()} - {"history.jsonl"}
    return file_digest(out / "model.safetensors"), json.dumps([kept, sorted(left)])


def state_of(out: Path) -> str:
    """How far a killed run had come."""
    names = {path.name for path in out.iterdir()} if out.exists() else set()
    if "metrics.json" in names:
        return "after the last epoch"
    if any(name.endswith(".part") for name in names):
        return "while a file was written"
    if "checkpoint.safetensors" in names:
        return "between checkpoints"
    return "before the first checkpoint"


def kill_caches(place: Path, kills: int, chance: random.Random) -> dict[str, Any]:
    """Kill the making of a pixel cache; how many were wrong when they were read back."""
    folder = scan_folder(place / "drawn" / "train")
    wanted = torch.stack([to_canvas(decode_image(path), SIDE) for path in folder.paths])
    build = lambda cache: load_pictures(folder, SIDE, cache_dir=cache) and None  # noqa: E731
    started = time.perf_counter()
    in_child(lambda: build(place / "timed"))
    seconds = time.perf_counter() - started
    hits, different, halves = 0, 0, 0
    while hits < kills:
        cache = place / f"cache-{hits}"
        if in_child(lambda cache=cache: build(cache), seconds * chance.random()) is None:
            hits += 1
            halves += any(cache.glob("pixels/.*.part"))
            read = load_pictures(folder, SIDE, cache_dir=cache)
            different += not torch.equal(read.images, wanted)
        shutil.rmtree(cache, ignore_errors=True)
    return {"kills": hits, "different": different, "killed while the file was written": halves}


def full_disk(place: Path) -> dict[str, Any]:
    """Train on a disk that has no room for a second checkpoint, then give it room and resume."""
    disk, wanted = place / "disk", result(place / "whole")
    disk.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "size=28m", "tmpfs", str(disk)]
    if sys.platform != "linux" or subprocess.run(options, capture_output=True).returncode:
        return {"tried": False, "different": 0}  # only root may mount
    try:
        code = in_child(lambda: train(place, disk / "run"))
        kept = (disk / "run" / "checkpoint.safetensors").exists()
        subprocess.run(["mount", "-o", "remount,size=200m", str(disk)], check=True)
        resumed = in_child(lambda: train(place, disk / "run"))
        same = (code, kept, resumed) == (2, True, 0) and result(disk / "run") == wanted
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    return {"tried": True, "different": int(not same), "exit code when full": code}


if __name__ == "__main__":
    sys.exit(main())
