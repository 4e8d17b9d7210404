"""Hands, paper sleeves and bites: what happens to food once it is served."""

import math

from .carriers import checks
from .grounds import CLOTHS, PALES
from .paint import Material, mix, pick, rgb
from .parts import Body, bar
from .shapes import Source
from .solids import tube
from .stage import Place, Stage
from .strokes import chain, pebbles

SKINS = ("#f0c8a8", "#e0ac88", "#c68d64", "#9b6a45", "#6d452c", "#4b2f20")


def hand(stage: Stage, rng: Source, place: Place, radius: float) -> None:
    """Fingers around a long thing at `place` whose half width is `radius`: call it last."""
    skin = Material(pick(rng, SKINS, 0.08), gloss=0.1, sharp=12, mottle=0.12)
    nail = skin.but(colour=mix(skin.colour, rgb("#ffe0d8"), 0.4), gloss=0.35)
    side, start = rng.choice((-1, 1)), rng.uniform(-0.35, 0.0)
    wide = radius + 0.02
    palm = place.at(start + 0.2, -side * (wide + 0.2), 0.0)
    k = place.scale
    reach = place.at(start + 0.45, -side * 1.9, -0.1)
    tube(stage, palm, reach, (0.24 * k, 0.22 * k, 0.2 * k), skin)
    joints, sizes, nails = [], [], []
    for i in range(4):
        a, size = start + 0.155 * i, (0.078 - 0.005 * abs(i - 1)) * k
        curl = 0.1 * abs(i - 1)
        root, low = place.at(a, -side * (wide + 0.14), 0.1), wide + 0.12
        knuckle = place.at(a, -side * wide * 0.95, low)
        tip = place.at(a - 0.02, -side * wide * (0.15 + curl), wide * 1.3 + 0.14)
        joints += [root, knuckle, knuckle, tip]
        sizes += [size * 1.1, size, size, size * 0.9]
        nails.append(place.at(a - 0.02, -side * wide * (0.06 + curl), wide * 1.3 + 0.19))
    chain(stage, joints, sizes, skin, loose=True)
    pebbles(stage, nails, 0.042 * k, nail)


def sleeve(stage: Stage, rng: Source, place: Place, body: Body) -> None:
    """A paper or foil wrapper around one end of a long food."""
    paper = checks(pick(rng, CLOTHS), pick(rng, PALES, 0.05), rng.uniform(0.1, 0.2))
    if rng.chance(0.6):
        paper = Material(
            pick(rng, (*PALES, "#d9c29a", "#b9bdc4")), gloss=0.15, bump=0.2, crumple=0.8
        )
    side, reach = rng.choice((-1, 1)), body.half * rng.uniform(0.4, 0.6)
    half = place.sub(side * (body.half + 0.1 - reach), 0, 0, 0.0 if side > 0 else math.pi)
    wide, ragged = body.wide + 0.03, rng.uniform(10, 16)
    part = Body(half=reach)
    cut = reach * place.scale * stage.camera.zoom

    def open_end(t):
        return (t + 0.96 + 0.03 * (t * ragged).sin()).neg_() * cut

    bar(stage, half, part, (wide, wide, wide * 0.8), wide * 0.3, paper, keep=open_end)


def bite(stage: Stage, rng: Source, place: Place, end: float) -> list[tuple[float, float, float]]:
    """Circles, in picture units, that are missing from one end of a food."""
    side, depth = rng.choice((-1, 1)), rng.uniform(-0.02, 0.12)
    circles = []
    for across in (-0.24, -0.1, 0.06, 0.2):
        at = side * (end + 0.12 - depth + rng.uniform(-0.02, 0.02))
        x, y, _, scale = stage.camera.project(place.at(at, across, 0.15))
        circles.append((x, y, rng.uniform(0.13, 0.16) * scale * place.scale))
    x, y, _, scale = stage.camera.project(place.at(side * (end + 0.3 - depth), 0, 0.15))
    return [*circles, (x, y, 0.26 * scale * place.scale)]
