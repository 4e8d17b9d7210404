"""Colours and materials: what a surface looks like before the light falls on it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .shapes import Source

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
    of the normal; grain: speckle of the brightness; soft: edge width, or -1 to ignore depth.
    """

    colour: Colour
    layers: tuple[tuple[Texture, Colour], ...] = ()
    gloss: float = 0.08
    sharp: float = 12.0
    bump: float = 0.0
    grain: float = 0.0
    mottle: float = 0.0
    soft: float = 0.0
    opacity: float = 1.0

    def paint(self, surface: "Surface") -> Tensor:
        """Albedo (3, h, w) or (3, 1, 1)."""
        albedo = torch.tensor(self.colour)[:, None, None]
        for texture, colour in self.layers:
            albedo = torch.lerp(albedo, torch.tensor(colour)[:, None, None], texture(surface))
        if self.grain:
            albedo = albedo * (1 + self.grain * surface.noise[0])
        if self.mottle:
            albedo = albedo * (1 + self.mottle * surface.noise[2])
        return albedo

    def but(self, **changes: object) -> "Material":
        """A copy with some fields changed."""
        return replace(self, **changes)


# ---- textures: surface -> coverage (h, w) ---------------------------------------------------


def smoothstep(low: float, high: float, value: Tensor) -> Tensor:
    """0 below `low`, 1 above `high`, smooth in between (low may exceed high)."""
    t = ((value - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def facing(direction: tuple[float, float, float], low: float, high: float) -> Texture:
    """Covers what faces a direction (camera frame): the pale inside of a bun, a browned top."""

    def texture(s: "Surface") -> Tensor:
        nx, ny, nz = s.normal
        toward = nx * direction[0] + ny * direction[1] + nz * direction[2]
        return smoothstep(low, high, toward + 0.25 * s.noise[2])

    return texture


def bars(count: float, share: float = 0.3, slant: float = 0.0, soft: float = 0.25) -> Texture:
    """Bars across the length: grill marks, the rings of a croissant."""

    def texture(s: "Surface") -> Tensor:
        phase = (s.along + slant * s.across) * (count / 2) + 0.35 * s.noise[2]
        wave = (phase - phase.round()).abs() * 2  # 0 at the middle of a bar
        return smoothstep(share + soft, share - soft * 0.5, wave)

    return texture


def spots(level: float = 0.1, soft: float = 0.08, channel: int = 0) -> Texture:
    """Covers where the noise is high: crumbs, char, blisters. channel 0, 1 fine; 2, 3 coarse."""

    def texture(s: "Surface") -> Tensor:
        return smoothstep(level, level + soft, s.noise[channel])

    return texture


def ends(start: float = 0.8, soft: float = 0.15) -> Texture:
    """Covers both ends of a body."""

    def texture(s: "Surface") -> Tensor:
        return smoothstep(start, start + soft, s.along.abs())

    return texture
