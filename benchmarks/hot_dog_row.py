"""How long a new head is ahead that starts from the source's own hot dog row.

    python benchmarks/hot_dog_row.py

Heads on stored features, at a gentle and a fast rate of AdamW, from four starts: random rows; the
row beside random numbers, as in the book of 2017; the row beside its rivals, its threshold set on
the training pictures; the source's head kept whole, its scale and shift fitted to their labels.
Five hundreds of training pictures, four draws for each, averaged. Writes
``book/results/hot_dog_row_<pictures>.json``.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import torch
from rate_ratio import pictures_of, record_path, some_of
from torch import Tensor, nn

from hotdog_lib.lab import Lab, open_lab
from hotdog_lib.models import (
    create_model,
    get_classifier,
    head_logits,
    keep_head,
    reset_classifier,
    seed_head_from_rows,
)
from hotdog_lib.training.engine import extract_features
from hotdog_lib.training.metrics import mean_interval
from hotdog_lib.training.record import environment, write_json

STARTS = ("random rows", "row as in 2017", "hot dog row", "head kept")
CLASS_NAMES = ("hotdog", "not-hotdog")
RATES = {"gentle": 1e-3, "fast": 1e-2}
LOOKS = (0, 1, 5, 20, 80, 200)  # steps after which the test pictures are looked at
SEEDS, DRAWS, BATCH = 5, 4, 20


@dataclass(frozen=True)
class Features:
    """What a head sees: features ``(N, F)`` and targets ``(N,)`` of each hundred, and of a test."""

    train: list[Tensor]
    targets: list[Tensor]
    test: Tensor
    answers: Tensor

    @classmethod
    def of(cls, lab: Lab) -> Features:
        """Features by the lab's source network."""
        source = lab.source()
        body = lab.hardware.place(create_model(lab.model, weights=source))
        hundreds = [pictures_of(lab, seed) for seed in range(SEEDS)]
        test = some_of(lab.test, 400, 0)
        seen = [
            extract_features(body, pictures, source.preprocessing, lab.hardware)[0].cpu()
            for pictures in (*hundreds, test)
        ]
        return cls(seen[:-1], [pictures.targets for pictures in hundreds], seen[-1], test.targets)


def start_of(lab: Lab, features: Features, start: str, seed: int, draw: int) -> nn.Module:
    """A network whose head has not been trained yet."""
    source, generator = lab.source(), torch.Generator().manual_seed(10 * seed + draw)
    model = create_model(lab.model, weights=source)
    if start == "random rows":
        return reset_classifier(model, 2, init="default", generator=generator)
    if start == "hot dog row":
        return seed_head_from_rows(model, source, CLASS_NAMES, features=features.train[seed])
    if start == "head kept":
        known = {"features": features.train[seed], "targets": features.targets[seed]}
        return keep_head(model, source, CLASS_NAMES, **known)
    head, row = get_classifier(model), source.class_index("hotdog")
    weight, bias = head.weight.detach().flatten(1), head.bias.detach()
    noise = 0.02 * torch.randn(weight.shape[1] + 1, generator=generator)
    rows, biases = torch.stack([weight[row], noise[:-1]]), torch.stack([bias[row], noise[-1]])
    return reset_classifier(model, 2, rows=rows, bias=biases)


def walk(lab: Lab, features: Features, start: str, lr: float, seed: int, draw: int) -> list[float]:
    """Test accuracy after each number of steps in ``LOOKS``."""
    model = start_of(lab, features, start, seed, draw)
    optimizer = torch.optim.AdamW(get_classifier(model).parameters(), lr=lr)
    order, seen = torch.Generator().manual_seed(10 * seed + draw), []
    for step in range(LOOKS[-1] + 1):
        if step in LOOKS:
            with torch.no_grad():
                guessed = head_logits(model, features.test).argmax(1)
            seen.append(float((guessed == features.answers).float().mean()))
        rows = torch.randperm(len(features.train[seed]), generator=order)[:BATCH]
        logits = head_logits(model, features.train[seed][rows])
        loss = nn.functional.cross_entropy(logits, features.targets[seed][rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return seen


def row_of(lab: Lab, features: Features, start: str, rate: str) -> dict[str, Any]:
    """A row of the table: by number of steps, one accuracy a hundred of pictures."""
    walks = torch.tensor(
        [
            [walk(lab, features, start, RATES[rate], seed, draw) for draw in range(DRAWS)]
            for seed in range(SEEDS)
        ]
    ).mean(1)  # (SEEDS, LOOKS)
    columns = {f"step {step}": column.tolist() for step, column in zip(LOOKS, walks.T, strict=True)}
    logging.info("%s, %s: %.3f ± %.3f", start, rate, *mean_interval(columns["step 0"]))
    return {"start": start, "rate": rate, "lr": RATES[rate], **columns}


def finding(rows: list[dict[str, Any]]) -> str:
    """What the row is worth at once and in the end, in one sentence."""
    gentle = {row["start"]: row for row in rows if row["rate"] == "gentle"}
    told = []
    for step in ("step 0", "step 20", "step 200"):
        pairs = zip(gentle["hot dog row"][step], gentle["random rows"][step], strict=True)
        mean, half = mean_interval([kept - drawn for kept, drawn in pairs])
        told.append(f"{mean:+.3f} ± {half:.3f} at {step}")
    return f"The hot dog row over random rows, test accuracy at the gentle rate: {', '.join(told)}."


def main() -> None:
    """Measure and write the record."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    lab = open_lab()
    features = Features.of(lab)
    rows = [row_of(lab, features, start, rate) for rate in RATES for start in STARTS]
    record = {
        "title": f"The hot dog row reused: {lab.model}, {lab.edition} edition",
        "says": finding(rows),
        "edition": lab.edition,
        "command": f"HOTDOG_EDITION={lab.edition} python benchmarks/hot_dog_row.py",
        "hardware": lab.hardware.summary(),
        "date": environment()["date"],
        "source": lab.source().digest[:16],
        "test pictures": len(features.answers),
        "heads": rows,
        "environment": environment(),
    }
    write_json(record_path("hot_dog_row", lab), record)
    logging.info(record["says"])


if __name__ == "__main__":
    main()
