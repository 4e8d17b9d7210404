"""Light and film: from the stage's buffers to a picture."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .paint import Colour
from .shapes import Source
from .stage import COLOUR, DEPTH, GLOSS, NORMAL, SHARP, Stage

CELLS = 64  # shadows are soft: worked out on this raster whatever the picture's size


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
    vignette: float = 0.1


def develop(stage: Stage, light: Light, film: Film, source: Source) -> Tensor:
    """The finished picture, uint8 (3, S, S)."""
    linear = _shade(stage, light)
    if film.blur > 0:
        linear = _blur(linear, film.blur * stage.size / 2)
    gain = torch.tensor([b * film.exposure for b in film.balance])[:, None, None]
    if film.vignette:
        away = stage.grid.x.square() + stage.grid.y.square()
        gain = gain * (1 - film.vignette * away)
    picture = (linear * gain).clamp_min(1e-4)
    picture = picture / (1 + 0.18 * picture.square())  # a shoulder: highlights roll off
    picture = picture.pow(1 / 2.2)
    if film.contrast != 1:
        picture = 0.45 + film.contrast * (picture - 0.45)
    if film.noise:
        picture = picture + film.noise * torch.randn(picture.shape, generator=source.generator)
    return (picture.clamp(0, 1) * 255 + 0.5).to(torch.uint8)


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
    align = (nx * half[0] + ny * half[1] + nz * half[2]) / norm
    shine = torch.exp((align - 1) * buffer[SHARP]) * buffer[GLOSS] * shadow
    albedo = buffer[COLOUR]
    bleed = occlusion / (occlusion + (1 - occlusion) * (1 - 0.6 * albedo))  # creases stay warm
    warm, cool = (torch.tensor(c)[:, None, None] for c in (light.warm, light.cool))
    return albedo * (diffuse * warm + sky * cool) * bleed + warm * (shine * light.strength)


def _shadows(stage: Stage, lamp: tuple[float, float, float], hardness: float):
    """(occlusion, shadow) in 0 .. 1, each (S, S), from the depth buffer alone.

    Occlusion: how deep a point lies below its surroundings (Luft et al. 2006). Shadow: the
    height of the shadow over each point, marched towards the lamp on a coarse raster.
    """
    up = stage.camera.rotate((0.0, 0.0, 1.0))
    tilt = -up[1] / up[2]  # the table's own slope in depth, taken out
    height = (stage.buffer[DEPTH] - stage.floor_depth).clamp(-0.1, 1.2)  # (S, S)
    coarse = F.interpolate(height[None, None], size=(CELLS, CELLS), mode="area")
    near = F.avg_pool2d(F.pad(coarse, (3, 3, 3, 3), mode="replicate"), 7, 1)
    wide = F.avg_pool2d(F.pad(near, (5, 5, 5, 5), mode="replicate"), 11, 1)
    over = _march(coarse, lamp, lamp[2] - tilt * lamp[1])
    fields = torch.cat([near, wide, over], dim=1)
    near, wide, over = F.interpolate(fields, size=height.shape, mode="bilinear")[0]
    deep = (near - height).clamp_min(0) * 3.2 + (wide - height).clamp_min(0) * 1.6
    soft = 0.10 - 0.06 * hardness
    dark = ((over - height - 0.015) / soft).clamp(0, 1)
    return 1 / (1 + deep * deep * 2 + deep), 1 - dark * (0.75 + 0.2 * hardness)


def _march(coarse: Tensor, lamp: tuple[float, float, float], rise: float) -> Tensor:
    """Height of the shadow over each cell (1, 1, C, C)."""
    reach, cell = 20, 2.0 / CELLS
    padded = F.pad(coarse, (reach,) * 4, mode="replicate")
    over = torch.full_like(coarse, -1.0)
    flat = math.hypot(lamp[0], lamp[1])
    if flat < 0.05:
        return over
    for cells in (2, 3, 4.5, 6, 8, 10.5, 13, 16, 20):
        dx, dy = round(lamp[0] / flat * cells), round(lamp[1] / flat * cells)
        shifted = padded[..., reach + dy : reach + dy + CELLS, reach + dx : reach + dx + CELLS]
        over = torch.maximum(over, shifted - math.hypot(dx, dy) * cell * (rise / flat))
    blurred = F.avg_pool2d(F.pad(over, (1, 1, 1, 1), mode="replicate"), 3, 1)
    return blurred


def _blur(picture: Tensor, deviation: float) -> Tensor:
    """Gaussian blur; `deviation` in pixels."""
    reach = max(1, math.ceil(2.2 * deviation))
    line = torch.arange(-reach, reach + 1, dtype=torch.float32)
    kernel = torch.exp(-line.square() / (2 * max(deviation, 1e-3) ** 2))
    kernel = kernel / kernel.sum()
    padded = F.pad(picture[None], (reach,) * 4, mode="replicate")[0][:, None]
    rows = F.conv2d(padded, kernel[None, None, :, None])
    return F.conv2d(rows, kernel[None, None, None, :])[:, 0]
