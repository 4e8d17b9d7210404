"""What things stand on: cloths, wood, stone, metal, grass and sand."""

import math

import torch
from torch import Tensor

from .paint import Colour, Material, mix, pick, ramp, rgb, vary
from .shapes import Grid, Source, affine, column
from .stage import COLOUR, GLOSS, NORMAL, SHARP, Stage

CLOTHS = ("#b8322e", "#2d5d9f", "#3d7d4e", "#d9a531", "#7a4a8c", "#2b8b8f", "#d06a8b", "#4a4a52")
PALES = ("#f4efe4", "#efe6d2", "#e9edf0", "#f6f3ee", "#e3dccb")
WOODS = ("#b98552", "#8a5a33", "#d3a873", "#6b4226", "#a8937a", "#c79a6b")
STONES = ("#d9d6d0", "#5b5f66", "#8d8a86", "#3a3c41", "#bdb6aa")
PLAINS = ("#c8553d", "#4f7cac", "#e0b84c", "#6a994e", "#d8d2c4", "#8d6a9f", "#3f4a5a", "#e59a8a")


def _stripe(value: Tensor, period: float, pixel: float, share: float = 0.5) -> Tensor:
    """Soft-edged bars 0 / 1 across `value`."""
    phase = value / period
    wave = (phase - phase.round()).abs() * 2
    width = max(2.0 * pixel / period, 0.04)
    return ramp(share + width, share - width, wave)


def gingham(grid: Grid, rng: Source, tint: Colour, pale: Colour) -> Tensor:
    """Woven checks: two sets of bars whose crossings are full (3, S, S)."""
    period = rng.uniform(0.22, 0.5)
    cover = (_stripe(grid.x, period, grid.pixel) + _stripe(grid.y, period, grid.pixel)) / 2
    return _between(pale, tint, cover)


def striped(grid: Grid, rng: Source, tint: Colour, pale: Colour) -> Tensor:
    """A striped cloth."""
    cover = _stripe(grid.x, rng.uniform(0.2, 0.5), grid.pixel, rng.uniform(0.25, 0.6))
    return _between(pale, tint, cover)


def _between(a: Colour, b: Colour, share: Tensor) -> Tensor:
    return torch.lerp(column(*a), column(*b), share)


def wood(grid: Grid, rng: Source, colour: Colour, noise: Tensor) -> Tensor:
    """Planks with grain along x; `noise` (4, S, S) warps it."""
    width = rng.uniform(0.35, 0.8)
    lane = grid.y / width + rng.uniform(0, 1)
    plank = lane.floor()
    tone = 0.9 + 0.2 * (torch.sin(plank * 12.9898) * 43.75).frac()
    v = (grid.y + 0.10 * noise[2] + 0.04 * torch.sin(grid.x * 1.7 + plank)) * rng.uniform(30, 50)
    grain = torch.sin(v + 5 * noise[3]) * 0.5 + torch.sin(2.3 * v + plank) * 0.3 + 2.0 * noise[0]
    gap = ramp(0.012 / width + grid.pixel, 0.0, (lane - lane.round()).abs())
    return column(*colour) * (tone * (1 + 0.13 * grain) * (1 - 0.6 * gap))


def marble(rng: Source, colour: Colour, noise: Tensor) -> Tensor:
    """Veined stone."""
    vein = (noise[2] + 0.3 * noise[0] + rng.uniform(-0.1, 0.1)).abs()
    return _between(colour, mix(colour, rgb("#777777"), 0.5), ramp(0.12, 0.0, vein))


def _speckle(colour: Colour, noise: Tensor, fine: float, coarse: float) -> Tensor:
    tone = affine(noise[0], fine, 1.0).add_(noise[2], alpha=coarse).clamp_min_(0.1)
    return column(*colour) * tone


def _grass(rng: Source, stage: Stage) -> Tensor:
    green, dry = pick(rng, ("#5d8a35", "#4c7a2e", "#7a9a45")), rgb("#a9a35a")
    cover = ramp(-0.1, 0.5, stage.noise[3] + 0.6 * stage.noise[1])
    return _between(green, dry, cover) * (1 + 1.1 * stage.noise[0]).clamp_min(0.2)


GROUNDS = (
    "gingham",
    "striped",
    "cloth",
    "wood",
    "marble",
    "stone",
    "steel",
    "paper",
    "grass",
    "sand",
)


def lay(stage: Stage, kind: str, rng: Source) -> None:
    """Covers the whole picture with the ground `kind` (one of GROUNDS)."""
    turn = rng.uniform(-math.pi, math.pi)
    grid = stage.floor.turn(turn).shift(rng.uniform(-1, 1), rng.uniform(-1, 1))
    tint, pale = pick(rng, CLOTHS), pick(rng, PALES, 0.06)
    gloss, sharp, bump = 0.02, 10.0, 0.0
    if kind == "gingham":
        albedo, bump = gingham(grid, rng, tint, pale), 0.25
    elif kind == "striped":
        albedo, bump = striped(grid, rng, tint, pale), 0.25
    elif kind == "cloth":
        albedo, bump = _speckle(pick(rng, PLAINS), stage.noise, 0.15, 0.05), 0.3
    elif kind == "wood":
        albedo, gloss, sharp = wood(grid, rng, pick(rng, WOODS), stage.noise), 0.08, 20.0
    elif kind == "marble":
        albedo, gloss, sharp = marble(rng, pick(rng, STONES), stage.noise), 0.15, 60.0
    elif kind == "stone":
        albedo, bump = _speckle(pick(rng, STONES), stage.noise, 0.35, 0.2), 0.3
    elif kind == "steel":
        albedo, gloss = _speckle(pick(rng, ("#9aa0a6", "#70757c")), stage.noise, 0.1, 0.25), 0.25
    elif kind == "paper":
        albedo, bump = _speckle(pick(rng, ("#d9c7a3", "#efe9dc")), stage.noise, 0.06, 0.06), 0.35
    elif kind == "grass":
        albedo, bump = _grass(rng, stage), 0.9
    else:
        albedo, bump = _speckle(pick(rng, ("#dcc49a", "#cfb184")), stage.noise, 0.3, 0.15), 0.5
    _write(stage, albedo, gloss, sharp, bump)


def _write(stage: Stage, albedo: Tensor, gloss: float, sharp: float, bump: float) -> None:
    up = stage.camera.rotate((0.0, 0.0, 1.0))
    stage.buffer[COLOUR] = albedo
    normal = stage.buffer[NORMAL]
    normal.copy_(column(*up))
    if bump:
        normal[:2].add_(stage.noise[:2], alpha=bump)
    stage.buffer[GLOSS].fill_(gloss)
    stage.buffer[SHARP].fill_(sharp)


def ceramic(rng: Source) -> Material:
    """A plate's glaze: mostly pale, sometimes coloured."""
    codes = PALES if rng.chance(0.7) else ("#5b7fa6", "#88a37a", "#d98a6a", "#40444b", "#e2c15c")
    return Material(vary(rng, rgb(rng.choice(codes)), 0.06), gloss=0.35, sharp=90.0)
