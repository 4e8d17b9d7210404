"""Few numbers that learn against all of them: the same pictures, the same passes, one table.

    python benchmarks/fewer_parameters.py --model resnet18_slim

Pocket edition. Two questions: is it a hot dog, which the source has learned to say; and is the bun
of this hot dog toasted, which it never had to know. For each, every seed has 100 training pictures
of its own; all share 1,000 test pictures. Every strategy but the head alone makes the same passes
over them, after the same head was trained on stored features, and has the best of a grid of rates
on other pictures again; the head alone keeps the book's. No run chooses an epoch: the last one
counts. Memory is counted, not measured, so that it is the same everywhere. Writes
``book/results/fewer_parameters_<model>.json``; what is there already is not run again.
"""

from __future__ import annotations

import argparse
import json
import logging
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import torch

from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.lab import kitchen_pictures
from hotdog_lib.models import create_model, freeze_to, get_weights, trainable_summary
from hotdog_lib.models.adapters import KINDS, insert, wake
from hotdog_lib.models.freezing import NORM_LAYERS
from hotdog_lib.models.weights import SourceWeights
from hotdog_lib.training.compare import train_and_test
from hotdog_lib.training.hardware import Hardware, pick_hardware
from hotdog_lib.training.memory import step_memory
from hotdog_lib.training.metrics import mean_interval
from hotdog_lib.training.recipe import Recipe
from hotdog_lib.training.record import environment, write_json

RESULTS = Path(__file__).resolve().parent.parent / "book" / "results"
TEST_SEED, TUNE_SEED, TRAIN_SEED = 500, 400, 2000
PICTURES, TEST_PICTURES, BATCH = 100, 1000, 16
#: Rates of the head alone are those of the book; the others are tuned.
RATES = {
    "finetune": (3e-5, 1e-4, 3e-4, 1e-3, 3e-3),
    **dict.fromkeys(KINDS, (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2)),
}
#: BatchNorm keeps the source's statistics in all of them, as it does under a frozen body anyway.
BASE = Recipe(epochs=12, select="last", batch_size=BATCH, rank=8, hold_statistics=True)


def toasted_or_not(seed: int, count: int, size: int, *, start: int = 0) -> PictureSet:
    """``count`` of the kitchen's hot dogs, half of them in toasted buns."""
    drawn = kitchen_pictures(seed, 4 * count, size, start=start, positive_share=1.0)
    toasted = torch.tensor([factors["bun"] == "toasted" for factors in drawn.factors or ()])
    rows = torch.cat([side.nonzero().flatten()[: count // 2] for side in (toasted, ~toasted)])
    assert len(rows) == count, f"only {int(toasted.sum())} of {len(drawn)} buns are toasted"
    chosen = drawn.subset(rows)
    return replace(chosen, targets=(~toasted[rows]).long(), class_names=("toasted", "not-toasted"))


#: What is asked: its name, and what draws pictures for it.
QUESTIONS = {"hot dog or not": cache(kitchen_pictures), "toasted or not": cache(toasted_or_not)}


def strategies(model: str) -> list[str]:
    """From the fewest numbers that learn to all of them; norm only where there are norm layers."""
    has_norm = any(isinstance(m, NORM_LAYERS) for m in create_model(model).modules())
    names = ["head", "bias", "norm", "adapter", "lora", "finetune"]
    return [name for name in names if name != "norm" or has_norm]


def tune(
    question: str, strategy: str, model: str, source: SourceWeights, hardware: Hardware
) -> float:
    """The rate with the best accuracy on pictures that no other run sees."""
    size, pictures = source.preprocessing.resize_size, QUESTIONS[question]
    train = pictures(TUNE_SEED, PICTURES, size)
    held = pictures(TUNE_SEED, 500, size, start=10_000)
    scores = {}
    for rate in RATES[strategy]:
        recipe = replace(BASE, strategy=strategy, lr=rate)
        outcome = train_and_test(model, source, train, held, recipe, hardware)
        scores[rate] = outcome.test["accuracy"]
        logging.info("%s at %g: %.3f", strategy, rate, scores[rate])
    return max(scores, key=scores.__getitem__)


def costs(strategy: str, model: str, source: SourceWeights, hardware: Hardware) -> dict[str, Any]:
    """Numbers that learn, and the memory of a step of ``BATCH`` pictures, in megabytes."""
    net = create_model(model, weights=source, num_classes=2)
    if strategy in KINDS:
        insert(net, strategy, BASE.rank)
    freeze_to(net, "stem" if strategy == "finetune" else "head")
    if strategy in KINDS:
        wake(net, strategy)
    images = kitchen_pictures(TUNE_SEED, BATCH, source.preprocessing.resize_size)
    inputs = hardware.arrange(source.preprocessing(images.images))
    memory = step_memory(hardware.place(net).train(), inputs, images.targets, hardware)
    parts = {f"{key}_mb": value / 1e6 for key, value in vars(memory).items()}
    learning = trainable_summary(net)[-1]
    return {"learns": learning.trainable, "memory_mb": memory.total / 1e6, **parts}


def row(
    question: str, strategy: str, model: str, source: SourceWeights, seeds: int, where: Hardware
) -> dict[str, Any]:
    """One strategy with every seed; a list of one number a seed in a cell."""
    rate = tune(question, strategy, model, source, where) if strategy in RATES else None
    pictures = QUESTIONS[question]
    test = pictures(TEST_SEED, TEST_PICTURES, source.preprocessing.resize_size)
    measured: dict[str, list[float]] = {"f1": [], "accuracy": [], "processor_seconds": []}
    for seed in range(seeds):
        train = pictures(TRAIN_SEED + seed, PICTURES, test.size)
        epochs = None if strategy == "head" else BASE.epochs
        recipe = replace(BASE, strategy=strategy, epochs=epochs, lr=rate, seed=seed)
        found = train_and_test(model, source, train, test, recipe, where).record()
        for key, values in measured.items():
            values.append(found[key])
        logging.info("%s, %s, seed %d: %.3f", question, strategy, seed, found["accuracy"])
    named = {"question": question, "strategy": strategy, "lr": found["lr"]}
    return {**named, **costs(strategy, model, source, where), **measured}


def finding(model: str, rows: list[dict[str, Any]]) -> str:
    """The result in one sentence."""
    told = []
    for question in QUESTIONS:
        means = {
            r["strategy"]: mean_interval(r["accuracy"]) for r in rows if r["question"] == question
        }
        shown = ", ".join(f"{kind} {mean:.3f} ± {half:.3f}" for kind, (mean, half) in means.items())
        told.append(f"{question}: {shown}")
    return f"{model} with {PICTURES} training pictures, accuracy. {'; '.join(told)}."


def measured_before(path: Path, record: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of a run that was stopped, if it was on the same weights."""
    old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return old["strategies"] if old.get("source") == record["source"] else []


def main() -> None:
    """Run every strategy, writing the file after each."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--model", default="resnet18_slim")
    arguments.add_argument("--seeds", type=int, default=5)
    given = arguments.parse_args()
    hardware, source = pick_hardware(), get_weights(given.model, "embedded")
    assert source is not None
    record: dict[str, Any] = {
        "title": f"Few numbers that learn: {given.model}",
        "says": "",
        "edition": "pocket",
        "command": f"python benchmarks/fewer_parameters.py --model {given.model}",
        "hardware": hardware.summary(),
        "date": environment()["date"],
        "model": given.model,
        "source": source.digest[:16],
        "test_pictures": TEST_PICTURES,
    }
    path = RESULTS / f"fewer_parameters_{given.model}.json"
    rows = measured_before(path, record)
    wanted = [
        (question, strategy) for question in QUESTIONS for strategy in strategies(given.model)
    ]
    done = {(r["question"], r["strategy"]) for r in rows}
    for question, strategy in [pair for pair in wanted if pair not in done]:
        rows.append(row(question, strategy, given.model, source, given.seeds, hardware))
        rows.sort(key=lambda r: wanted.index((r["question"], r["strategy"])))
        if len(rows) == len(wanted):
            record["says"] = finding(given.model, rows)
        write_json(path, {**record, "strategies": rows, "environment": environment()})
    logging.info(record["says"])


if __name__ == "__main__":
    main()
