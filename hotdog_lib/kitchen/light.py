"""Light and film: from the stage's buffers to a picture."""

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from .paint import Colour
from .shapes import Source, affine, column, number
from .stage import COLOUR, DEPTH, GLOSS, NORMAL, SHARP, TABLE, Stage

CELLS = 48  # shadows are soft: worked out on this raster whatever the picture's size


@dataclass(frozen=True)
class Light:
    """One lamp and the sky. azimuth and height in radians; strengths in linear light."""

    azimuth: float = -2.2
    height: float = 0.9
    strength: float = 1.0
    ambient: float = 0.4
    warm: Colour = (1.0, 0.96, 0.9)
    cool: Colour = (0.9, 0.96, 1.0)
    hardness: float = 0.5


@dataclass(frozen=True)
class Film:
    """What the camera does to the light: blur (in picture units), noise, colour, vignette."""

    blur: float = 0.0
    noise: float = 0.01
    balance: Colour = (1.0, 1.0, 1.0)
    exposure: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    vignette: float = 0.1


def develop(stage: Stage, light: Light, film: Film, source: Source) -> Tensor:
    """The finished picture, uint8 (3, S, S)."""
    linear = _shade(stage, light)
    if film.blur * stage.size > 0.4:  # less than a fifth of a pixel shows nothing
        linear = _blur(linear, film.blur * stage.size / 2)
    gain = column(*(b * film.exposure for b in film.balance))
    dim = affine(stage.grid.x.square(), -film.vignette, 1.0)  # (1, S)
    dim = dim.sub(stage.grid.y.square(), alpha=film.vignette)  # (S, S)
    picture = linear.mul_(gain * dim).clamp_min_(1e-4)
    picture.div_(torch.addcmul(number(1.0), picture, picture, value=0.18))  # highlights roll off
    picture = affine(picture.log_(), 1 / 2.2, math.log(film.contrast * 255)).exp_()
    picture.add_(0.45 * (1 - film.contrast) * 255 + 0.5)
    if film.saturation != 1:
        red, green, blue = picture.unbind(0)
        grey = (red + green).add_(blue).mul_(1 / 3)
        picture = torch.lerp(grey, picture, film.saturation)
    if film.noise:
        grain = torch.rand(picture.shape[1:], generator=source.generator).sub_(0.5)
        picture.add_(grain, alpha=film.noise * math.sqrt(12) * 255)
    return picture.clamp_(0, 255.49).to(torch.uint8)


def _shade(stage: Stage, light: Light) -> Tensor:
    """Linear light (3, S, S): lamp with shadow and highlight, sky with occlusion."""
    buffer, camera = stage.buffer, stage.camera
    flat = math.cos(light.height)
    world = (flat * math.cos(light.azimuth), flat * math.sin(light.azimuth), math.sin(light.height))
    lamp, up = camera.rotate(world), camera.rotate((0.0, 0.0, 1.0))
    crease, shadow = _shadows(stage, lamp, light.hardness)
    nx, ny, nz = buffer[NORMAL].unbind(0)
    length2 = nx.square().addcmul_(ny, ny).addcmul_(nz, nz)
    normal = buffer[NORMAL] * length2.clamp_min_(1e-6).rsqrt_()
    half = (lamp[0], lamp[1], lamp[2] + 1.0)
    diffuse = _along(normal, lamp, light.strength / 1.2, 0.2 * light.strength / 1.2)
    diffuse.clamp_min_(0).mul_(shadow)
    sky = _along(normal, up, 0.35 * light.ambient, 0.65 * light.ambient)
    shine = _along(normal, half, 1 / math.hypot(*half), -1.0)
    shine.mul_(buffer[SHARP]).exp_().mul_(buffer[GLOSS]).mul_(shadow)
    albedo = buffer[COLOUR]
    # light is lost in creases; some bounces, in the body's own colour: creases stay warm
    lost = torch.addcmul(number(1.0), crease, affine(albedo, -0.6, 1.0))
    warm, cool = column(*light.warm), column(*light.cool)
    lit = (diffuse * warm).addcmul_(sky, cool).mul_(albedo).div_(lost)
    return lit.addcmul_(shine, warm * light.strength)


def _along(
    normal: Tensor, direction: tuple[float, float, float], scale: float, shift: float
) -> Tensor:
    """scale * (normal . direction) + shift, (S, S); normal: (3, S, S)."""
    x, y, z = (scale * part for part in direction)
    nx, ny, nz = normal.unbind(0)
    return affine(nx, x, shift).add_(ny, alpha=y).add_(nz, alpha=z)


def _shadows(stage: Stage, lamp: tuple[float, float, float], hardness: float):
    """(crease, shadow), each (S, S), from the depth buffer alone.

    Crease, 0 or more: how deep a point lies below its surroundings (Luft et al. 2006). Shadow,
    1 in the light: the height of the shadow over each point, marched towards the lamp on a
    coarse raster.
    """
    up = stage.camera.rotate((0.0, 0.0, 1.0))
    tilt = -up[1] / up[2]  # the table's own slope in depth, taken out
    height = (stage.buffer[DEPTH] - stage.planes[TABLE][2]).clamp(-0.1, 1.2)  # (S, S)
    coarse = F.adaptive_avg_pool2d(height[None], CELLS)  # (1, C, C)
    over = _march(coarse, lamp, lamp[2] - tilt * lamp[1])
    fields = torch.cat([coarse, coarse, over]).double()  # (3, C, C)
    rise = _rise(stage.size)
    near, wide, over = (rise @ fields @ rise.mT).float()  # (3, S, S)
    deep = near.sub_(height).clamp_min_(0).mul_(3.2)
    deep.add_(wide.sub_(height).clamp_min_(0), alpha=1.6)
    soft = 1 / (0.10 - 0.06 * hardness)
    dark = affine(over.sub_(height), soft, -0.015 * soft).clamp_(0, 1)
    return torch.addcmul(deep, deep, deep, value=2), affine(dark, -0.75 - 0.2 * hardness, 1.0)


@lru_cache(maxsize=8)
def _rise(size: int) -> Tensor:
    """How the shadows' raster is smoothed and made large, along one axis (3, size, CELLS).

    For the near surroundings, the wide ones and the cast shadow: box filters and interpolation
    are linear and work on rows and columns alike, so each is one matrix, applied from both sides.
    In double precision, which no setting of torch makes coarser.
    """

    def box(rows: Tensor, width: int, stride: int = 1) -> Tensor:
        padded = F.pad(rows, (min(2, width // 2),) * 2, mode="replicate")
        return F.avg_pool1d(padded, width, stride)

    each = torch.eye(CELLS, dtype=torch.float64)[None]  # (1, C, C)
    near, over = box(each, 5), box(each, 3)
    wide = F.interpolate(box(box(near, 6, 2), 5), scale_factor=2, mode="linear")
    fields = torch.cat([near, wide, over])  # (3, C, C): from, to
    return F.interpolate(fields, size=size, mode="linear").mT.contiguous()


def _march(coarse: Tensor, lamp: tuple[float, float, float], rise: float) -> Tensor:
    """Height of the shadow over each cell (1, C, C)."""
    reach, cell = 15, 2.0 / CELLS
    padded = F.pad(coarse, (reach,) * 4, mode="replicate")
    flat = math.hypot(lamp[0], lamp[1])
    if flat < 0.05:
        return torch.full_like(coarse, -1.0)
    steps = [
        (round(lamp[0] / flat * cells), round(lamp[1] / flat * cells))
        for cells in (1.5, 2.3, 3.4, 4.6, 6, 8, 10, 12.5, 15)
    ]
    corners = [(reach + dx, reach + dy) for dx, dy in steps]
    shifted = torch.cat([padded[:, y : y + CELLS, x : x + CELLS] for x, y in corners])
    drops = column(*(math.hypot(dx, dy) * cell * (rise / flat) for dx, dy in steps))
    return shifted.sub_(drops).amax(0, keepdim=True).clamp_min_(-1.0)


def _blur(picture: Tensor, deviation: float) -> Tensor:
    """Gaussian blur; `deviation` in pixels."""
    reach = max(1, math.ceil(2.2 * deviation))
    weights = [math.exp(-(i * i) / (2 * deviation**2)) for i in range(reach + 1)]
    total = weights[0] + 2 * sum(weights[1:])
    for axis in (1, 2):
        sides = (0, 0, reach, reach) if axis == 1 else (reach, reach, 0, 0)
        padded = F.pad(picture[None], sides, mode="replicate")[0]
        size = picture.shape[axis]
        picture = picture * (weights[0] / total)
        for i in range(1, reach + 1):
            for start in (reach - i, reach + i):
                picture.add_(padded.narrow(axis, start, size), alpha=weights[i] / total)
    return picture
