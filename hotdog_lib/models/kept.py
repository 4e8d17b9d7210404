"""The source's own last layer, kept whole: probabilities of its categories add up to those of the
task's classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from hotdog_lib.errors import HotdogError

Objective = Callable[[Tensor, Tensor], Tensor]


class _Kept(nn.Module):
    """What both kinds of layer share.

    ``scale`` and ``shift`` (K,) say how far the source's opinion is to be believed, and how common
    each class is; they begin at 1 and 0, which leaves the source's own probabilities.
    """

    members: Tensor  # (K, C) bool: which categories make up which class
    classes: tuple[int, ...]  # the same as a list: of each category its class, or -1

    def _take(self, classes: Sequence[int]) -> None:
        count = max(classes, default=-1) + 1
        if not set(range(count)) <= set(classes) or min(classes, default=0) < -1 or not count:
            raise HotdogError(f"classes {classes!r}: give each class, from 0 on, a category")
        self.classes = tuple(classes)
        members = torch.tensor(self.classes) == torch.arange(count)[:, None]
        self.register_buffer("members", members, persistent=False)
        self.log_scale = nn.Parameter(torch.zeros(1))
        self.shift = nn.Parameter(torch.zeros(count))

    def add_up(self, logits: Tensor) -> Tensor:
        """Logits of the categories ``(B, C)`` to logits of the classes ``(B, K)``."""
        apart = logits.float()[:, None].masked_fill(~self.members, float("-inf"))  # (B, K, C)
        return self.log_scale.exp() * apart.logsumexp(2) + self.shift

    @torch.no_grad()
    def fit(self, features: Tensor, targets: Tensor, objective: Objective | None = None) -> None:
        """Set scale and shift to those of the least loss on features ``(N, F)``."""
        self.log_scale.zero_()
        self.shift.zero_()
        sums = self.add_up(nn.functional.linear(features, self.weight.flatten(1), self.bias))
        scale, shift = fit_scale_and_shift(sums, targets, objective)
        self.log_scale.copy_(scale.log())
        self.shift.copy_(shift)


class KeptLinear(_Kept, nn.Linear):
    """A linear layer ``(B, F) -> (B, K)`` with a row for each of the source's C categories.

    Args:
        in_features: F.
        classes: of each category, its class, 0 to K - 1, or -1.

    Example:
        >>> KeptLinear(160, [0, 1, 1, 1, -1])(torch.zeros(2, 160)).shape
        torch.Size([2, 2])
    """

    def __init__(self, in_features: int, classes: Sequence[int]) -> None:
        super().__init__(in_features, len(classes))
        self._take(classes)

    def forward(self, features: Tensor) -> Tensor:
        """Features ``(B, F)`` to logits ``(B, K)``."""
        return self.add_up(super().forward(features))


class KeptConv2d(_Kept, nn.Conv2d):
    """The same as a 1x1 convolution ``(B, F, h, w) -> (B, K, 1, 1)``; the mean over the places
    comes before the sum."""

    def __init__(self, in_channels: int, classes: Sequence[int]) -> None:
        super().__init__(in_channels, len(classes), kernel_size=1)
        self._take(classes)

    def forward(self, maps: Tensor) -> Tensor:
        """Feature maps ``(B, F, h, w)`` to logits ``(B, K, 1, 1)``."""
        return self.add_up(super().forward(maps).mean((2, 3)))[..., None, None]


def fit_scale_and_shift(
    logits: Tensor, targets: Tensor, objective: Objective | None = None
) -> tuple[Tensor, Tensor]:
    """The common scale and the biases ``(K,)`` of least loss over logits ``(N, K)`` (Platt
    scaling)."""
    measure = objective or nn.functional.cross_entropy
    log_scale = logits.new_zeros(1).requires_grad_()
    shift = logits.new_zeros(logits.shape[1]).requires_grad_()
    optimizer = torch.optim.LBFGS([log_scale, shift], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = measure(logits * log_scale.exp() + shift, targets)
        loss = loss + 1e-3 * (log_scale**2 + (shift**2).mean())  # else separable classes run away
        loss.backward()
        return loss

    with torch.enable_grad():
        optimizer.step(closure)
    return log_scale.detach().exp(), shift.detach()
