"""The pantry's modelled styles: pillows and clay, lit from one side.

Between the flat drawings and the kitchen's scenes: relief of a drawing, without its space, its
camera or its materials.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from .pantry_shapes import Sketch
from .pantry_styles import Palette, Style, offset, shift
from .shapes import mask, smooth_noise


def puffy(window: Tensor, sketch: Sketch, palette: Palette) -> None:
    """Pillows: every part swells towards its middle, lit from one side; no ground, no depth."""
    pixel, angle = sketch.grid.pixel, sketch.j(0, 2 * math.pi)
    reach, gloss, ambient = sketch.j(0.1, 0.3), sketch.pick(0.0, 0.25, 0.5), sketch.j(0.45, 0.7)
    fall, depth = offset(sketch, 0.02, 0.09), sketch.j(0.2, 0.5)
    felt = _felt(sketch, window) if sketch.maybe() else torch.ones(1, 1)
    for part in sketch.parts:
        inside = mask(part.distance, pixel)
        if part.outlined:
            window.lerp_(torch.zeros(3, 1, 1), shift(inside, *fall).mul_(depth))
        colour = palette(part.colour) * felt
        if min(part.distance.shape) < 2:
            window.lerp_(colour, inside)
            continue
        light, shine = _pillow(part.distance, pixel, reach, angle)
        window.lerp_(colour * light.mul_(1.1 - ambient).add_(ambient), inside)
        window.lerp_(torch.ones(3, 1, 1), inside.mul_(shine).mul_(gloss))


def _felt(sketch: Sketch, window: Tensor) -> Tensor:
    """An uneven cloth (h, w) around 1."""
    h, w = window.shape[1:]
    strength, grain = sketch.j(0.1, 0.5), sketch.pick(4, 8, 16)
    noise = smooth_noise(sketch.source, max(h, w), grain, 1)[0, :h, :w]
    return noise.sub_(0.5).mul_(strength).add_(1)


def _pillow(distance: Tensor, pixel: float, reach: float, angle: float) -> tuple[Tensor, Tensor]:
    """Diffuse light and highlight (h, w), 0 .. 1, of a part that bulges from its edge inwards."""
    down, right = torch.gradient(distance)
    slope = (distance / -reach).clamp_(0, 1).neg_().add_(1)  # 1 at the edge, 0 inside
    toward = down.mul_(math.sin(angle)).add_(right, alpha=math.cos(angle)).div_(pixel)
    toward = toward.clamp_(-1, 1).mul_(slope)
    light = (1 - slope.square()).clamp_(min=0).sqrt_().mul_(0.75).add_(toward, alpha=0.66)
    return light.clamp_(0, 1), light.clamp(0, 1).pow_(12)


def clay(window: Tensor, sketch: Sketch, palette: Palette) -> None:
    """Lumps of modelling clay, one on the other, under one lamp: shadows, creases, highlights."""
    pixel, felt = sketch.grid.pixel, _felt(sketch, window)
    height, gloss = torch.zeros(window.shape[1:]), torch.zeros(window.shape[1:])
    reach, shine = sketch.j(0.1, 0.35), sketch.pick(0.0, 0.15, 0.4)
    for part in sketch.parts:
        inside = mask(part.distance, pixel)
        window.lerp_(palette(part.colour) * felt, inside)
        rim = (part.distance / -reach).clamp_(0, 1).neg_().add_(1)  # 1 at the edge, 0 inside
        lump = (1 - rim.square()).clamp_(min=0).sqrt_().mul_(reach if part.outlined else 0.03)
        height.lerp_(height.mul(0.6).add_(lump), inside)
        gloss.lerp_(torch.full_like(gloss, shine), inside)
    _light(window, height, gloss, pixel, sketch)


def _light(window: Tensor, height: Tensor, gloss: Tensor, pixel: float, sketch: Sketch) -> None:
    """Light a relief of heights (h, w); level ground keeps its colour."""
    if min(height.shape) < 2:
        return
    angle, tilt = sketch.j(0, 2 * math.pi), sketch.j(0.45, 1.1)
    ambient, warmth = sketch.j(0.3, 0.7), sketch.j(-0.12, 0.12)
    down, right = torch.gradient(height, spacing=pixel)
    toward = down.mul(math.sin(angle)).add_(right, alpha=math.cos(angle)).mul_(-math.cos(tilt))
    normal = down.square().add_(right.square()).add_(1).rsqrt_()
    diffuse = toward.add_(math.sin(tilt)).mul_(normal).clamp_(min=0)
    lit = diffuse * (1 - _shadow(height, angle, tilt, pixel))
    crease = functional.avg_pool2d(height[None, None], 7, 1, 3, count_include_pad=False)[0, 0]
    sky = (1 - (crease - height).clamp_(min=0).mul_(3.0)).clamp_(min=0.3)
    level = (1 - ambient) + ambient
    lamp = torch.tensor([1 + warmth, 1.0, 1 - warmth]).view(3, 1, 1)
    light = lit.div_(math.sin(tilt)).mul(1 - ambient) * lamp + sky.mul_(ambient) * (2 - lamp)
    window.mul_(light / level).add_(gloss * diffuse.pow(16)).clamp_(0, 1)


def _shadow(height: Tensor, angle: float, tilt: float, pixel: float) -> Tensor:
    """How much of the lamp is hidden (h, w), 0 .. 1, by what stands between."""
    hidden = torch.zeros_like(height)
    for step in (2, 4, 7):
        rows, columns = round(-step * math.sin(angle)), round(-step * math.cos(angle))
        ray = height + step * pixel * math.tan(tilt)
        hidden = torch.maximum(hidden, shift(height, rows, columns).sub_(ray).mul_(12.0))
    return hidden.clamp_(0, 0.85)


RELIEF: dict[str, tuple[Style, float]] = {"puffy": (puffy, 6.0), "clay": (clay, 28.0)}
