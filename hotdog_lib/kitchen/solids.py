"""Solid bodies: tubes, balls and slabs, cast exactly onto the camera's plane.

A tube swept by a ball keeps its radius in every view, so its silhouette is the set of points
near the projected spine; normal and depth follow in closed form, without tracing rays.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .paint import Material
from .shapes import Grid, affine, number
from .stage import NORMAL, Stage, Surface, Vec, Window

Profile = Callable[[Tensor], Tensor]


def bounds(points: Sequence[Sequence[float]], margin: float) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the points, with a margin around."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs) - margin, min(ys) - margin, max(xs) + margin, max(ys) + margin


def round_off(window: Window, ex: Tensor, ey: Tensor, radius: Tensor | float) -> Tensor:
    """Writes the normal of a ball at offset (ex, ey); returns the distance to its outline."""
    if isinstance(radius, float):
        torch.mul(ex, number(1 / radius), out=window.nx)
        torch.mul(ey, number(1 / radius), out=window.ny)
    else:
        torch.div(ex, radius, out=window.nx)
        torch.div(ey, radius, out=window.ny)
    level2 = window.nx.square().addcmul_(window.ny, window.ny)
    torch.sub(number(1.0), level2, out=window.nz).clamp_min_(1e-3).sqrt_()
    level = level2.sqrt_()  # 1 at the outline
    if isinstance(radius, float):
        return affine(level, radius, -radius)
    return level.sub_(number(1.0)).mul_(radius)


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
    window = stage.window(*bounds(hull, max(ra, rm, rb) * 1.15 + stage.pixel))
    if window is None:
        return
    t, ex, ey, tangent = _nearest(window, a, m, b)
    size = _quadratic(ra, rm, rb, t)
    if profile is not None:
        size = profile(t) * size
    thin = stage.pixel / 3
    size = max(size, thin) if isinstance(size, float) else size.clamp_min_(thin)
    distance = round_off(window, ex, ey, size)
    if keep is not None:
        distance = torch.maximum(distance, keep(t))
    z = _quadratic(a[2] + lift, m[2] + lift, b[2] + lift, t)
    z = number(z) if isinstance(z, float) else z
    if isinstance(size, float):
        torch.add(z, window.nz, alpha=size, out=window.depth)
    else:
        torch.addcmul(z, window.nz, size, out=window.depth)
    across = _sideways(window, t, *tangent) if material.layers else window.nx
    surface = Surface(t, across, window.normal, window.noise, stage.pixel)
    window.put(stage.bitten(window, distance), surface, material)


def _quadratic(a: float, m: float, b: float, t: Tensor) -> Tensor | float:
    """The parabola through a, m, b at t = -1, 0, 1; a number where it is flat."""
    slope, curve = (b - a) / 2, (a + b) / 2 - m
    if abs(slope) + abs(curve) < 1e-4:
        return m
    if abs(curve) < 1e-4:
        return affine(t, slope, m)
    return torch.addcmul(number(m), t, affine(t, curve, slope))


def _sideways(window: Window, t: Tensor, bx: float, by: float, cx: float, cy: float) -> Tensor:
    """The normal's part across a spine whose tangent is B + 2 C t."""
    if cx == cy == 0:
        norm = max(math.hypot(bx, by), 1e-9)  # seen from its end it has no length
        return (window.ny * (bx / norm)).sub_(window.nx, alpha=by / norm)
    gx, gy = affine(t, 2 * cx, bx), affine(t, 2 * cy, by)
    across = (window.ny * gx).addcmul_(window.nx, gy, value=-1)
    return across.div_(gx.square_().addcmul_(gy, gy).sqrt_())


def _nearest(window: Window, a: Sequence[float], m: Sequence[float], b: Sequence[float]):
    """Nearest point of a projected spine: t, the offset from it, and (B, C) of the spine.

    The spine is m + B t + C t^2; the slope of the squared distance is a cubic in t, followed to
    its root from the nearest point of the chord. All in units of the chord's length squared.
    """
    bx, by = (b[0] - a[0]) / 2, (b[1] - a[1]) / 2
    cx, cy = (a[0] + b[0]) / 2 - m[0], (a[1] + b[1]) / 2 - m[1]
    x, y = window.film
    px, py = x - number(m[0]), y - number(m[1])  # (h, w)
    unit = 1 / max(bx * bx + by * by, 1e-6)
    dot = (px * (bx * unit)).add_(py, alpha=by * unit)
    t = dot.clamp(-1, 1)
    if math.hypot(cx, cy) < 3e-3:
        return t, px.sub_(t, alpha=bx), py.sub_(t, alpha=by), (bx, by, 0.0, 0.0)
    linear = affine(px, 2 * cx * unit, -1.0).add_(py, alpha=2 * cy * unit)
    slope = linear.clamp(max=-0.3)
    k2, k3 = -3 * (bx * cx + by * cy) * unit, -2 * (cx * cx + cy * cy) * unit
    bent = (cx * cx + cy * cy) * unit > 0.06
    for _ in range(3 if bent else 2):
        value = torch.addcmul(dot, t, torch.addcmul(linear, t, affine(t, k3, k2)))
        if bent:
            slope = torch.addcmul(linear, t, affine(t, 3 * k3, 2 * k2)).clamp_(max=-0.3)
        t = torch.addcdiv(t, value, slope, value=-1).clamp_(-1, 1)
    px.addcmul_(t, affine(t, cx, bx), value=-1)
    py.addcmul_(t, affine(t, cy, by), value=-1)
    return t, px, py, (bx, by, cx, cy)


def ball(stage: Stage, centre: Vec, axes: Sequence[Vec], material: Material) -> None:
    """An ellipsoid; `axes`: its three half axes as world vectors at right angles."""
    x0, y0, w0, scale = stage.camera.project(centre)
    columns = [[c * scale for c in stage.camera.rotate(v)] for v in axes]
    # the ball is where v Q v < 1; as the axes a are at right angles, Q = sum of a a / |a|^4
    weights = [1 / sum(v * v for v in c) ** 2 for c in columns]
    q = [
        [sum(w * c[i] * c[j] for w, c in zip(weights, columns, strict=True)) for j in range(3)]
        for i in range(3)
    ]
    reach = math.sqrt(max(sum(c[0] ** 2 for c in columns), sum(c[1] ** 2 for c in columns)))
    window = stage.window(x0 - reach, y0 - reach, x0 + reach, y0 + reach)
    if window is None:
        return
    x, y = window.film
    ex, ey = x - number(x0), y - number(y0)
    lean = (ex * (q[0][2] / q[2][2])).add_(ey, alpha=q[1][2] / q[2][2])
    mixed = q[0][1] - q[0][2] * q[1][2] / q[2][2]
    sx = (ex * (q[0][0] - q[0][2] ** 2 / q[2][2])).add_(ey, alpha=mixed)
    sy = (ey * (q[1][1] - q[1][2] ** 2 / q[2][2])).add_(ex, alpha=mixed)
    level2 = (ex * sx).addcmul_(ey, sy)
    w = affine(level2, -1 / q[2][2], 1 / q[2][2]).clamp_min_(0).sqrt_().sub_(lean)
    for row, out in zip(q, window.normal, strict=True):
        torch.mul(ex, row[0], out=out).add_(ey, alpha=row[1]).add_(w, alpha=row[2])
    nx, ny, nz = window.normal
    length2 = nx.square().addcmul_(ny, ny).addcmul_(nz, nz)
    window.layer[NORMAL].mul_(length2.clamp_min_(1e-8).rsqrt_())
    level = level2.clamp_min_(1e-8).sqrt_()
    slope = sx.square_().addcmul_(sy, sy).sqrt_().clamp_min_(1e-4)
    distance = torch.addcmul(-level, level, level).div_(slope)
    torch.add(w, number(w0), out=window.depth)
    surface = Surface(ex / reach, ey / reach, window.normal, window.noise, stage.pixel)
    window.put(stage.bitten(window, distance), surface, material)


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
    window = stage.window(x0 - extent, y0 - extent, x0 + extent, y0 + extent)
    if window is None:
        return
    k, dx, dy, rise, pixel = stage.camera.lift(centre[2])
    dx, dy = dx - centre[0], dy - centre[1]
    c, s = math.cos(angle) / scale, math.sin(angle) / scale
    table_x, table_y, table_depth = window.table
    x = affine(table_x, k * c, c * dx + s * dy).add_(table_y, alpha=k * s)
    y = affine(table_y, k * c, c * dy - s * dx).sub_(table_x, alpha=k * s)
    local = Grid(x, y, stage.pixel * pixel / scale)
    inside = shape(local)  # in the thing's own unit
    _lean(stage, window, inside, slope, bevel, stage.pixel / (scale * zoom))
    torch.add(number((rise - sink) / k), table_depth, alpha=1 / k, out=window.depth)
    flat = math.sqrt(max(math.cos(stage.camera.tilt), 0.15))
    distance = stage.bitten(window, inside * (scale * zoom * flat))
    window.put(distance, Surface(x, y, window.normal, window.noise, local.pixel), material)


def _lean(stage: Stage, window: Window, inside: Tensor, slope, bevel: float, pixel: float) -> None:
    """Writes the table's normal, leaning outwards along the gradient of the distance."""
    up = stage.camera.rotate((0.0, 0.0, 1.0))
    for out, level in zip(window.normal, up, strict=True):
        out.fill_(level)
    if bevel <= 0 and slope is None:
        return
    lean = slope(inside) if slope else affine(inside, 1 / max(bevel, pixel), 1.0).clamp_(0, 1)
    lean *= (1.0 if slope else 0.8) * 0.5 / pixel
    for axis, out in enumerate((window.ny, window.nx)):
        inner = inside.shape[axis] - 2
        rise = inside.narrow(axis, 2, inner) - inside.narrow(axis, 0, inner)
        out.narrow(axis, 1, inner).addcmul_(rise, lean.narrow(axis, 1, inner))
