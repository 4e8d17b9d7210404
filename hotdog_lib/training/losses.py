"""Cross-entropy whose class weights are normalised over the set, never over the batch (trap 26)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from hotdog_lib.errors import HotdogError


def class_weights(targets: Tensor, num_classes: int, scheme: str = "balanced") -> Tensor | None:
    """One weight a class whose mean over the *training set* is exactly 1.

    Args:
        targets: class indices of the training set, (N,).
        num_classes: number of classes.
        scheme: ``balanced`` gives every class the same total weight; ``none`` gives None.

    Example:
        >>> class_weights(torch.tensor([0, 1, 1, 1]), 2)
        tensor([2.0000, 0.6667])
    """
    if scheme == "none":
        return None
    if scheme != "balanced":
        raise HotdogError(f"class_weights {scheme!r} is unknown; use none or balanced")
    counts = torch.bincount(targets, minlength=num_classes)
    if (counts == 0).any():
        raise HotdogError(
            f"class {int(counts.argmin())} has no training picture: it can't be weighted"
        )
    return normalise_weights(1.0 / counts, counts)


def normalise_weights(weights: Tensor, counts: Tensor) -> Tensor:
    """Scale class weights so that their mean over a set with these class counts is 1."""
    return (weights * counts.sum() / (weights * counts).sum()).float()


def cross_entropy(
    logits: Tensor, targets: Tensor, weights: Tensor | None = None, smoothing: float = 0.0
) -> Tensor:
    """Mean over the batch of the weighted cross-entropy; a scalar.

    ``F.cross_entropy(weight=w)`` divides by the weights *of the batch*: a batch of one class is
    then not weighted
    at all, and the mean over batches is not the mean over the set. Here the divisor is the batch
    size.

    Args:
        logits: (B, C), any float type; computed in float32.
        targets: class indices (B,), or class probabilities (B, C) as mixup makes them.
        weights: one a class, (C,), with mean 1 over the training set (see :func:`class_weights`).
        smoothing: share of each target's mass spread over all classes.
    """
    probabilities = soft_targets(targets, logits.shape[1], smoothing)  # (B, C)
    if weights is not None:
        probabilities = probabilities * weights
    return -(probabilities * F.log_softmax(logits.float(), dim=1)).sum(dim=1).mean()


def focal_loss(
    logits: Tensor, targets: Tensor, gamma: float = 2.0, weights: Tensor | None = None
) -> Tensor:
    """Mean over the batch of a cross-entropy that turns down what is right already (Lin 2017).

    A picture whose true class has probability p counts (1 - p) ** gamma times.

    Args:
        logits: (B, C). targets: class indices, (B,).
        gamma: 0 is :func:`cross_entropy`.
        weights: one a class, (C,), as for :func:`cross_entropy`.
    """
    surprise = F.cross_entropy(logits.float(), targets, reduction="none")  # (B,)
    turned_down = (1 - (-surprise).exp()) ** gamma * surprise
    return (turned_down if weights is None else turned_down * weights[targets]).mean()


def soft_targets(targets: Tensor, num_classes: int, smoothing: float = 0.0) -> Tensor:
    """Class indices (B,) or probabilities (B, C) as smoothed probabilities (B, C)."""
    if targets.ndim == 1:
        targets = F.one_hot(targets, num_classes)
    return targets.float() * (1 - smoothing) + smoothing / num_classes
