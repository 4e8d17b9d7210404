"""Where a run stands: what is finished, what was best, and what puts it back there."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn


@dataclass
class State:
    """Where a run stands; with the recipe and the pictures it is all that a resumed run needs."""

    phase: int = 0
    epoch: int = 0  # finished epochs of that phase
    history: list[dict[str, Any]] = field(default_factory=list)
    best: dict[str, Any] | None = None  # the row of the history that won
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    optimizer: dict[str, Any] | None = None  # its state_dict, inside a phase only


def snapshot(model: nn.Module) -> dict[str, Tensor]:
    """A copy of the weights and buffers on the CPU, contiguous as safetensors wants them (trap
    38)."""
    return {
        name: tensor.detach().to("cpu", copy=True).contiguous()
        for name, tensor in model.state_dict().items()
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, saved: dict[str, Any]) -> None:
    """Load a state_dict, each tensor in its parameter's memory layout.

    Fused kernels walk through parameter and state side by side: a contiguous state beside a
    channels_last
    parameter would pair the wrong numbers, without an error.
    """
    optimizer.load_state_dict(copy.deepcopy(saved))
    for parameter, state in optimizer.state.items():
        for key, value in state.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                state[key] = torch.empty_like(parameter).copy_(value)


def seed_epoch(seed: int, phase: int, epoch: int) -> torch.Generator:
    """Randomness that depends on (seed, phase, epoch) alone, so that a resumed epoch is the same.

    It sets torch's global state, too, from which dropout draws.
    """
    key = hashlib.sha256(f"{seed}/{phase}/{epoch}".encode()).digest()
    number = int.from_bytes(key[:7], "big")
    torch.manual_seed(number)
    return torch.Generator().manual_seed(number)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """torch's global random state fixed inside, put back afterwards."""
    with torch.random.fork_rng(devices=list(range(torch.cuda.device_count()))):
        torch.manual_seed(seed)
        yield
