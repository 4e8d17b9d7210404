"""The stage: a camera, and the buffers that solid bodies are put into before the light is lit.

World: x to the right, y away from the viewer, z up; the table is the plane z = 0. The camera looks
down at the origin. Bodies write colour, normal, gloss and depth (deferred shading), nearest wins;
`light.develop` turns the buffers into a picture. All lengths are in half picture widths.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .paint import Material
from .shapes import Grid, Source, mask, smooth_noise

Vec = tuple[float, float, float]

COLOUR, NORMAL, GLOSS, SHARP, DEPTH, CHANNELS = slice(0, 3), slice(3, 6), 6, 7, 8, 9


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

    def rotate(self, v: Vec) -> Vec:
        """A world direction as (right, down, towards the camera)."""
        ca, sa = math.cos(self.azimuth), math.sin(self.azimuth)
        ct, st = math.cos(self.tilt), math.sin(self.tilt)
        x, y = ca * v[0] - sa * v[1], sa * v[0] + ca * v[1]
        return x, -(y * ct + v[2] * st), v[2] * ct - y * st

    def project(self, point: Vec) -> tuple[float, float, float, float]:
        """(x, y, depth, scale) in picture units; depth grows towards the camera."""
        u, v, w = self.rotate(point)
        scale = self.zoom / max(1.0 - self.perspective * w, 0.2)
        return u * scale + self.cx, v * scale + self.cy, w * scale, scale

    def plane(self, grid: Grid, height: float = 0.0) -> Grid:
        """World coordinates (x, y) of the table, raised by `height`, seen at each pixel."""
        ct, st, p = math.cos(self.tilt), math.sin(self.tilt), self.perspective
        u, v = (grid.x - self.cx) / self.zoom, (grid.y - self.cy) / self.zoom
        y = (-v * (1 - p * height * ct) - height * st) / (ct + p * st * v).clamp_min(0.08)
        x = u * (1 - p * (height * ct - y * st))
        ca, sa = math.cos(self.azimuth), math.sin(self.azimuth)
        pixel = grid.pixel / self.zoom / math.sqrt(max(ct, 0.15))
        return Grid(ca * x + sa * y, ca * y - sa * x, pixel)

    def plane_depth(self, plane: Grid, height: float = 0.0) -> Tensor:
        """Depth of the table, raised by `height`, at the world coordinates of `plane`."""
        ct, st = math.cos(self.tilt), math.sin(self.tilt)
        y = math.sin(self.azimuth) * plane.x + math.cos(self.azimuth) * plane.y
        w = height * ct - y * st
        return w * self.zoom / (1.0 - self.perspective * w).clamp_min(0.2)


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


@dataclass
class Surface:
    """What a texture may look at, each (h, w): position on the body, normal, and noise."""

    along: Tensor  # -1 .. 1 from one end to the other (or x in the plane)
    across: Tensor  # -1 .. 1 from side to side (or y in the plane)
    normal: tuple[Tensor, Tensor, Tensor]
    noise: Tensor  # (4, h, w) around 0: fine, fine, coarse, coarse
    pixel: float


class Stage:
    """The buffers of one picture. `put` is the one way in."""

    def __init__(self, size: int, camera: Camera, source: Source) -> None:
        self.size, self.camera, self.source = size, camera, source
        self.grid = Grid.square(size)
        self.buffer = torch.zeros(CHANNELS, size, size)
        self.floor = camera.plane(self.grid)  # world coordinates of the table at each pixel
        self.floor_depth = camera.plane_depth(self.floor)  # (S, S)
        self.buffer[DEPTH] = self.floor_depth
        fine = smooth_noise(source, size, 60, 2)
        self.noise = torch.cat([fine, smooth_noise(source, size, 13, 2)]) - 0.5  # (4, S, S)
        self.bites: list[tuple[float, float, float]] = []  # circles cut out of what follows

    def window(self, left: float, top: float, right: float, bottom: float):
        """The slices and the grid of a box in picture units, or None if it is not in view."""
        return self.grid.window(left, top, right, bottom)

    def bitten(self, grid: Grid, distance: Tensor) -> Tensor:
        """The shape without the bites."""
        for x, y, radius in self.bites:
            hole = ((grid.x - x).square() + (grid.y - y).square()).sqrt() - radius
            distance = torch.maximum(distance, -hole)
        return distance

    def put(
        self,
        box: tuple[slice, slice],
        distance: Tensor,
        surface: Surface,
        depth: Tensor,
        material: Material,
    ) -> None:
        """Paints a surface patch: where it is inside its outline and nearest to the camera.

        distance, depth: (h, w) in picture units; the normal is that of `surface`.
        """
        target = self.buffer[:, box[0], box[1]]
        if material.soft >= 0:
            nearer = ((depth - target[DEPTH]) / (2 * self.grid.pixel) + 0.5).clamp(0, 1)
            cover = mask(distance, self.grid.pixel, material.soft) * nearer
        else:
            cover = mask(distance, self.grid.pixel)
        if material.opacity < 1:
            cover = cover * material.opacity
        nx, ny, nz = surface.normal
        if material.bump:
            nx = nx + material.bump * surface.noise[0]
            ny = ny + material.bump * surface.noise[1]
        layer = torch.empty_like(target)
        layer[COLOUR] = material.paint(surface)
        layer[3], layer[4], layer[5] = nx, ny, nz
        layer[GLOSS], layer[SHARP], layer[DEPTH] = material.gloss, material.sharp, depth
        target.lerp_(layer, cover)
