"""Cutting a held-out part from a set: every class in proportion, near-duplicates on one side; or as
many of every class."""

from __future__ import annotations

import torch
from torch import Tensor

from hotdog_lib.errors import HotdogError


def stratified_split(
    targets: Tensor, fraction: float, *, groups: Tensor | None = None, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """Split row numbers in two, with the same share of every class held out.

    Args:
        targets: int64 ``(N,)``, the classes.
        fraction: share to hold out of each class, above 0 and below 1; at least one picture of each
            class is on either side.
        groups: int64 ``(N,)``: pictures with equal numbers stay together, as
            :func:`~hotdog_lib.data.duplicates.duplicate_groups` returns them. Shares are then as
            near as groups allow.
        seed: of the choice; the same arguments give the same split.

    Returns:
        rows to train on and rows held out, int64, each in ascending order.

    Raises:
        HotdogError: if ``fraction`` is out of range, or a class cannot be on both sides.

    Example:
        >>> train, held = stratified_split(torch.tensor([0, 0, 0, 0, 1, 1, 1, 1]), 0.25)
        >>> len(train), len(held)
        (6, 2)
    """
    if not 0 < fraction < 1:
        raise HotdogError(f"fraction {fraction} must lie between 0 and 1, such as 0.2")
    targets = targets.cpu()
    groups = torch.arange(len(targets)) if groups is None else groups.cpu()
    table = _class_counts(targets, groups)  # (G, C)
    held_groups = _choose(table, _wanted(table.sum(0), fraction), seed)  # (G,) bool
    held = held_groups[torch.unique(groups, return_inverse=True)[1]]  # (N,)
    _check(targets, held)
    return (~held).nonzero().flatten(), held.nonzero().flatten()


def sample_per_class(targets: Tensor, per_class: int, *, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Row numbers of ``per_class`` random pictures of each class, and of all the others.

    Args:
        targets: int64 ``(N,)``, the classes.
        per_class: pictures to take of each; at least one of each class must be left over.
        seed: of the choice; the same arguments give the same sample.

    Returns:
        rows taken and rows left, int64, each in ascending order.

    Raises:
        HotdogError: a class is too small; it names the smallest.

    Example:
        >>> taken, left = sample_per_class(torch.tensor([0, 0, 0, 1, 1]), 1)
        >>> len(taken), len(left)
        (2, 3)
    """
    targets = targets.cpu()
    counts = torch.bincount(targets)
    counts = torch.where(counts > 0, counts, len(targets))  # a class without a picture is none
    if per_class < 1 or not len(targets) or int(counts.min()) <= per_class:
        raise HotdogError(
            f"can't take {per_class} pictures of each class and leave one: class number "
            f"{int(counts.argmin()) if len(targets) else 0} has "
            f"{int(counts.min()) if len(targets) else 0}; take fewer, at least 1"
        )
    order = torch.randperm(len(targets), generator=torch.Generator().manual_seed(seed))
    order = order[targets[order].argsort(stable=True)]  # by class, at random within each
    place = torch.arange(len(order)) - _first_of_its_class(targets[order])
    taken = torch.zeros(len(targets), dtype=torch.bool)
    taken[order[place < per_class]] = True
    return taken.nonzero().flatten(), (~taken).nonzero().flatten()


def _first_of_its_class(ordered: Tensor) -> Tensor:
    """For classes in ascending order, the position at which each one's class begins: ``(N,)``."""
    return torch.searchsorted(ordered, ordered)


def _class_counts(targets: Tensor, groups: Tensor) -> Tensor:
    """How many pictures of each class each group holds: ``(G, C)``."""
    numbers = torch.unique(groups, return_inverse=True)[1]  # (N,)
    shape = (int(numbers.max()) + 1, int(targets.max()) + 1) if len(targets) else (0, 0)
    table = torch.zeros(shape, dtype=torch.int64)
    return table.index_put_((numbers, targets), torch.ones_like(targets), accumulate=True)


def _wanted(totals: Tensor, fraction: float) -> Tensor:
    """How many to hold out of each class ``(C,)``, so that some are on both sides."""
    wanted = (totals * fraction + 0.5).floor().long()
    return torch.minimum(wanted.clamp(min=1), totals - 1).clamp(min=0)  # (C,)


def _choose(table: Tensor, wanted: Tensor, seed: int) -> Tensor:
    """Go through the groups in random order; take each that brings the counts nearer.

    A large group may overshoot and is then passed over; the small ones that follow fill the gap, so
    that counts are exact wherever a class has enough pictures without a duplicate.
    """
    order = torch.randperm(len(table), generator=torch.Generator().manual_seed(seed)).tolist()
    rows, left = table.tolist(), wanted.tolist()
    held = torch.zeros(len(rows), dtype=torch.bool)
    for allow_overshoot in (False, True):
        for group in order:
            after = [need - count for need, count in zip(left, rows[group], strict=True)]
            nearer = sum(map(abs, after)) < sum(map(abs, left))
            if nearer and not held[group] and (allow_overshoot or min(after) >= 0):
                held[group], left = True, after
    return held


def _check(targets: Tensor, held: Tensor) -> None:
    for side, rows in (("held out", targets[held]), ("to train on", targets[~held])):
        missing = sorted(set(targets.tolist()) - set(rows.tolist()))
        if missing or not len(rows):
            raise HotdogError(
                f"a split leaves no picture {side} of class number {missing}; each class needs at "
                "least two pictures that are not near-duplicates of one another"
            )
