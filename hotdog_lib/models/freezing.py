"""Freeze parts of a network: no weight in them moves, no running statistic, and nothing drops out.

``requires_grad = False`` alone is not enough. A BatchNorm layer that it is said to still updates
its running mean and variance in training mode, and dropout still drops. Here a frozen layer stays
in eval mode under a plain ``model.train()``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from hotdog_lib.errors import HotdogError
from hotdog_lib.models.stages import stages, unwrap

NORM_POLICIES = ("freeze", "affine", "adapt")
NORM_LAYERS = (_NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
Part = str | nn.Module
Parts = Part | Iterable[Part] | None


@dataclass(frozen=True)
class StageSummary:
    """How much of a stage learns.

    Attributes:
        stage: its name; ``"total"`` in the last row.
        parameters: numbers in its parameters.
        trainable: those of them that get a gradient.
        modes: ``"train"``, ``"eval"`` or ``"mixed"``: in which mode its layers are now.
    """

    stage: str
    parameters: int
    trainable: int
    modes: str


def freeze(model: nn.Module, parts: Parts = None, norm: str = "freeze") -> nn.Module:
    """Freeze parts of ``model``, in place: no gradients, eval mode even under ``model.train()``.

    Args:
        model: the network.
        parts: a stage name, a module, or several of either; None for the whole network.
        norm: what the normalisation layers in these parts do: ``"freeze"`` stands still like the
            rest; ``"affine"`` learns scale and shift but keeps its statistics; ``"adapt"`` learns
            scale and shift and follows the statistics of the new pictures (give it batches of 16
            or more).

    Returns:
        The same model.

    Raises:
        HotdogError: no such policy, stage or part.

    Example:
        >>> from torchvision.models import resnet18
        >>> model = freeze(resnet18(), ["stem", "stage1"]).train()
        >>> model.bn1.training, model.layer4[0].bn1.training
        (False, True)
    """
    if norm not in NORM_POLICIES:
        raise HotdogError(f"norm {norm!r} is unknown; choose from {', '.join(NORM_POLICIES)}")
    for part in _resolve(model, parts):
        for module in part.modules():
            learns = norm != "freeze" and isinstance(module, NORM_LAYERS)
            _set_trainable(module, learns)
            if learns and norm == "adapt":
                _release(module, model.training)
            else:
                _hold_in_eval(module)
    return model


def unfreeze(model: nn.Module, parts: Parts = None) -> nn.Module:
    """Undo :func:`freeze`: parameters learn again, modes follow ``model.train()`` again.

    Make a new optimizer afterwards: an old one does not know the parameters.
    """
    for part in [unwrap(model)] if parts is None else _resolve(model, parts):
        for module in part.modules():
            _set_trainable(module, True)
            _release(module, model.training)
    return model


def freeze_to(model: nn.Module, stage_name: str, norm: str = "freeze") -> nn.Module:
    """Freeze all stages before ``stage_name``; it and all after it learn.

    ``freeze_to(model, "head")`` leaves a linear probe, ``freeze_to(model, "stem")`` all free.
    """
    names = list(stages(model))
    if stage_name not in names:
        raise HotdogError(f"there is no stage {stage_name!r}; choose from {', '.join(names)}")
    at = names.index(stage_name)
    freeze(model, names[:at], norm)
    return unfreeze(model, names[at:])


def hold_statistics(model: nn.Module) -> nn.Module:
    """Keep the running statistics of every BatchNorm, in place; what learns goes on learning.

    Until :func:`unfreeze` or :func:`freeze_to` is called again. A network that was not trained has
    no statistics worth keeping.
    """
    for module in model.modules():
        if isinstance(module, _NormBase):
            _hold_in_eval(module)
    return model


def is_frozen(model: nn.Module, parts: Parts = None) -> bool:
    """Whether nothing in these parts (None: anywhere) can move: weight, statistic or dropout."""
    modules = [m for part in _resolve(model, parts) for m in part.modules()]
    learns = any(p.requires_grad for m in modules for p in m.parameters(recurse=False))
    return not learns and all(_is_held(m) for m in modules if not isinstance(m, nn.ParameterList))


def trainable_summary(model: nn.Module) -> list[StageSummary]:
    """One row a stage, input to output, and a last one called ``"total"``."""
    parts = stages(model)
    rows = [_summarise(name, units) for name, units in parts.items()]
    everything = [unit for units in parts.values() for unit in units]
    return [*rows, _summarise("total", everything)]


def _summarise(name: str, units: Sequence[nn.Module]) -> StageSummary:
    parameters = [p for unit in units for p in unit.parameters()]
    modes = {
        module.training
        for unit in units
        for module in unit.modules()
        if not isinstance(module, nn.ParameterList)  # made on the spot: its mode means nothing
    }
    return StageSummary(
        stage=name,
        parameters=sum(p.numel() for p in parameters),
        trainable=sum(p.numel() for p in parameters if p.requires_grad),
        modes="mixed" if len(modes) > 1 else "train" if True in modes else "eval",
    )


def _resolve(model: nn.Module, parts: Parts) -> list[nn.Module]:
    """The modules meant, all of them found before anything is changed."""
    by_name = stages(model)
    if parts is None:
        parts = list(by_name)
    found: list[nn.Module] = []
    for part in [parts] if isinstance(parts, (str, nn.Module)) else parts:
        if not isinstance(part, nn.Module) and part not in by_name:
            raise HotdogError(f"there is no stage {part!r}; choose from {', '.join(by_name)}")
        found += [unwrap(part)] if isinstance(part, nn.Module) else by_name[part]
    return found


def _set_trainable(module: nn.Module, trainable: bool) -> None:
    for parameter in module.parameters(recurse=False):
        parameter.requires_grad_(trainable)
        if not trainable:
            parameter.grad = (
                None  # an optimizer that still holds it would go on applying an old one
            )


def _hold_in_eval(module: nn.Module) -> None:
    # An attribute of the instance, found before the class's method, so that the type, the keys of
    # the state and isinstance stay what they were. A partial, not a bound method: it survives
    # deepcopy and pickle.
    module.train = partial(_train_held, module)
    module.training = False


def _train_held(module: nn.Module, mode: bool = True) -> nn.Module:
    """``train()`` of a frozen module: it stays in eval; its children decide for themselves."""
    module.training = False
    for child in module.children():
        child.train(mode)
    return module


def _release(module: nn.Module, mode: bool) -> None:
    module.__dict__.pop("train", None)
    module.training = mode


def _is_held(module: nn.Module) -> bool:
    return "train" in module.__dict__
