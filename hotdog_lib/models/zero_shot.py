"""What the source network says without any training: the probability of one of its own classes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hotdog_lib.errors import HotdogError
from hotdog_lib.models.heads import count_logits
from hotdog_lib.models.modes import evaluating
from hotdog_lib.models.weights import SourceWeights


def zero_shot_probability(
    model: nn.Module, source: SourceWeights, images: Tensor, class_name: str
) -> Tensor:
    """Probability of the source's own class ``class_name``, by softmax over all of its categories.

    Args:
        model: ``create_model(name, weights=source)``, with the head that the source was trained
            with.
        source: whose categories and preprocessing count.
        images: uint8 ``(B, 3, S, S)``, which are preprocessed here, or float ``(B, 3, h, w)``,
            which are taken as they are.
        class_name: by name; spaces, hyphens and case do not matter.

    Returns:
        float32 ``(B,)``.

    Raises:
        HotdogError: no such class, or a model with another head.
    """
    index, rows = source.class_index(class_name), count_logits(model)
    if rows != len(source.categories):
        raise HotdogError(
            f"the model has {rows} logits, the source {len(source.categories)} categories; "
            "make it with create_model(name, weights=source) and no num_classes"
        )
    inputs = source.preprocessing(images) if images.dtype == torch.uint8 else images
    with evaluating(model):
        probabilities = model(inputs).float().softmax(1)[:, index]  # (B,)
    return probabilities.clone()  # an ordinary tensor, outside inference mode
