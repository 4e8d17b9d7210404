"""The parts of a training loop: one epoch, predictions, features. No sync inside a step (trap
34)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from hotdog_lib.data.loader import Loader
from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.errors import HotdogError
from hotdog_lib.models.heads import forward_features
from hotdog_lib.models.modes import evaluating
from hotdog_lib.training.hardware import Hardware
from hotdog_lib.training.losses import cross_entropy
from hotdog_lib.training.metrics import classification_metrics
from hotdog_lib.training.optim import set_lr
from hotdog_lib.training.processes import ALONE, Processes

#: Pictures a batch where no gradients are kept.
EVAL_BATCH = 64


def train_epoch(
    batches: Iterable[tuple[Tensor, Tensor]],
    forward: Callable[[Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    objective: Callable[[Tensor, Tensor], Tensor],
    lr_factors: Iterator[float],
    backward: Callable[[Tensor], Any] = Tensor.backward,
) -> float:
    """One pass over ``batches``; returns the mean loss of its pictures, read from the device once.

    Args:
        batches: pairs of inputs and targets, already on the device.
        forward: inputs to logits (B, C).
        optimizer: of the trainable parameters, its groups made by ``parameter_groups``.
        objective: logits and targets to a scalar, mean over the batch.
        lr_factors: the schedule; one number is taken a step.
        backward: ``accelerator.backward`` where accelerate runs the show.

    Raises:
        HotdogError: when there was no batch, or the loss is no finite number any more.
    """
    total: Tensor | float = 0.0
    pictures = 0
    for inputs, targets in batches:
        set_lr(optimizer, next(lr_factors))
        loss = objective(forward(inputs), targets)
        optimizer.zero_grad(set_to_none=True)
        backward(loss)
        optimizer.step()
        total = total + loss.detach() * len(inputs)
        pictures += len(inputs)
    if not pictures:
        raise HotdogError("there was no batch to train on: fewer pictures than batch_size?")
    mean = float(total) / pictures
    if mean != mean or mean == float("inf"):
        raise HotdogError(f"the loss became {mean}: the learning rate is too high; lower lr")
    return mean


def predict_logits(
    model: nn.Module,
    pictures: PictureSet,
    preprocessing: Preprocessing,
    hardware: Hardware,
    *,
    mirror: bool = False,
    batch_size: int = EVAL_BATCH,
    processes: Processes = ALONE,
) -> Tensor:
    """Logits of every picture, (N, C) float32 on the CPU; with ``mirror``, averaged with the
    mirror image's.

    The average is over log-probabilities, then normalised, so that it can be used as logits. Of
    several ``processes`` each computes its part, and gets them all.
    """

    def log_odds(images: Tensor) -> Tensor:
        return model(images).float().log_softmax(dim=1)

    views = _over_views(
        log_odds, model, pictures, preprocessing, hardware, mirror, batch_size, processes
    )
    return views.mean(dim=0).log_softmax(dim=1)


def extract_features(
    model: nn.Module,
    pictures: PictureSet,
    preprocessing: Preprocessing,
    hardware: Hardware,
    *,
    mirror: bool = False,
    batch_size: int = EVAL_BATCH,
    processes: Processes = ALONE,
) -> Tensor:
    """What the classifier sees of each picture, (V, N, F) float32 on the device; V = 2 views with
    ``mirror``."""

    def features(images: Tensor) -> Tensor:
        return forward_features(model, images).float()

    views = _over_views(
        features, model, pictures, preprocessing, hardware, mirror, batch_size, processes
    )
    return views.to(hardware.device)


def _over_views(
    function: Callable[[Tensor], Tensor],
    model: nn.Module,
    pictures: PictureSet,
    preprocessing: Preprocessing,
    hardware: Hardware,
    mirror: bool,
    batch_size: int,
    processes: Processes,
) -> Tensor:
    """``function`` of each picture and, with ``mirror``, of its mirror image: (V, N, ...) on the
    CPU."""
    rows: list[Tensor] = []
    with evaluating(model), hardware.autocast():
        mine = None if processes.world == 1 else processes.rows(len(pictures))
        for images, _ in Loader(pictures, batch_size, device=hardware.device, indices=mine):
            inputs = hardware.arrange(preprocessing(images))  # (B, 3, S, S)
            views = [inputs, inputs.flip(-1)] if mirror else [inputs]
            rows.append(torch.stack([function(view) for view in views]))  # (V, B, ...)
    part = torch.cat(rows, dim=1).float().cpu().clone()
    gathered = processes.gather(part.transpose(0, 1), len(pictures), hardware.device)
    return gathered.transpose(0, 1)


def evaluate_logits(
    logits: Tensor, pictures: PictureSet, positive: str | None = None
) -> dict[str, Any]:
    """Loss and the metrics of :func:`classification_metrics` of predictions (N, C) on the CPU."""
    metrics = classification_metrics(
        logits.argmax(dim=1), pictures.targets, pictures.class_names, positive
    )
    return {"loss": float(cross_entropy(logits, pictures.targets)), **metrics}


def evaluate(
    model: nn.Module,
    pictures: PictureSet,
    preprocessing: Preprocessing,
    hardware: Hardware,
    *,
    positive: str | None = None,
    mirror: bool = False,
    processes: Processes = ALONE,
) -> dict[str, Any]:
    """Metrics of one split, from all its predictions at once; the model's modes are left as they
    were. Several ``processes`` share the work, and each gets the metrics."""
    logits = predict_logits(
        model, pictures, preprocessing, hardware, mirror=mirror, processes=processes
    )
    return evaluate_logits(logits, pictures, positive)
