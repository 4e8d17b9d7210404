"""Few hot dogs: what a weight, a sampler, another loss and another threshold do about it.

    python benchmarks/imbalance.py
    HOTDOG_EDITION=full python benchmarks/imbalance.py

One picture in nine is a hot dog, in training, validation and test. Heads on stored features, each
setting at five rates of SGD; the rate is the one with the best average precision on the validation
pictures, and so is the threshold the one with their best F1. Five seeds: the kitchen draws other
training and validation pictures for each, of the photographs each has other hot dogs. Writes
``book/results/imbalance_<pictures>.json``; what is there already is not run again. ``--epochs 4``
adds two settings that fine-tune the whole network.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from rate_ratio import record_path
from torch import Tensor, nn

from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.lab import Lab, open_lab
from hotdog_lib.models import create_model
from hotdog_lib.rare import rare_parts
from hotdog_lib.training.calibration import calibration_error, scale_odds
from hotdog_lib.training.compare import train_and_test
from hotdog_lib.training.engine import extract_features, predict_logits
from hotdog_lib.training.losses import cross_entropy, focal_loss, normalise_weights
from hotdog_lib.training.metrics import classification_metrics, mean_interval
from hotdog_lib.training.recipe import Recipe
from hotdog_lib.training.record import environment, write_json
from hotdog_lib.training.thresholds import average_precision, best_f1_threshold

#: How much a positive counts over a negative, by setting; focal loss has no such number.
ODDS = {
    "plain": 1.0,
    "weight 5, normalised": 5.0,
    "weight 5, not normalised": 5.0,
    "weight 5, as in 2017": 6.0,
    "weight 5, torch's mean": 5.0,
    "balanced sampler": 8.0,
    "sampler and weight 5": 40.0,
    "focal loss": 1.0,
}
RATES = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
EPOCHS, BATCH, MOMENTUM = 30, 32, 0.9
TUNED = ("fine-tuned, plain", "fine-tuned, balanced weights")

Split = tuple[Tensor, Tensor]  # features (N, F), targets (N,)


def features_of(lab: Lab, repetitions: list[dict[str, PictureSet]]) -> list[dict[str, Split]]:
    """What a head sees of every part; a picture that is in several is looked at once."""
    source, known = lab.source(), {}
    body = lab.hardware.place(create_model(lab.model, weights=source))
    for pictures in (part for parts in repetitions for part in parts.values()):
        new = [i for i, name in enumerate(pictures.names) if name not in known]
        if new:
            some = pictures.subset(new)
            seen = extract_features(body, some, source.preprocessing, lab.hardware)[0].cpu()
            known |= zip(some.names, seen, strict=True)
    return [
        {
            name: (torch.stack([known[one] for one in part.names]), part.targets)
            for name, part in parts.items()
        }
        for parts in repetitions
    ]


def objective(setting: str, counts: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    """The loss of a setting; class 0 is the hot dog."""
    five = torch.tensor([5.0, 1.0])
    weights = {
        "weight 5, normalised": normalise_weights(five, counts),
        "weight 5, not normalised": five,
        "weight 5, as in 2017": torch.tensor([6 / 5, 1 / 5]),
        "sampler and weight 5": normalise_weights(five, torch.ones(2)),
    }
    if setting == "focal loss":
        return focal_loss
    if setting == "weight 5, torch's mean":
        return partial(nn.functional.cross_entropy, weight=five)
    return partial(cross_entropy, weights=weights.get(setting))


def train_heads(train: Split, setting: str, seed: int) -> tuple[Tensor, Tensor]:
    """Linear heads after ``EPOCHS`` passes of SGD, one for each of R rates, trained side by side.

    Returns weights (R, F, 2) and biases (R, 2).
    """
    features, targets = train
    torch.manual_seed(seed)
    head, counts = nn.Linear(features.shape[1], 2), targets.bincount()
    rates, loss_of = torch.tensor(RATES), objective(setting, counts)
    start = (head.weight.detach().T, head.bias.detach())
    heads = [part.expand(len(rates), *part.shape).clone().requires_grad_() for part in start]
    speeds = [torch.zeros_like(part) for part in heads]
    for _ in range(EPOCHS):
        order = torch.randperm(len(targets))
        if "sampler" in setting:
            order = torch.multinomial((1 / counts)[targets], len(targets), replacement=True)
        for rows in order.split(BATCH):
            logits = torch.einsum("bf,rfc->brc", features[rows], heads[0]) + heads[1]
            wanted = targets[rows].repeat_interleave(len(rates))
            loss = len(rates) * loss_of(logits.flatten(0, 1), wanted)  # the sum over the rates
            for part, speed, slope in zip(
                heads, speeds, torch.autograd.grad(loss, heads), strict=True
            ):
                speed.mul_(MOMENTUM).add_(slope)
                part.data -= rates.view(-1, *[1] * (part.ndim - 1)) * speed
    return heads[0].detach(), heads[1].detach()


def f1_at(probabilities: Tensor, targets: Tensor, threshold: float) -> dict[str, Any]:
    """Metrics of the hot dog where it is called from ``threshold`` on."""
    names = ("hotdog", "not-hotdog")
    return classification_metrics((probabilities < threshold).long(), targets, names, "hotdog")


def batch_f1(probabilities: Tensor, targets: Tensor) -> float:
    """The mean of the batches' F1, a batch without hits counting 0, over twenty orders."""
    called, true = probabilities >= 0.5, targets == 0
    batch = torch.arange(len(targets)) // BATCH
    found = []
    for seed in range(20):
        order = torch.randperm(len(targets), generator=torch.Generator().manual_seed(seed))
        hits, calls, trues = (
            torch.bincount(batch, x[order].double()) for x in (called & true, called, true)
        )
        found.append(float((2 * hits / (calls + trues).clamp(min=1)).mean()))
    return sum(found) / len(found)


def judged(probabilities: dict[str, Tensor], parts: dict[str, Tensor], odds: float) -> dict:
    """What the table has of one run: chosen on validation, measured on the test pictures."""
    said, targets = probabilities["test"], parts["test"]
    threshold = best_f1_threshold(probabilities["validation"], parts["validation"] == 0)
    at_half = f1_at(said, targets, 0.5)
    return {
        "f1": at_half["f1"],
        "precision": at_half["precision"],
        "recall": at_half["recall"],
        "f1_chosen": f1_at(said, targets, threshold)["f1"],
        "f1_peeked": f1_at(said, targets, best_f1_threshold(said, targets == 0))["f1"],
        "f1_of_batches": batch_f1(said, targets),
        "average_precision": average_precision(said, targets == 0),
        "mean_probability": float(said.mean()),
        "calibration_error": calibration_error(said, targets == 0),
        "calibration_error_shifted": calibration_error(scale_odds(said, 1 / odds), targets == 0),
        "validation_average_precision": average_precision(
            probabilities["validation"], parts["validation"] == 0
        ),
    }


def head_runs(splits: dict[str, Split], setting: str, seed: int) -> dict[float, dict]:
    """A setting with one seed, at every rate."""
    targets = {name: part[1] for name, part in splits.items()}
    runs = {}
    for lr, weight, bias in zip(RATES, *train_heads(splits["train"], setting, seed), strict=True):
        said = {name: (x @ weight + bias).softmax(1)[:, 0] for name, (x, _) in splits.items()}
        runs[lr] = judged(said, targets, ODDS[setting])
    return runs


def tuned_run(lab: Lab, parts: dict[str, PictureSet], setting: str, seed: int, epochs: int) -> dict:
    """The whole network fine-tuned; the epoch is the one with the best F1 on validation."""
    weights = "none" if setting == TUNED[0] else "balanced"
    recipe = Recipe(epochs=epochs, seed=seed, mirror=False, select="f1", class_weights=weights)
    outcome = train_and_test(
        lab.model,
        lab.source(),
        parts["train"],
        parts["test"],
        recipe,
        lab.hardware,
        validation=parts["validation"],
    )
    view = lab.source().preprocessing
    said = {
        name: predict_logits(outcome.model, parts[name], view, lab.hardware).softmax(1)[:, 0]
        for name in ("validation", "test")
    }
    targets = {name: part.targets for name, part in parts.items()}
    return judged(said, targets, 1.0 if weights == "none" else 8.0)


def by_column(runs: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Runs as a row: a list of one number a seed in each cell."""
    return {key: [run[key] for run in runs] for key in runs[0]}


def finding(rows: list[dict[str, Any]]) -> str:
    """The result in one sentence."""
    told, by_name = [], {row["setting"]: row for row in rows}
    for name in ("plain", "weight 5, normalised", "balanced sampler"):
        row = by_name[name]
        at_half, chosen = mean_interval(row["f1"]), mean_interval(row["f1_chosen"])
        told.append(
            f"{name} {at_half[0]:.3f} ± {at_half[1]:.3f} at one half and "
            f"{chosen[0]:.3f} ± {chosen[1]:.3f} at the threshold chosen"
        )
    return f"F1 of a head, one hot dog in nine: {'; '.join(told)}."


def about(lab: Lab, parts: dict[str, PictureSet], epochs: int) -> dict[str, Any]:
    """What the record says of itself."""
    epochs_given = f" --epochs {epochs}"
    return {
        "title": f"Rare hot dogs: {lab.model}, {lab.edition} edition",
        "says": "",
        "edition": lab.edition,
        "command": f"HOTDOG_EDITION={lab.edition} python benchmarks/imbalance.py{epochs_given}",
        "hardware": lab.hardware.summary(),
        "date": environment()["date"],
        "model": lab.model,
        "source": lab.source().digest[:16],
        **{f"{name} pictures": len(part) for name, part in parts.items()},
        "hot dogs to test on": parts["test"].counts()["hotdog"],
        "epochs of fine-tuning": epochs,
    }


def head_rows(splits: list[dict[str, Split]], setting: str) -> tuple[dict, list[dict]]:
    """A row of the table, at the best rate of each seed, and one row for each rate."""
    each = [head_runs(part, setting, seed) for seed, part in enumerate(splits)]
    best = [max(r, key=lambda lr: r[lr]["validation_average_precision"]) for r in each]
    row = by_column([runs[lr] for lr, runs in zip(best, each, strict=True)])
    rates = ", ".join(f"{lr:g}" for lr in best)  # a text: their mean would say nothing
    by_rate = []
    for lr in RATES:
        cells = by_column([runs[lr] for runs in each])
        few = {key: cells[key] for key in ("f1", "recall", "average_precision")}
        by_rate.append({"setting": setting, "lr": f"{lr:g}", **few})
    return {"setting": setting, **row, "rates": rates}, by_rate


def main() -> None:
    """Measure what the record does not hold yet."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seeds", type=int, default=5)
    arguments.add_argument("--epochs", type=int, default=0, help="of fine-tuning; 0 leaves it out")
    given, lab = arguments.parse_args(), open_lab()
    path, pictures = record_path("imbalance", lab), [rare_parts(lab, s) for s in range(given.seeds)]
    record = about(lab, pictures[0], given.epochs)
    old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    same = old.get("source") == record["source"]
    rows, rates = (old["settings"], old["by_rate"]) if same else ([], [])
    done = {row["setting"] for row in rows}

    def keep(row: dict[str, Any]) -> None:
        rows.append(row)
        known = {"settings": rows, "by_rate": rates, "environment": environment()}
        write_json(
            path, {**record, "says": finding(rows) if len(rows) >= len(ODDS) else "", **known}
        )
        logging.info("%s: F1 %.3f ± %.3f", row["setting"], *mean_interval(row["f1"]))

    splits = [] if set(ODDS) <= done else features_of(lab, pictures)
    for setting in [name for name in ODDS if name not in done]:
        row, by_rate = head_rows(splits, setting)
        rates.extend(by_rate)
        keep(row)
    for setting in [name for name in TUNED if given.epochs and name not in done]:
        runs = [tuned_run(lab, p, setting, s, given.epochs) for s, p in enumerate(pictures)]
        keep({"setting": setting, **by_column(runs), "rates": f"{Recipe().learning_rate:g}"})


if __name__ == "__main__":
    main()
