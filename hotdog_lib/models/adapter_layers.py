"""The thin layers of parameter-efficient tuning: a low-rank change, and a bottleneck adapter."""

from __future__ import annotations

import math
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hotdog_lib.errors import HotdogError

MAX_RANK = 4096


def check_rank(rank: object) -> None:
    """Raise HotdogError unless ``rank`` is one."""
    if type(rank) is not int or not 1 <= rank <= MAX_RANK:
        raise HotdogError(f"rank {rank!r}: give a whole number from 1 to {MAX_RANK}")


class LowRank(nn.Module):
    """A change of one layer's weight that is a product of two thin matrices: ``scale * b @ a``.

    It begins as zero. A layer of several groups gets a change for each of them, of rank
    ``rank / groups`` rounded up.

    Args:
        layer: a ``Linear`` or ``Conv2d``.
        rank: of the change.
        scale: factor of the change; ``alpha / rank`` in the paper.

    Raises:
        HotdogError: for a layer of another kind, or a rank that makes no sense.

    Example:
        >>> LowRank(nn.Linear(768, 3072), rank=8)
        LowRank(768 -> 8 -> 3072)
    """

    def __init__(self, layer: nn.Linear | nn.Conv2d, rank: int, scale: float = 1.0) -> None:
        super().__init__()
        if not isinstance(layer, nn.Linear | nn.Conv2d):
            raise HotdogError(f"LoRA is for Linear and Conv2d, not for {type(layer).__name__}")
        check_rank(rank)
        self.groups = getattr(layer, "groups", 1)
        each = -(-rank // self.groups)  # rank of the change in one group
        weight, self.scale = layer.weight, scale
        new = partial(torch.empty, device=weight.device, dtype=weight.dtype)
        self.a = nn.Parameter(new(each * self.groups, *weight.shape[1:]))  # (r, in/g[, kh, kw])
        self.b = nn.Parameter(new(len(weight), each))  # (out, r/g)
        nn.init.kaiming_uniform_(self.a, a=math.sqrt(5))  # as torch's own layers, and peft, begin
        nn.init.zeros_(self.b)
        self.register_buffer("before", None, persistent=False)  # the weight, while merged

    def forward(self, layer: nn.Linear | nn.Conv2d, inputs: Tensor) -> Tensor:
        """What the change adds to the layer's output: two thin layers, one after the other."""
        if isinstance(layer, nn.Linear):
            return F.linear(F.linear(inputs, self.a), self.b) * self.scale
        narrow = layer._conv_forward(inputs, self.a, None)  # its stride, padding and dilation
        return F.conv2d(narrow, self.b[:, :, None, None], groups=self.groups) * self.scale

    def delta(self) -> Tensor:
        """The change itself, in the weight's shape and in double precision."""
        a = self.a.detach().double().flatten(1).unflatten(0, (self.groups, -1))  # (g, r/g, in)
        b = self.b.detach().double().unflatten(0, (self.groups, -1))  # (g, out/g, r/g)
        return self.scale * torch.bmm(b, a).reshape(len(self.b), *self.a.shape[1:])

    def extra_repr(self) -> str:
        """The widths, for ``print(model)``."""
        return f"{self.a.shape[1] * self.groups} -> {len(self.a)} -> {len(self.b)}"


class Bottleneck(nn.Module):
    """An adapter behind a block: ``x + up(relu(down(x)))``. It begins as the identity.

    Args:
        channels: of the block's output.
        width: of the narrow part.
        axis: of the channels: 1 (a convolution's output), or -1 (a transformer's).
    """

    def __init__(self, channels: int, width: int, axis: int = 1) -> None:
        super().__init__()
        layer = partial(nn.Conv2d, kernel_size=1) if axis == 1 else nn.Linear
        self.down, self.up = layer(channels, width), layer(width, channels)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, inputs: Tensor) -> Tensor:
        """The block's output and a small correction of it, of the same shape."""
        return inputs + self.up(F.relu(self.down(inputs)))


def attach_lora(layer: nn.Linear | nn.Conv2d, lora: LowRank) -> None:
    """Let ``layer`` add what ``lora`` gives to its output."""
    layer.lora = lora
    layer.forward = partial(_with_lora, layer)


def detach_lora(layer: nn.Linear | nn.Conv2d) -> None:
    """Undo :func:`attach_lora`."""
    del layer.lora
    del layer.__dict__["forward"]


def attach_adapter(block: nn.Module, adapter: Bottleneck) -> None:
    """Let ``block`` hand its output through ``adapter``."""
    block.adapter = adapter
    block.forward = partial(_with_adapter, block)


# As in freezing: an attribute of the instance, found before the class's method, so that types,
# names and keys stay what they were, and a partial, which survives deepcopy and pickle.
def _with_lora(layer: nn.Linear | nn.Conv2d, inputs: Tensor) -> Tensor:
    outputs = type(layer).forward(layer, inputs)
    return outputs if layer.lora.before is not None else outputs + layer.lora(layer, inputs)


def _with_adapter(block: nn.Module, inputs: Tensor) -> Tensor:
    return block.adapter(type(block).forward(block, inputs))
