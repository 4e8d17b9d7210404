"""Makes the embedded source weights: a network trained on the pantry, from a seed, on this machine
alone."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from hotdog_lib.data.augment import Augmentation
from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.errors import HotdogError
from hotdog_lib.models.create import create_model
from hotdog_lib.models.io import load_model, save_model
from hotdog_lib.models.weights import EMBEDDED_FOLDER
from hotdog_lib.training.checkpoint import flatten
from hotdog_lib.training.engine import predict_logits
from hotdog_lib.training.hardware import pick_hardware
from hotdog_lib.training.metrics import classification_metrics, confusion_matrix
from hotdog_lib.training.recipe import Recipe
from hotdog_lib.training.record import environment, write_json
from hotdog_lib.training.state import State, seeded
from hotdog_lib.training.trainer import Trainer

logger = logging.getLogger(__name__)

#: How the embedded networks see a picture: as it was drawn, without a resize.
EMBEDDED_SIZE = 96
EMBEDDED_PREPROCESSING = Preprocessing(
    resize_size=EMBEDDED_SIZE, crop_size=EMBEDDED_SIZE, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25)
)

#: Side of the training crops. Things look as large in the last ones as in a whole picture; before
#: them, smaller ones teach as much a picture at two thirds of the cost (progressive resizing).
FIRST_SIZE, LAST_SIZE = 64, 80
LAST_SHARE = 0.2  # of the epochs

#: Strong on purpose: what is learned in the pantry has to hold on shaded pictures.
PRETRAIN_RECIPE = Recipe(
    strategy="scratch",
    epochs=20,
    batch_size=64,
    lr=2e-3,
    weight_decay=0.05,
    mirror=False,
    select="accuracy",
    augmentation=Augmentation(
        scale=(0.45, 1.0), brightness=0.3, contrast=0.3, saturation=0.3, hue=0.05
    ),
)


@dataclass(frozen=True)
class PretrainOptions:
    """What ``pretrain`` is asked for."""

    model: str = "resnet18_slim"
    """resnet18_slim or squeezenet1_1."""
    pictures: int = 40_000
    """Of the pantry, to train on."""
    held_out: int = 4_000
    """Others, from another seed, on which accuracy is measured and the best epoch is chosen."""
    epochs: int = 20
    """Passes over them."""
    lr: float | None = None
    """Highest rate; None: the recipe's."""
    seed: int = 0
    """Of the pictures, the first weights and the order."""
    start: Path | None = None
    """Weights of such a run to go on from, with the larger crops all along."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:N."""
    out: Path | None = None
    """Where the weights go; None: into the package."""
    record: Path | None = None
    """Where the JSON record goes, which the model card reads; None: nowhere. With start, the new
    record goes on from the one that is there."""


def pretrain(options: PretrainOptions) -> dict[str, Any]:
    """Train one source network on the pantry and write its fp16 weights; returns the record."""
    started = time.perf_counter()
    hardware = pick_hardware(options.device)
    train = pantry_pictures(2 * options.seed, options.pictures)
    held = pantry_pictures(2 * options.seed + 1, options.held_out)
    rendered = time.perf_counter() - started
    logger.info("%d pictures in %.0f s", len(train) + len(held), rendered)
    recipe = replace(PRETRAIN_RECIPE, epochs=options.epochs, seed=options.seed)
    if options.lr is not None:
        recipe = replace(recipe, lr=options.lr)
    model, epochs_before = _first_weights(options, train.class_names)
    out = options.out or EMBEDDED_FOLDER / f"{options.model}.safetensors"
    small = 0  # epochs of small crops
    if options.start is None:
        small = options.epochs - max(1, round(LAST_SHARE * options.epochs))
    save = partial(
        save_model,
        *(model, out),
        architecture=options.model,
        class_names=train.class_names,
        preprocessing=EMBEDDED_PREPROCESSING,
        provenance={
            "task": "pantry",
            "seed": options.seed,
            "pictures": options.pictures,
            "epochs": epochs_before + options.epochs,
        },
        dtype=torch.float16,
    )

    def on_epoch(row: dict[str, Any], state: State) -> None:
        _log(row)
        # hours of work: an interruption keeps the last epoch
        save()
        trainer.train_size = FIRST_SIZE if row["epoch"] < small else LAST_SIZE

    trainer = Trainer(
        model,
        train,
        held,
        recipe,
        EMBEDDED_PREPROCESSING,
        hardware,
        train_size=FIRST_SIZE if small else LAST_SIZE,
        on_epoch=on_epoch,
    )
    trainer.fit()
    save()
    record = {
        "title": f"Source network {options.model}",
        "says": "",
        "edition": "pocket",
        "command": f"python -m hotdog_lib pretrain --model {options.model} "
        f"--pictures {options.pictures} --held-out {options.held_out} "
        f"--epochs {options.epochs} --lr {recipe.learning_rate:g}"
        + (f" --start {options.start.name}" if options.start else ""),
        "hardware": hardware.summary(),
        "date": environment()["date"],
        "parameters": sum(p.numel() for p in model.parameters()),
        "pictures": options.pictures,
        "held_out": options.held_out,
        "seconds_rendering": rendered,
        "seconds": time.perf_counter() - started,
        "bytes": out.stat().st_size,
        **measure(out, held, options.device),
        "recipe": flatten(recipe.to_dict()),
        "history": [_brief(row) for row in trainer.state.history],
        "environment": environment(),
    }
    record["says"] = (
        f"Right on {record['accuracy']:.1%} of {options.held_out:,} pictures that it never saw, "
        f"in {train.num_classes} classes (chance: {1 / train.num_classes:.1%})."
    )
    if options.record is not None:
        if options.start is not None and options.record.exists():
            record = continued(json.loads(options.record.read_text("utf-8")), record)
        write_json(options.record, record)
    return record


def continued(before: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    """The record of a run that went on from another: both commands, both histories, all seconds."""
    return record | {
        "command": f"{before['command']}; {record['command']}",
        "seconds": before["seconds"] + record["seconds"],
        "seconds_rendering": before["seconds_rendering"] + record["seconds_rendering"],
        "history": before["history"] + record["history"],
    }


def _first_weights(options: PretrainOptions, class_names: tuple[str, ...]) -> tuple[nn.Module, int]:
    """A network with random weights that the seed fixes, or with those of ``start``; and the passes
    that these have had."""
    if options.start is None:
        with seeded(options.seed):
            return create_model(options.model, num_classes=len(class_names)), 0
    model, card = load_model(options.start)
    if (card.architecture, card.class_names) != (options.model, class_names):
        raise HotdogError(
            f"{options.start} is no {options.model} that was trained on this pantry, but a "
            f"{card.architecture} with {len(card.class_names)} classes: give such a file, or none"
        )
    return model, card.provenance.get("epochs", 0)


def measure(path: Path, held: PictureSet, device: str = "auto") -> dict[str, Any]:
    """Accuracy of the fp16 file as shipped: overall, and of each class."""
    model, card = load_model(path)
    hardware = pick_hardware(device)
    logits = predict_logits(hardware.place(model), held, card.preprocessing, hardware)
    predictions = logits.argmax(dim=1)
    confusion = confusion_matrix(predictions, held.targets, held.num_classes)
    shares = (confusion.diag() / confusion.sum(dim=1).clamp(min=1)).tolist()
    overall = classification_metrics(predictions, held.targets, held.class_names)
    return {
        "accuracy": overall["accuracy"],
        "accuracy_by_class": dict(zip(held.class_names, shares, strict=True)),
    }


def pantry_pictures(seed: int, count: int, size: int = EMBEDDED_SIZE) -> PictureSet:
    """``count`` pictures of the pantry as a labelled set."""
    from hotdog_lib.kitchen import PANTRY_CLASSES, render_pantry_set

    drawn = render_pantry_set(seed, range(count), size)
    names = tuple(f"pantry/{seed}/{i}" for i in range(count))
    return PictureSet(drawn.images, drawn.targets, tuple(PANTRY_CLASSES), names)


def _brief(row: dict[str, Any]) -> dict[str, Any]:
    held = row["validation"]
    return {
        "epoch": row["epoch"],
        "train_loss": row["train_loss"],
        "accuracy": held["accuracy"],
        "images_per_second": row["images_per_second"],
    }


def _log(row: dict[str, Any]) -> None:
    held = row["validation"]
    logger.info(
        "%d/%d  loss %.3f  accuracy %.3f  %.0f images/s",
        *(
            row["epoch"],
            row["epochs"],
            row["train_loss"],
            held["accuracy"],
            row["images_per_second"],
        ),
    )
