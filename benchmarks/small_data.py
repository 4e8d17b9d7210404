"""Fine-tuning against a head alone and training from scratch, by the number of training pictures.

    python benchmarks/small_data.py --model resnet18_slim

Pocket edition. Every seed has training pictures of its own; all share 2,000 test pictures. From
scratch gets four times the epochs. Fine-tuned are networks with a new head (``finetune``), and with
the source's own head kept (``kept``); alone, a new head is trained (``head``), and of the kept one
scale and biases are set (``fitted``). Each way has a rate of its own, the best of a grid on other
pictures again (``tune``, with 100 pictures; the other numbers use the same rate). No run chooses an
epoch: the last one counts. Writes ``book/results/small_data_<model>.json``; what is there already
is not run again, and training from scratch not even where the source is another.
"""

from __future__ import annotations

import argparse
import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from hotdog_lib.data.augment import Augmentation
from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.lab import kitchen_pictures
from hotdog_lib.models.weights import SourceWeights, get_weights
from hotdog_lib.training.compare import train_and_test
from hotdog_lib.training.hardware import Hardware, pick_hardware
from hotdog_lib.training.metrics import mean_interval
from hotdog_lib.training.recipe import Recipe
from hotdog_lib.training.record import environment, write_json
from hotdog_lib.training.zero_shot import zero_shot

RESULTS = Path(__file__).resolve().parent.parent / "book" / "results"
TEST_SEED, TUNE_SEED, TRAIN_SEED = 500, 400, 2000
TEST_PICTURES = 2000

#: Fine-tuning epochs by the number of training pictures: fewer passes over more pictures.
EPOCHS = {50: 40, 100: 40, 200: 30, 500: 20, 1000: 12, 2000: 8}
SCRATCH_TIMES = 4  # the epochs of a scratch run over those of a fine-tuned one
RATES = {
    "scratch": (2.5e-4, 5e-4, 1e-3, 2e-3, 4e-3),
    "finetune": (3e-5, 1e-4, 3e-4),
    "kept": (1e-6, 3e-6, 1e-5, 3e-5),
}
TUNING_SETS = {"scratch": 2, "finetune": 4, "kept": 4}  # rates differ by less where less is learned
AUGMENTATION = Augmentation(scale=(0.5, 1.0), brightness=0.2, contrast=0.2, saturation=0.2)
BASE = Recipe(select="last", augmentation=AUGMENTATION, batch_size=16)


def recipe_for(strategy: str, pictures: int, seed: int, lr: float | None) -> Recipe:
    """The recipe of one run; a head alone has no use for a rate of the body."""
    epochs = EPOCHS[pictures]
    if strategy in ("head", "fitted"):
        head = "kept" if strategy == "fitted" else "new"
        return replace(BASE, strategy="head", head=head, seed=seed)  # type: ignore[arg-type]
    epochs *= SCRATCH_TIMES if strategy == "scratch" else 1
    recipe = replace(BASE, epochs=epochs, lr=lr, seed=seed)
    if strategy == "scratch":
        return replace(recipe, strategy="scratch")
    head = "kept" if strategy == "kept" else "new"  # both know something before the body moves
    return replace(recipe, head=head, head_ratio=1.0, hold_statistics=True)


def tune(
    strategy: str,
    model: str,
    source: SourceWeights,
    size: int,
    hardware: Hardware,
    known: dict[str, float],
) -> dict[str, float]:
    """Mean accuracy by rate with 100 pictures, on pictures that no other run sees."""
    held = kitchen_pictures(TUNE_SEED, 600, size, start=10_000)
    scores = dict(known)
    for rate in [rate for rate in RATES[strategy] if str(rate) not in known]:
        found = []
        for part in range(TUNING_SETS[strategy]):
            train = kitchen_pictures(TUNE_SEED, 100, size, start=100 * part)
            recipe = recipe_for(strategy, 100, part, rate)
            outcome = train_and_test(model, source, train, held, recipe, hardware)
            found.append(outcome.test["accuracy"])
        scores[str(rate)] = sum(found) / len(found)
        logging.info("%s at %g: %.3f", strategy, rate, scores[str(rate)])
    return scores


def best(scores: dict[str, float]) -> float:
    """The rate with the highest score."""
    return float(max(scores, key=scores.__getitem__))


def run(
    strategy: str,
    model: str,
    source: SourceWeights,
    pictures: int,
    seeds: int,
    test: PictureSet,
    hardware: Hardware,
    lr: float | None,
) -> dict[str, Any]:
    """One row: a strategy at one number of training pictures; lists hold one number a seed."""
    records = []
    for seed in range(seeds):
        train = kitchen_pictures(TRAIN_SEED + seed, pictures, test.size)
        recipe = recipe_for(strategy, pictures, seed, lr)
        records.append(train_and_test(model, source, train, test, recipe, hardware).record())
        logging.info("%s, %d pictures, %s: %s", model, pictures, strategy, records[-1])
    facts = {key: records[0][key] for key in ("epochs", "lr")}
    lists = {key: [row[key] for row in records] for key in ("accuracy", "f1", "seconds")}
    named = {"pictures": pictures, "strategy": strategy}
    return {**named, **facts, **lists, "hardware": hardware.summary()}


def finding(record: dict[str, Any]) -> str:
    """The result at 100 pictures in one sentence, once it is there."""
    means: dict[str, str] = {}
    for row in record["accuracy"]:
        if row["pictures"] == 100:
            mean, half = mean_interval(row["accuracy"])
            means[row["strategy"]] = f"{mean:.3f} ± {half:.3f}"
    if len(means) < 5:
        return ""
    zero = record["zero_shot"]
    return (
        f"{record['model']} with 100 training pictures: fine-tuned with the source's own head kept "
        f"{means['kept']}, that head only fitted {means['fitted']}; with a new head "
        f"{means['finetune']}, a new head alone {means['head']}, "
        f"from scratch with four times the epochs {means['scratch']}; the source's own hot dog "
        f"class, nothing trained: {zero['first guess']:.3f} by its first guess, "
        f"{zero['tuned threshold']:.3f} with a threshold."
    )


def about(
    model: str, source: SourceWeights, test: PictureSet, hardware: Hardware
) -> dict[str, Any]:
    """What every version of the results file says of itself."""
    return {
        "title": f"Accuracy by the number of training pictures: {model}",
        "says": "",
        "edition": "pocket",
        "command": f"python benchmarks/small_data.py --model {model}",
        "hardware": hardware.summary(),
        "date": environment()["date"],
        "model": model,
        "source": source.digest[:16],
        "kitchen": mean_colour(test),
        "test_pictures": TEST_PICTURES,
    }


def mean_colour(pictures: PictureSet) -> str:
    """Tells one kitchen from another, and is the same on processors that differ in the last bit."""
    red, green, blue = pictures.images[:100].double().mean((0, 2, 3)).tolist()
    return f"{red:.1f} {green:.1f} {blue:.1f}"


def untrained(source: SourceWeights, test: PictureSet, hardware: Hardware) -> dict[str, Any]:
    """The zero-shot row; its threshold is chosen on 100 other pictures."""
    choose_on = kitchen_pictures(TUNE_SEED, 100, test.size)
    found = zero_shot(source, "hotdog", choose_on, test, hardware)
    assert found is not None
    return {
        "first guess": found["top1"]["accuracy"],
        "tuned threshold": found["tuned"]["accuracy"],
        "threshold": found["threshold"],
    }


def kept(old: dict[str, Any], record: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of an older file that still hold: training from scratch does not know the source."""
    if old.get("kitchen") != record["kitchen"]:
        return []
    same = old["source"] == record["source"]
    return [row for row in old["accuracy"] if same or row["strategy"] == "scratch"]


def kept_rates(strategy: str, old: dict[str, Any], record: dict[str, Any]) -> dict[str, float]:
    """The rates of an older file, if they were tuned on these pictures from this source."""
    same = old.get("kitchen") == record["kitchen"]
    known = strategy == "scratch" or old.get("source") == record["source"]
    return old.get(f"{strategy}_rates", {}) if same and known else {}


def main() -> None:
    """Run what the results file does not hold yet."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--model", default="resnet18_slim")
    arguments.add_argument("--sizes", type=int, nargs="+", default=[100, 2000, 50, 500])
    arguments.add_argument(
        "--strategies", nargs="+", default=["kept", "fitted", "finetune", "head", "scratch"]
    )
    arguments.add_argument("--seeds", type=int, default=5)
    arguments.add_argument("--out", type=Path)
    given = arguments.parse_args()
    path = given.out or RESULTS / f"small_data_{given.model}.json"
    hardware, source = pick_hardware(), get_weights(given.model, "embedded")
    assert source is not None
    test = kitchen_pictures(TEST_SEED, TEST_PICTURES, source.preprocessing.resize_size)
    record = about(given.model, source, test, hardware)
    old = json.loads(path.read_text()) if path.exists() else {}
    record["accuracy"] = kept(old, record)
    for strategy in RATES:
        known = kept_rates(strategy, old, record)
        if strategy in given.strategies:
            view = source.preprocessing.resize_size
            known = tune(strategy, given.model, source, view, hardware, known)
        if known:
            record[f"{strategy}_rates"] = known
    record["zero_shot"] = untrained(source, test, hardware)
    done = {(row["pictures"], row["strategy"]) for row in record["accuracy"]}
    todo = [(n, strategy) for n in given.sizes for strategy in given.strategies]
    for pictures, strategy in [pair for pair in todo if pair not in done]:
        lr = best(record[f"{strategy}_rates"]) if strategy in RATES else None
        row = run(strategy, given.model, source, pictures, given.seeds, test, hardware, lr)
        record["accuracy"] = sorted(
            [*record["accuracy"], row], key=lambda row: (row["pictures"], row["strategy"])
        )
        record["says"] = finding(record)
        write_json(path, {**record, "environment": environment()})
    logging.info(record["says"])


if __name__ == "__main__":
    main()
