"""Parameter groups, optimizers and a schedule that is a pure function of the step."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from hotdog_lib.errors import HotdogError
from hotdog_lib.models.heads import stages

#: Parameters of more than one dimension that are biases in spirit: decay would pull them to zero
#: for nothing.
NOT_DECAYED = (
    "pos_embedding",
    "class_token",
    "relative_position_bias_table",
    "layer_scale",
    "logit_scale",
)


def parameter_groups(
    model: nn.Module,
    lr: float,
    *,
    weight_decay: float = 0.0,
    head_ratio: float = 10.0,
    stage_decay: float = 1.0,
) -> list[dict[str, Any]]:
    """Groups of the trainable parameters by stage: the head at ``head_ratio`` times the body's
    rate.

    Args:
        model: any network that :func:`hotdog_lib.models.heads.stages` can take apart.
        lr: highest rate of the last body stage.
        weight_decay: of weights; parameters of one dimension and those in ``NOT_DECAYED`` get none.
        head_ratio: the head's rate over ``lr``.
        stage_decay: rate of a stage over that of the next one towards the head; below 1, early
            layers move less.

    Returns:
        Dicts for a torch optimizer with ``params``, ``lr``, ``max_lr``, ``weight_decay`` and
        ``name``. Frozen
        parameters are in none of them (trap 7), every trainable one is in exactly one (trap 8).

    Raises:
        HotdogError: when nothing is trainable.
    """
    parts = list(stages(model).items())
    names = {id(p): name for name, p in model.named_parameters()}
    groups: list[dict[str, Any]] = []
    for depth, (name, modules) in enumerate(parts):
        to_head = len(parts) - 2 - depth  # 0 for the last stage of the body, -1 for the head
        rate = lr * head_ratio if to_head < 0 else lr * stage_decay**to_head
        groups += _stage_groups(name, modules, names, rate, weight_decay)
    if not groups:
        raise HotdogError(
            "every parameter is frozen: there is nothing to train; unfreeze the head at least"
        )
    return groups


def _stage_groups(
    name: str, modules: list[nn.Module], names: dict[int, str], lr: float, weight_decay: float
) -> list[dict[str, Any]]:
    decayed, plain = [], []
    for module in modules:
        for parameter in module.parameters():
            if parameter.requires_grad:
                # A stage may hold bare parameters (a ViT's position embedding): only the model
                # knows their names.
                (decayed if _is_decayed(names[id(parameter)], parameter) else plain).append(
                    parameter
                )
    rows = ((decayed, weight_decay, name), (plain, 0.0, f"{name}, not decayed"))
    return [
        {"params": p, "lr": lr, "max_lr": lr, "weight_decay": decay, "name": label}
        for p, decay, label in rows
        if p
    ]


def _is_decayed(name: str, parameter: nn.Parameter) -> bool:
    return parameter.ndim > 1 and not any(part in name for part in NOT_DECAYED)


def make_optimizer(
    groups: list[dict[str, Any]], name: str = "adamw", *, fused: bool = True
) -> torch.optim.Optimizer:
    """AdamW, or SGD with Nesterov momentum 0.9, in one fused kernel a step."""
    if name == "adamw":
        return torch.optim.AdamW(groups, fused=fused)
    if name == "sgd":
        return torch.optim.SGD(groups, lr=0.0, momentum=0.9, nesterov=True, fused=fused)
    raise HotdogError(f"optimizer {name!r} is unknown; use adamw or sgd")


def check_optimizer(optimizer: torch.optim.Optimizer, model: nn.Module) -> None:
    """Raise HotdogError unless the optimizer holds the model's trainable parameters, all of them
    and no others.

    The usual causes: the optimizer was made before the head was replaced, or before layers were
    (un)frozen.
    """
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    trainable = {id(p): name for name, p in model.named_parameters() if p.requires_grad}
    missing = [name for key, name in trainable.items() if key not in held]
    if missing:
        raise HotdogError(
            f"the optimizer lacks {missing[:3]}: make it after replacing heads and unfreezing"
        )
    if held - trainable.keys():
        raise HotdogError(
            f"the optimizer holds {len(held - trainable.keys())} parameters that are frozen or "
            "not the model's: "
            "make it after replacing heads and freezing"
        )


def lr_factor(step: int, total: int, shape: str = "one_cycle", warmup: float = 0.2) -> float:
    """The rate at ``step`` of ``total`` as a share of its highest, in (0, 1].

    ``one_cycle`` climbs over the first ``warmup`` of the steps from 1/20 and falls as a cosine to
    1/1000;
    ``cosine`` only falls; ``constant`` is 1. A pure function of the step: a resumed run needs no
    schedule state.

    Example:
        >>> [round(lr_factor(s, 10), 2) for s in (0, 1, 2, 6, 9)]
        [0.05, 0.53, 1.0, 0.5, 0.04]
    """
    if shape == "constant":
        return 1.0
    climb = warmup * total if shape == "one_cycle" else 0.0
    if shape not in ("one_cycle", "cosine"):
        raise HotdogError(f"schedule {shape!r} is unknown; use one_cycle, cosine or constant")
    if step < climb:
        return 0.05 + 0.95 * step / climb
    return 0.001 + 0.999 * (1 + math.cos(math.pi * (step - climb) / max(total - climb, 1))) / 2


def set_lr(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Give every group ``factor`` times its ``max_lr``."""
    for group in optimizer.param_groups:
        group["lr"] = group["max_lr"] * factor
