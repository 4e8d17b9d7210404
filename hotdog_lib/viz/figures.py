"""The figures that several chapters draw; ``show`` puts one on the page, with its text."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from hotdog_lib.errors import HotdogError
from hotdog_lib.viz.alt import spoken
from hotdog_lib.viz.style import INK, PALETTE, look_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Values of one line: one a step, or one row a seed.
Curve = Sequence[float] | Sequence[Sequence[float]]
#: Inches between the pictures of a grid.
GAP = 0.05


def show(figure: Figure, alt: str) -> None:
    """Display ``figure`` once, with ``alt``: what it shows, for those who cannot see it.

    The text may be an f-string with numbers of this very run. The book's build hands it on to the
    page.

    Raises:
        HotdogError: when ``alt`` says nothing.
    """
    from IPython.display import display

    display(figure, metadata={"image/png": {"alt": spoken(alt)}})
    plt.close(figure)


def picture_grid(
    images: Any,
    titles: Sequence[str] | None = None,
    *,
    columns: int = 8,
    size: float = 0.9,
    right: Sequence[bool] | None = None,
) -> Figure:
    """Pictures side by side.

    Args:
        images: uint8 or float 0..1, (N, 3, H, W) tensor or array, or a sequence of (3, H, W).
        titles: one a picture, or none.
        columns: pictures in a row. size: width of a picture in inches.
        right: one a picture; titles of wrong ones are marked in colour and with a cross.
    """
    count = len(images)
    if count == 0:
        raise HotdogError("picture_grid got no pictures: pass at least one")
    labels = _wrapped(titles, size) if titles is not None else [""] * count
    columns = min(columns, count)
    rows = [range(start, min(start + columns, count)) for start in range(0, count, columns)]
    above = [max(_title_height(labels[i]) for i in row) for row in rows]  # inches
    width, height = columns * (size + GAP) - GAP, sum(above) + len(rows) * (size + GAP) - GAP
    figure = plt.figure(figsize=(width, height), layout="none")
    for index, label in enumerate(labels):
        row, column = divmod(index, columns)
        left, top = column * (size + GAP), sum(above[: row + 1]) + row * (size + GAP)
        corner = left / width, 1 - (top + size) / height
        axis = figure.add_axes((*corner, size / width, size / height))
        axis.axis("off")
        axis.imshow(_pixels(images[index]))
        wrong = right is not None and not right[index]
        axis.set_title(
            f"✗ {label}" if wrong else label,
            fontsize=8.5,
            pad=2,
            loc="center",
            color=PALETTE["wrong"] if wrong else INK,
        )
    return figure


def _title_height(label: str) -> float:
    """Inches that a title takes above its picture."""
    return 0.14 * (label.count("\n") + 1) + 0.06 if label else 0.0


def _wrapped(titles: Sequence[str], size: float) -> list[str]:
    """Titles broken into lines that fit above a picture ``size`` inches wide."""
    return [textwrap.fill(title, max(8, int(size * 15))) for title in titles]


def _pixels(image: Any) -> np.ndarray:
    """(3, H, W) tensor or array -> (H, W, 3) array that imshow takes."""
    pixels = np.asarray(image).transpose(1, 2, 0)  # (H, W, 3)
    return pixels if pixels.dtype == np.uint8 else pixels.clip(0, 1)


def learning_curves(
    curves: Mapping[str, Curve],
    *,
    ylabel: str = "accuracy",
    xlabel: str = "epoch",
    axis: Axes | None = None,
) -> Figure:
    """A line for each name: a value an epoch, or the mean over seeds and their range, shaded.

    Args:
        curves: name (a role, where it is one) -> values, (E,) or (seeds, E). Epochs count from 1.
        axis: where to draw; None makes a figure.
    """
    figure, axis = _canvas(axis)
    for position, (name, values) in enumerate(curves.items()):
        lines = np.atleast_2d(np.asarray(values, dtype=float))  # (seeds, E)
        epochs = np.arange(1, lines.shape[1] + 1)
        look = look_of(name, position)
        axis.plot(
            epochs,
            lines.mean(0),
            label=name,
            color=look.color,
            linestyle=look.linestyle,
            marker=look.marker if lines.shape[1] <= 12 else "",
        )
        if len(lines) > 1:
            axis.fill_between(
                epochs, lines.min(0), lines.max(0), color=look.color, alpha=0.15, lw=0
            )
    axis.set(xlabel=xlabel, ylabel=ylabel)
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.legend()
    return figure


def accuracy_by_size(
    results: Mapping[str, Mapping[int, Sequence[float]]],
    *,
    xlabel: str = "training pictures",
    ylabel: str = "test accuracy",
    axis: Axes | None = None,
) -> Figure:
    """Accuracy against the number of training pictures: mean over seeds and 95 % interval.

    Args:
        results: name (a role, where it is one) -> number of pictures -> one accuracy a seed.
    """
    figure, axis = _canvas(axis)
    for position, (name, by_size) in enumerate(results.items()):
        sizes = sorted(by_size)
        means, halves = np.array([_mean_interval(by_size[n]) for n in sizes]).T
        look = look_of(name, position)
        axis.errorbar(
            sizes,
            means,
            yerr=halves,
            label=name,
            color=look.color,
            linestyle=look.linestyle,
            marker=look.marker,
            capsize=2.5,
            elinewidth=1,
        )
    every = sorted({n for by_size in results.values() for n in by_size})
    axis.set_xscale("log")
    axis.set_xticks(every, [f"{n:,}" for n in every])
    axis.minorticks_off()
    axis.set(xlabel=xlabel, ylabel=ylabel)
    axis.legend()
    return figure


def bars(
    values: Mapping[str, Sequence[float]],
    *,
    xlabel: str = "test accuracy",
    start: float = 0.0,
    axis: Axes | None = None,
) -> Figure:
    """A bar for each name: mean over seeds, its 95 % interval, a dot for each seed.

    Args:
        values: name (a role, where it is one) -> one value a seed.
        start: where the axis begins; anything but 0 is said in its label.
    """
    height = 0.42 * len(values) + 0.7
    figure, axis = _canvas(axis, (5.8, height))
    names = list(values)
    for row, name in enumerate(names):
        mean, half = _mean_interval(values[name])
        look = look_of(name, row)
        axis.barh(row, mean - start, left=start, height=0.62, color=look.color, alpha=0.85)
        axis.errorbar(mean, row, xerr=half, color=INK, capsize=3, elinewidth=1.2)
        axis.plot(
            values[name], [row] * len(values[name]), "o", ms=3.2, mfc="white", mec=INK, mew=0.7
        )
        edge = np.nanmax([mean, mean + half, *values[name]])
        axis.annotate(f"{mean:.3f}", (edge, row), (6, 0), textcoords="offset points", va="center")
    axis.set_yticks(range(len(names)), names)
    axis.invert_yaxis()
    axis.grid(visible=False)
    axis.set(xlabel=xlabel if start == 0 else f"{xlabel} (axis starts at {start:g})")
    axis.margins(x=0.12)
    axis.set_xlim(left=start)
    return figure


def confusion(matrix: Sequence[Sequence[int]], class_names: Sequence[str]) -> Figure:
    """Counts of true class (rows) against predicted class (columns), (C, C), shaded by row."""
    counts = np.asarray(matrix)
    side = 1.1 + 0.75 * len(class_names)
    figure, axis = plt.subplots(figsize=(side + 0.5, side))
    shares = counts / counts.sum(1, keepdims=True).clip(1)
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1.3)
    for (row, column), value in np.ndenumerate(counts):
        axis.text(
            column,
            row,
            f"{value:,}",
            ha="center",
            va="center",
            color="white" if shares[row, column] > 0.75 else INK,
        )
    ticks = range(len(class_names))
    axis.set_xticks(ticks, class_names)
    axis.set_yticks(ticks, class_names)
    axis.set(xlabel="predicted", ylabel="true")
    axis.grid(visible=False)
    return figure


def _canvas(axis: Axes | None, size: tuple[float, float] | None = None) -> tuple[Figure, Axes]:
    """The axis that was given and its figure, or new ones."""
    if axis is not None:
        return axis.figure, axis  # type: ignore[return-value]
    return plt.subplots(figsize=size)


def _mean_interval(values: Sequence[float]) -> tuple[float, float]:
    from hotdog_lib.training.metrics import (
        mean_interval,
    )  # brings torch: only where there are seeds

    return mean_interval(list(values))
