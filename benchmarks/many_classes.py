"""Twenty-four classes: a head alone, fine-tuning and training from scratch on the same pictures.

    python benchmarks/many_classes.py --model resnet18_slim

Pocket edition. The classes are kinds of the kitchen. Every seed has 15 training pictures of each
class; all share 1,200 test pictures. From scratch gets six times the epochs. Each strategy has
the best of some rates on other pictures again (from scratch at half the epochs). No run chooses
an epoch: the last one counts. Writes ``book/results/many_classes_<model>.json``; what is there
already is not run again.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hotdog_lib.data.augment import Augmentation
from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.many import NAMESAKES, kind_pictures
from hotdog_lib.models.weights import SourceWeights, get_weights
from hotdog_lib.training.compare import new_model
from hotdog_lib.training.engine import predict_logits
from hotdog_lib.training.hardware import Hardware, pick_hardware
from hotdog_lib.training.metrics import confusion_matrix, mean_interval, topk_accuracy
from hotdog_lib.training.recipe import Recipe
from hotdog_lib.training.record import environment, write_json
from hotdog_lib.training.trainer import Trainer

RESULTS = Path(__file__).resolve().parent.parent / "book" / "results"
TEST_SEED, TUNE_SEED, TRAIN_SEED = 520, 420, 2100
PER_CLASS, TEST_PER_CLASS, TUNE_PER_CLASS = 15, 50, 15
EPOCHS = {"head": 60, "finetune": 10, "scratch": 60}
TUNE_EPOCHS = EPOCHS | {"scratch": 30}
RATES = {
    "head": (3e-3, 1e-2, 3e-2),
    "finetune": (3e-5, 1e-4, 3e-4, 1e-3),
    "scratch": (1e-3, 3e-3, 1e-2),
}
AUGMENTATION = Augmentation(scale=(0.5, 1.0), brightness=0.2, contrast=0.2, saturation=0.2)
KS = ("top1", "top5")
BASE = Recipe(select="last", augmentation=AUGMENTATION, batch_size=32)


def recipe_for(strategy: str, rate: float, head_rate: float, seed: int) -> Recipe:
    """The recipe of one run; fine-tuning begins with the head at the head's own best rate."""
    lr, head_lr = (None, rate) if strategy == "head" else (rate, head_rate)
    return replace(
        BASE, strategy=strategy, epochs=EPOCHS[strategy], lr=lr, head_lr=head_lr, seed=seed
    )


def run(
    recipe: Recipe,
    model: str,
    source: SourceWeights,
    train: PictureSet,
    test: PictureSet,
    hardware: Hardware,
) -> tuple[Tensor, float]:
    """Logits (N, C) of the test pictures after one training, and its processor seconds."""
    net = new_model(model, source, recipe, train.class_names)
    started = time.process_time()
    Trainer(net, train, None, recipe, source.preprocessing, hardware).fit()
    seconds = time.process_time() - started
    return predict_logits(net, test, source.preprocessing, hardware, mirror=True), seconds


def tune(
    strategy: str, head_rate: float, model: str, source: SourceWeights, hardware: Hardware
) -> list[dict[str, Any]]:
    """A row for each rate, with the accuracy on pictures that no other run sees."""
    size = source.preprocessing.resize_size
    train = kind_pictures(TUNE_SEED, PER_CLASS, size)
    held = kind_pictures(TUNE_SEED + 1, TUNE_PER_CLASS, size)
    rows = []
    for rate in RATES[strategy]:
        recipe = recipe_for(strategy, rate, head_rate, seed=0)
        recipe = replace(recipe, epochs=TUNE_EPOCHS[strategy])
        logits, _ = run(recipe, model, source, train, held, hardware)
        accuracy = topk_accuracy(logits, held.targets, 1)
        rows.append({"strategy": strategy, "lr": rate, "tuning accuracy": accuracy})
        logging.info("%s at %g: %.3f", strategy, rate, accuracy)
    return rows


def best_rate(strategy: str, tuning: list[dict[str, Any]]) -> float:
    """The rate of a strategy that did best."""
    rows = [r for r in tuning if r["strategy"] == strategy]
    return max(rows, key=lambda r: r["tuning accuracy"])["lr"]


def row(
    strategy: str,
    tuning: list[dict[str, Any]],
    model: str,
    source: SourceWeights,
    test: PictureSet,
    seeds: int,
    hardware: Hardware,
) -> dict[str, Any]:
    """One strategy with every seed; a list of one number a seed in a cell."""
    rate, head_rate = best_rate(strategy, tuning), best_rate("head", tuning)
    found: dict[str, list[Any]] = {"top1": [], "top5": [], "processor_seconds": [], "confusion": []}
    for seed in range(seeds):
        train = kind_pictures(TRAIN_SEED + seed, PER_CLASS, test.size)
        recipe = recipe_for(strategy, rate, head_rate, seed)
        logits, seconds = run(recipe, model, source, train, test, hardware)
        table = confusion_matrix(logits.argmax(1), test.targets, test.num_classes)
        scores = (topk_accuracy(logits, test.targets, k) for k in (1, 5))
        for key, value in zip(found, (*scores, seconds, table.tolist()), strict=True):
            found[key].append(value)
        logging.info("%s seed %d: %.3f, top-5 %.3f", strategy, seed, *(found[k][-1] for k in KS))
    return {"strategy": strategy, "epochs": EPOCHS[strategy], "lr": rate} | found


def by_class(rows: list[dict[str, Any]], class_names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Accuracy of each class by strategy, one number a seed."""
    shares = {r["strategy"]: _shares(torch.tensor(r["confusion"])) for r in rows}  # (seeds, C)
    return [
        {"class": name, "in the source": name in NAMESAKES}
        | {strategy: share[:, c].tolist() for strategy, share in shares.items()}
        for c, name in enumerate(class_names)
    ]


def _shares(confusions: Tensor) -> Tensor:
    """Right share of each class, (seeds, C), of confusion matrices (seeds, C, C)."""
    return confusions.diagonal(dim1=1, dim2=2).double() / confusions.sum(2)


def finding(model: str, rows: list[dict[str, Any]]) -> str:
    """The result in one sentence."""
    told = []
    for r in rows:
        (mean, half), (five, spread) = (mean_interval(r[k]) for k in KS)
        told.append(f"{r['strategy']} {mean:.3f} ± {half:.3f} (top-5 {five:.3f} ± {spread:.3f})")
    return f"{model}, 24 classes, {PER_CLASS} training pictures of each: {', '.join(told)}."


def measured_before(path: Path, record: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The tables of a run that was stopped, if it was on the same weights."""
    old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    same = old.get("source") == record["source"]
    return {key: old.get(key, []) if same else [] for key in ("tuning", "strategies")}


def main() -> None:
    """Run every strategy, writing the file after each."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--model", default="resnet18_slim")
    arguments.add_argument("--seeds", type=int, default=5)
    given = arguments.parse_args()
    hardware, source = pick_hardware(), get_weights(given.model, "embedded")
    assert source is not None
    test = kind_pictures(TEST_SEED, TEST_PER_CLASS, source.preprocessing.resize_size)
    record = about(given.model, source, test, hardware)
    path = RESULTS / f"many_classes_{given.model}.json"
    tuning, rows = measured_before(path, record).values()
    for strategy in [s for s in EPOCHS if s not in {r["strategy"] for r in rows}]:
        if strategy not in {r["strategy"] for r in tuning}:
            head_rate = best_rate("head", tuning) if tuning else BASE.head_lr
            tuning += tune(strategy, head_rate, given.model, source, hardware)
        rows.append(row(strategy, tuning, given.model, source, test, given.seeds, hardware))
        if len(rows) == len(EPOCHS):
            record["says"] = finding(given.model, rows)
        tables = {"strategies": rows, "tuning": tuning, "classes": by_class(rows, test.class_names)}
        write_json(path, {**record, **tables, "environment": environment()})
    logging.info(record["says"])


def about(
    model: str, source: SourceWeights, test: PictureSet, hardware: Hardware
) -> dict[str, Any]:
    """What every version of the results file says of itself."""
    return {
        "title": f"Twenty-four classes: {model}",
        "says": "",
        "edition": "pocket",
        "command": f"python benchmarks/many_classes.py --model {model}",
        "hardware": hardware.summary(),
        "date": environment()["date"],
        "model": model,
        "source": source.digest[:16],
        "training pictures a class": PER_CLASS,
        "test_pictures": len(test),
    }


if __name__ == "__main__":
    main()
