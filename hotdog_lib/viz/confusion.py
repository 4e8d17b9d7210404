"""A confusion matrix of many classes: in an order, and with its errors to be seen."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from hotdog_lib.viz.style import INK, OKABE_ITO

MOST_NAMES = 40  # more of them are not legible, and are left out


def confusion_order(confusion: Tensor) -> list[int]:
    """The classes, those that are confused with one another side by side.

    The two groups of classes that are confused most, on average over their pairs, are joined, again
    and again until one is left (average linkage); of the ends that can meet, the most alike do.

    Args:
        confusion: counts, (C, C); row is the true class, column the predicted one.

    Example:
        >>> confusion_order(torch.tensor([[5, 0, 5], [0, 9, 0], [5, 0, 5]]))
        [0, 2, 1]
    """
    shares = confusion.double() / confusion.sum(1, keepdim=True).clamp(min=1)
    alike = shares + shares.T  # (C, C)
    near = alike.clone().fill_diagonal_(-1)  # -1: not to be joined
    groups, one = [[c] for c in range(len(confusion))], 0
    for _ in range(len(confusion) - 1):
        one, other = divmod(int(near.argmax()), len(near))
        sizes = len(groups[one]), len(groups[other])
        near[one] = (sizes[0] * near[one] + sizes[1] * near[other]) / sum(sizes)
        near[:, one] = near[one]
        near[other] = near[:, other] = near[one, one] = -1
        groups[one] = _join(groups[one], groups[other], alike)
    return groups[one]


def _join(left: list[int], right: list[int], alike: Tensor) -> list[int]:
    """Two runs of classes in a row, turned so that the most alike of their ends meet."""
    turned = [(a, b) for a in (left, left[::-1]) for b in (right, right[::-1])]
    a, b = max(turned, key=lambda pair: float(alike[pair[0][-1], pair[1][0]]))
    return a + b


def confusion_map(confusion: Tensor, class_names: Sequence[str], order: Sequence[int]) -> Figure:
    """Shares of each class's pictures, rows the true class: right ones blue, errors orange.

    Args:
        confusion: counts, (C, C).
        class_names: in the order of ``confusion``.
        order: the classes to show, in the order in which to show them.
    """
    shown = confusion[list(order)][:, list(order)].numpy()
    shares = shown / confusion.sum(1)[list(order)].clamp(min=1).numpy()[:, None]
    figure, axis = plt.subplots(figsize=(6.4, 6.0))
    diagonal = np.eye(len(order), dtype=bool)
    axis.imshow(np.where(diagonal, shares, np.nan), cmap="Blues", vmin=0, vmax=1.3)
    axis.imshow(np.where(diagonal, np.nan, shares), cmap="Oranges", vmin=0, vmax=0.45)
    if len(order) <= MOST_NAMES:
        _write_counts(axis, shown, shares)
        names = [class_names[c].replace("_", " ") for c in order]
        axis.set_xticks(range(len(order)), names, rotation=90, fontsize=8)
        axis.set_yticks(range(len(order)), names, fontsize=8)
    else:
        axis.set(xticks=[], yticks=[])
    axis.set(xlabel="predicted", ylabel="true")
    axis.grid(visible=False)
    return figure


def _write_counts(axis: plt.Axes, counts: np.ndarray, shares: np.ndarray) -> None:
    for (row, column), value in np.ndenumerate(counts):
        if value:
            dark = shares[row, column] > (0.75 if row == column else 0.35)
            colour = "white" if dark else INK
            axis.text(column, row, value, ha="center", va="center", fontsize=7, color=colour)


def share_dots(
    shares: Sequence[float],
    intervals: Sequence[tuple[float, float]],
    names: Sequence[str],
    mean: float,
    xlabel: str,
) -> Figure:
    """A dot with its interval for each class, best on top, and a line at the mean of all."""
    order = np.argsort(shares)
    figure, axis = plt.subplots(figsize=(5.8, 0.19 * len(order) + 0.8))
    for row, c in enumerate(order):
        low, high = intervals[c]
        covers = low <= mean <= high
        colour = OKABE_ITO["black"] if covers else OKABE_ITO["vermillion"]
        axis.plot([low, high], [row, row], color=colour, lw=1.6 if covers else 2.4)
        axis.plot(shares[c], row, "o" if covers else "D", color=colour)
    axis.axvline(mean, color=OKABE_ITO["blue"], ls="--", lw=1.2)
    axis.set_yticks(range(len(order)), [names[c].replace("_", " ") for c in order], fontsize=8)
    axis.set(xlabel=xlabel, xlim=(0, 1.02), ylim=(-0.7, len(order) - 0.3))
    axis.grid(visible=False)
    return figure
