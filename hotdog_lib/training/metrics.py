"""Metrics of a whole split, once, from all its predictions: never a mean of per-batch metrics
(trap 28)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from hotdog_lib.errors import HotdogError


def confusion_matrix(predictions: Tensor, targets: Tensor, num_classes: int) -> Tensor:
    """Counts, (C, C): row is the true class, column the predicted one.

    Example:
        >>> confusion_matrix(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1]), 2)
        tensor([[1, 0],
                [1, 1]])
    """
    cells = targets.long() * num_classes + predictions.long()
    return torch.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)


def topk_accuracy(logits: Tensor, targets: Tensor, k: int) -> float:
    """Share of pictures whose true class is among the ``k`` highest logits.

    Args:
        logits: (N, C). targets: class indices, (N,). k: 1 is plain accuracy.

    Raises:
        HotdogError: ``k`` is not from 1 to C, or there is no picture.

    Example:
        >>> topk_accuracy(torch.tensor([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0]]), torch.tensor([1, 2]), 2)
        0.5
    """
    if not len(logits) or not 1 <= k <= logits.shape[1]:
        raise HotdogError(f"k is {k} for logits {tuple(logits.shape)}; give 1 to the classes")
    found = logits.topk(k, dim=1).indices == targets[:, None]  # (N, k)
    return int(found.any(dim=1).sum()) / len(targets)


def most_confused(confusion: Tensor, pairs: int) -> list[tuple[int, int, int]]:
    """The pairs of classes that are taken for one another most: (one, other, pictures).

    Both directions count together, as shares of the two classes' pictures; ``one`` is the class
    that is mistaken more often.

    Example:
        >>> most_confused(torch.tensor([[5, 4, 1], [0, 9, 1], [0, 0, 10]]), 1)
        [(0, 1, 4)]
    """
    shares = confusion / confusion.sum(1, keepdim=True).clamp(min=1)  # (C, C)
    both = (shares + shares.T).triu(1)
    found = []
    for cell in both.flatten().argsort(descending=True, stable=True)[:pairs].tolist():
        one, other = divmod(cell, len(confusion))
        if shares[other, one] > shares[one, other]:
            one, other = other, one
        found.append((one, other, int(confusion[one, other] + confusion[other, one])))
    return found


def classification_metrics(
    predictions: Tensor, targets: Tensor, class_names: Sequence[str], positive: str | None = None
) -> dict[str, Any]:
    """Accuracy, F1, precision, recall and confusion of one split, as plain numbers.

    Args:
        predictions: class indices, (N,).
        targets: class indices, (N,).
        class_names: name of each class; the confusion matrix has their order.
        positive: the class that F1, precision and recall are about. None: their unweighted mean
            over the classes.

    A ratio whose divisor is 0 counts as 0, as scikit-learn's ``zero_division=0``.

    Raises:
        HotdogError: when ``positive`` is no class, or there is no prediction.
    """
    if len(targets) == 0:
        raise HotdogError("there are no predictions to measure: the split is empty")
    confusion = confusion_matrix(predictions, targets, len(class_names))
    rows = [_one_class(confusion, c) for c in range(len(class_names))]
    if positive is not None:
        rows = [rows[class_position(class_names, positive)]]
    precision, recall, f1 = (sum(r[k] for r in rows) / len(rows) for k in range(3))
    return {
        "n": int(confusion.sum()),
        "accuracy": int(confusion.trace()) / int(confusion.sum()),
        "f1": f1,
        "precision": precision,
        "recall": recall,
        "positive": positive,
        "confusion": confusion.tolist(),
        "class_names": list(class_names),
    }


def class_position(class_names: Sequence[str], name: str) -> int:
    """Index of a class by its name. Raises HotdogError that lists the names."""
    if name not in class_names:
        raise HotdogError(f"class {name!r} is not among {list(class_names)}")
    return list(class_names).index(name)


def choose_positive(class_names: Sequence[str], asked: str | None = None) -> str | None:
    """The positive class: the one asked for; else ``hotdog`` of two classes; else none (macro
    averages)."""
    if asked is not None:
        return class_names[class_position(class_names, asked)]
    return "hotdog" if len(class_names) == 2 and "hotdog" in class_names else None


def best_threshold(probabilities: Tensor, is_positive: Tensor) -> float:
    """The threshold on the positive's probability with the best accuracy on *these* pictures.

    Choose it on training or validation pictures, then use it on the test split (trap 23).

    Args:
        probabilities: (N,). is_positive: bool, (N,).
    """
    order = probabilities.argsort(descending=True)
    hits = is_positive[order].long()
    # Calling the first k positive gets the positives among them and the negatives after them right.
    right = torch.cat([hits.new_zeros(1), hits.cumsum(0)]) + torch.cat(
        [(1 - hits).flip(0).cumsum(0).flip(0), hits.new_zeros(1)]
    )
    ordered = torch.cat(
        [probabilities.new_ones(1), probabilities[order], probabilities.new_zeros(1)]
    )
    k = int(right.argmax())
    return float((ordered[k] + ordered[k + 1]) / 2)


def wilson_interval(successes: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """95 % interval of a share measured on ``n`` pictures (Wilson 1927).

    Example:
        >>> [round(x, 3) for x in wilson_interval(752, 800)]
        [0.921, 0.954]
    """
    share, spread = successes / n, z * z / n
    middle = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return middle - half, middle + half


#: Two-sided 95 % quantiles of Student's t by degrees of freedom (1 to 9).
_T95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """Mean over seeds and the half-width of its 95 % interval (Student's t); the half is nan for
    one value."""
    n = len(values)
    mean = sum(values) / n
    if n < 2:
        return mean, math.nan
    deviation = math.sqrt(sum((v - mean) ** 2 for v in values) / (n - 1))
    t = _T95[n - 2] if n - 2 < len(_T95) else 1.96 + 2.5 / (n - 1)
    return mean, t * deviation / math.sqrt(n)


def _one_class(confusion: Tensor, c: int) -> tuple[float, float, float]:
    """Precision, recall and F1 of class ``c``."""
    hit, predicted, true = (
        int(v) for v in (confusion[c, c], confusion[:, c].sum(), confusion[c].sum())
    )
    precision = hit / predicted if predicted else 0.0
    recall = hit / true if true else 0.0
    return precision, recall, 2 * hit / (predicted + true) if predicted + true else 0.0
