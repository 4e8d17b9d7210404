"""The source's own last layer, kept whole: probabilities of its categories add up to those of the
task's classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from hotdog_lib.errors import HotdogError

Objective = Callable[[Tensor, Tensor], Tensor]
_ROWS = 8192


class _Kept(nn.Module):
    """What both kinds of layer share.

    ``log_scale`` (1,) and ``shift`` (K,) say how far the source's opinion is to be believed, and
    how common each class is. They begin at 0, which leaves the source's own probabilities, among
    the categories that belong to a class.
    """

    classes: tuple[int, ...]  # of each category its class, or -1
    order: Tensor  # the categories of class 0, then those of class 1 ...
    sizes: list[int]  # ... and how many each class has

    def _take(self, classes: Sequence[int]) -> None:
        count = max(classes, default=-1) + 1
        if not set(range(count)) <= set(classes) or min(classes, default=0) < -1 or not count:
            raise HotdogError(f"classes {classes!r}: give each class, from 0 on, a category")
        self.classes = tuple(classes)
        groups = [[c for c, k in enumerate(classes) if k == wanted] for wanted in range(count)]
        self.sizes = [len(group) for group in groups]
        self.register_buffer("order", torch.tensor(sum(groups, [])), persistent=False)
        self.log_scale = nn.Parameter(torch.zeros(1))
        self.shift = nn.Parameter(torch.zeros(count))

    def add_up(self, logits: Tensor) -> Tensor:
        """Logits of the categories ``(B, C)`` to logits of the classes ``(B, K)``."""
        groups = logits.float().index_select(1, self.order).split(self.sizes, 1)
        sums = torch.stack([group.logsumexp(1) for group in groups], 1)  # (B, K)
        return self.log_scale.exp() * sums + self.shift

    def hold_rows(self) -> None:
        """Let only scale and shift learn."""
        self.weight.requires_grad_(False)
        self.bias.requires_grad_(False)

    @torch.no_grad()
    def fit(
        self, features: Tensor, targets: Tensor, objective: Objective = nn.functional.cross_entropy
    ) -> float:
        """Set scale and shift to those of the least loss on features ``(N, F)``, and return it."""
        self.log_scale.zero_()
        self.shift.zero_()
        rows = self.weight.flatten(1)
        parts = features.to(rows).split(_ROWS)  # many thousand pictures with a thousand categories
        sums = torch.cat([self.add_up(nn.functional.linear(p, rows, self.bias)) for p in parts])
        targets = targets.to(rows.device)
        scale, shift = fit_scale_and_shift(sums, targets, objective)
        self.log_scale.copy_(scale.log())
        self.shift.copy_(shift)
        return float(objective(sums * scale + shift, targets))

    def extra_repr(self) -> str:
        """Both numbers: the rows that it has, and the logits that it makes."""
        return f"{super().extra_repr()}, added up to {len(self.sizes)}"


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
    logits: Tensor, targets: Tensor, objective: Objective = nn.functional.cross_entropy
) -> tuple[Tensor, Tensor]:
    """The common scale and the biases ``(K,)`` of least loss over logits ``(N, K)`` (Platt
    scaling)."""
    log_scale = logits.new_zeros(1).requires_grad_()
    shift = logits.new_zeros(logits.shape[1]).requires_grad_()
    optimizer = torch.optim.LBFGS([log_scale, shift], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = objective(logits * log_scale.exp() + shift, targets)
        loss = loss + 1e-3 * (log_scale**2 + (shift**2).mean())  # else separable classes run away
        loss.backward()
        return loss

    with torch.enable_grad():
        optimizer.step(closure)
    return log_scale.detach().exp(), shift.detach()
