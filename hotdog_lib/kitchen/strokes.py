"""Strokes of many straight pieces: mustard, crumbs, rings, fingers; all pieces in one go."""

import math
from array import array
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from .paint import Material
from .shapes import number
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
    knots = [v for (x, y, z, _), r in zip(spots, sizes, strict=True) for v in (x, y, z + lift, r)]
    knots = torch.frombuffer(array("f", knots), dtype=torch.float32).view(-1, 4)
    first, last = (knots[0::2], knots[1::2]) if loose else (knots[:-1], knots[1:])
    pieces = torch.cat([first, last - first], dim=1)  # (n, 8)
    uneven = max(sizes) > min(sizes)
    ex, ey, z, size, along = _nearest_piece(window, pieces, max(sizes), uneven)
    size = size.clamp_min_(stage.pixel / 3)
    distance = round_off(window, ex, ey, size)
    torch.addcmul(z, size, window.nz, out=window.depth)
    surface = Surface(along, window.nx, window.normal, window.noise, stage.pixel)
    window.put(stage.bitten(window, distance), surface, material)


def _nearest_piece(window: Window, pieces: Tensor, thickest: float, uneven: bool):
    """For each pixel the nearest straight piece: offset, depth, radius, position along all.

    pieces: (n, 8): x, y, depth and radius at the start, then their change to the end. Which piece
    is nearest is looked up on a coarser raster; where on it, for every pixel.
    """
    film_x, film_y = window.film
    height, width = film_x.shape
    load = math.sqrt(len(pieces) * height * width / 15000)
    stride = max(1, min(round(load), int(0.75 * thickest / window.pixel + 2)))
    x, y = film_x[:1, ::stride], film_y[::stride, :1]
    if stride > 1:
        middle = number(stride // 2 * window.pixel)
        x, y = x + middle, y + middle
    piece = _owner(x, y, pieces, 1.5 * thickest + (3 + stride) * window.pixel, uneven)
    if stride > 1:
        rows, columns = piece.shape
        cells = piece[:, None, :, None].expand(rows, stride, columns, stride)
        piece = cells.reshape(rows * stride, columns * stride)[:height, :width]
    table = torch.cat([pieces.T, torch.linspace(-1, 1, len(pieces) + 1)[None, :-1]])  # (9, n)
    own = table.index_select(1, piece.reshape(-1)).view(9, height, width)
    x, y, z, size, bx, by, dz, widening, along = own.unbind(0)
    ex, ey = torch.sub(film_x, x, out=x), torch.sub(film_y, y, out=y)
    length2 = bx.square().addcmul_(by, by).clamp_min_(1e-8)
    t = (ex * bx).addcmul_(ey, by).div_(length2).clamp_(0, 1)
    z.addcmul_(dz, t)
    size.addcmul_(widening, t)
    ex.addcmul_(bx, t, value=-1)
    ey.addcmul_(by, t, value=-1)
    return ex, ey, z, size, along.add_(t, alpha=2 / len(pieces))


def _owner(x: Tensor, y: Tensor, pieces: Tensor, reach: float, uneven: bool) -> Tensor:
    """Index of the nearest piece (h, w), right within `reach`; x: (1, w), y: (h, 1)."""
    ax, ay, _, radius, bx, by, _, widening = pieces.view(-1, 8, 1, 1).unbind(1)  # (n, 1, 1)
    px, py = x - ax, y - ay  # (n, 1, w), (n, h, 1)
    length2 = bx.square().addcmul_(by, by).clamp_min_(1e-8)
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
    scaled = values.clamp_(max=limit).mul_(number(131071 / limit)).floor_()
    least = scaled.add_(_fractions(len(values))).amin(dim=0)
    return least.frac_().mul_(number(64.0)).long()


@lru_cache(maxsize=64)
def _fractions(count: int) -> Tensor:
    """0, 1/64, 2/64 ... (count, 1, 1): exact, so that times 64 they are whole again."""
    return torch.arange(count, dtype=torch.float32).view(-1, 1, 1) / 64


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
