"""Few new numbers that learn, in a network that stands still: LoRA, adapters, biases, norms.

Sources: Hu et al., LoRA, 2021, arXiv 2106.09685; Houlsby et al., Parameter-Efficient Transfer
Learning, 2019, arXiv 1902.00751 (bottleneck adapters); Ben Zaken et al., BitFit, 2021, arXiv
2106.10199 (biases alone); Frankle et al., Training BatchNorm and Only BatchNorm, 2020, arXiv
2003.00152.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from hotdog_lib.errors import HotdogError
from hotdog_lib.models.adapter_layers import (
    Bottleneck,
    LowRank,
    attach_adapter,
    attach_lora,
    check_rank,
    detach_lora,
)
from hotdog_lib.models.freezing import NORM_LAYERS
from hotdog_lib.models.modes import evaluating
from hotdog_lib.models.stages import classifier_name, stages, unwrap

#: What can learn in a frozen network, beside its head.
KINDS = ("lora", "adapter", "bias", "norm")
_SIDE = 224  # pixels of the picture that is sent through a network to learn its shapes


def insert(model: nn.Module, kind: str, rank: int = 8) -> nn.Module:
    """Put into ``model``, in place, what a kind of tuning needs; the outputs stay what they are.

    ``"lora"`` gives a :class:`LowRank` to every linear and convolution layer but the head where
    that is smaller than the layer itself. ``"adapter"`` puts a :class:`Bottleneck` behind every
    block of the body. ``"bias"`` and ``"norm"`` need nothing.

    Attention layers that compute with their weights directly (torchvision's ViT and Swin) are left
    alone; the blocks' other half, which has two thirds of the numbers, is not.

    Args:
        model: the network, with the head that it is to have.
        kind: one of ``KINDS``.
        rank: of each change; of an adapter, channels of its narrow part.

    Returns:
        The same model.

    Raises:
        HotdogError: an unknown kind, a rank that makes no sense, a network without such layers, or
            one that has them already.

    Example:
        >>> from torchvision.models import resnet18
        >>> insert(resnet18(), "lora", rank=4).layer1[0].conv1.lora
        LowRank(64 -> 4 -> 64)
    """
    check_kind(kind, rank)
    plain = unwrap(model)
    if kind in _INSERT:
        if inserted(plain):
            raise HotdogError(f"the model has {inserted(plain)} already; begin with a new one")
        _INSERT[kind](plain, rank, _shapes(plain))
        plain.inserted = {"kind": kind, "rank": rank}
    return model


def inserted(model: nn.Module) -> dict[str, Any] | None:
    """``kind`` and ``rank`` of what :func:`insert` has put into a network, or None."""
    return getattr(unwrap(model), "inserted", None)


def wake(model: nn.Module, kind: str) -> nn.Module:
    """Let what a kind of tuning trains learn, in place; nothing else changes.

    Call it after :func:`~hotdog_lib.models.freeze`, and make the optimizer after it.

    Raises:
        HotdogError: an unknown kind, or nothing of it in the network.
    """
    check_kind(kind)
    learning = list(_numbers(unwrap(model), kind))
    if not learning:
        raise HotdogError(
            f"{type(unwrap(model)).__name__} has no numbers of the kind {kind!r}: insert them "
            "first, or choose another kind"
        )
    for parameter in learning:
        parameter.requires_grad_(True)
    return model


def merge(model: nn.Module) -> nn.Module:
    """Add every LoRA to its layer's weight, in place: the same outputs, at no extra cost."""
    for layer, lora in _loras(model):
        if lora.before is None:
            lora.before = layer.weight.detach().clone()
            with torch.no_grad():
                layer.weight.copy_(lora.before.double() + lora.delta())
    return model


def unmerge(model: nn.Module) -> nn.Module:
    """Undo :func:`merge`, in place: every weight is what it was, to the last bit."""
    for layer, lora in _loras(model):
        if lora.before is not None:
            with torch.no_grad():
                layer.weight.copy_(lora.before)
            lora.before = None
    return model


def unload(model: nn.Module) -> nn.Module:
    """:func:`merge`, then take every LoRA out: an ordinary network, in place."""
    for layer, _ in list(_loras(merge(model))):
        detach_lora(layer)
    if (inserted(model) or {}).get("kind") == "lora":
        del unwrap(model).inserted
    return model


def adapter_keys(model: nn.Module) -> list[str]:
    """Names in the state of what learns, and of every buffer: all that differs from the source.

    Buffers are among them since BatchNorm's statistics may have moved, and are worth nothing
    without the adapter, nor it without them.

    Raises:
        HotdogError: a merged LoRA: it is in the weights, which are not named here.
    """
    plain = unwrap(model)
    if any(lora.before is not None for _, lora in _loras(plain)):
        raise HotdogError("the LoRA is merged into the weights; unmerge the model first")
    learns = [name for name, p in plain.named_parameters() if p.requires_grad]
    stored = plain.state_dict()
    return [*learns, *(name for name, _ in plain.named_buffers() if name in stored)]


def check_kind(kind: object, rank: object = 1) -> None:
    """Raise HotdogError unless these are a kind of tuning and a rank."""
    if kind not in KINDS:
        raise HotdogError(f"kind {kind!r} is unknown; choose from {', '.join(KINDS)}")
    check_rank(rank)


def _numbers(model: nn.Module, kind: str) -> Iterator[nn.Parameter]:
    """The parameters that a kind of tuning trains."""
    inserted = {"lora": LowRank, "adapter": Bottleneck}.get(kind)
    for module in model.modules():
        own = dict(module.named_parameters(recurse=False))
        if inserted is not None and isinstance(module, inserted):
            yield from module.parameters()
        elif kind == "norm" and isinstance(module, NORM_LAYERS):
            yield from own.values()
        elif kind == "bias":
            yield from (p for name, p in own.items() if name.endswith("bias"))


def _loras(model: nn.Module) -> Iterator[tuple[nn.Linear | nn.Conv2d, LowRank]]:
    for layer in unwrap(model).modules():
        if isinstance(getattr(layer, "lora", None), LowRank):
            yield layer, layer.lora


def _insert_lora(model: nn.Module, rank: int, called: dict[nn.Module, torch.Size]) -> None:
    head, count = model.get_submodule(classifier_name(model)), 0
    for layer in list(called):
        if isinstance(layer, nn.Linear | nn.Conv2d) and layer is not head:
            lora = LowRank(layer, rank)
            if lora.a.numel() + lora.b.numel() < layer.weight.numel():
                attach_lora(layer, lora)
                count += 1
    if not count:
        raise HotdogError(
            f"{type(model).__name__} has no Linear or Conv2d layer that a change of rank {rank} "
            "would be smaller than; lower the rank"
        )


def _insert_adapters(model: nn.Module, width: int, outputs: dict[nn.Module, torch.Size]) -> None:
    *body, _ = stages(model).values()
    blocks = [block for stage in body for unit in stage for block in _blocks(unit)]
    if not blocks:
        raise HotdogError(
            f"{type(model).__name__} has no blocks to put adapters behind; take lora, or a network "
            "of blocks such as resnet18"
        )
    like = next(model.parameters())
    for block in blocks:
        shape = outputs[block]
        axis = 1 if len(shape) == 4 and shape[2] == shape[3] else -1
        attach_adapter(block, Bottleneck(shape[axis], width, axis).to(like.device, like.dtype))


def _blocks(unit: nn.Module) -> Iterator[nn.Module]:
    """Modules with layers inside; containers are opened, since they would run an adapter twice."""
    if isinstance(unit, nn.Sequential | nn.ModuleList | nn.ModuleDict):
        for child in unit.children():
            yield from _blocks(child)
    elif next(unit.children(), None) is not None:
        yield unit


def _shapes(model: nn.Module) -> dict[nn.Module, torch.Size]:
    """Output shape of every module that a picture passes through, in that order.

    The picture and all weights are on ``meta``: nothing is computed, and no statistic moves.
    """
    shapes: dict[nn.Module, torch.Size] = {}

    def note(module: nn.Module, _: object, output: object) -> None:
        if isinstance(output, Tensor):
            shapes[module] = output.shape

    side = getattr(model, "image_size", _SIDE)
    picture = torch.zeros(1, 3, side, side, device="meta", dtype=next(model.parameters()).dtype)
    tensors = {k: t.to("meta") for k, t in [*model.named_parameters(), *model.named_buffers()]}
    hooks = [module.register_forward_hook(note) for module in model.modules()]
    try:
        with evaluating(model):
            torch.func.functional_call(model, tensors, (picture,))
    finally:
        for hook in hooks:
            hook.remove()
    return shapes


_INSERT = {"lora": _insert_lora, "adapter": _insert_adapters}
