"""Layers that look at a whole batch, when the batch lies in several processes.

BatchNorm takes its statistics from the batch, and dropout its mask. With half of the batch in each
of two processes, two half-batches would be normalised, and a network would learn otherwise than in
one process. Here the statistics are those of all processes' pictures, and a mask is drawn for the
whole batch, of which each process takes its part. Frozen layers are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torchvision.ops import StochasticDepth


@contextmanager
def whole_batches(model: nn.Module, part: slice, total: int) -> Iterator[None]:
    """Inside, ``model`` trains on rows ``part`` of batches of ``total`` as it would on all of them.

    Every process must do the same steps with the same state of torch's random generator.
    """
    kinds = {_BatchNorm: _normalise, nn.Dropout: _drop, StochasticDepth: _drop_rows}
    changed = []
    for module in model.modules():
        for kind, forward in kinds.items():
            if isinstance(module, kind) and total > part.stop - part.start:
                module.forward = partial(forward, module, part, total)
                changed.append(module)
    try:
        yield
    finally:
        for module in changed:
            del module.forward


def _drop(module: nn.Dropout, part: slice, total: int, x: Tensor) -> Tensor:
    if not module.training or module.p in (0.0, 1.0):
        return type(module).forward(module, x)
    return x * _mask(x, (total, *x.shape[1:]), 1 - module.p)[part]


def _drop_rows(module: StochasticDepth, part: slice, total: int, x: Tensor) -> Tensor:
    if not module.training or module.p in (0.0, 1.0):
        return type(module).forward(module, x)
    rows = total if module.mode == "row" else 1
    mask = _mask(x, (rows, *[1] * (x.ndim - 1)), 1 - module.p)
    return x * (mask[part] if module.mode == "row" else mask)


def _mask(x: Tensor, shape: tuple[int, ...], kept: float) -> Tensor:
    """0, or 1 / kept, at random; in ``x``'s layout, since masks are drawn in memory's order."""
    mask = torch.empty(shape, dtype=x.dtype, device=x.device)
    if x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last):
        mask = mask.to(memory_format=torch.channels_last)
    return mask.bernoulli_(kept).div_(kept)


def _normalise(module: _BatchNorm, part: slice, total: int, x: Tensor) -> Tensor:
    if not module.training:
        return type(module).forward(module, x)
    y, mean, variance, n = _BatchNormAcross.apply(x, module.weight, module.bias, module.eps)
    if module.running_mean is not None:
        module.num_batches_tracked.add_(1)
        share = module.momentum
        share = 1 / float(module.num_batches_tracked) if share is None else share
        module.running_mean.lerp_(mean, share)
        module.running_var.lerp_(variance * n / (n - 1), share)
    return y


class _BatchNormAcross(torch.autograd.Function):
    """BatchNorm in training mode of a batch whose rows lie in several processes.

    The derivative is that of Ioffe and Szegedy (arXiv 1502.03167), with sums over all processes.
    """

    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        values = x.float()  # (B, C, ...)
        count = x.numel() // x.shape[1]
        mean = values.mean(_dims(x))  # (C,)
        spread = (values - _wide(mean, x)).square().sum(_dims(x))  # (C,)
        mine = torch.cat([mean, spread, mean.new_tensor([count])])
        parts = [torch.empty_like(mine) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, mine)
        means, spreads, counts = torch.stack(parts).split([len(mean), len(mean), 1], dim=1)
        n = counts.sum()  # ()
        mean = (means * counts).sum(0) / n
        variance = (spreads + counts * (means - mean).square()).sum(0) / n  # (C,), Chan et al.
        scale = torch.rsqrt(variance + eps)
        ctx.save_for_backward(x, weight, mean, scale, n)
        y = (values - _wide(mean, x)) * _wide(scale, x)
        if weight is not None:
            y = y * _wide(weight, x) + _wide(bias, x)
        ctx.mark_non_differentiable(mean, variance, n)
        return y.to(x.dtype), mean, variance, n

    @staticmethod
    def backward(ctx, grad, *_):
        x, weight, mean, scale, n = ctx.saved_tensors
        normal = (x.float() - _wide(mean, x)) * _wide(scale, x)
        grad = grad.float()
        own = torch.stack([grad.sum(_dims(x)), (grad * normal).sum(_dims(x))])  # (2, C)
        everyone = own.clone()
        dist.all_reduce(everyone)
        shift, stretch = (_wide(row / n, x) for row in everyone)
        into = (grad - shift - normal * stretch) * _wide(scale, x)
        if weight is None:
            return into.to(x.dtype), None, None, None
        return (into * _wide(weight, x)).to(x.dtype), own[1], own[0], None


def _dims(x: Tensor) -> list[int]:
    """All but the channels."""
    return [0, *range(2, x.ndim)]


def _wide(values: Tensor, x: Tensor) -> Tensor:
    """(C,) so that it broadcasts over (B, C, ...)."""
    return values.view(1, -1, *[1] * (x.ndim - 2))
