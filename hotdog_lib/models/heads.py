"""The head of a network: find it, replace it, feed it, seed it from the source's own rows."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init

from hotdog_lib.errors import HotdogError
from hotdog_lib.models.stages import classifier_name, stages, unwrap
from hotdog_lib.models.weights import SourceWeights, squeezed

__all__ = [
    "classifier_name",
    "forward_features",
    "get_classifier",
    "head_logits",
    "reset_classifier",
    "seed_head_from_rows",
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
    plain, name = unwrap(model), classifier_name(model)
    old = plain.get_submodule(name)
    head = _new_layer(old, num_classes)
    if init == "default":
        _random_start(head, generator)
    for parameter, value, label in ((head.weight, rows, "rows"), (head.bias, bias, "bias")):
        if value is not None:
            _copy_into(parameter, value, label)
    plain.set_submodule(name, head)
    _remove_relu_after(plain, name)
    remove_auxiliary_heads(plain)
    if hasattr(plain, "num_classes"):
        plain.num_classes = num_classes
    return model


def seed_head_from_rows(
    model: nn.Module,
    source: SourceWeights,
    class_names: Sequence[str],
    *,
    features: Tensor | None = None,
    targets: Tensor | None = None,
) -> nn.Module:
    """A new head, in place, that starts from what the source's own head knows of these classes.

    A class that the source has, found by name, gets the source's own row. The others ("not-hotdog")
    share a row that stands for all the rest of the source's categories: in a softmax over them all,
    a class competes with ``logsumexp(z)`` of the others' logits z. That is no linear layer, but
    ``p @ z + entropy(p)`` is, lies below it for every distribution p, and touches it at
    ``p = softmax(z)``. So p is the mean softmax over ``features``, or uniform without them.

    With SqueezeNet the match is not exact: its own head sets negative responses to zero before it
    averages them.

    Args:
        model: a network with the source's body; its head is replaced.
        source: where the rows come from.
        class_names: of the new task, one a logit.
        features: ``(N, F)`` of training pictures by :func:`forward_features` in eval mode. Biases
            are then set so that every class gets the same share of the probability.
        targets: ``(N,)`` classes of the same pictures. Biases and one common scale are then fitted
            to them instead, which leaves the rows' directions as they are.

    Returns:
        The same model.

    Raises:
        HotdogError: none of the class names is among the source's categories.
    """
    weight, bias = _source_head(model, source)  # (C, F), (C,)
    known = {squeezed(category) for category in source.categories}
    found = {k: source.class_index(n) for k, n in enumerate(class_names) if squeezed(n) in known}
    if not found:
        raise HotdogError(
            f"none of the classes {', '.join(class_names)} is among the {len(source.categories)} "
            f"categories of {source.name}; name one as the source does, or use reset_classifier"
        )
    if features is not None:
        features = features.detach().float().cpu()
    rest_row, rest_bias = _rest_row(weight, bias, list(found.values()), features)
    sharing = max(1, len(class_names) - len(found))
    rows = rest_row.repeat(len(class_names), 1)  # (K, F)
    biases = (rest_bias - math.log(sharing)).repeat(len(class_names))  # (K,)
    for k, category in found.items():
        rows[k], biases[k] = weight[category], bias[category]
    if features is not None:
        logits = nn.functional.linear(features, rows, biases)  # (N, K)
        scale, shift = (
            (1.0, _even_shift(logits)) if targets is None else _fit(logits, targets.cpu())
        )
        rows, biases = rows * scale, biases * scale + shift
    return reset_classifier(model, len(class_names), rows=rows, bias=biases)


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
    return nn.functional.linear(features, head.weight.flatten(1), head.bias)  # (B, num_classes)


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


def _source_head(model: nn.Module, source: SourceWeights) -> tuple[Tensor, Tensor]:
    """The source's last layer: weight ``(C, F)`` and bias ``(C,)``."""
    state, name = source.state_dict(), classifier_name(model)
    weight = state[f"{name}.weight"].flatten(1)
    return weight, state.get(f"{name}.bias", torch.zeros(len(weight)))


def _rest_row(
    weight: Tensor, bias: Tensor, taken: list[int], features: Tensor | None
) -> tuple[Tensor, Tensor]:
    """One row and bias for all categories not ``taken``: see :func:`seed_head_from_rows`."""
    free = torch.ones(len(weight), dtype=torch.bool)
    free[taken] = False
    weight, bias = weight[free], bias[free]
    if features is None:
        shares = torch.full_like(bias, 1 / max(1, len(bias)))
    else:
        shares = nn.functional.linear(features, weight, bias).softmax(1).mean(0)
    return shares @ weight, shares @ bias + torch.special.entr(shares).sum()


def _even_shift(logits: Tensor, rounds: int = 100) -> Tensor:
    """Biases ``(K,)`` that give every class the same mean probability over logits ``(N, K)``."""
    shift = torch.zeros(logits.shape[1])
    for _ in range(rounds):
        shift = shift - ((logits + shift).softmax(1).mean(0) * len(shift)).log()
    return shift


def _fit(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """The common scale and the biases ``(K,)`` of least cross-entropy (Platt scaling)."""
    log_scale = torch.zeros((), requires_grad=True)
    shift = torch.zeros(logits.shape[1], requires_grad=True)
    optimizer = torch.optim.LBFGS([log_scale, shift], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(logits * log_scale.exp() + shift, targets)
        loss = loss + 1e-3 * (log_scale**2 + (shift**2).mean())  # else separable classes run away
        loss.backward()
        return loss

    optimizer.step(closure)
    return log_scale.detach().exp(), shift.detach()


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
