"""How deep to unfreeze, and whether BatchNorm's statistics may follow: the long form of chapter 5.

    python benchmarks/freezing.py

Pocket edition, a hundred training pictures of its own for each seed, 2,000 test pictures. A head is
trained on stored features; then everything from a stage on is trained for 8 or for 30 epochs, with
the statistics of thawed BatchNorm layers following the pictures or standing still. No run chooses
an epoch: the last one counts. Writes ``book/results/freezing_<model>.json``.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from hotdog_lib.data.augment import Augmentation, augment
from hotdog_lib.data.loader import Loader
from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.lab import kitchen_pictures
from hotdog_lib.models import create_model, freeze, freeze_to, get_weights, stages
from hotdog_lib.models.weights import SourceWeights
from hotdog_lib.training.engine import evaluate, train_epoch
from hotdog_lib.training.hardware import Hardware, pick_hardware
from hotdog_lib.training.losses import cross_entropy
from hotdog_lib.training.metrics import mean_interval
from hotdog_lib.training.optim import lr_factor, make_optimizer, parameter_groups
from hotdog_lib.training.recipe import Recipe
from hotdog_lib.training.record import environment, write_json
from hotdog_lib.training.trainer import Trainer

RESULTS = Path(__file__).resolve().parent.parent / "book" / "results"
TEST_SEED, TRAIN_SEED = 300, 1000
TEST_PICTURES, PICTURES, EPOCHS = 2000, 100, (8, 30)


def with_head(source: SourceWeights, pictures: PictureSet, hardware: Hardware) -> nn.Module:
    """The source's network with a head trained on stored features."""
    net = create_model(source.model, weights=source, num_classes=2)
    Trainer(net, pictures, None, Recipe("head"), source.preprocessing, hardware).fit()
    return net


def train(
    net: nn.Module,
    pictures: PictureSet,
    source: SourceWeights,
    hardware: Hardware,
    seed: int,
    epochs: int,
) -> None:
    """Train all that is not frozen, on crops and mirror images, as chapter 5 does."""

    def forward(images: Tensor) -> Tensor:
        with hardware.autocast():
            return net(images).float()

    def crops() -> Iterator[tuple[Tensor, Tensor]]:
        for images, wanted in batches:
            views = augment(images, source.preprocessing.crop_size, Augmentation(), chance)
            yield hardware.arrange(source.preprocessing.normalise(views)), wanted

    chance = torch.Generator().manual_seed(seed)
    options = {"device": hardware.device, "shuffle": True, "drop_last": True, "seed": seed}
    batches = Loader(pictures, 32, **options)
    optimizer = make_optimizer(parameter_groups(net, lr=3e-4))
    rates = (lr_factor(step, epochs * len(batches)) for step in itertools.count())
    net.train()
    for epoch in range(epochs):
        batches.set_epoch(epoch)
        train_epoch(crops(), forward, optimizer, cross_entropy, rates)


def run_seed(
    source: SourceWeights, test: PictureSet, hardware: Hardware, seed: int
) -> list[dict[str, Any]]:
    """Every depth, budget and policy on one hundred pictures."""
    pictures = kitchen_pictures(TRAIN_SEED + seed, PICTURES, test.size)
    start = with_head(source, pictures, hardware)
    names = list(stages(start))
    depths = {"last stage": names[-2], "last two": names[-3], "everything": names[0]}
    rows = [{"trained": "head", "epochs": 0, "statistics": "stand still", "net": start}]
    for (depth, first), epochs, still in itertools.product(depths.items(), EPOCHS, (False, True)):
        net = freeze_to(copy.deepcopy(start), first)
        if still:
            norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
            freeze(net, norms, norm="affine")
        train(net, pictures, source, hardware, seed, epochs)
        statistics = "stand still" if still else "follow"
        rows.append({"trained": depth, "epochs": epochs, "statistics": statistics, "net": net})
    for row in rows:
        measured = evaluate(row.pop("net"), test, source.preprocessing, hardware)
        row |= {"accuracy": measured["accuracy"], "loss": measured["loss"]}
        logging.info("seed %d %s", seed, row)
    return rows


def table(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row a way to train; a list of one number a seed in a cell."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for run in runs:
        facts = {key: run[key] for key in ("trained", "epochs", "statistics")}
        row = rows.setdefault(tuple(facts.values()), {**facts, "accuracy": [], "loss": []})
        for key in ("accuracy", "loss"):
            row[key].append(run[key])
    return list(rows.values())


def finding(rows: list[dict[str, Any]]) -> str:
    """What holding the statistics is worth when everything is trained, in one sentence."""
    by_way = {(r["trained"], r["epochs"], r["statistics"]): r["accuracy"] for r in rows}
    parts = []
    for epochs in EPOCHS:
        still, follow = (by_way["everything", epochs, s] for s in ("stand still", "follow"))
        gain, half = mean_interval([100 * (a - b) for a, b in zip(still, follow, strict=True)])
        parts.append(f"{gain:+.1f} ± {half:.1f} points after {epochs} epochs")
    return (
        "With a hundred pictures and everything thawed, holding BatchNorm's statistics still "
        f"changes the accuracy by {' and by '.join(parts)}."
    )


def main() -> None:
    """Run all seeds and write the results file."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--model", default="resnet18_slim")
    arguments.add_argument("--seeds", type=int, default=5)
    given = arguments.parse_args()
    hardware, source = pick_hardware(), get_weights(given.model, "embedded")
    assert source is not None
    test = kitchen_pictures(TEST_SEED, TEST_PICTURES, source.preprocessing.resize_size)
    runs = [r for seed in range(given.seeds) for r in run_seed(source, test, hardware, seed)]
    rows = table(runs)
    record = {
        "title": f"How deep to unfreeze, with BatchNorm drifting or still: {given.model}",
        "says": finding(rows),
        "edition": "pocket",
        "command": f"python benchmarks/freezing.py --model {given.model}",
        "hardware": hardware.summary(),
        "date": environment()["date"],
        "model": given.model,
        "source": source.digest[:16],
        "test_pictures": TEST_PICTURES,
        "training_pictures": PICTURES,
        "runs": rows,
        "environment": environment(),
    }
    write_json(RESULTS / f"freezing_{given.model}.json", record)
    logging.info(record["says"])


if __name__ == "__main__":
    main()
