"""Make a network by name, with source weights and with the head that the task needs."""

from __future__ import annotations

from torch import nn

from hotdog_lib.errors import HotdogError
from hotdog_lib.models.architectures import build_architecture, list_models
from hotdog_lib.models.heads import put_saved_head, reset_classifier
from hotdog_lib.models.state import load_state
from hotdog_lib.models.weights import SourceWeights

__all__ = ["create_model", "list_models"]
_IMAGENET_CLASSES = 1000


def create_model(
    name: str,
    *,
    weights: SourceWeights | None = None,
    num_classes: int | None = None,
    image_size: int | None = None,
) -> nn.Module:
    """A network, in training mode, on the CPU.

    Args:
        name: one of :func:`list_models`.
        weights: what :func:`~hotdog_lib.models.get_weights` found; None for random weights, which
            come from torch's global generator (``torch.manual_seed``).
        num_classes: a new head for so many classes: all zeros on trained weights, torch's random
            start on random ones. None keeps the source's own head (1000 classes without a
            source).
        image_size: side of the input in pixels; only vision transformers need it, and ``weights``
            know it.

    Raises:
        HotdogError: unknown name, or weights of another architecture.

    Example:
        >>> model = create_model("squeezenet1_1", num_classes=2)
    """
    if weights is None:
        model = build_architecture(name, _IMAGENET_CLASSES, image_size)
        return (
            model if num_classes is None else reset_classifier(model, num_classes, init="default")
        )
    if weights.model != name:
        raise HotdogError(f"the weights {weights.name} are {weights.model}'s, not {name}'s")
    count = len(weights.categories)
    model = build_architecture(name, count, weights.preprocessing.crop_size)
    put_saved_head(model, weights.head, count, weights.kept)
    load_state(model, weights.state_dict(), str(weights.path or f"torchvision ({weights.name})"))
    return model if num_classes is None else reset_classifier(model, num_classes)
