"""Scratch, a head alone and fine-tuning on the same hundreds of pictures, as fairly as we can.

    python benchmarks/fair_comparison.py --model resnet18_slim

Pocket edition, on a CPU. Every seed has a hundred training pictures of its own, the same for all
strategies; all share 2,000 test pictures. Both are those of ``small_data.py``. No run chooses an
epoch: the last one counts. Fine-tuning begins with the head alone; then the head learns as fast as
the body, and BatchNorm keeps the source's statistics.

- *Rates.* Each strategy chooses among four, for each budget, on pictures that no other run sees.
- *Equal epochs.* Each picture is passed ``--epochs`` times; a quarter of fine-tuning's passes teach
  its head alone.
- *Equal time.* Scratch is the dearest at equal epochs. The others get as many epochs as fit into
  its seconds. Seconds are a processor's, on one thread, from the new network to its last step: the
  source's features and fine-tuning's head phase are in them, the training of the source is not.
  The lengths follow from costs that are measured first, each the least of several.

Writes ``book/results/fair_comparison_<model>.json`` after every row; what is there already is not
run again.
"""

from __future__ import annotations

import argparse
import json
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from small_data import RESULTS, TEST_PICTURES, TEST_SEED, TRAIN_SEED, TUNE_SEED, kept, recipe_for
from small_data import about as about_small_data

from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.errors import HotdogError
from hotdog_lib.lab import kitchen_pictures
from hotdog_lib.models.weights import SourceWeights, get_weights
from hotdog_lib.training.compare import train_and_test
from hotdog_lib.training.hardware import Hardware, pick_hardware
from hotdog_lib.training.metrics import mean_interval
from hotdog_lib.training.recipe import Recipe
from hotdog_lib.training.record import environment, write_json

PICTURES = 100
STRATEGIES = ("scratch", "head", "finetune")  # the dearest first: its seconds are the others'
BUDGETS = ("equal epochs", "equal time")
IN_WORDS = {"equal epochs": "at equal epochs", "equal time": "in equal time"}
#: What each strategy may choose from: of every layer, of the head, of the body.
RATES = {
    "scratch": (3e-4, 1e-3, 3e-3, 1e-2),
    "head": (3e-3, 1e-2, 3e-2, 1e-1),
    "finetune": (1e-5, 3e-5, 1e-4, 3e-4),
}
TUNING_SETS, HELD_OUT = 3, 600
COIN = 0.5  # accuracy of a run whose loss became no number: the rate broke it
HEAD_EPOCHS = 60  # of a fine-tuned run in equal time: its head phase costs nearly nothing
#: Two lengths of run from which the cost of an epoch follows, and how often each is measured.
SHORT_AND_LONG, REPEATS = {"scratch": (2, 8), "head": (60, 1060), "finetune": (2, 8)}, 5

Row = dict[str, Any]
Costs = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Bench:
    """What all runs of one network share.

    Attributes:
        epochs: passes of every strategy at equal epochs. seeds: runs of each row.
    """

    model: str
    source: SourceWeights
    test: PictureSet
    hardware: Hardware
    epochs: int
    seeds: int

    def pictures(self, seed: int, count: int = PICTURES, start: int = 0) -> PictureSet:
        """Of the kitchen, as large as this network likes them."""
        return kitchen_pictures(seed, count, self.test.size, start=start)

    def run(self, train: PictureSet, held: PictureSet, recipe: Recipe) -> Row:
        """Record of one run."""
        outcome = train_and_test(self.model, self.source, train, held, recipe, self.hardware)
        return outcome.record()


def lengths(budget: str, strategy: str, epochs: int, costs: Costs) -> tuple[int, int]:
    """Epochs of the head alone, and of everything."""
    if budget == "equal time" and strategy != "scratch":
        seconds = costs["scratch"]["start"] + epochs * costs["scratch"]["epoch"]
        cost = costs[strategy]
        epochs = int((seconds - cost["start"]) // cost["epoch"])
        return (epochs, 0) if strategy == "head" else (HEAD_EPOCHS, epochs)
    alone = {"scratch": 0, "head": epochs, "finetune": epochs // 4}[strategy]
    return alone, epochs - alone


def recipe_of(strategy: str, alone: int, everything: int, rate: float, seed: int = 0) -> Recipe:
    """small_data's recipe, with these lengths and this rate."""
    recipe = recipe_for(strategy, PICTURES, seed, rate)
    if strategy == "head":
        return replace(recipe, epochs=alone, head_lr=rate)
    return replace(recipe, head_epochs=alone or HEAD_EPOCHS, epochs=everything, lr=rate)


def measure_costs(bench: Bench) -> Costs:
    """Processor seconds of each strategy: all that comes before its epochs, and one of these.

    The strategies take turns, so that a busy minute of the machine troubles all of them.
    """
    train, least = bench.pictures(TUNE_SEED), {}
    for _ in range(REPEATS):
        for strategy, ends in SHORT_AND_LONG.items():
            for epochs in ends:
                alone = epochs if strategy == "head" else HEAD_EPOCHS
                recipe = recipe_of(strategy, alone, epochs, RATES[strategy][0])
                seconds = bench.run(train, train.subset(range(10)), recipe)["processor_seconds"]
                least[strategy, epochs] = min(seconds, least.get((strategy, epochs), seconds))
    return {
        strategy: cost_of(short, least[strategy, short], long, least[strategy, long])
        for strategy, (short, long) in SHORT_AND_LONG.items()
    }


def cost_of(short: int, its_seconds: float, long: int, long_seconds: float) -> dict[str, float]:
    """A straight line through two runs: where it starts, and what an epoch adds.

    Nothing starts before 0, as two runs of a busy machine may have it.
    """
    epoch = (long_seconds - its_seconds) / (long - short)
    return {"start": max(0.0, its_seconds - short * epoch), "epoch": epoch}


def try_rate(bench: Bench, strategy: str, length: tuple[int, int], rate: float) -> Row:
    """A row of the tuning table: accuracy on held-out pictures, one for each tuning set."""
    held = bench.pictures(TUNE_SEED, HELD_OUT, start=10_000)
    accuracies = []
    for number in range(TUNING_SETS):
        train = bench.pictures(TUNE_SEED, start=number * PICTURES)
        recipe = recipe_of(strategy, *length, rate, seed=number)
        try:
            accuracies.append(bench.run(train, held, recipe)["accuracy"])
        except HotdogError as error:
            if "the loss became" not in str(error):
                raise
            accuracies.append(COIN)
    return {"rate": rate, "accuracy": accuracies}


def best_rate(tuning: list[Row]) -> float:
    """The rate with the best mean on the held-out pictures."""
    return max(tuning, key=lambda row: sum(row["accuracy"]))["rate"]


def measure(bench: Bench, strategy: str, length: tuple[int, int], rate: float) -> Row:
    """A row of the result; lists hold one number a seed."""
    records = []
    for seed in range(bench.seeds):
        recipe = recipe_of(strategy, *length, rate, seed)
        records.append(bench.run(bench.pictures(TRAIN_SEED + seed), bench.test, recipe))
    lists = {key: [record[key] for record in records] for key in ("accuracy", "f1")}
    seconds = [record["processor_seconds"] for record in records]
    named = {"epochs of the head": length[0], "epochs of everything": length[1]}
    return {**named, "rate": rate, **lists, "seconds": seconds}


def differences(rows: list[Row]) -> list[Row]:
    """Points between two strategies on the same seeds, for each budget that is complete."""
    found = {(row["budget"], row["strategy"]): row["accuracy"] for row in rows}
    pairs = (("finetune", "scratch"), ("head", "scratch"), ("finetune", "head"))
    return [
        {"budget": budget, "of": ours, "over": theirs, "points": points(mine, others)}
        for budget in BUDGETS
        for ours, theirs in pairs
        if (mine := found.get((budget, ours))) and (others := found.get((budget, theirs)))
    ]


def points(mine: list[float], others: list[float]) -> list[float]:
    """By how many points each of ``mine`` is ahead."""
    return [100 * (a - b) for a, b in zip(mine, others, strict=True)]


def finding(record: Row) -> str:
    """What fine-tuning is ahead by, in one sentence, as far as it is known."""
    parts = []
    for row in record["differences"]:
        if (row["of"], row["over"]) == ("finetune", "scratch") and len(row["points"]) > 1:
            mean, half = mean_interval(row["points"])
            parts.append(f"{mean:.1f} ± {half:.1f} points ahead {IN_WORDS[row['budget']]}")
    if not parts:
        return ""
    return (
        f"{record['model']} with {PICTURES} training pictures, every rate tuned: fine-tuning is "
        f"{' and '.join(parts)} of training from scratch."
    )


def about(bench: Bench) -> Row:
    """What every version of the results file says of itself."""
    return about_small_data(bench.model, bench.source, bench.test, bench.hardware) | {
        "title": f"Fine-tuned, a head alone, from scratch, fairly: {bench.model}",
        "command": f"python benchmarks/fair_comparison.py --model {bench.model}",
        "training_pictures": PICTURES,
        "tuning_pictures": HELD_OUT,
        "epochs": bench.epochs,
        "seeds": bench.seeds,
    }


def resumed(path: Path, record: Row) -> Row:
    """``record`` with the rows of an older file that still hold."""
    old = json.loads(path.read_text()) if path.exists() else {}
    same = all(old.get(key) == record[key] for key in ("kitchen", "epochs", "seeds"))
    tables = {name: old[name] if same else [] for name in ("tuning", "accuracy")}
    if same:
        tables = {name: kept({**old, "accuracy": rows}, record) for name, rows in tables.items()}
    return {**record, "costs": old["costs"] if same else {}, **tables}


def fill(bench: Bench, record: Row, path: Path) -> None:
    """Measure what ``record`` lacks, and write it after each row."""
    record["costs"] = record["costs"] or measure_costs(bench)
    for budget in BUDGETS:
        for strategy in STRATEGIES:
            facts = {"budget": budget, "strategy": strategy}
            if not rows_of(record["accuracy"], facts):
                row = facts | new_row(bench, record, path, facts)
                record["accuracy"].append(row)
                save(record, path)
                logging.info("%s: %s", bench.model, row)


def new_row(bench: Bench, record: Row, path: Path, facts: dict[str, str]) -> Row:
    """Tune, then measure; from scratch the two budgets are one."""
    if facts == {"budget": "equal time", "strategy": "scratch"}:
        return rows_of(record["accuracy"], facts | {"budget": "equal epochs"})[0] | facts
    length = lengths(**facts, epochs=bench.epochs, costs=record["costs"])
    for rate in RATES[facts["strategy"]]:
        if not rows_of(record["tuning"], facts | {"rate": rate}):
            row = facts | try_rate(bench, facts["strategy"], length, rate)
            record["tuning"].append(row)
            save(record, path)
            logging.info("%s: %s", bench.model, row)
    best = best_rate(rows_of(record["tuning"], facts))
    return measure(bench, facts["strategy"], length, best)


def rows_of(rows: list[Row], facts: Row) -> list[Row]:
    """Those that have all these facts."""
    return [row for row in rows if facts.items() <= row.items()]


def save(record: Row, path: Path) -> None:
    """Write what there is, with the differences and the finding that follow from it."""
    record["differences"] = differences(record["accuracy"])
    record["says"] = finding(record)
    write_json(path, {**record, "environment": environment()})


def main() -> None:
    """Run what the results file does not hold yet."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--model", default="resnet18_slim")
    arguments.add_argument("--epochs", type=int, default=40)
    arguments.add_argument("--seeds", type=int, default=5)
    arguments.add_argument("--out", type=Path)
    given = arguments.parse_args()
    torch.set_num_threads(1)
    hardware, source = pick_hardware("cpu"), get_weights(given.model, "embedded")
    assert source is not None
    test = kitchen_pictures(TEST_SEED, TEST_PICTURES, source.preprocessing.resize_size)
    bench = Bench(given.model, source, test, hardware, given.epochs, given.seeds)
    path = given.out or RESULTS / f"fair_comparison_{given.model}.json"
    record = resumed(path, about(bench))
    fill(bench, record, path)
    logging.info(record["says"])


if __name__ == "__main__":
    main()
