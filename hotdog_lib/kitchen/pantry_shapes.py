"""The pantry's drawing board: a sketch collects coloured parts as signed distances.

A drawing function places parts in its own coordinates: x to the right, y down, the thing between
-1 and 1. Every method takes the part's colour name first (None draws nothing and only measures)
and returns the distance (h, w), negative inside, so that parts can clip other parts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from . import shapes
from .shapes import Grid, Point, Source


@dataclass
class Part:
    """One coloured shape: its signed distance (h, w), its colour name, whether it is outlined."""

    distance: Tensor
    colour: str
    outlined: bool


class Sketch:
    """Parts of one drawing, from back to front, over a grid of coordinates."""

    def __init__(self, grid: Grid, source: Source) -> None:
        self.grid, self.source = grid, source
        self.parts: list[Part] = []

    # chance -----------------------------------------------------------------------------------

    def j(self, low: float, high: float) -> float:
        """A random number between low and high."""
        return self.source.uniform(low, high)

    def maybe(self, probability: float = 0.5) -> bool:
        """True with the given probability."""
        return self.source.chance(probability)

    def pick(self, *options: Any) -> Any:
        """One of the options."""
        return self.source.choice(options)

    def mix(self, *options: Any) -> list[Any]:
        """The options in a random order."""
        return self.source.sample(options, len(options))

    # frame ------------------------------------------------------------------------------------

    def bend(self, amount: float) -> None:
        """Bend everything drawn from now on: positive lifts both ends."""
        x, y = self.grid.x, self.grid.y
        self.grid = Grid(x, torch.addcmul(y - 0.3 * amount, x, x, value=amount), self.grid.pixel)

    def at(self, cx: float, cy: float, turn: float = 0.0) -> Grid:
        """The grid around a centre, turned by degrees (clockwise, as y points down)."""
        grid = self.grid.shift(cx, cy)
        return grid.turn(math.radians(turn)) if turn else grid

    # parts ------------------------------------------------------------------------------------

    def put(
        self,
        colour: str | None,
        distance: Tensor,
        within: Tensor | None = None,
        cut: Tensor | None = None,
        line: bool | None = None,
    ) -> Tensor:
        """Add a part, clipped to `within` and without `cut`; details (clipped) get no outline."""
        outlined = within is None if line is None else line
        if within is not None:
            distance = torch.maximum(distance, within)
        if cut is not None:
            distance = torch.maximum(distance, -cut)
        if colour is not None:
            self.parts.append(Part(distance, colour, outlined))
        return distance

    def disc(self, colour: str | None, cx: float, cy: float, r: float, **how: Any) -> Tensor:
        """A circle."""
        return self.put(colour, shapes.circle(self.at(cx, cy), r), **how)

    def oval(
        self, colour: str | None, cx: float, cy: float, rx: float, ry: float, turn=0.0, **how: Any
    ) -> Tensor:
        """An ellipse with half axes rx and ry."""
        return self.put(colour, shapes.ellipse(self.at(cx, cy, turn), rx, ry), **how)

    def box(
        self,
        colour: str | None,
        cx: float,
        cy: float,
        hx: float,
        hy: float,
        soft: float = 0.0,
        turn: float = 0.0,
        **how: Any,
    ) -> Tensor:
        """A rectangle with half sides hx and hy and corners rounded by `soft`."""
        soft = min(soft, hx, hy)
        return self.put(colour, shapes.box(self.at(cx, cy, turn), hx, hy, soft), **how)

    def bar(
        self,
        colour: str | None,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        r: float,
        r2: float = -1.0,
        **how: Any,
    ) -> Tensor:
        """A thick line with round ends, from radius r to radius r2."""
        return self.put(colour, shapes.segment(self.grid, (x1, y1), (x2, y2), r, r2), **how)

    def path(self, colour: str | None, points: Sequence[Point], r: float, **how: Any) -> Tensor:
        """A thick line through points."""
        return self.put(colour, shapes.polyline(self.grid, points, r), **how)

    def poly(self, colour: str | None, *points: Point, soft: float = 0.0, **how: Any) -> Tensor:
        """A polygon, its corners rounded off by `soft`."""
        return self.put(colour, shapes.polygon(self.grid, points, soft), **how)

    def arc(
        self,
        colour: str | None,
        cx: float,
        cy: float,
        radius: float,
        start: float,
        end: float,
        r: float,
        **how: Any,
    ) -> Tensor:
        """A thick arc from start to end, in degrees clockwise from the right."""
        grid = self.at(cx, cy, (start + end) / 2 + 90)
        return self.put(colour, shapes.arc(grid, radius, math.radians((end - start) / 2), r), **how)

    def wave(
        self,
        colour: str | None,
        cy: float,
        half: float,
        r: float,
        amp: float,
        count: float,
        sharp: bool = False,
        **how: Any,
    ) -> Tensor:
        """A wavy (or zigzag, if sharp) line along x at height cy, `count` waves long."""
        phase = self.grid.x * (math.pi * count / half)
        height = torch.sin(phase)
        height = torch.asin(height.mul_(0.98)).div_(1.37) if sharp else height
        slope = math.hypot(1, amp * count / half * 2.2)
        d = torch.sub(self.grid.y - cy, height, alpha=amp).abs_().div_(slope).sub_(r)
        return self.put(colour, torch.maximum(d, self.grid.x.abs().sub_(half)), **how)

    def lens(
        self,
        colour: str | None,
        cx: float,
        cy: float,
        length: float,
        width: float,
        turn: float = 0.0,
        **how: Any,
    ) -> Tensor:
        """A pointed leaf shape with half length and half width."""
        grid = self.at(cx, cy, turn)
        offset = (length * length - width * width) / (2 * width)
        return self.put(
            colour, torch.hypot(grid.x, grid.y.abs() + offset).sub_(offset + width), **how
        )

    def star(
        self,
        colour: str | None,
        cx: float,
        cy: float,
        r: float,
        points: int,
        depth: float,
        turn: float = 0.0,
        **how: Any,
    ) -> Tensor:
        """A wavy disc: petals or rays that go in and out by `depth`."""
        grid = self.at(cx, cy, turn)
        swing = torch.cos(torch.atan2(grid.y, grid.x).mul_(points))
        slope = math.hypot(1, 0.6 * depth * points / r)
        return self.put(
            colour, torch.hypot(grid.x, grid.y).sub_(r).sub_(swing, alpha=depth).div_(slope), **how
        )

    def stripes(
        self, colour: str | None, period: float, share: float, turn: float = 0.0, **how: Any
    ) -> Tensor:
        """Parallel stripes over the whole plane (clip them with `within`)."""
        x = self.at(0.0, 0.0, turn).x
        saw = torch.frac(x.div(period).add_(64.0)).sub_(0.5).abs_()
        return self.put(colour, saw.sub_(share / 2).mul_(period), **how)

    def dots(self, colour: str | None, period: float, r: float, turn: float = 0.0, **how) -> Tensor:
        """A grid of dots over the whole plane, every second row shifted (clip them)."""
        grid = self.at(0.0, 0.0, turn)
        y = grid.y.div(period).add_(64.0)
        x = grid.x.div(period).add_(64.0).add_(torch.floor(y), alpha=0.5)
        d = torch.hypot(torch.frac(x).sub_(0.5), torch.frac(y).sub_(0.5))
        return self.put(colour, d.sub_(r / period).mul_(period), **how)

    def eye(self, cx: float, cy: float, r: float) -> None:
        """A round eye, sometimes only a dot."""
        if self.maybe(0.6):
            self.disc("white", cx, cy, r)
        self.disc("black", cx, cy, 0.55 * r, line=False)
