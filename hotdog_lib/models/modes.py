"""Eval mode for the time being."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def in_eval(model: nn.Module) -> Iterator[nn.Module]:
    """Eval mode inside; afterwards every module is back in the mode it had.

    ``model.train()`` afterwards would wake up what was frozen (trap 14).
    """
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield model
    finally:
        for module, mode in modes.items():
            module.training = mode


@contextmanager
def evaluating(model: nn.Module) -> Iterator[nn.Module]:
    """:func:`in_eval`, and no gradients: ``torch.no_grad()`` alone is not eval mode (trap 14)."""
    with in_eval(model), torch.inference_mode():
        yield model
