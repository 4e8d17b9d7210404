"""The same comparison over several seeds, with intervals: one run proves nothing (trap 24)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.errors import HotdogError
from hotdog_lib.models.adapters import KINDS, insert
from hotdog_lib.models.create import create_model
from hotdog_lib.models.source_heads import keep_head
from hotdog_lib.models.weights import SourceWeights
from hotdog_lib.training.engine import evaluate
from hotdog_lib.training.hardware import Hardware
from hotdog_lib.training.metrics import mean_interval
from hotdog_lib.training.recipe import Recipe
from hotdog_lib.training.state import seeded
from hotdog_lib.training.trainer import Trainer


@dataclass(frozen=True)
class Outcome:
    """One run of a comparison: the network, its metrics on the test pictures, the time it took.

    ``seconds`` passed on the clock; ``processor_seconds`` are those that its threads computed on a
    CPU, which stay nearly the same on a busy machine.
    """

    model: nn.Module
    trainer: Trainer
    test: dict[str, Any]
    seconds: float
    processor_seconds: float

    def record(self) -> dict[str, Any]:
        """What a results file keeps."""
        recipe = self.trainer.recipe
        return {
            "strategy": recipe.strategy,
            "seed": recipe.seed,
            "epochs": 0 if self.trainer.phases[-1].fitted else recipe.num_epochs,
            "lr": self.trainer.phases[-1].lr,  # a head alone has a rate of its own
            "accuracy": self.test["accuracy"],
            "f1": self.test["f1"],
            "loss": self.test["loss"],
            "seconds": self.seconds,
            "processor_seconds": self.processor_seconds,
        }


def new_model(
    name: str, source: SourceWeights | None, recipe: Recipe, class_names: Sequence[str]
) -> nn.Module:
    """A network with the recipe's head, and with what the strategy puts into it: the source's
    weights, or from scratch random ones that the recipe's seed fixes."""
    if source is None and recipe.strategy != "scratch":
        raise HotdogError(
            f"strategy {recipe.strategy!r} starts from source weights, but there are none; "
            "use --strategy scratch, or --weights imagenet, embedded or a file"
        )
    with seeded(recipe.seed):
        weights = None if recipe.strategy == "scratch" else source
        kept = recipe.head == "kept"
        model = create_model(name, weights=weights, num_classes=None if kept else len(class_names))
        if kept and source is not None:
            keep_head(model, source, class_names)
        few = recipe.strategy in KINDS
        return insert(model, recipe.strategy, recipe.rank) if few else model


def train_and_test(
    name: str,
    source: SourceWeights | None,
    train: PictureSet,
    test: PictureSet,
    recipe: Recipe,
    hardware: Hardware,
    *,
    validation: PictureSet | None = None,
    preprocessing: Preprocessing | None = None,
) -> Outcome:
    """Train one network by one recipe and look once at the test pictures.

    Args:
        name: architecture.
        source: weights, or None from scratch; from scratch its preprocessing is used all the same.
        train: training pictures.
        test: test pictures.
        recipe: what to do.
        hardware: where.
        validation: pictures to choose the epoch on; None keeps the last.
        preprocessing: of evaluation; None takes the source's.
    """
    started, computed = time.perf_counter(), time.process_time()
    view = preprocessing or (source.preprocessing if source else Preprocessing())
    model = new_model(name, source, recipe, train.class_names)
    trainer = Trainer(model, train, validation, recipe, view, hardware)
    trainer.fit()
    seconds = time.perf_counter() - started, time.process_time() - computed
    measured = evaluate(
        model, test, view, hardware, positive=trainer.positive, mirror=recipe.mirror
    )
    return Outcome(model, trainer, measured, *seconds)


def compare(
    strategies: Sequence[str],
    seeds: Sequence[int],
    run: Callable[[Recipe], Outcome],
    recipe: Recipe | None = None,
) -> list[dict[str, Any]]:
    """Records of ``run`` for every strategy and seed; see :func:`summarise`.

    Example:
        >>> rows = compare(["scratch", "finetune"], range(5), run)   # doctest: +SKIP
        >>> summarise(rows)["finetune"]["accuracy"]                  # doctest: +SKIP
        {'mean': 0.95, 'half': 0.01, 'n': 5}
    """
    base = recipe or Recipe()
    recipes = [base.with_strategy(strategy, seed) for strategy in strategies for seed in seeds]
    return [run(recipe).record() for recipe in recipes]


def summarise(
    records: Sequence[dict[str, Any]], keys: Sequence[str] = ("accuracy", "f1", "seconds")
) -> dict[str, dict[str, dict[str, float]]]:
    """Mean and half-width of the 95 % interval over seeds, by strategy, of each key."""
    summary: dict[str, dict[str, dict[str, float]]] = {}
    for strategy in dict.fromkeys(row["strategy"] for row in records):
        rows = [row for row in records if row["strategy"] == strategy]
        summary[strategy] = {}
        for key in keys:
            mean, half = mean_interval([row[key] for row in rows])
            summary[strategy][key] = {"mean": mean, "half": half, "n": len(rows)}
    return summary
