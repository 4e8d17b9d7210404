"""The four steps of transfer learning, drawn with the stages of a real network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from hotdog_lib.viz.style import FAINT, INK, OKABE_ITO

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEARNED, NEW, EMPTY = OKABE_ITO["sky"], OKABE_ITO["orange"], "#FFFFFF"
#: Where the two networks stand in a panel, and how wide and high their layers are.
SOURCE_X, TARGET_X, WIDE, HIGH = 0.0, 2.0, 1.3, 0.78


def transfer_steps(body: Sequence[str], sources: int, targets: Sequence[str]) -> Figure:
    """Four panels: a source network, its body copied, a new head, training.

    Args:
        body: names of the stages before the head, input to output.
        sources: classes that the source network knows.
        targets: names of the classes that it is to learn.
    """
    figure, axes = plt.subplots(2, 2, figsize=(6.4, 6.0))
    titles = (
        "1 · A source network",
        "2 · Copy all but the head",
        "3 · Add a new head",
        "4 · Train",
    )
    for step, (axis, title) in enumerate(zip(axes.flat, titles, strict=True), start=1):
        axis.set(xlim=(-0.1, 3.4), ylim=(-1.25, len(body) + 1.0), title=title)
        axis.set_axis_off()
        _source(axis, body, sources, pale=step > 1)
        if step > 1:
            _target(axis, body, step, targets)
    axes.flat[0].text(
        TARGET_X,
        len(body) / 2,
        f"trained on\n{sources:,} kinds\nof pictures,\nby somebody,\nfor something\nelse",
        va="center",
    )
    return figure


def _source(axis: Axes, body: Sequence[str], classes: int, *, pale: bool) -> None:
    alpha = 0.45 if pale else 1.0
    for row, name in enumerate(body):
        _layer(axis, SOURCE_X, row, name, LEARNED, alpha)
    _layer(axis, SOURCE_X, len(body), f"head: {classes:,}", LEARNED, alpha)
    _below(axis, SOURCE_X, "their pictures", alpha)


def _target(axis: Axes, body: Sequence[str], step: int, classes: Sequence[str]) -> None:
    for row, name in enumerate(body):
        _layer(axis, TARGET_X, row, name, LEARNED)
        if step == 2:
            _arrow(axis, (SOURCE_X + WIDE + 0.05, row), (TARGET_X - 0.05, row))
    if step == 2:
        _layer(axis, TARGET_X, len(body), "", EMPTY, dashed=True)
        axis.text((SOURCE_X + WIDE + TARGET_X) / 2, len(body), "✗", ha="center", va="center")
        return
    _layer(axis, TARGET_X, len(body), f"head: {len(classes)}", NEW, dashed=step == 3)
    note = "random numbers" if step == 3 else " or ".join(classes)
    axis.text(TARGET_X + WIDE / 2, len(body) + 0.55, note, ha="center", va="bottom", fontsize=8.5)
    if step == 4:
        _below(axis, TARGET_X, "your pictures")
        _corrections(axis, len(body))


def _corrections(axis: Axes, top: int) -> None:
    """What training sends down the target network, from its head to its input."""
    x = TARGET_X - 0.2
    _arrow(axis, (x, top + HIGH / 2), (x, -HIGH / 2))
    axis.text(x - 0.1, top / 2, "corrections", rotation=90, ha="right", va="center", fontsize=8.5)


def _arrow(
    axis: Axes, start: tuple[float, float], end: tuple[float, float], alpha: float = 1.0
) -> None:
    look = {"arrowstyle": "-|>", "color": INK, "lw": 1.2, "alpha": alpha}
    axis.annotate("", end, start, arrowprops=look)


def _layer(
    axis: Axes, x: float, row: int, name: str, color: str, alpha: float = 1.0, dashed: bool = False
) -> None:
    """One box, centred on ``row``."""
    box = FancyBboxPatch(
        (x, row - HIGH / 2),
        WIDE,
        HIGH,
        boxstyle="round,pad=0,rounding_size=0.12",
        facecolor=color,
        edgecolor=INK if alpha == 1 else FAINT,
        linestyle="--" if dashed else "-",
        alpha=alpha,
    )
    axis.add_patch(box)
    axis.text(x + WIDE / 2, row, name, ha="center", va="center", alpha=max(alpha, 0.85), fontsize=9)


def _below(axis: Axes, x: float, what: str, alpha: float = 1.0) -> None:
    """What goes into a network, from below."""
    middle = x + WIDE / 2
    _arrow(axis, (middle, -0.85), (middle, -HIGH / 2), alpha)
    axis.text(middle, -0.9, what, ha="center", va="top", fontsize=8.5, alpha=max(alpha, 0.85))
