"""Eval mode for the time being."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def evaluating(model: nn.Module) -> Iterator[nn.Module]:
    """Eval mode and no gradients inside; afterwards every module is back in the mode it had.

    ``torch.no_grad()`` alone is not eval mode, and ``model.train()`` afterwards would wake up
    what was frozen (trap 14).
    """
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.inference_mode():
            yield model
    finally:
        for module, mode in modes.items():
            module.training = mode
