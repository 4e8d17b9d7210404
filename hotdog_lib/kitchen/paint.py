"""Colours and materials: what a surface looks like before the light falls on it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .shapes import Source, affine, column

if TYPE_CHECKING:
    from .stage import Surface

Colour = tuple[float, float, float]
Texture = Callable[["Surface"], Tensor]


@lru_cache(maxsize=1024)
def rgb(code: str) -> Colour:
    """Linear light of a colour written as on the web: `rgb("#ff8800")`."""
    levels = (int(code[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return tuple(level**2.2 for level in levels)


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """`share` of b and the rest of a."""
    return tuple(p + (q - p) * share for p, q in zip(a, b, strict=True))


def vary(rng: Source, colour: Colour, amount: float = 0.12) -> Colour:
    """A colour near `colour`: lighter or darker, and a little off in hue."""
    light = 1 + rng.uniform(-amount, amount)
    return tuple(max(0.0, c * light * (1 + rng.uniform(-amount, amount) * 0.5)) for c in colour)


def pick(rng: Source, codes: Sequence[str], amount: float = 0.12) -> Colour:
    """One of the colours, varied."""
    return vary(rng, rgb(rng.choice(codes)), amount)


@dataclass(frozen=True)
class Material:
    """A surface: base colour, layers over it, and how it shines.

    layers: (texture, colour) pairs; a texture gives the coverage 0 .. 1 of its colour.
    gloss: strength of the highlight; sharp: its sharpness (10 dull .. 200 wet); bump: roughness
    of the normal; crumple: the same in larger folds; grain: fine speckle of the brightness;
    mottle: the same in larger patches.
    """

    colour: Colour
    layers: tuple[tuple[Texture, Colour], ...] = ()
    gloss: float = 0.08
    sharp: float = 12.0
    bump: float = 0.0
    crumple: float = 0.0
    grain: float = 0.0
    mottle: float = 0.0

    def paint(self, surface: "Surface", out: Tensor) -> None:
        """Writes colour, gloss and sharpness into `out` (5, h, w)."""
        out.copy_(column(*self.colour, self.gloss, self.sharp))
        for texture, colour in self.layers:
            out[:3].lerp_(column(*colour), texture(surface))
        if self.grain or self.mottle:
            tone = affine(surface.noise[0], self.grain, 1.0)
            out[:3].mul_(tone.add_(surface.noise[2], alpha=self.mottle))

    def but(self, **changes: object) -> "Material":
        """A copy with some fields changed."""
        return replace(self, **changes)


# ---- textures: surface -> coverage (h, w) ---------------------------------------------------


def ramp(low: float, high: float, value: Tensor) -> Tensor:
    """0 below `low`, 1 above `high`, straight in between (low may exceed high)."""
    scale = 1.0 / (high - low)
    return affine(value, scale, -low * scale).clamp_(0, 1)


def facing(direction: tuple[float, float, float], low: float, high: float) -> Texture:
    """Covers what faces a direction (camera frame): the pale inside of a bun, a browned top.

    From 0 to 1 while the normal's part in that direction goes from `low` to `high`.
    """
    k = 1.0 / (high - low)
    x, y, z = (k * part for part in direction)

    def texture(s: "Surface") -> Tensor:
        nx, ny, nz = s.normal
        toward = affine(nx, x, -low * k).add_(ny, alpha=y).add_(nz, alpha=z)
        return toward.add_(s.noise[2], alpha=0.25 * k).clamp_(0, 1)

    return texture


def bars(count: float, share: float = 0.3, slant: float = 0.0, soft: float = 0.25) -> Texture:
    """Bars across the length: grill marks, the rings of a croissant."""

    def texture(s: "Surface") -> Tensor:
        phase = torch.add(s.along, s.across, alpha=slant).mul_(count / 2)
        phase.add_(s.noise[2], alpha=0.35)
        wave = (phase - phase.round()).abs_()  # 0 at the middle of a bar
        return ramp((share + soft) / 2, (share - soft * 0.5) / 2, wave)

    return texture


def spots(level: float = 0.1, soft: float = 0.08, channel: int = 0) -> Texture:
    """Covers where the noise is high: crumbs, char, blisters. channel 0, 1 fine; 2, 3 coarse."""

    def texture(s: "Surface") -> Tensor:
        return ramp(level, level + soft, s.noise[channel])

    return texture


def ends(start: float = 0.8, soft: float = 0.15) -> Texture:
    """Covers both ends of a body."""

    def texture(s: "Surface") -> Tensor:
        return ramp(start, start + soft, s.along.abs())

    return texture
