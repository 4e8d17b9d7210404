"""Light and film: from the stage's buffers to a picture."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .paint import Colour
from .shapes import Source
from .stage import COLOUR, DEPTH, GLOSS, NORMAL, SHARP, Stage

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
    gain = torch.tensor([b * film.exposure for b in film.balance])[:, None, None]
    away = stage.grid.x.square() + stage.grid.y.square()
    picture = linear.mul_(gain * (1 - film.vignette * away)).clamp_min_(1e-4)
    picture /= picture.square().mul_(0.18).add_(1)  # a shoulder: highlights roll off
    picture = picture.log_().mul_(1 / 2.2).exp_()
    picture.mul_(film.contrast * 255).add_(0.45 * (1 - film.contrast) * 255 + 0.5)
    if film.saturation != 1:
        grey = picture.mean(0, keepdim=True)
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
    occlusion, shadow = _shadows(stage, lamp, light.hardness)
    normal = buffer[NORMAL]
    nx, ny, nz = normal * normal.square().sum(0).clamp_min(1e-6).rsqrt()
    toward = nx * lamp[0] + ny * lamp[1] + nz * lamp[2]
    diffuse = ((toward + 0.2) / 1.2).clamp_min(0) * shadow * light.strength
    sky = (nx * up[0] + ny * up[1] + nz * up[2]) * (0.35 * light.ambient) + 0.65 * light.ambient
    half = [lamp[0], lamp[1], lamp[2] + 1.0]
    norm = math.sqrt(sum(h * h for h in half))
    align = (nx * (half[0] / norm) + ny * (half[1] / norm)).add_(nz, alpha=half[2] / norm)
    shine = align.sub_(1).mul_(buffer[SHARP]).exp_().mul_(buffer[GLOSS]).mul_(shadow)
    albedo = buffer[COLOUR]
    crease = (1 - occlusion) * (1 - 0.6 * albedo)  # light bounces: creases stay warm
    warm, cool = (torch.tensor(c)[:, None, None] for c in (light.warm, light.cool))
    lit = (diffuse * warm).addcmul_(sky, cool).mul_(albedo).mul_(occlusion / (crease + occlusion))
    return lit.addcmul_(shine, warm * light.strength)


def _shadows(stage: Stage, lamp: tuple[float, float, float], hardness: float):
    """(occlusion, shadow) in 0 .. 1, each (S, S), from the depth buffer alone.

    Occlusion: how deep a point lies below its surroundings (Luft et al. 2006). Shadow: the
    height of the shadow over each point, marched towards the lamp on a coarse raster.
    """
    up = stage.camera.rotate((0.0, 0.0, 1.0))
    tilt = -up[1] / up[2]  # the table's own slope in depth, taken out
    height = (stage.buffer[DEPTH] - stage.planes[17]).clamp(-0.1, 1.2)  # (S, S)
    coarse = F.interpolate(height[None, None], size=(CELLS, CELLS), mode="area")
    near = F.avg_pool2d(F.pad(coarse, (2, 2, 2, 2), mode="replicate"), 5, 1)
    far = F.avg_pool2d(F.pad(near, (2, 2, 2, 2), mode="replicate"), 6, 2)  # (1, 1, C/2, C/2)
    far = F.avg_pool2d(F.pad(far, (2, 2, 2, 2), mode="replicate"), 5, 1)
    over = _march(coarse, lamp, lamp[2] - tilt * lamp[1])
    fields = torch.cat([near, F.interpolate(far, scale_factor=2, mode="bilinear"), over], dim=1)
    near, wide, over = F.interpolate(fields, size=height.shape, mode="bilinear")[0]
    deep = (near - height).clamp_min(0) * 3.2 + (wide - height).clamp_min(0) * 1.6
    soft = 0.10 - 0.06 * hardness
    dark = ((over - height - 0.015) / soft).clamp(0, 1)
    return 1 / (1 + deep * deep * 2 + deep), 1 - dark * (0.75 + 0.2 * hardness)


def _march(coarse: Tensor, lamp: tuple[float, float, float], rise: float) -> Tensor:
    """Height of the shadow over each cell (1, 1, C, C)."""
    reach, cell = 15, 2.0 / CELLS
    padded = F.pad(coarse, (reach,) * 4, mode="replicate")
    over = torch.full_like(coarse, -1.0)
    flat = math.hypot(lamp[0], lamp[1])
    if flat < 0.05:
        return over
    for cells in (1.5, 2.3, 3.4, 4.6, 6, 8, 10, 12.5, 15):
        dx, dy = round(lamp[0] / flat * cells), round(lamp[1] / flat * cells)
        shifted = padded[..., reach + dy : reach + dy + CELLS, reach + dx : reach + dx + CELLS]
        over = torch.maximum(over, shifted - math.hypot(dx, dy) * cell * (rise / flat))
    return F.avg_pool2d(F.pad(over, (1, 1, 1, 1), mode="replicate"), 3, 1)


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
