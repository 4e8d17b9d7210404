"""The head of a network: find it, replace it, feed it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init

from hotdog_lib.errors import HotdogError
from hotdog_lib.models.kept import KeptConv2d, KeptLinear
from hotdog_lib.models.stages import classifier_name, stages, unwrap

__all__ = [
    "classifier_name",
    "forward_features",
    "get_classifier",
    "head_logits",
    "reset_classifier",
    "stages",
]
_RELUS = (nn.ReLU, nn.ReLU6)


def get_classifier(model: nn.Module) -> nn.Linear | nn.Conv2d:
    """The layer that makes the logits: ``fc`` of a ResNet, ``classifier.1`` of a SqueezeNet ..."""
    return unwrap(model).get_submodule(classifier_name(model))


def reset_classifier(
    model: nn.Module,
    num_classes: int,
    *,
    init: str = "zero",
    rows: Tensor | None = None,
    bias: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> nn.Module:
    """Replace the head, in place, by a new linear one for ``num_classes`` classes.

    The new layer is trainable, has a bias, and sits where the old one sat, on its device. A ReLU
    after it goes (SqueezeNet has one: it cuts the logits at zero, and with two classes both can
    die there). Auxiliary heads go too.

    Args:
        model: any network whose last ``Linear`` or ``Conv2d`` makes the logits.
        num_classes: at least 1.
        init: ``"zero"`` (every class equally likely at the start, so the loss is
            ln(num_classes)) or ``"default"`` (torch's own random start).
        rows: ``(num_classes, F)`` weights to begin with instead.
        bias: ``(num_classes,)`` to begin with instead, such as the log of the class shares.
        generator: randomness of ``"default"``.

    Returns:
        The same model.

    Raises:
        HotdogError: a count, an init or a shape that makes no sense.

    Example:
        >>> from torchvision.models import resnet18
        >>> get_classifier(reset_classifier(resnet18(), 2))
        Linear(in_features=512, out_features=2, bias=True)
    """
    if num_classes < 1 or init not in ("zero", "default"):
        raise HotdogError(
            f"num_classes {num_classes}, init {init!r}: give at least 1 class, "
            "and init 'zero' or 'default'"
        )
    head = _new_layer(get_classifier(model), num_classes)
    if init == "default":
        _random_start(head, generator)
    for parameter, value, label in ((head.weight, rows, "rows"), (head.bias, bias, "bias")):
        if value is not None:
            _copy_into(parameter, value, label)
    return put_head(model, head, num_classes)


def put_head(model: nn.Module, head: nn.Linear | nn.Conv2d, num_classes: int) -> nn.Module:
    """Put a layer where the head is; a ReLU after it and auxiliary heads go. The same model."""
    plain, name = unwrap(model), classifier_name(model)
    plain.set_submodule(name, head)
    _remove_relu_after(plain, name)
    remove_auxiliary_heads(plain)
    if hasattr(plain, "num_classes"):
        plain.num_classes = num_classes
    return model


def put_kept_head(model: nn.Module, classes: Sequence[int]) -> nn.Module:
    """Put a layer there that adds up categories to classes, see
    :func:`~hotdog_lib.models.keep_head`; its rows are not set."""
    old = get_classifier(model)
    if isinstance(old, nn.Conv2d):
        head = KeptConv2d(old.in_channels, classes)
    else:
        head = KeptLinear(old.in_features, classes)
    head = head.to(old.weight.device, old.weight.dtype).train(old.training)
    return put_head(model, head, len(head.shift))


def put_saved_head(
    model: nn.Module, kind: str, num_classes: int, kept: Sequence[int] | None
) -> nn.Module:
    """Put the head there that a :class:`~hotdog_lib.models.ModelCard` tells of; its numbers are
    yet to be read."""
    if kept is not None:
        return put_kept_head(model, kept)
    return reset_classifier(model, num_classes) if kind == "linear" else model


def kept_layer(model: nn.Module) -> KeptLinear | KeptConv2d | None:
    """The head, if it is one that :func:`~hotdog_lib.models.keep_head` made."""
    head = get_classifier(model)
    return head if isinstance(head, (KeptLinear, KeptConv2d)) else None


def count_logits(model: nn.Module) -> int:
    """How many logits a picture gets."""
    kept = kept_layer(model)
    return len(get_classifier(model).weight if kept is None else kept.shift)


def forward_features(model: nn.Module, images: Tensor) -> Tensor:
    """Pooled input of the head, ``(B, F)``: what a linear head sees of each picture.

    Call it in eval mode; in training mode the dropout before the head is in it.

    Args:
        model: the network.
        images: ``(B, 3, h, w)``, normalised.
    """
    plain, caught = unwrap(model), []
    hook = get_classifier(plain).register_forward_pre_hook(lambda _, args: caught.append(args[0]))
    try:
        plain.forward(images)  # not plain(images): a compiled call would pass over a hook set later
    finally:
        hook.remove()
    features = caught[-1]
    return features.mean((2, 3)) if features.ndim == 4 else features  # (B, F)


def head_logits(model: nn.Module, features: Tensor) -> Tensor:
    """Logits ``(B, num_classes)`` of pooled features ``(B, F)``, with gradients for the head.

    In eval mode ``head_logits(model, forward_features(model, images))`` equals ``model(images)``:
    a 1x1 convolution and the mean after it can change places.

    Raises:
        HotdogError: the head ends in a ReLU, which can not change places with the mean.
    """
    head = get_classifier(model)
    if has_head_relu(model):
        raise HotdogError(
            f"the head of {type(unwrap(model)).__name__} ends in a ReLU, so pooled features do not "
            "give its logits; call the model itself, or reset_classifier first"
        )
    logits = nn.functional.linear(features, head.weight.flatten(1), head.bias)
    kept = kept_layer(model)
    return logits if kept is None else kept.add_up(logits)  # (B, num_classes)


def has_head_relu(model: nn.Module) -> bool:
    """Whether a ReLU follows the last layer, as in torchvision's SqueezeNet."""
    plain = unwrap(model)
    return bool(_relus_after(plain, classifier_name(plain)))


def remove_auxiliary_heads(model: nn.Module) -> None:
    """Drop the side heads of GoogLeNet and Inception: training, too, then gives plain logits."""
    for name in ("aux1", "aux2", "AuxLogits"):
        if getattr(model, name, None) is not None:
            setattr(model, name, None)
    if hasattr(model, "aux_logits"):
        model.aux_logits = False


def _new_layer(old: nn.Linear | nn.Conv2d, num_classes: int) -> nn.Linear | nn.Conv2d:
    """A zero layer of the same kind, input, place and mode; skip_init draws no random number."""
    options = {"device": old.weight.device, "dtype": old.weight.dtype}
    if isinstance(old, nn.Conv2d):
        new = skip_init(nn.Conv2d, old.in_channels, num_classes, kernel_size=1, **options)
    else:
        new = skip_init(nn.Linear, old.in_features, num_classes, **options)
    nn.init.zeros_(new.weight)
    nn.init.zeros_(new.bias)
    return new.train(old.training)


def _random_start(head: nn.Linear | nn.Conv2d, generator: torch.Generator | None) -> None:
    """torch's own start of a linear layer, from ``generator``."""
    bound = 1 / math.sqrt(head.weight[0].numel())
    with torch.no_grad():
        for parameter in (head.weight, head.bias):
            drawn = torch.empty(parameter.shape).uniform_(-bound, bound, generator=generator)
            parameter.copy_(drawn)


def _copy_into(parameter: nn.Parameter, value: Tensor, label: str) -> None:
    shape = tuple(parameter.flatten(1).shape if parameter.ndim > 1 else parameter.shape)
    if tuple(value.shape) != shape:
        raise HotdogError(f"{label} has shape {tuple(value.shape)}, the new head needs {shape}")
    with torch.no_grad():
        parameter.copy_(value.reshape(parameter.shape))


def _relus_after(model: nn.Module, name: str) -> Sequence[str]:
    """Names of the ReLUs that follow the layer ``name`` in its ``Sequential``."""
    parent, _, leaf = name.rpartition(".")
    siblings = model.get_submodule(parent)
    if not isinstance(siblings, nn.Sequential):
        return []
    names = [child for child, _ in siblings.named_children()]
    after = names[names.index(leaf) + 1 :]
    prefix = f"{parent}." if parent else ""
    return [prefix + n for n in after if isinstance(siblings.get_submodule(n), _RELUS)]


def _remove_relu_after(model: nn.Module, name: str) -> None:
    for relu in _relus_after(model, name):
        model.set_submodule(relu, nn.Identity())  # keeps the numbers of the layers after it
