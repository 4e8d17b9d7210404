"""The baseline before any training: the source network's own class of the positive's name."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.errors import HotdogError
from hotdog_lib.models.create import create_model
from hotdog_lib.models.weights import SourceWeights
from hotdog_lib.training.engine import predict_logits
from hotdog_lib.training.hardware import Hardware
from hotdog_lib.training.metrics import best_threshold, class_position, classification_metrics


def zero_shot(
    source: SourceWeights,
    positive: str,
    choose_on: PictureSet,
    test: PictureSet,
    hardware: Hardware,
    *,
    mirror: bool = True,
) -> dict[str, Any] | None:
    """How well the source network tells the positive class, with nothing trained (trap 21).

    Two rules are measured on ``test``: the source's class is its first guess; and its probability
    is above the
    threshold that is best on ``choose_on`` (training pictures, never the test split).

    Args:
        source: weights whose categories may hold the positive class by name.
        positive: the target's positive class.
        choose_on: pictures on which the threshold is chosen.
        test: pictures to report on.
        hardware: where to compute.
        mirror: average each picture with its mirror image.

    Returns:
        ``{"class", "threshold", "top1": metrics, "tuned": metrics}``, or None where the source has
        no such class.
    """
    try:
        index = source.class_index(positive)
    except HotdogError:
        return None
    model = hardware.place(create_model(source.model, weights=source))
    rows = [
        predict_logits(model, pictures, source.preprocessing, hardware, mirror=mirror).softmax(
            dim=1
        )
        for pictures in (choose_on, test)
    ]  # (N, K) each
    at = class_position(test.class_names, positive)
    threshold = best_threshold(rows[0][:, index], choose_on.targets == at)

    def measured(says_positive: Tensor) -> dict[str, Any]:
        other = 1 - at if len(test.class_names) == 2 else (at + 1) % len(test.class_names)
        predictions = says_positive.long() * at + (~says_positive).long() * other
        return classification_metrics(predictions, test.targets, test.class_names, positive)

    return {
        "class": source.categories[index],
        "index": index,
        "threshold": threshold,
        "top1": measured(rows[1].argmax(dim=1) == index),
        "tuned": measured(rows[1][:, index] > threshold),
    }
