"""Solid bodies: tubes, balls, drums and slabs, cast exactly onto the camera's plane.

A tube swept by a ball keeps its radius in every view, so its silhouette is the set of points
near the projected spine; normal and depth follow in closed form, without tracing rays.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .paint import Material
from .shapes import Grid
from .stage import Stage, Surface, Vec

Profile = Callable[[Tensor], Tensor]


def _bounds(points: Sequence[Sequence[float]], margin: float) -> tuple[float, float, float, float]:
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs) - margin, min(ys) - margin, max(xs) + margin, max(ys) + margin


def _sphere_normal(ex: Tensor, ey: Tensor, radius: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    nx, ny = ex / radius, ey / radius
    return nx, ny, (1 - nx * nx - ny * ny).clamp_min(1e-3).sqrt()


def tube(
    stage: Stage,
    start: Vec,
    end: Vec,
    radius: float | tuple[float, float, float],
    material: Material,
    *,
    middle: Vec | None = None,
    profile: Profile | None = None,
    keep: Callable[[Tensor], Tensor] | None = None,
    lift: float = 0.0,
) -> None:
    """A round body along a curve from `start` through `middle` to `end` (world points).

    radius: one number, or at the start, the middle and the end. profile: factor on the radius as
    a function of t in -1 .. 1. keep: what to cut off, as a function of t that is positive where
    the tube is gone (picture units). lift: moves it towards the camera, to win a close race.
    """
    camera = stage.camera
    middle = middle or tuple((a + b) / 2 for a, b in zip(start, end, strict=True))
    radii = radius if isinstance(radius, tuple) else (radius,) * 3
    a, m, b = camera.project(start), camera.project(middle), camera.project(end)
    ra, rm, rb = (r * p[3] for r, p in zip(radii, (a, m, b), strict=True))
    hull = [a, b, (2 * m[0] - (a[0] + b[0]) / 2, 2 * m[1] - (a[1] + b[1]) / 2)]
    found = stage.window(*_bounds(hull, max(ra, rm, rb) * 1.15 + stage.grid.pixel))
    if found is None:
        return
    box, grid = found
    t, ex, ey, gx, gy = _nearest(grid, a, m, b)
    size = _quadratic(ra, rm, rb, t) if ra != rb or ra != rm else torch.full_like(t, rm)
    if profile is not None:
        size = size * profile(t)
    size = size.clamp_min(stage.grid.pixel * 0.3)
    nx, ny, nz = _sphere_normal(ex, ey, size)
    across = (gx * ey - gy * ex) / (size * (gx * gx + gy * gy) ** 0.5)
    distance = (ex.square() + ey.square()).sqrt() - size
    if keep is not None:
        distance = torch.maximum(distance, keep(t))
    distance = stage.bitten(grid, distance)
    depth = _quadratic(a[2], m[2], b[2], t) + size * nz + lift
    surface = Surface(t, across, (nx, ny, nz), stage.noise[:, box[0], box[1]], grid.pixel)
    stage.put(box, distance, surface, depth, material)


def _quadratic(a: float, m: float, b: float, t: Tensor) -> Tensor:
    """The parabola through a, m, b at t = -1, 0, 1."""
    return m + t * ((b - a) / 2 + t * ((a + b) / 2 - m))


def _nearest(grid: Grid, a: Sequence[float], m: Sequence[float], b: Sequence[float]):
    """Nearest point of a projected spine: t, the offset from it, the tangent there."""
    bx, by = (b[0] - a[0]) / 2, (b[1] - a[1]) / 2
    cx, cy = (a[0] + b[0]) / 2 - m[0], (a[1] + b[1]) / 2 - m[1]
    px, py = grid.x - m[0], grid.y - m[1]
    length2 = max(bx * bx + by * by, 1e-6)
    t = ((px * bx + py * by) / length2).clamp(-1, 1)
    if math.hypot(cx, cy) < 1e-3:
        return t, px - bx * t, py - by * t, bx, by
    for _ in range(3):  # Newton, from the nearest point of the chord
        ex, ey = px - t * (bx + cx * t), py - t * (by + cy * t)
        gx, gy = bx + 2 * cx * t, by + 2 * cy * t
        slope = (gx * gx + gy * gy - 2 * (ex * cx + ey * cy)).clamp_min(0.3 * length2)
        t = (t + (ex * gx + ey * gy) / slope).clamp(-1, 1)
    ex, ey = px - t * (bx + cx * t), py - t * (by + cy * t)
    return t, ex, ey, bx + 2 * cx * t, by + 2 * cy * t


def chain(
    stage: Stage,
    points: Sequence[Vec],
    radius: float | Sequence[float],
    material: Material,
    *,
    closed: bool = False,
    loose: bool = False,
    lift: float = 0.0,
) -> None:
    """A round stroke through many points: mustard, rings, lace; `loose`: pairs, not joined.

    radius: one number, or one a point.
    """
    points = [*points, points[0]] if closed else list(points)
    spots = [stage.camera.project(p) for p in points]
    radii = list(radius) if isinstance(radius, Sequence) else [radius] * len(points)
    radii = radii + [radii[0]] * (len(points) - len(radii))
    sizes = [r * p[3] for r, p in zip(radii, spots, strict=True)]
    found = stage.window(*_bounds(spots, max(sizes) + stage.grid.pixel))
    if found is None:
        return
    box, grid = found
    knots = torch.tensor([(*p[:3], r) for p, r in zip(spots, sizes, strict=True)])  # (n, 4)
    first, last = (knots[0::2], knots[1::2]) if loose else (knots[:-1], knots[1:])
    start, step = first[:, :, None, None], (last - first)[:, :, None, None]  # (n, 4, 1, 1)
    px, py = grid.x - start[:, 0], grid.y - start[:, 1]  # (n, 1, w), (n, h, 1)
    length2 = (step[:, 0].square() + step[:, 1].square()).clamp_min(1e-8)
    t = ((px * step[:, 0] + py * step[:, 1]) / length2).clamp(0, 1)  # (n, h, w)
    ex, ey = px - step[:, 0] * t, py - step[:, 1] * t
    size = start[:, 3] + step[:, 3] * t
    best = ((ex.square() + ey.square()).sqrt() - size).min(dim=0, keepdim=True)
    ex, ey, size, t = (v.gather(0, best.indices)[0] for v in (ex, ey, size, t))
    z = start[:, 2, 0, 0][best.indices[0]] + step[:, 2, 0, 0][best.indices[0]] * t
    size = size.clamp_min(stage.grid.pixel * 0.3)
    nx, ny, nz = _sphere_normal(ex, ey, size)
    along = (best.indices[0] + t) * (2.0 / len(first)) - 1
    surface = Surface(along, nx, (nx, ny, nz), stage.noise[:, box[0], box[1]], grid.pixel)
    distance = stage.bitten(grid, best.values[0])
    stage.put(box, distance, surface, z + size * nz + lift, material)


def ball(stage: Stage, centre: Vec, axes: Sequence[Vec], material: Material) -> None:
    """An ellipsoid; `axes`: its three half axes as world vectors at right angles."""
    x0, y0, w0, scale = stage.camera.project(centre)
    columns = [[c * scale for c in stage.camera.rotate(v)] for v in axes]
    frame = torch.tensor(columns, dtype=torch.float64).T  # camera <- unit ball
    q = torch.linalg.inv(frame @ frame.T).tolist()
    reach = math.sqrt(max(sum(c[0] ** 2 for c in columns), sum(c[1] ** 2 for c in columns)))
    found = stage.window(x0 - reach, y0 - reach, x0 + reach, y0 + reach)
    if found is None:
        return
    box, grid = found
    ex, ey = grid.x - x0, grid.y - y0
    shift = (q[0][2] * ex + q[1][2] * ey) / q[2][2]
    sx = (q[0][0] - q[0][2] ** 2 / q[2][2]) * ex + (q[0][1] - q[0][2] * q[1][2] / q[2][2]) * ey
    sy = (q[1][1] - q[1][2] ** 2 / q[2][2]) * ey + (q[0][1] - q[0][2] * q[1][2] / q[2][2]) * ex
    level2 = ex * sx + ey * sy
    level = level2.clamp_min(1e-8).sqrt()
    slope = (sx.square() + sy.square()).sqrt().clamp_min(1e-4)
    distance = stage.bitten(grid, (level - 1) * level / slope)
    w = ((1 - level2).clamp_min(0) / q[2][2]).sqrt() - shift
    nx, ny, nz = (row[0] * ex + row[1] * ey + row[2] * w for row in q)
    norm = (nx * nx + ny * ny + nz * nz).clamp_min(1e-8).rsqrt()
    normal = (nx * norm, ny * norm, nz * norm)
    surface = Surface(ex / reach, ey / reach, normal, stage.noise[:, box[0], box[1]], grid.pixel)
    stage.put(box, distance, surface, w + w0, material)


def globe(stage: Stage, centre: Vec, radius: float, material: Material, flat: float = 1.0) -> None:
    """A ball of this radius, or a lens when `flat` (its height) is below 1."""
    axes = ((radius, 0.0, 0.0), (0.0, radius, 0.0), (0.0, 0.0, radius * flat))
    ball(stage, centre, axes, material)


def slab(
    stage: Stage,
    shape: Callable[[Grid], Tensor],
    centre: Vec,
    reach: float,
    material: Material,
    *,
    angle: float = 0.0,
    scale: float = 1.0,
    bevel: float = 0.02,
    slope: Callable[[Tensor], Tensor] | None = None,
    sink: float = 0.0,
) -> None:
    """A flat thing parallel to the table: a plate, a slice, a leaf.

    shape: outline in the thing's own plane, within `reach` of the centre (before scaling).
    bevel: width of its rounded edge. slope: instead, the outward slope of the surface as a
    function of the distance (negative inside). sink: lowers it in depth only.
    """
    x0, y0, _, zoom = stage.camera.project(centre)
    extent = reach * scale * zoom * 1.1
    found = stage.window(x0 - extent, y0 - extent, x0 + extent, y0 + extent)
    if found is None:
        return
    box, grid = found
    plane = stage.camera.plane(grid, centre[2])
    local = plane.shift(centre[0], centre[1]).turn(angle).scale(scale)
    inside = shape(local)  # in the thing's own unit
    normal = _slab_normal(stage, inside, slope, bevel, grid.pixel / (scale * zoom))
    depth = stage.camera.plane_depth(plane, centre[2]) - sink
    flat = math.sqrt(max(math.cos(stage.camera.tilt), 0.15))
    distance = stage.bitten(grid, inside * (scale * zoom * flat))
    x, y = torch.broadcast_tensors(local.x, local.y)
    surface = Surface(x, y, normal, stage.noise[:, box[0], box[1]], local.pixel)
    stage.put(box, distance, surface, depth, material)


def _slab_normal(stage, inside, slope, bevel, pixel):
    """The table's normal, leaning outwards along the gradient of the distance."""
    up = stage.camera.rotate((0.0, 0.0, 1.0))
    lean = slope(inside) if slope else (1 + inside / max(bevel, pixel)).clamp(0, 1) * 0.8
    dx = torch.nn.functional.pad(inside[:, 2:] - inside[:, :-2], (1, 1)) / (2 * pixel)
    dy = torch.nn.functional.pad(inside[2:] - inside[:-2], (0, 0, 1, 1)) / (2 * pixel)
    return up[0] + lean * dx, up[1] + lean * dy, torch.full_like(inside, up[2])
