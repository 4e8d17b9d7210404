"""From probabilities to decisions: every threshold at once, and the one that does what is asked.

A picture is called positive from the threshold on: ``probability >= threshold``. A threshold is
chosen on validation pictures and then used on others (trap 23).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hotdog_lib.errors import HotdogError


@dataclass(frozen=True)
class Curve:
    """What each threshold does; all of shape ``(K,)``, one for each different probability.

    Attributes:
        thresholds: from the highest down.
        precision: share of true positives among those called positive.
        recall: share of the positives that are called so; it never falls along the curve.
        f1: of both.
    """

    thresholds: Tensor
    precision: Tensor
    recall: Tensor
    f1: Tensor

    def below(self, position: int) -> float:
        """The middle between a threshold and the next: new pictures fall on either side of it."""
        edges = torch.cat([self.thresholds, self.thresholds.new_zeros(1)])
        return float(edges[position : position + 2].mean())


def precision_recall_curve(probabilities: Tensor, is_positive: Tensor) -> Curve:
    """Precision, recall and F1 at every threshold that makes a difference.

    Args:
        probabilities: of the positive class, (N,).
        is_positive: bool, (N,).

    Raises:
        HotdogError: there is no positive: recall would be 0 / 0.

    Example:
        >>> curve = precision_recall_curve(torch.tensor([0.9, 0.6]), torch.tensor([True, False]))
        >>> curve.precision.tolist(), curve.recall.tolist()
        ([1.0, 0.5], [1.0, 1.0])
    """
    positives = int(is_positive.sum())
    if not positives:
        raise HotdogError(f"none of the {len(is_positive)} pictures is positive: no recall to draw")
    order = probabilities.double().argsort(descending=True)
    scores, hits = probabilities.double()[order], is_positive[order].double().cumsum(0)
    called = torch.arange(1, len(scores) + 1, dtype=torch.float64, device=scores.device)
    last = torch.ones_like(scores, dtype=torch.bool)  # equal probabilities are called together
    last[:-1] = scores[:-1] != scores[1:]
    hits, called = hits[last], called[last]
    return Curve(scores[last], hits / called, hits / positives, 2 * hits / (called + positives))


def average_precision(probabilities: Tensor, is_positive: Tensor) -> float:
    """Mean precision over the recall gained at each threshold: the area below the curve's steps.

    Example:
        >>> average_precision(torch.tensor([0.9, 0.6, 0.3]), torch.tensor([True, False, True]))
        0.8333333333333333
    """
    curve = precision_recall_curve(probabilities, is_positive)
    gained = curve.recall.diff(prepend=curve.recall.new_zeros(1))
    return float((gained * curve.precision).sum())


def best_f1_threshold(probabilities: Tensor, is_positive: Tensor) -> float:
    """The threshold with the best F1 on *these* pictures, in the middle of its gap.

    Example:
        >>> round(best_f1_threshold(torch.tensor([0.8, 0.6, 0.1]), torch.tensor([1, 1, 0]) > 0), 3)
        0.35
    """
    curve = precision_recall_curve(probabilities, is_positive)
    return curve.below(int(curve.f1.argmax()))


def threshold_for_recall(probabilities: Tensor, is_positive: Tensor, recall: float) -> float:
    """The highest threshold at which *these* pictures have at least this recall.

    Raises:
        HotdogError: a recall that no threshold, or any threshold, gives.
    """
    if not 0 < recall <= 1:
        raise HotdogError(f"recall is {recall}; ask for more than 0 and at most 1")
    curve = precision_recall_curve(probabilities, is_positive)
    return curve.below(int((curve.recall < recall).sum()))
