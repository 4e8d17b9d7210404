"""Where a processor's time goes: the loop against its ceiling, loading, memory, imports, compiling.

    python benchmarks/speed.py

The kitchen's pictures and the embedded networks; photographs and ImageNet's weights as well where
``HOTDOG_HOME`` has them. Each pair of figures is measured in
turns, ``--rounds`` times; the record has one number a round. Seconds are a processor's, on one
thread, so that a busy machine changes them little. Parts that need a process of their own (imports,
memory, compiling) get one. Writes ``book/results/speed_processor.json`` after every part; a part
that is there is not measured again.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn

from hotdog_lib.data.augment import augment, mixup
from hotdog_lib.data.cache import load_pictures
from hotdog_lib.data.folders import scan_folder
from hotdog_lib.data.loader import Loader
from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.home import home
from hotdog_lib.lab import kitchen_pictures
from hotdog_lib.models import create_model, get_weights
from hotdog_lib.models.weights import imagenet_path
from hotdog_lib.training.engine import train_epoch
from hotdog_lib.training.hardware import Hardware, keep_freed_memory, pick_hardware
from hotdog_lib.training.losses import soft_targets
from hotdog_lib.training.optim import make_optimizer, parameter_groups
from hotdog_lib.training.record import environment, write_json
from hotdog_lib.training.trainer import Recipe, Trainer

RESULTS = Path(__file__).resolve().parent.parent / "book" / "results"
MODELS = ("resnet18_slim", "squeezenet1_1")
BATCH, SET = 32, 96
#: What is imported, each in a process of its own.
IMPORTS = ("torch", "torchvision", "accelerate", "hotdog_lib", "hotdog_lib.lab", "hotdog_lib.cli")
#: Times that a part with a process of its own is measured.
PROCESSES = 3
Row = dict[str, Any]


def in_turns(parts: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Processor seconds of each part in each round, after one round that is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in parts}
    for turn in range(rounds + 1):
        for name, part in parts.items():
            began = time.process_time()
            part()
            if turn:
                taken[name].append(time.process_time() - began)
    return taken


def photographs(side: int) -> PictureSet:
    """As many as are used, from the whole of ``HOTDOG_HOME/hotdog/train``."""
    everything = load_pictures(scan_folder(home() / "hotdog", "train"), side)
    return everything.subset(torch.linspace(0, len(everything) - 1, SET).long())


def trainer_of(model: str, weights: str, hardware: Hardware) -> Trainer:
    """The library's own, about to train everything."""
    source = get_weights(model, weights)
    assert source is not None
    view = source.preprocessing
    net = create_model(model, weights=source, num_classes=2)
    if weights == "imagenet":
        pictures = photographs(view.resize_size)
    else:
        pictures = kitchen_pictures(0, SET, view.resize_size)
    return Trainer(net, pictures, None, Recipe(batch_size=BATCH), view, hardware)


def steady(model: str, weights: str, rounds: int) -> Row:
    """An epoch's pictures a second: the library's loop, the network on random numbers, the loader
    without a network."""
    hardware = pick_hardware()
    trainer = trainer_of(model, weights, hardware)
    net = trainer.model.train()
    optimizer = make_optimizer(parameter_groups(net, 1e-5))
    side, generator = trainer.train_size, torch.Generator().manual_seed(0)
    noise = hardware.arrange(torch.randn(BATCH, 3, side, side))
    targets = torch.zeros(BATCH, dtype=torch.int64)
    loader = Loader(trainer.train, BATCH, device=hardware.device, shuffle=True, drop_last=True)

    def forward(images: Tensor) -> Tensor:
        with hardware.autocast():
            return net(images)

    def epoch(batches: Any) -> None:
        train_epoch(batches, forward, optimizer, trainer.objective, iter([1.0] * SET))

    def views() -> Any:
        policy = trainer.recipe.augmentation
        for images, labels in loader:
            seen = augment(images, side, policy, generator)
            seen, mixed = mixup(seen, soft_targets(labels, 2), policy.mixup, generator)
            yield hardware.arrange(trainer.preprocessing.normalise(seen)), mixed

    parts = {
        "loop": lambda: epoch(views()),
        "ceiling": lambda: epoch([(noise, targets)] * len(loader)),
        "loader": lambda: list(views()),
    }
    taken = in_turns(parts, rounds)
    rates = {name: [len(loader) * BATCH / s for s in seconds] for name, seconds in taken.items()}
    pairs = zip(taken["ceiling"], taken["loop"], strict=True)
    about = {"network": model, "weights": weights, "side": side}
    return {**about, **rates, "share_of_ceiling": [top / whole for top, whole in pairs]}


def networks() -> list[tuple[str, str]]:
    """Names and weights; those from ImageNet, on photographs, where both are at hand."""
    pocket = [(model, "embedded") for model in MODELS]
    full = [(m, "imagenet") for m in MODELS if imagenet_path(m).exists()]
    return pocket + full if (home() / "hotdog").is_dir() else pocket


def fresh(*arguments: str) -> Row:
    """A part of this file in a process of its own; what it prints."""
    alone = os.environ | {"TORCHINDUCTOR_COMPILE_THREADS": "1"}
    command = [sys.executable, __file__, "--part", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=alone)
    return json.loads(done.stdout.splitlines()[-1])


def memory(kept: str) -> Row:
    """Processor seconds of a step, in the program and in the system, memory being kept or not."""
    if kept == "kept":
        keep_freed_memory()
    hardware = Hardware(torch.device("cpu"), bf16=False)
    net = hardware.place(create_model("squeezenet1_1", num_classes=2))
    images = hardware.arrange(torch.randn(BATCH, 3, 224, 224))

    def step() -> None:
        net.zero_grad()
        net(images).sum().backward()

    step()
    began = os.times()
    for _ in range(3):
        step()
    ended = os.times()
    spent = {"program": ended.user - began.user, "system": ended.system - began.system}
    return {key: 1000 * seconds / (3 * BATCH) for key, seconds in spent.items()}


def imported(name: str) -> Row:
    """Processor seconds until a module is there, from the start of Python."""
    command = [sys.executable, "-c", f"import {name}, time; print(time.process_time())"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {"seconds": float(done.stdout)}


def compiled(model: str) -> Row:
    """Seconds until a compiled network has made its first step, and a step's rate both ways."""
    hardware = pick_hardware()
    net = hardware.place(create_model(model, num_classes=2).train())
    side = 224 if model == "squeezenet1_1" else 72
    images = hardware.arrange(torch.randn(BATCH, 3, side, side))
    quick = torch.compile(net)

    def step(network: nn.Module) -> None:
        with hardware.autocast():
            loss = network(images).float().sum()
        loss.backward()
        net.zero_grad()

    began = sum(os.times()[:4])  # the compilers that it calls are counted, too
    step(quick)
    spent = sum(os.times()[:4]) - began
    taken = in_turns({"before": lambda: step(net), "after": lambda: step(quick)}, rounds=7)
    rates = {name: BATCH / median(seconds) for name, seconds in taken.items()}
    return {"network": model, "side": side, "compile_seconds": spent, **rates}


def parts(rounds: int) -> dict[str, Callable[[], list[Row]]]:
    """The record's tables, by name."""

    def repeated(arguments: tuple[str, ...], function: Callable[..., Row]) -> Row:
        found = [function(*arguments) for _ in range(min(rounds, PROCESSES))]
        return {key: [row[key] for row in found] for key in found[0]}

    return {
        "steady": lambda: [steady(*pair, rounds) for pair in networks()],
        "memory": lambda: [
            {"memory": how, **repeated(("memory", how), fresh)} for how in ("handed back", "kept")
        ],
        "imports": lambda: [{"module": name, **repeated((name,), imported)} for name in IMPORTS],
        "compile": lambda: [fresh("compile", MODELS[0])],
    }


def finding(record: Row) -> str:
    """What the parts say, in one sentence."""
    told = [
        f"{row['network']} at {row['side']} pixels: the loop trains at "
        f"{median(row['share_of_ceiling']):.0%} of the network's own speed"
        for row in record["steady"]
    ]
    if "memory" in record:
        back, kept = (median(row["program"]) + median(row["system"]) for row in record["memory"])
        told.append(f"memory that is kept saves {1 - kept / back:.0%} of a step")
    if "imports" in record:
        seconds = {row["module"]: median(row["seconds"]) for row in record["imports"]}
        told.append(f"hotdog_lib is imported in {seconds['hotdog_lib']:.2f} s")
    told += [
        f"compiled in {row['compile_seconds']:.0f} s, {row['network']} is "
        f"{row['after'] / row['before']:.2f} times as fast"
        for row in record.get("compile", [])
    ]
    return "; ".join(told) + "."


def main() -> None:
    """Measure what is missing, writing the file after each part."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    torch.set_num_threads(1)
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--out", type=Path, default=RESULTS / "speed_processor.json")
    arguments.add_argument("--part", nargs=2, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.part:
        print(json.dumps({"memory": memory, "compile": compiled}[given.part[0]](given.part[1])))
        return
    old = json.loads(given.out.read_text(encoding="utf-8")) if given.out.exists() else {}
    hardware = pick_hardware().summary()
    record = {
        "title": "Speed of a processor",
        "says": "",
        "edition": "pocket; rows with weights from ImageNet: full",
        "command": "python benchmarks/speed.py",
        "hardware": f"{hardware}, shared with other work",
        "date": environment()["date"],
    }
    for name, measure in parts(given.rounds).items():
        record[name] = old.get(name) or measure()
        record["says"] = finding(record)
        write_json(given.out, record | {"environment": environment()})
        logging.info("%s: %s", name, record[name])


if __name__ == "__main__":
    main()
