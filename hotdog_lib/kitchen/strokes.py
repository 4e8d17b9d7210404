"""Strokes of many straight pieces: mustard, crumbs, rings, fingers; all pieces in one go."""

import math
from array import array
from collections.abc import Sequence

import torch
from torch import Tensor

from .paint import Material
from .solids import bounds, round_off
from .stage import Stage, Surface, Vec, Window


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
    window = stage.window(*bounds(spots, max(sizes) + stage.pixel))
    if window is None:
        return
    knots = [v for p, r in zip(spots, sizes, strict=True) for v in (*p[:3], r)]
    knots = torch.frombuffer(array("f", knots), dtype=torch.float32).view(-1, 4)
    first, last = (knots[0::2], knots[1::2]) if loose else (knots[:-1], knots[1:])
    pieces = torch.cat([first, last - first], dim=1)  # (n, 8)
    uneven = max(sizes) > min(sizes)
    ex, ey, z, size, along = _nearest_piece(window, pieces, max(sizes), uneven)
    size = size.clamp_min_(stage.pixel / 3)
    distance = round_off(window, ex, ey, size)
    torch.addcmul(z.add_(lift), size, window.nz, out=window.depth)
    surface = Surface(along, window.nx, window.normal, window.noise, stage.pixel)
    window.put(stage.bitten(window, distance), surface, material)


def _nearest_piece(window: Window, pieces: Tensor, thickest: float, uneven: bool):
    """For each pixel the nearest straight piece: offset, depth, radius, position along all.

    pieces: (n, 8): x, y, depth and radius at the start, then their change to the end. Which piece
    is nearest is looked up on a coarser raster; where on it, for every pixel.
    """
    height, width = window.x.shape
    load = math.sqrt(len(pieces) * height * width / 15000)
    stride = max(1, min(round(load), int(0.75 * thickest / window.pixel + 2)))
    x, y = window.x[:1, stride // 2 :: stride], window.y[stride // 2 :: stride, :1]
    if min(x.shape[1], len(y)) == 0:
        x, y, stride = window.x[:1], window.y[:, :1], 1
    piece = _owner(x, y, pieces, 1.5 * thickest + (3 + stride) * window.pixel, uneven)
    if stride > 1:
        rows, columns = (
            torch.arange(n).div_(stride, rounding_mode="floor").clamp_(max=m - 1)
            for n, m in zip((height, width), piece.shape, strict=True)
        )
        piece = piece[rows][:, columns]
    own = pieces[piece]  # (h, w, 8)
    ex, ey = window.x - own[..., 0], window.y - own[..., 1]
    bx, by = own[..., 4], own[..., 5]
    length2 = (bx * bx).addcmul_(by, by).clamp_min_(1e-8)
    t = (ex * bx).addcmul_(ey, by).div_(length2).clamp_(0, 1)
    z, size = (torch.addcmul(own[..., i], own[..., i + 4], t) for i in (2, 3))
    ex.addcmul_(bx, t, value=-1)
    ey.addcmul_(by, t, value=-1)
    return ex, ey, z, size, (t + piece).mul_(2.0 / len(pieces)).sub_(1)


def _owner(x: Tensor, y: Tensor, pieces: Tensor, reach: float, uneven: bool) -> Tensor:
    """Index of the nearest piece (h, w), right within `reach`; x: (1, w), y: (h, 1)."""
    ax, ay, _, radius, bx, by, _, widening = pieces[:, :, None, None].unbind(1)  # (n, 1, 1)
    px, py = x - ax, y - ay  # (n, 1, w), (n, h, 1)
    length2 = (bx.square() + by.square()).clamp_min_(1e-8)
    t = torch.addcmul(px * (bx / length2), py, by / length2).clamp_(0, 1)  # (n, h, w)
    away = torch.addcmul(px, t, bx, value=-1).square_()
    off = torch.addcmul(py, t, by, value=-1)
    away.addcmul_(off, off)
    if not uneven:
        return _smallest(away, reach * reach)
    return _smallest(away.sqrt_().sub_(torch.addcmul(radius - reach, t, widening)), 2 * reach)


def _smallest(values: Tensor, limit: float) -> Tensor:
    """Which of at most 64 values (n, h, w), 0 .. limit, is smallest: argmin, ten times as fast.

    The index rides in the fraction of the rounded value, and `amin` is vectorised.
    """
    index = torch.arange(len(values), dtype=torch.float32)[:, None, None] / 64
    least = values.clamp_(max=limit).mul_(131071 / limit).floor_().add_(index).amin(dim=0)
    return least.frac_().mul_(64).round_().long()


def pebbles(
    stage: Stage,
    points: Sequence[Vec],
    radius: float | Sequence[float],
    material: Material,
    lift: float = 0.0,
) -> None:
    """Many small balls in one go."""
    sizes = list(radius) if isinstance(radius, Sequence) else [radius] * len(points)
    pairs = [p for point in points for p in (point, (point[0] + 1e-3, *point[1:]))]
    chain(stage, pairs, [r for r in sizes for _ in (0, 1)], material, loose=True, lift=lift)
