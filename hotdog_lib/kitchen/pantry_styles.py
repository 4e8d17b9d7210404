"""The pantry's hands: the same sketch as a sticker, ink, crayon, cut paper, poster or stencil.

Every style here paints a list of parts, back to front, onto a window of the picture (3, h, w),
floats in 0 .. 1, in place. These are flat; pantry_relief.py has two that are modelled and lit.
"""

from __future__ import annotations

import colorsys
import math
from collections.abc import Callable

import torch
from torch import Tensor

from .pantry_shapes import Sketch
from .shapes import Source, mask

COLOURS = {
    "bun": "e0a458", "crust": "b8742f", "toast": "d08c45", "crumb": "f6e3bd", "cream": "fbf1d9",
    "tortilla": "ecd9ae", "fried": "d9962f", "sausage": "b5442a", "wurst": "c96a48",
    "ham": "e8968f", "steak": "7d4428", "bacon": "c2523f", "mustard": "f2c21b",
    "ketchup": "d1281c", "tomato": "dd3d2a", "cheese": "f6c445", "lettuce": "8bc34a",
    "leaf": "4c9a3a", "lime": "c5dc7a", "cucumber": "3f8f46", "corn": "f6d54a",
    "carrot": "ef7f22", "banana": "f7dc4f", "choco": "5a3420", "char": "4a2a1a",
    "pink": "f49ab4", "jam": "a51f3a", "onion": "ead2e0", "salmon": "f58a66",
    "seaweed": "27443a", "purple": "6b3a86", "wood": "c08a52", "paper": "e9e2d0",
    "silver": "c3c9cf", "grey": "8a9097", "steel": "9fb0bd", "dark": "3c4148",
    "black": "1c1a1c", "white": "fdfdfa", "sky": "83c9ec", "blue": "2f6fc4", "navy": "22386b",
    "red": "d43a31", "green": "3f9d4d", "yellow": "f8d131", "orange": "f28a2b",
    "brown": "855330", "tan": "c79a66", "fur": "a0622f", "skin": "eab68e", "sand": "e6cf9d",
    "teal": "2fa39a", "violet": "9060c0", "brick": "b4553b", "gold": "dba92a",
}  # fmt: skip

SKINS = ("f3cda9", "e5ae84", "c68a5e", "9a6540", "6b432b")


class Palette:
    """Colour names to tensors (3, 1, 1), shifted anew for every picture.

    Mostly near the natural colours, sometimes arbitrary hues, sometimes two inks only.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.mode = source.choices(("natural", "arbitrary", "duotone"), (0.84, 0.1, 0.06))[0]
        self.turn = source.gauss(0, 0.02) if self.mode == "natural" else source.random()
        self.chroma, self.value = source.uniform(0.6, 1.25), source.uniform(0.8, 1.15)
        self.inks = (self._random(0.1, 0.4), self._random(0.75, 1.0))
        self.made: dict[str, Tensor] = {}

    def _random(self, low: float, high: float) -> tuple[float, float, float]:
        s = self.source
        return colorsys.hsv_to_rgb(s.random(), s.uniform(0.1, 0.8), s.uniform(low, high))

    def _make(self, name: str) -> tuple[float, ...]:
        code = self.source.choice(SKINS) if name == "skin" else COLOURS[name]
        r, g, b = (int(code[i : i + 2], 16) / 255 for i in (0, 2, 4))
        if self.mode == "duotone":
            t = 0.3 * r + 0.59 * g + 0.11 * b
            return tuple(p + (q - p) * t for p, q in zip(*self.inks, strict=True))
        h, c, v = colorsys.rgb_to_hsv(r, g, b)
        spread = 0.15 if self.mode == "arbitrary" else 0.015
        h = (h + self.turn + self.source.gauss(0, spread)) % 1.0
        c = min(1.0, c * self.chroma * self.source.uniform(0.85, 1.15))
        return colorsys.hsv_to_rgb(h, c, min(1.0, v * self.value * self.source.uniform(0.9, 1.1)))

    def __call__(self, name: str) -> Tensor:
        """The colour of this name in this picture (3, 1, 1)."""
        if name not in self.made:
            self.made[name] = torch.tensor(self._make(name)).view(3, 1, 1)
        return self.made[name]

    def any(self, low: float = 0.2, high: float = 1.0) -> Tensor:
        """A colour that belongs to nothing (3, 1, 1)."""
        return torch.tensor(self._random(low, high)).view(3, 1, 1)


def luminance(colour: Tensor) -> float:
    """How light a colour (3, 1, 1) is, 0 .. 1."""
    r, g, b = colour.flatten().tolist()
    return 0.3 * r + 0.59 * g + 0.11 * b


def shift(coverage: Tensor, rows: int, columns: int) -> Tensor:
    """The coverage (h, w) moved by whole pixels, empty where it came from."""
    moved = torch.roll(coverage, (rows, columns), (0, 1))
    if rows:
        moved[: max(rows, 0)] = 0
        moved[moved.shape[0] + min(rows, 0) :] = 0
    if columns:
        moved[:, : max(columns, 0)] = 0
        moved[:, moved.shape[1] + min(columns, 0) :] = 0
    return moved


def silhouette(sketch: Sketch) -> Tensor:
    """Distance (h, w) to the whole drawing."""
    union = sketch.parts[0].distance
    for part in sketch.parts[1:]:
        if part.outlined:
            union = torch.minimum(union, part.distance)
    return union


def offset(sketch: Sketch, low: float, high: float) -> tuple[int, int]:
    angle, reach = sketch.j(0, 2 * math.pi), sketch.j(low, high) / sketch.grid.pixel
    return round(reach * math.sin(angle)), round(reach * math.cos(angle))


def _strokes(sketch: Sketch, window: Tensor, period: float) -> Tensor:
    """Slanted pencil strokes (h, w), 0 .. 1, in the picture's own frame."""
    h, w = window.shape[1:]
    angle, step = sketch.j(0, math.pi), max(period / sketch.grid.pixel, 2.5)
    rows = torch.arange(h)[:, None] * (math.sin(angle) / step)
    columns = torch.arange(w)[None, :] * (math.cos(angle) / step)
    return torch.frac(rows + columns + 64).sub_(0.5).abs_().mul_(2)


def sticker(window: Tensor, sketch: Sketch, palette: Palette) -> None:
    """Flat colours, dark outlines, a white border and a soft shadow."""
    pixel, width = sketch.grid.pixel, sketch.j(0.012, 0.035)
    border = mask(silhouette(sketch) - sketch.j(0.05, 0.13), pixel)
    window.lerp_(torch.zeros(3, 1, 1), shift(border, *offset(sketch, 0.03, 0.07)).mul_(0.3))
    window.lerp_(palette("white") if sketch.maybe(0.85) else palette.any(0.7), border)
    outlines(window, sketch, palette, width)


def outlines(window: Tensor, sketch: Sketch, palette: Palette, width: float = 0.0) -> None:
    """Flat colours with outlines, black or a darker shade of the part's colour."""
    pixel, width = sketch.grid.pixel, width or sketch.j(0.012, 0.04)
    dark = None if sketch.maybe(0.4) else palette("black")
    for part in sketch.parts:
        colour = palette(part.colour)
        window.lerp_(colour, mask(part.distance, pixel))
        if part.outlined:
            ink = 0.55 * colour if dark is None else dark
            window.lerp_(ink, mask(part.distance.abs() - width, pixel))


def ink(window: Tensor, sketch: Sketch, palette: Palette) -> None:
    """A line drawing on the ground that is there, with hatching or a light wash."""
    pixel, width = sketch.grid.pixel, sketch.j(0.012, 0.035)
    ground = window[:, ::4, ::4].mean((1, 2)).view(3, 1, 1)
    line = palette("black") if luminance(ground) > 0.45 else palette("white")
    wash, hatched = sketch.pick(0.0, 0.0, 0.3, 0.6), sketch.maybe(0.6)
    hatch = _strokes(sketch, window, sketch.j(0.05, 0.09)) if hatched else None
    for part in sketch.parts:
        light = luminance(palette(part.colour))
        inside = mask(part.distance, pixel)
        solid = light < 0.2
        window.lerp_(line if solid else torch.lerp(ground, palette(part.colour), wash), inside)
        if hatched and not solid and light < 0.7:
            window.lerp_(line, inside.mul_(hatch < 0.75 - light))
        window.lerp_(line, mask(part.distance.abs() - width, pixel))


def paper(window: Tensor, sketch: Sketch, palette: Palette) -> None:
    """Cut paper: flat parts, each with a hard shadow on what lies below."""
    pixel, (rows, columns) = sketch.grid.pixel, offset(sketch, 0.04, 0.09)
    depth = sketch.j(0.25, 0.5)
    for part in sketch.parts:
        inside = mask(part.distance, pixel)
        if part.outlined:
            window.lerp_(torch.zeros(3, 1, 1), shift(inside, rows, columns).mul_(depth))
        window.lerp_(palette(part.colour), inside)


def poster(window: Tensor, sketch: Sketch, palette: Palette) -> None:
    """Two tones a part: its colour and a hard crescent of shade (or light) on one side."""
    pixel, (rows, columns) = sketch.grid.pixel, offset(sketch, 0.08, 0.2)
    shade = sketch.pick(0.6, 0.7, 0.8)
    light = sketch.maybe(0.4)
    for part in sketch.parts:
        colour, inside = palette(part.colour), mask(part.distance, pixel)
        window.lerp_(colour, inside)
        if part.outlined:
            rim = (inside - shift(inside, rows, columns)).clamp_(min=0)
            window.lerp_(colour * shade, rim)
            if light:
                rim = (inside - shift(inside, -rows, -columns)).clamp_(min=0)
                window.lerp_(1 - (1 - colour) * shade, rim)


def fade(window: Tensor, sketch: Sketch, palette: Palette) -> None:
    """Every part runs from its colour to a darker or lighter one along one direction."""
    pixel, angle = sketch.grid.pixel, sketch.j(0, 2 * math.pi)
    h, w = window.shape[1:]
    rows = torch.linspace(-0.5, 0.5, h)[:, None] * math.sin(angle)
    columns = torch.linspace(-0.5, 0.5, w)[None, :] * math.cos(angle)
    ramp = (rows + columns).mul_(sketch.j(0.5, 1.1)).add_(1)
    for part in sketch.parts:
        window.lerp_(palette(part.colour) * ramp, mask(part.distance, pixel))


def airbrush(window: Tensor, sketch: Sketch, palette: Palette) -> None:
    """Every part darkens (or pales) softly towards its own edge, from no side in particular."""
    pixel, reach = sketch.grid.pixel, sketch.j(0.08, 0.25)
    rim = sketch.pick(0.4, 0.55, 0.7)
    pale = sketch.maybe(0.25)
    for part in sketch.parts:
        colour, inside = palette(part.colour), mask(part.distance, pixel)
        window.lerp_(torch.lerp(colour, torch.ones(3, 1, 1), 0.6) if pale else colour * rim, inside)
        depth = (part.distance * (-1 / reach)).clamp_(0, 1)
        window.lerp_(colour, depth.mul_(2 - depth))


def crayon(window: Tensor, sketch: Sketch, palette: Palette) -> None:
    """Uneven strokes that let the ground through, and a rough darker outline."""
    pixel, width = sketch.grid.pixel, sketch.j(0.02, 0.045)
    grain = torch.rand(window.shape[1:], generator=sketch.source.generator)
    strokes = _strokes(sketch, window, sketch.j(0.06, 0.14))
    wax = strokes.add_(grain, alpha=0.8).mul_(1.2).clamp_(max=1)
    for part in sketch.parts:
        colour = palette(part.colour)
        window.lerp_(colour, mask(part.distance, pixel).mul_(wax))
        if part.outlined:
            edge = mask(part.distance.abs() - width, pixel).mul_(grain).mul_(1.6).clamp_(max=1)
            window.lerp_(0.6 * colour, edge)


def stencil(window: Tensor, sketch: Sketch, palette: Palette) -> None:
    """Three flat inks: every part takes the one nearest to its lightness."""
    pixel = sketch.grid.pixel
    inks = [palette.any(0.1, 0.35), palette.any(0.5, 0.8), palette.any(0.85, 1.0)]
    for part in sketch.parts:
        tone = luminance(palette(part.colour))
        colour = inks[0 if tone < 0.38 else 1 if tone < 0.68 else 2]
        window.lerp_(colour, mask(part.distance, pixel))
        if part.outlined:
            window.lerp_(inks[0], mask(part.distance.abs() - 0.018, pixel))


Style = Callable[[Tensor, Sketch, Palette], None]
FLAT: dict[str, tuple[Style, float]] = {
    "sticker": (sticker, 2.0),
    "outlines": (outlines, 1.5),
    "ink": (ink, 2.0),
    "paper": (paper, 2.0),
    "poster": (poster, 2.0),
    "fade": (fade, 1.5),
    "airbrush": (airbrush, 1.5),
    "crayon": (crayon, 1.5),
    "stencil": (stencil, 1.0),
}
