"""What goes on inside a network: maps on the way in, gradients on the way back, weights that moved.

Everything here looks at the plain network, never at a compiled one, whose hooks may be asleep; and
in eval mode, so that nothing in it changes by being looked at.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate
from torchvision.models import SwinTransformer, VisionTransformer

from hotdog_lib.errors import HotdogError
from hotdog_lib.models.modes import evaluating, in_eval
from hotdog_lib.models.stages import HEAD, stages, unwrap

Loss = Callable[[Tensor, Tensor], Tensor]


def feature_maps(model: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """What each stage of the body hands on: its name -> ``(B, C, H, W)``, input to output.

    A transformer's tokens are laid out as the map that they came from, without the class token.

    Args:
        model: the network.
        images: ``(B, 3, h, w)``, normalised, on the network's device.

    Example:
        >>> from torchvision.models import resnet18
        >>> feature_maps(resnet18(), torch.zeros(1, 3, 64, 64))["stage4"].shape
        torch.Size([1, 512, 2, 2])
    """
    plain, ends = unwrap(model), _ends(model)
    with evaluating(plain), _caught(plain, ends.values()) as outputs:
        plain(images)
    return {name: _as_maps(outputs[module], plain).clone() for name, module in ends.items()}


def weight_gradients(
    model: nn.Module, images: Tensor, targets: Tensor, loss: Loss = cross_entropy
) -> dict[str, Tensor]:
    """The gradient of the loss at every parameter where one arrives, by the parameter's name.

    Frozen parameters are not in it. No ``.grad`` is touched.

    Args:
        images: ``(B, 3, h, w)``, normalised. targets: ``(B,)``.
    """
    plain = unwrap(model)
    awake = {name: p for name, p in plain.named_parameters() if p.requires_grad}
    if not awake:
        return {}
    with in_eval(plain), torch.enable_grad():
        value = loss(plain(images), targets)
    found = torch.autograd.grad(value, list(awake.values()), allow_unused=True)
    return {name: g for name, g in zip(awake, found, strict=True) if g is not None}


def gradients_by_stage(
    model: nn.Module, images: Tensor, targets: Tensor, loss: Loss = cross_entropy
) -> dict[str, float]:
    """How large a gradient a weight of each stage gets (root mean square); 0.0 where none arrives.

    A stage's frozen weights do not count.

    Args:
        images: ``(B, 3, h, w)``, normalised. targets: ``(B,)``.
    """
    gradients = weight_gradients(model, images, targets, loss)
    return {
        stage: root_mean_square(gradients[n] for n in names if n in gradients)
        for stage, names in _names_by_stage(model).items()
    }


def weight_change_by_stage(
    before: nn.Module | Mapping[str, Tensor], after: nn.Module
) -> dict[str, float]:
    """How far the weights of each stage moved, as a share of their own length.

    It is the distance from ``before`` to ``after``, divided by the longer of the two: 0 where
    nothing moved, 1 where a stage started from zero.

    Args:
        before: the network as it was (``copy.deepcopy``), or its ``state_dict()``, cloned.
        after: the network as it is.

    Raises:
        HotdogError: a parameter is missing before, or had another shape.
    """
    old = unwrap(before).state_dict() if isinstance(before, nn.Module) else before
    new = dict(unwrap(after).named_parameters())
    for name, parameter in new.items():
        if name not in old or old[name].shape != parameter.shape:
            was = tuple(old[name].shape) if name in old else "not there"
            raise HotdogError(
                f"{name} was {was} before and is {tuple(parameter.shape)} now: compare a network "
                "with itself, copied after its head was replaced"
            )
    return {
        stage: _share_moved([(old[n], new[n].detach()) for n in names])
        for stage, names in _names_by_stage(after).items()
    }


def input_gradient(model: nn.Module, images: Tensor, classes: int | Tensor) -> Tensor:
    """How each pixel moves the logit of a class: its gradient ``(B, 3, h, w)``.

    Args:
        images: ``(B, 3, h, w)``, normalised.
        classes: a row of the head, or one a picture, ``(B,)``.

    Raises:
        HotdogError: the head has no such row.
    """
    plain, inputs = unwrap(model), images.detach().clone().requires_grad_(True)
    with in_eval(plain), torch.enable_grad():
        score = _logits_of(plain(inputs), classes).sum()
    return torch.autograd.grad(score, inputs)[0]


def grad_cam(
    model: nn.Module, images: Tensor, classes: int | Tensor, layer: nn.Module | None = None
) -> Tensor:
    """Where a network sees a class: maps ``(B, h, w)``, 0 and above, at the size of the pictures.

    Each map of the layer counts by the mean gradient that reaches it; what speaks against the class
    is cut off. Source: Selvaraju et al., Grad-CAM, 2017, arXiv 1610.02391.

    Args:
        images: ``(B, 3, h, w)``, normalised.
        classes: a row of the head, or one a picture, ``(B,)``.
        layer: whose output to look at; if None the last one of the body that gives a map, and of a
            ViT the last tokens that the class token still listens to.

    Raises:
        HotdogError: the head has no such row.
    """
    plain = unwrap(model)
    layer = layer if layer is not None else _last_heard(plain, images[:1])
    inputs = images.detach().clone().requires_grad_(True)  # so that a frozen network has a gradient
    with in_eval(plain), torch.enable_grad(), _caught(plain, [layer]) as outputs:
        score = _logits_of(plain(inputs), classes).sum()
    gradient = _as_maps(torch.autograd.grad(score, outputs[layer])[0], plain)  # (B, C, H, W)
    maps = _as_maps(outputs[layer].detach(), plain)
    weights = gradient.mean((2, 3), keepdim=True)  # (B, C, 1, 1)
    seen = (weights * maps).sum(1, keepdim=True).relu()  # (B, 1, H, W)
    return interpolate(seen, images.shape[-2:], mode="bilinear")[:, 0]


def root_mean_square(tensors: Iterable[Tensor]) -> float:
    """Of all their numbers together; 0.0 of none."""
    sums = [(float(t.double().square().sum()), t.numel()) for t in tensors]
    count = sum(n for _, n in sums)
    return (sum(s for s, _ in sums) / count) ** 0.5 if count else 0.0


def _last_heard(plain: nn.Module, image: Tensor) -> nn.Module:
    """The last unit of the body whose whole map has a say in the logits; ``image`` (1, 3, h, w).

    Hidden fully connected layers come after it. Behind a ViT's last attention only the class token
    counts: the other tokens' gradients are zero there.
    """
    if isinstance(plain, VisionTransformer):
        return plain.encoder.layers[-1].ln_1
    body = [m for name, units in stages(plain).items() if name != HEAD for m in units]
    body = [m for m in body if not isinstance(m, nn.ParameterList)]
    with evaluating(plain), _caught(plain, body) as outputs:
        plain(image)
    maps = [m for m in body if m in outputs and outputs[m].ndim == 4]
    wide = [m for m in maps if _as_maps(outputs[m], plain)[0, 0].numel() > 1]
    return (wide or maps)[-1]


def _ends(model: nn.Module) -> dict[str, nn.Module]:
    """The last module of each stage of the body that can be called."""
    return {
        name: next(m for m in reversed(modules) if not isinstance(m, nn.ParameterList))
        for name, modules in stages(model).items()
        if name != HEAD
    }


@contextmanager
def _caught(plain: nn.Module, modules: Iterable[nn.Module]) -> Iterator[dict[nn.Module, Tensor]]:
    """What ``modules`` give while inside, as they give it: a later layer may write over its input.

    The copy is handed on as well: it is what gradients have to go through.
    """
    outputs: dict[nn.Module, Tensor] = {}

    def keep(module: nn.Module, _: object, output: Tensor) -> Tensor:
        outputs[module] = output
        return output.clone()

    hooks = [module.register_forward_hook(keep) for module in modules]
    try:
        yield outputs
    finally:
        for hook in hooks:
            hook.remove()


def _as_maps(output: Tensor, plain: nn.Module) -> Tensor:
    """``(B, C, H, W)`` of a layer's output, or of a gradient at it."""
    if output.ndim == 4:
        return output.permute(0, 3, 1, 2) if isinstance(plain, SwinTransformer) else output
    if output.ndim != 3:
        raise HotdogError(f"a layer's output of shape {tuple(output.shape)} is no map")
    side = math.isqrt(output.shape[1])
    tokens = output[:, -side * side :]  # (B, T, C), without the class token before them
    return tokens.transpose(1, 2).unflatten(2, (side, side))


def _logits_of(logits: Tensor, classes: int | Tensor) -> Tensor:
    """The logit ``(B,)`` of each picture's class."""
    rows = torch.as_tensor(classes, device=logits.device).expand(len(logits))
    if int(rows.max()) >= logits.shape[1] or int(rows.min()) < 0:
        raise HotdogError(f"the head has rows 0 to {logits.shape[1] - 1}, not {classes}")
    return logits.gather(1, rows[:, None])[:, 0]


def _names_by_stage(model: nn.Module) -> dict[str, list[str]]:
    names = {id(p): name for name, p in unwrap(model).named_parameters()}
    return {
        stage: [names[id(p)] for unit in units for p in unit.parameters() if id(p) in names]
        for stage, units in stages(model).items()
    }


def _share_moved(pairs: list[tuple[Tensor, Tensor]]) -> float:
    moved = root_mean_square(new - old for old, new in pairs)
    longer = max(root_mean_square(t for t, _ in pairs), root_mean_square(t for _, t in pairs))
    return moved / longer if longer else 0.0
