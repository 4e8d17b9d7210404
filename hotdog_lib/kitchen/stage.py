"""The stage: a camera, and the buffers that solid bodies are put into before the light is lit.

World: x to the right, y away from the viewer, z up; the table is the plane z = 0. The camera looks
down at the origin. Bodies write colour, normal, gloss and depth (deferred shading), nearest wins;
`light.develop` turns the buffers into a picture. All lengths are in half picture widths.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from .paint import Material
from .shapes import Grid, Source, affine, mask, number, smooth_noise

Vec = tuple[float, float, float]
Recast = Callable[[Material], Material]  # what a body is made of instead

COLOUR, GLOSS, SHARP, NORMAL, DEPTH, LAYER = slice(0, 3), 3, 4, slice(5, 8), 8, 9
NOISE, FILM, TABLE, PLANES = slice(9, 13), slice(13, 15), slice(15, 18), 18


@dataclass(frozen=True)
class Camera:
    """Where the picture is taken from.

    azimuth: turn of the table, radians; tilt: 0 from above .. 1.3 almost from the side;
    zoom: picture units per world unit; cx, cy: where the origin lands; perspective: 0 .. 0.25.
    """

    azimuth: float = 0.0
    tilt: float = 0.0
    zoom: float = 1.0
    cx: float = 0.0
    cy: float = 0.0
    perspective: float = 0.1

    @cached_property
    def _turns(self) -> tuple[float, float, float, float]:
        return (
            math.cos(self.azimuth),
            math.sin(self.azimuth),
            math.cos(self.tilt),
            math.sin(self.tilt),
        )

    def rotate(self, v: Vec) -> Vec:
        """A world direction as (right, down, towards the camera)."""
        ca, sa, ct, st = self._turns
        y = sa * v[0] + ca * v[1]
        return ca * v[0] - sa * v[1], -(y * ct + v[2] * st), v[2] * ct - y * st

    def project(self, point: Vec) -> tuple[float, float, float, float]:
        """(x, y, depth, scale) in picture units; depth grows towards the camera."""
        u, v, w = self.rotate(point)
        scale = self.zoom / max(1.0 - self.perspective * w, 0.2)
        return u * scale + self.cx, v * scale + self.cy, w * scale, scale

    def table(self, grid: Grid) -> tuple[Tensor, Tensor, Tensor]:
        """World x, y and depth of the table as seen at each pixel, each (S, S)."""
        ct, st, p = math.cos(self.tilt), math.sin(self.tilt), self.perspective
        u, v = (grid.x - self.cx) / self.zoom, (grid.y - self.cy) / self.zoom
        y = -v / (ct + p * st * v).clamp_min(0.08)  # (S, 1)
        wider = 1 + p * st * y
        x = u * wider  # (S, S)
        ca, sa = math.cos(self.azimuth), math.sin(self.azimuth)
        depth = y * (-st * self.zoom) / wider.clamp_min(0.2)
        world_x, world_y = torch.add(y * sa, x, alpha=ca), torch.sub(y * ca, x, alpha=sa)
        return world_x, world_y, depth.expand_as(x)

    def lift(self, height: float) -> tuple[float, float, float, float, float]:
        """(k, dx, dy, depth, pixel) of a plane at `height` above the table.

        What is seen at world (x, y) of the table is at (k x + dx, k y + dy) on the raised plane,
        its depth is (table's depth + depth) / k: the ray runs straight to the camera.
        """
        ct, st, p = math.cos(self.tilt), math.sin(self.tilt), self.perspective
        k, slide = 1 - height * p / ct, -height * st / ct
        ca, sa = math.cos(self.azimuth), math.sin(self.azimuth)
        return k, sa * slide, ca * slide, self.zoom * height / ct, 1 / (self.zoom * math.sqrt(ct))


@dataclass(frozen=True)
class Place:
    """Where a thing stands: foods are drawn in their own frame (along, across, up)."""

    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    angle: float = 0.0
    scale: float = 1.0

    def at(self, along: float, across: float, up: float = 0.0) -> Vec:
        """A point of the thing's own frame, in the world."""
        c, s = math.cos(self.angle), math.sin(self.angle)
        k = self.scale
        return (
            self.x + k * (c * along - s * across),
            self.y + k * (s * along + c * across),
            (self.z + k * up),
        )

    def sub(self, along: float, across: float, up: float, turn: float = 0, scale: float = 1):
        """A place relative to this one."""
        return Place(*self.at(along, across, up), self.angle + turn, self.scale * scale)


class Surface(NamedTuple):
    """What a texture may look at, each (h, w): position on the body, normal, and noise."""

    along: Tensor  # -1 .. 1 from one end to the other (or x in the plane)
    across: Tensor  # -1 .. 1 from side to side (or y in the plane)
    normal: tuple[Tensor, Tensor, Tensor]
    noise: Tensor  # (4, h, w) around 0: fine, fine, coarse, coarse
    pixel: float


class Window:
    """A box of the picture: views of its planes, and a fresh layer to paint on."""

    def __init__(self, planes: Tensor, pixel: float, recast: Recast | None = None) -> None:
        self.recast = recast
        self.planes, self.pixel = planes, pixel  # (PLANES, h, w)
        self.noise = planes[NOISE]
        self.layer = torch.empty(LAYER, *planes.shape[1:])  # (9, h, w)
        self.nx, self.ny, self.nz, self.depth = self.layer[5:].unbind(0)

    @property
    def film(self) -> tuple[Tensor, Tensor]:
        """x and y of each pixel in picture units, each (h, w)."""
        return self.planes[FILM].unbind(0)

    @property
    def table(self) -> tuple[Tensor, Tensor, Tensor]:
        """World x, y and depth of the table as seen at each pixel, each (h, w)."""
        return self.planes[TABLE].unbind(0)

    @property
    def normal(self) -> tuple[Tensor, Tensor, Tensor]:
        """Where a solid writes its normal, to be seen by the camera: right, down, near."""
        return self.nx, self.ny, self.nz

    def put(self, distance: Tensor, surface: Surface, material: Material) -> None:
        """Paints the layer where it is inside the outline and nearest to the camera.

        distance: (h, w) in picture units; normal and depth have been written to the layer.
        """
        cover = mask(distance, self.pixel)
        nearer = self.depth - self.planes[DEPTH]
        cover *= affine(nearer, 0.5 / self.pixel, 0.5).clamp_(0, 1)
        if self.recast is not None:
            material = self.recast(material)
        material.paint(surface, self.layer[:5])
        if material.bump:
            self.nx.add_(self.noise[0], alpha=material.bump)
            self.ny.add_(self.noise[1], alpha=material.bump)
        if material.crumple:
            self.nx.add_(self.noise[2], alpha=material.crumple)
            self.ny.add_(self.noise[3], alpha=material.crumple)
        self.planes[:LAYER].lerp_(self.layer, cover)


class Stage:
    """The planes of one picture; solids open a window on them and put themselves in."""

    def __init__(
        self, size: int, camera: Camera, source: Source, recast: Recast | None = None
    ) -> None:
        self.recast = recast
        self.size, self.camera, self.source = size, camera, source
        self.grid = Grid.square(size)
        self.pixel = self.grid.pixel
        self.planes = torch.empty(PLANES, size, size)
        self.buffer = self.planes[:LAYER]
        _texture(source, self.planes[NOISE])
        places = (self.grid.x, self.grid.y, *camera.table(self.grid))
        for plane, value in zip(self.planes[FILM.start :].unbind(0), places, strict=True):
            plane.copy_(value)
        self.buffer[DEPTH].copy_(self.planes[TABLE][2])
        self.bites: list[tuple[float, float, float]] = []  # circles cut out of what follows

    @property
    def noise(self) -> Tensor:
        """(4, S, S)"""
        return self.planes[NOISE]

    @property
    def floor(self) -> Grid:
        """World coordinates of the table at each pixel."""
        x, y, _ = self.planes[TABLE].unbind(0)
        return Grid(x, y, self.pixel * self.camera.lift(0.0)[4])

    def window(self, left: float, top: float, right: float, bottom: float) -> Window | None:
        """The box in picture units, or None where it is (all but) out of the picture."""
        size = self.size
        c0, r0 = (max(math.floor((v + 1) / 2 * size) - 1, 0) for v in (left, top))
        c1, r1 = (min(math.ceil((v + 1) / 2 * size) + 1, size) for v in (right, bottom))
        if c1 - c0 < 3 or r1 - r0 < 3:
            return None
        return Window(self.planes[:, r0:r1, c0:c1], self.pixel, self.recast)

    def bitten(self, window: Window, distance: Tensor) -> Tensor:
        """The shape without the bites."""
        for x, y, radius in self.bites:
            ex, ey = (plane - middle for plane, middle in zip(window.film, (x, y), strict=True))
            distance = torch.maximum(distance, radius - torch.hypot(ex, ey))
        return distance


def _texture(source: Source, out: Tensor) -> None:
    """Fills (4, S, S) with noise around 0: fine, fine, coarse, coarse."""
    size = out.shape[-1]
    fine = torch.rand(1, 2, 96, 96, generator=source.generator)
    if size != 96:
        fine = functional.interpolate(fine, size=(size, size), mode="bilinear", antialias=size < 96)
    torch.sub(fine[0], number(0.5), out=out[:2])
    torch.sub(smooth_noise(source, size, 13, 2), number(0.5), out=out[2:])
