"""A network as a short list of stages, input to output: the unit of freezing and of learning rates.

A stage begins where the resolution falls, which is what the papers mean by the word, and this
needs no table of families. Vision transformers keep their resolution: their blocks are cut into
four equal runs.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from torch import nn
from torchvision.models.swin_transformer import PatchMerging, PatchMergingV2
from torchvision.models.vision_transformer import Encoder

from hotdog_lib.errors import HotdogError

HEAD = "head"
_POOLS = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)


def unwrap(model: nn.Module) -> nn.Module:
    """The plain network inside ``torch.compile``, ``DataParallel`` or DDP."""
    while True:
        if hasattr(model, "_orig_mod"):
            model = model._orig_mod
        elif isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            model = model.module
        else:
            return model


def classifier_name(model: nn.Module) -> str:
    """Dotted name of the last layer, which makes the logits: ``"fc"``, ``"classifier.1"`` ...

    One rule serves every family: it is the last ``Linear`` or ``Conv2d`` of the network,
    auxiliary heads aside.

    Raises:
        HotdogError: the network has no such layer.
    """
    name = None
    for candidate, module in unwrap(model).named_modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)) and "aux" not in candidate.lower():
            name = candidate
    if not name:
        raise HotdogError(
            f"{type(model).__name__} has no Linear or Conv2d layer inside, so no head"
        )
    return name


def stages(model: nn.Module) -> OrderedDict[str, list[nn.Module]]:
    """Stages from input to output: ``stem``, ``stage1`` ..., ``head``.

    There are 5 to 7 of them in each of torchvision's families.

    Every parameter lies in exactly one stage. ``head`` is the last layer with what stands right
    before and after it without parameters (dropout, pooling); hidden fully connected layers, as
    VGG has them, belong to the body. A parameter that no layer owns (a transformer's class token)
    comes wrapped in a ``ParameterList``.

    Example:
        >>> from torchvision.models import resnet18
        >>> list(stages(resnet18()))
        ['stem', 'stage1', 'stage2', 'stage3', 'stage4', 'head']
    """
    plain = unwrap(model)
    body, head = _split_head(list(_units(plain)), plain.get_submodule(classifier_name(plain)))
    runs = _cut_where_resolution_falls(body)
    if len(runs) < 3:
        runs[-1:] = _cut_evenly(runs[-1])
    names = ["stem", *(f"stage{i}" for i in range(1, len(runs)))]
    return OrderedDict([*zip(names, runs, strict=True), (HEAD, head)])


def _units(module: nn.Module) -> Iterator[nn.Module]:
    """Blocks in order: the children, with plain containers and a transformer's encoder opened."""
    stray = list(module.parameters(recurse=False))
    if stray:
        yield nn.ParameterList(stray)  # the same parameters, not copies
    for child in module.children():
        if type(child) is Encoder:
            yield from _units(child)
        elif type(child) in (nn.Sequential, nn.ModuleList):
            yield from child.children()
        else:
            yield child


def _split_head(
    units: list[nn.Module], classifier: nn.Module
) -> tuple[list[nn.Module], list[nn.Module]]:
    """Cut after the last unit with parameters before the one that holds the classifier."""
    at = next(i for i, unit in enumerate(units) if classifier in set(unit.modules()))
    while at > 0 and next(units[at - 1].parameters(), None) is None:
        at -= 1
    return units[:at], units[at:]


def _cut_where_resolution_falls(units: list[nn.Module]) -> list[list[nn.Module]]:
    runs: list[list[nn.Module]] = [[]]
    for unit in units:
        after_patchify = _is_layer(unit) and any(_is_patchify(other) for other in runs[-1])
        if _lowers_resolution(unit) or after_patchify:
            if any(_is_layer(other) for other in runs[-1]):  # else nothing in it learns yet
                runs.append([])
        runs[-1].append(unit)
    return runs


def _cut_evenly(run: list[nn.Module], pieces: int = 4) -> list[list[nn.Module]]:
    """Pieces of as many blocks each; single layers around them stay with their neighbour."""
    blocks = [i for i, unit in enumerate(run) if any(True for _ in unit.children())]
    starts = [blocks[len(blocks) * k // pieces] for k in range(1, pieces) if len(blocks) >= pieces]
    edges = [0, *starts, len(run)]
    return [run[a:b] for a, b in zip(edges, edges[1:], strict=False)]


def _lowers_resolution(unit: nn.Module) -> bool:
    return any(
        isinstance(module, (PatchMerging, PatchMergingV2))
        or (isinstance(module, _POOLS) and _stride(module) > 1)
        for module in unit.modules()
    )


def _is_patchify(unit: nn.Module) -> bool:
    """A first convolution that cuts the picture into patches is a stem by itself."""
    return any(isinstance(m, nn.Conv2d) and _stride(m) >= 4 for m in unit.modules())


def _stride(layer: nn.Module) -> int:
    return layer.stride if isinstance(layer.stride, int) else max(layer.stride)


def _is_layer(unit: nn.Module) -> bool:
    """Whether it learns, and is not just a parameter that belongs to no layer."""
    return not isinstance(unit, nn.ParameterList) and next(unit.parameters(), None) is not None
