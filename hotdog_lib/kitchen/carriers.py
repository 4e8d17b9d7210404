"""What food is served on or held with, and the small things that stand around."""

import math

import torch

from .grounds import CLOTHS, PALES, WOODS, ceramic
from .paint import Colour, Material, bars, mix, pick, ramp, rgb, spots
from .shapes import Grid, Source, box, circle, convex, ellipse
from .solids import slab
from .stage import Place, Stage, Surface
from .strokes import chain

CARRIERS = ("none", "plate", "oval", "board", "tray", "basket", "napkin", "sheet", "grill", "hand")


def _rim(distance):
    """Slope of a plate: a well near the middle, a lip at the edge."""
    well = torch.exp(-(((distance + 0.2) / 0.05) ** 2))
    lip = torch.exp(-((distance / 0.03) ** 2))
    return 0.5 * lip - 0.45 * well


def plate(stage: Stage, rng: Source, place: Place, oval: bool = False) -> None:
    """A glazed plate, round or oval, sometimes with a painted band."""
    reach, flat = rng.uniform(0.78, 0.98), rng.uniform(0.58, 0.7) if oval else 1.0
    glaze = ceramic(rng)
    if rng.chance(0.35):
        band, at = pick(rng, CLOTHS), reach * rng.uniform(0.86, 0.93)

        def ring(s: Surface):
            away = (s.along.square() + (s.across / flat).square()).sqrt() - at
            return ramp(0.02 + s.pixel, 0.0, away.abs() - 0.008)

        glaze = glaze.but(layers=((ring, band),))
    shape = (lambda g: ellipse(g, reach, reach * flat)) if oval else (lambda g: circle(g, reach))
    centre = place.at(0, 0, 0.03)
    slab(stage, shape, centre, reach, glaze, angle=place.angle, scale=place.scale, slope=_rim)


def board(stage: Stage, rng: Source, place: Place) -> None:
    """A wooden board with a grain of its own, sometimes with a handle."""
    hx, hy = rng.uniform(0.8, 1.0), rng.uniform(0.4, 0.6)
    colour, fine = pick(rng, WOODS), rng.uniform(24, 44)

    def grain(s: Surface):
        v = s.across * fine + 1.3 * s.noise[2] + 0.8 * torch.sin(s.along * 3)
        return (0.5 + 0.5 * torch.sin(v)) * (0.6 + s.noise[0]).clamp(0, 1)

    material = Material(colour, ((grain, mix(colour, rgb("#3a2010"), 0.45)),), gloss=0.08)
    handle = rng.chance(0.4)

    def shape(g: Grid):
        plank = box(g, hx, hy, 0.1)
        if handle:
            grip = box(g.shift(hx + 0.15, 0), 0.2, 0.1, 0.08)
            hole = circle(g.shift(hx + 0.23, 0), 0.045)
            return torch.minimum(plank, torch.maximum(grip, -hole))
        return plank

    for up in (0.06,) if stage.camera.tilt < 0.4 else (0.02, 0.06):
        slab(stage, shape, place.at(0, 0, up), 1.4, material, angle=place.angle, scale=place.scale)


def checks(tint: Colour, pale: Colour, period: float) -> Material:
    """Checked paper or cloth."""

    def texture(s: Surface):
        a, b = (((v / period) % 2) for v in (s.along, s.across))
        soft = 3 * s.pixel / period
        wave = [ramp(-soft, soft, 0.5 - (v - 1).abs()) for v in (a, b)]
        return (wave[0] + wave[1]) * 0.5

    return Material(pale, ((texture, tint),), gloss=0.03, bump=0.35)


def sheet(stage: Stage, rng: Source, place: Place, scale: float = 1.0) -> None:
    """A crumpled sheet of greaseproof paper, plain or checked."""
    corners = [(x * rng.uniform(0.72, 0.95), y * rng.uniform(0.42, 0.62)) for x, y in _CORNERS]
    tint, pale = pick(rng, CLOTHS), pick(rng, PALES, 0.05)
    paper = checks(tint, pale, rng.uniform(0.06, 0.12)) if rng.chance(0.6) else None
    paper = paper or Material(pick(rng, ("#d9c29a", "#f3eee2")), bump=0.2, crumple=0.5, mottle=0.1)
    size = place.scale * scale
    shape = lambda g: convex(g, corners)  # noqa: E731
    slab(stage, shape, place.at(0, 0, 0.04), 1.2, paper, angle=place.angle, scale=size)


_CORNERS = ((-1, -1), (0.1, -1.05), (1, -1), (1.02, 0), (1, 1), (0, 1.04), (-1, 1))


def napkin(stage: Stage, rng: Source, place: Place) -> None:
    """A folded cloth."""
    tint, pale, half = pick(rng, CLOTHS), pick(rng, PALES, 0.05), rng.uniform(0.6, 0.75)
    cloth = checks(tint, pale, rng.uniform(0.07, 0.16)).but(bump=0.3)
    if rng.chance(0.5):
        cloth = Material(tint, bump=0.4, mottle=0.15)
    turn = place.angle + rng.uniform(0, 1.5)
    shape = lambda g: box(g, half, half, 0.03)  # noqa: E731
    slab(stage, shape, place.at(0, 0, 0.015), 1.1, cloth, angle=turn, scale=place.scale)


def tray(stage: Stage, rng: Source, place: Place) -> None:
    """A paper boat: a checked or plain tray with raised sides."""
    tint, pale = pick(rng, CLOTHS), pick(rng, PALES, 0.05)
    paper = checks(tint, pale, rng.uniform(0.08, 0.14)) if rng.chance(0.65) else Material(pale)
    hx, hy = 0.8, rng.uniform(0.34, 0.42)
    shape = lambda g: box(g, hx, hy, 0.08)  # noqa: E731
    slab(stage, shape, place.at(0, 0, 0.01), 1.0, paper, angle=place.angle, scale=place.scale)
    wall = paper.but(layers=(), bump=0.1)
    rim = [(-hx, -hy), (hx, -hy), (hx, hy), (-hx, hy)]
    points = [place.at(x * 1.03, y * 1.05, 0.1) for x, y in rim]
    chain(stage, points, 0.035 * place.scale, wall, closed=True)


def basket(stage: Stage, rng: Source, place: Place) -> None:
    """A woven oval basket with a paper lining."""
    reed = pick(rng, ("#b5803f", "#8f5f2d", "#c0392b", "#2f4f3f", "#30353d"))
    dark = mix(reed, rgb("#1a0f06"), 0.6)
    rx, ry = 0.86, rng.uniform(0.5, 0.6)
    shape = lambda g: ellipse(g, rx, ry)  # noqa: E731
    weave = Material(reed, ((bars(40, 0.4, 0.5), dark),), gloss=0.15)
    slab(stage, shape, place.at(0, 0, 0.01), 1.0, weave, angle=place.angle, scale=place.scale)
    sheet(stage, rng, place, 0.82)
    ring = [i * math.tau / 20 for i in range(20)]
    points = [place.at(rx * math.cos(a), ry * math.sin(a), 0.14) for a in ring]
    chain(
        stage, points, 0.05 * place.scale, weave.but(layers=((bars(70, 0.4), dark),)), closed=True
    )


def grill(stage: Stage, rng: Source, place: Place) -> None:
    """Iron bars over coals."""
    coals = Material(
        rgb("#1b1614"),
        ((spots(0.12, 0.25, 2), rgb("#d6451a")), (spots(0.2, 0.2, 0), rgb("#6b6662"))),
    )
    shape = lambda g: box(g, 3.0, 3.0)  # noqa: E731
    slab(stage, shape, (0.0, 0.0, 0.0), 3.0, coals.but(bump=1.0), bevel=0, sink=-0.02)
    iron = Material(pick(rng, ("#3a3d42", "#6e7277", "#23262a")), gloss=0.5, sharp=40)
    turn, gap = place.angle + rng.choice((0.0, math.pi / 2)), rng.uniform(0.2, 0.28)
    frame = Place(0, 0, 0, turn)
    points = []
    for i in range(-6, 7):
        points += [frame.at(-2.2, i * gap, 0.03), frame.at(2.2, i * gap, 0.03)]
    chain(stage, points, 0.026, iron, loose=True)


def carry(stage: Stage, rng: Source, kind: str, place: Place) -> float:
    """Puts the carrier `kind` under the food; returns the height on which the food stands."""
    if kind in ("plate", "oval"):
        plate(stage, rng, place, kind == "oval")
        return 0.035 * place.scale
    makers = {"board": (board, 0.065), "tray": (tray, 0.02), "basket": (basket, 0.05)}
    makers |= {"napkin": (napkin, 0.02), "sheet": (sheet, 0.045), "grill": (grill, 0.05)}
    if kind not in makers:
        return 0.0
    make, height = makers[kind]
    make(stage, rng, place)
    return height * place.scale
