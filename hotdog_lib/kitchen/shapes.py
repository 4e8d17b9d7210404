"""Signed distance functions in the plane: the drawing board on which every picture is made.

A `Grid` holds the coordinates of the pixels. The picture spans -1 .. 1 in both directions, x to
the right and y DOWN, whatever its size in pixels, so the same scene can be drawn at any size.
A shape is a function of a grid that returns, for every pixel, the distance to its outline:
negative inside, positive outside (Inigo Quilez, "2D distance functions", iquilezles.org).
`mask` turns a distance into an antialiased coverage of 0 .. 1.

    >>> grid = Grid.square(96)
    >>> egg = circle(grid.shift(0.2, 0.1).turn(0.5).stretch(1.0, 1.4), 0.4)
    >>> mask(egg, grid.pixel).shape
    torch.Size([96, 96])

Everything is elementwise in torch and single precision, so a picture does not depend on the
number of threads. Randomness comes from a `Source`, one a picture.
"""

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from .source import Source
from .source import smooth_noise as smooth_noise  # stands beside value_noise for the pantry

Point = tuple[float, float]


@dataclass(frozen=True)
class Grid:
    """Coordinates of the pixels, and the width of a pixel in the same unit.

    x: (H, W) or (1, W), y: (H, W) or (H, 1): they broadcast. The transforms return a new grid in
    whose coordinates the shape stands at the origin: `circle(grid.shift(0.5, 0), 0.2)` is a
    circle around (0.5, 0). Read a chain from left to right: shift, then turn, then scale.
    """

    x: Tensor
    y: Tensor
    pixel: float

    @staticmethod
    @lru_cache(maxsize=16)
    def square(size: int) -> "Grid":
        """The grid of a whole picture of `size` x `size` pixels, at the pixels' centres."""
        line = (torch.arange(size, dtype=torch.float32) + 0.5) * (2.0 / size) - 1.0  # (size,)
        return Grid(line[None, :], line[:, None], 2.0 / size)

    def window(
        self, left: float, top: float, right: float, bottom: float
    ) -> "tuple[tuple[slice, slice], Grid] | None":
        """(rows, columns) of a box and the grid of that box only, or None if it is off the picture.

        For speed: draw into `image[:, rows, columns]`. Only for a grid made by `square`.
        """
        size = self.x.shape[-1]
        c0, c1 = (round((v + 1) / 2 * size) for v in (left, right))
        r0, r1 = (round((v + 1) / 2 * size) for v in (top, bottom))
        c0, r0, c1, r1 = max(c0 - 1, 0), max(r0 - 1, 0), min(c1 + 1, size), min(r1 + 1, size)
        if c0 >= c1 or r0 >= r1:
            return None
        part = Grid(self.x[:, c0:c1], self.y[r0:r1, :], self.pixel)
        return (slice(r0, r1), slice(c0, c1)), part

    def shift(self, dx: float, dy: float) -> "Grid":
        """Moves what is drawn by (dx, dy)."""
        return Grid(self.x - dx, self.y - dy, self.pixel)

    def turn(self, angle: float) -> "Grid":
        """Turns what is drawn by `angle` radians, clockwise on the screen (y points down)."""
        c, s = math.cos(angle), math.sin(angle)
        x, y = self.x * c, self.y * c
        return Grid(x.add(self.y, alpha=s), y.sub(self.x, alpha=s), self.pixel)

    def scale(self, factor: float) -> "Grid":
        """Makes what is drawn `factor` times as large."""
        return Grid(self.x / factor, self.y / factor, self.pixel / factor)

    def stretch(self, fx: float, fy: float) -> "Grid":
        """Unequal scaling; distances become approximate, outlines stay exact."""
        return Grid(self.x / fx, self.y / fy, self.pixel / math.sqrt(fx * fy))

    def mirror(self) -> "Grid":
        """Folds the left half onto the right: draw one half of a symmetric thing."""
        return Grid(self.x.abs(), self.y, self.pixel)

    def bend(self, curvature: float) -> "Grid":
        """Bends the x axis into an arc of this curvature (1 / radius); ends go down for > 0."""
        if abs(curvature) < 1e-4:
            return self
        radius = 1.0 / curvature
        x, y = torch.broadcast_tensors(self.x, self.y)
        side = math.copysign(1.0, radius)
        angle = torch.atan2(x * side, (radius - y) * side)
        return Grid(angle * abs(radius), radius - side * torch.hypot(x, radius - y), self.pixel)


@lru_cache(maxsize=1024)
def number(value: float) -> Tensor:
    """A constant as a tensor (): torch takes it twice as fast as a Python number."""
    return torch.scalar_tensor(value)


@lru_cache(maxsize=1024)
def column(*values: float) -> Tensor:
    """Constants as (n, 1, 1), to be spread over planes: a colour, a direction."""
    return torch.frombuffer(array("f", values), dtype=torch.float32).view(-1, 1, 1)


def affine(x: Tensor, scale: float, shift: float) -> Tensor:
    """scale * x + shift in one operation: on planes as small as these each operation counts."""
    return torch.add(number(shift), x, alpha=scale)


# ---- shapes: grid -> signed distance (H, W) ------------------------------------------------


def circle(grid: Grid, radius: float) -> Tensor:
    """A disc around the origin."""
    return (grid.x.square() + grid.y.square()).sqrt() - radius


def ring(grid: Grid, radius: float, half_width: float) -> Tensor:
    """A ring: the band of `half_width` on both sides of a circle."""
    return circle(grid, radius).abs() - half_width


def ellipse(grid: Grid, rx: float, ry: float) -> Tensor:
    """An ellipse with half axes rx, ry (a good approximation near the outline)."""
    x2, y2 = grid.x.square(), grid.y.square()
    level = (x2 / rx**2 + y2 / ry**2).sqrt()
    slope = (x2 / rx**4 + y2 / ry**4).sqrt().clamp_min(1e-6)
    return level * (level - 1.0) / slope.clamp_min(0.2 / max(rx, ry))


def box(grid: Grid, hx: float, hy: float, rounding: float = 0.0) -> Tensor:
    """A box with half sizes hx, hy and corners of radius `rounding` (within that size)."""
    qx = grid.x.abs() - (hx - rounding)
    qy = grid.y.abs() - (hy - rounding)
    outside = (qx.clamp_min(0).square() + qy.clamp_min(0).square()).sqrt()
    return outside + torch.maximum(qx, qy).clamp_max(0) - rounding


def capsule(grid: Grid, half_length: float, radius: float) -> Tensor:
    """A pill along x: all points within `radius` of the segment from -half_length to it."""
    dx = (grid.x.abs() - half_length).clamp_min(0)
    return (dx.square() + grid.y.square()).sqrt() - radius


def taper(grid: Grid, half_length: float, left: float, right: float) -> Tensor:
    """A pill along x whose radius goes from `left` to `right` (a carrot, a leg)."""
    along = grid.x.clamp(-half_length, half_length)
    radius = left + (right - left) * (along / (2 * half_length) + 0.5)
    return ((grid.x - along).square() + grid.y.square()).sqrt() - radius


def arc(grid: Grid, radius: float, half_angle: float, half_width: float) -> Tensor:
    """A bent pill on a circle around the origin, its middle at the top (0, -radius)."""
    s, c = math.sin(half_angle), math.cos(half_angle)
    x, y = grid.x.abs(), -grid.y
    on_arc = c * x < s * y
    end = ((x - s * radius).square() + (y - c * radius).square()).sqrt()
    return torch.where(on_arc, circle(grid, radius).abs(), end) - half_width


def segment(grid: Grid, start: Point, end: Point, radius: float, end_radius: float = -1) -> Tensor:
    """A pill from one point to another, optionally with another radius at its end."""
    (ax, ay), (bx, by) = start, end
    ex, ey = bx - ax, by - ay
    px, py = grid.x - ax, grid.y - ay
    along = ((px * ex + py * ey) / max(ex * ex + ey * ey, 1e-9)).clamp(0, 1)
    width = radius if end_radius < 0 else radius + (end_radius - radius) * along
    return ((px - ex * along).square() + (py - ey * along).square()).sqrt() - width


def polyline(grid: Grid, points: Sequence[Point], radius: float) -> Tensor:
    """A stroke of half width `radius` through the points, with round joints."""
    line = torch.tensor(points, dtype=torch.float32)  # (n + 1, 2)
    ax, ay = (line[:-1, i, None, None] for i in (0, 1))
    ex, ey = (line.diff(dim=0)[:, i, None, None] for i in (0, 1))
    px, py = grid.x - ax, grid.y - ay
    along = ((px * ex + py * ey) / (ex.square() + ey.square()).clamp_min(1e-9)).clamp(0, 1)
    apart = (px - ex * along).square() + (py - ey * along).square()  # (n, H, W)
    return apart.amin(dim=0).sqrt() - radius


def zigzag(grid: Grid, half_length: float, height: float, turns: int, radius: float) -> Tensor:
    """A zigzag stroke along x with `turns` teeth: mustard, lightning, grass."""
    step = 2 * half_length / turns
    points = [(-half_length + i * step, height * (-1) ** i) for i in range(turns + 1)]
    return polyline(grid, points, radius)


def bezier_points(a: Point, b: Point, c: Point, steps: int = 10) -> list[Point]:
    """Points on the quadratic curve from `a` to `c`, pulled towards `b`."""
    ts = [i / steps for i in range(steps + 1)]
    weights = [((1 - t) ** 2, 2 * t * (1 - t), t * t) for t in ts]
    return [tuple(p * a[i] + q * b[i] + r * c[i] for i in (0, 1)) for p, q, r in weights]


def bezier(grid: Grid, a: Point, b: Point, c: Point, radius: float, steps: int = 10) -> Tensor:
    """A curved stroke from `a` to `c`, pulled towards `b`."""
    return polyline(grid, bezier_points(a, b, c, steps), radius)


def polygon(grid: Grid, corners: Sequence[Point], rounding: float = 0.0) -> Tensor:
    """A filled polygon, convex or not; `rounding` makes it larger, with round corners."""
    ring_ = list(corners) + [corners[0]]
    distance = polyline(grid, ring_, 0.0)
    inside = torch.zeros_like(distance, dtype=torch.bool)
    for (ax, ay), (bx, by) in zip(ring_[:-1], ring_[1:], strict=True):
        if ay == by:
            continue
        crosses = (grid.y < ay) != (grid.y < by)
        inside ^= crosses & (grid.x < (bx - ax) / (by - ay) * (grid.y - ay) + ax)
    return torch.where(inside, -distance, distance) - rounding


def convex(grid: Grid, corners: Sequence[Point]) -> Tensor:
    """A convex polygon, corners in either order: much faster than `polygon`; sharp corners."""
    ring_ = torch.tensor(corners, dtype=torch.float32)  # (n, 2)
    side = ring_.roll(-1, 0) - ring_
    turn = 1.0 if float((ring_[:, 0] * side[:, 1] - ring_[:, 1] * side[:, 0]).sum()) > 0 else -1.0
    outward = torch.stack([side[:, 1], -side[:, 0]], 1) * (turn / side.norm(dim=1, keepdim=True))
    a, b = outward[:, 0, None, None], outward[:, 1, None, None]  # (n, 1, 1)
    start = (outward * ring_).sum(1)[:, None, None]
    return torch.addcmul(grid.y * b - start, grid.x, a).amax(dim=0)


def regular(sides: int, radius: float, inner: float | None = None) -> list[Point]:
    """Corners of a regular polygon, first at the top; with `inner`, of a star."""
    count = sides if inner is None else 2 * sides
    radii = [radius if inner is None or i % 2 == 0 else inner for i in range(count)]
    angles = [2 * math.pi * i / count for i in range(count)]
    return [(r * math.sin(a), -r * math.cos(a)) for r, a in zip(radii, angles, strict=True)]


def star(grid: Grid, radius: float, inner: float, points: int = 5, rounding: float = 0) -> Tensor:
    """A star with its tips at `radius` and its dents at `inner`."""
    return polygon(grid, regular(points, radius, inner), rounding)


def half_plane(grid: Grid, angle: float = 0.0) -> Tensor:
    """The half plane on the side x < 0, turned by `angle`: cut things in two with it."""
    return math.cos(angle) * grid.x + math.sin(angle) * grid.y


# ---- combining distances -------------------------------------------------------------------


def union(*shapes: Tensor) -> Tensor:
    """Everything that is in any of the shapes."""
    result = shapes[0]
    for other in shapes[1:]:
        result = torch.minimum(result, other)
    return result


def blend(a: Tensor, b: Tensor, width: float) -> Tensor:
    """A union whose joint is filled smoothly over `width` (polynomial smooth minimum)."""
    h = (1.0 - (a - b).abs() / width).clamp_min(0)
    return torch.minimum(a, b) - h.square() * (width / 4)


def subtract(a: Tensor, b: Tensor) -> Tensor:
    """`a` without `b`."""
    return torch.maximum(a, -b)


def intersect(a: Tensor, b: Tensor) -> Tensor:
    """What is in both."""
    return torch.maximum(a, b)


def outline(distance: Tensor, half_width: float) -> Tensor:
    """The shape's outline as a line: for drawings."""
    return distance.abs() - half_width


def mask(distance: Tensor, pixel: float, soft: float = 0.0) -> Tensor:
    """Coverage 0 .. 1 of each pixel: an edge one pixel wide, or `soft` scene units if larger."""
    return affine(distance, -1.0 / max(pixel, soft), 0.5).clamp_(0.0, 1.0)


# ---- noise ---------------------------------------------------------------------------------


def value_noise(grid: Grid, source: Source, cells: float, table: int = 16) -> Tensor:
    """Smooth noise in 0 .. 1 with about `cells` bumps over one unit of the grid (H, W).

    Follows the grid's transforms; repeats after `table` bumps.
    """
    lattice = torch.rand(table * table, generator=source.generator)  # (table * table,)
    x, y = torch.broadcast_tensors(grid.x * cells, grid.y * cells)
    x0, y0 = x.floor(), y.floor()
    fx, fy = x - x0, y - y0
    fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
    xi, yi = x0.long() % table, y0.long() % table * table
    xj, yj = (x0.long() + 1) % table, (y0.long() + 1) % table * table
    top = torch.lerp(lattice[yi + xi], lattice[yi + xj], fx)
    return torch.lerp(top, torch.lerp(lattice[yj + xi], lattice[yj + xj], fx), fy)
