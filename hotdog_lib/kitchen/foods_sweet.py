"""Sweet things: doughnuts, cakes, biscuits and ices."""

import math

import torch

from .paint import Material, pick, ramp, rgb, spots
from .parts import Body, Kind, bar
from .sauces import SAUCES
from .shapes import Source, capsule, circle, convex
from .solids import globe, slab
from .stage import Place, Stage, Surface
from .strokes import chain, pebbles


def _doughnut(stage: Stage, rng: Source, place: Place, facts: dict) -> None:
    """A ring with glaze and sprinkles."""
    r, thick = rng.uniform(0.28, 0.34), rng.uniform(0.13, 0.17)
    ring = [i * math.tau / 20 for i in range(20)]
    dough = Material(pick(rng, ("#cf9350", "#b8742f")), grain=0.15)
    body = [place.at(r * math.cos(a), r * math.sin(a), thick) for a in ring]
    chain(stage, body, thick * place.scale, dough, closed=True)
    glaze = Material(pick(rng, ("#f2b8c6", "#4a2715", "#f6f1ea", "#c58fd0", "#e8c070")), gloss=0.5)
    top = [place.at(r * math.cos(a), r * math.sin(a), thick * 1.22) for a in ring]
    radii = [thick * rng.uniform(0.84, 0.95) * place.scale for _ in ring]
    chain(stage, top, radii, glaze, closed=True)
    if rng.chance(0.6):
        _sprinkles(stage, rng, place, r, thick)


def _sprinkles(stage: Stage, rng: Source, place: Place, r: float, thick: float) -> None:
    for code in rng.sample(("#e2553c", "#5f9ad8", "#f0c64a", "#6fa53a", "#ffffff"), 2):
        points = []
        for _ in range(9):
            a, off, turn = (
                rng.uniform(0, math.tau),
                rng.uniform(-0.5, 0.5) * thick,
                rng.uniform(0, 3),
            )
            x, y = (r + off) * math.cos(a), (r + off) * math.sin(a)
            z = thick * 1.22 + 0.9 * math.sqrt(thick * thick - off * off)
            dx, dy = 0.025 * math.cos(turn), 0.025 * math.sin(turn)
            points += [place.at(x - dx, y - dy, z), place.at(x + dx, y + dy, z)]
        chain(stage, points, 0.012 * place.scale, Material(rgb(code)), loose=True, lift=0.02)


def _cookies(stage: Stage, rng: Source, place: Place, facts: dict) -> None:
    """Biscuits with chocolate drops."""
    dough = Material(pick(rng, ("#c98f4a", "#d9a55c", "#a8703a")), bump=0.6, mottle=0.4)
    dark = Material(rgb("#3b1d10"), gloss=0.3)
    for i in range(3):
        spot = place.sub(0.3 * math.cos(2.1 * i), 0.3 * math.sin(2.1 * i), 0.03 * i)
        globe(stage, spot.at(0, 0, 0.04), 0.25 * place.scale, dough, 0.25)
        drops = [(rng.uniform(-0.15, 0.15), rng.uniform(-0.15, 0.15)) for _ in range(5)]
        pebbles(stage, [spot.at(x, y, 0.075) for x, y in drops], 0.03 * place.scale, dark)


def _cake(stage: Stage, rng: Source, place: Place, facts: dict) -> None:
    """A wedge of layered cake."""
    sponge, cream = pick(rng, ("#d9a55c", "#6b3a1c", "#e3b8a0")), rgb(rng.choice(SAUCES["icing"]))
    wedge = [(0.5, -0.26), (0.5, 0.26), (-0.5, 0.0)]
    shape = lambda g: convex(g, wedge)  # noqa: E731
    for i in range(7):
        layer = Material(cream if i in (2, 6) else sponge, grain=0.3)
        at = place.at(0, 0, 0.04 + 0.047 * i)
        slab(stage, shape, at, 0.75, layer, angle=place.angle, scale=place.scale, bevel=0.01)
    red = Material(rgb("#c8321f"), gloss=0.6, sharp=60)
    globe(stage, place.at(0.3, 0, 0.4), 0.08 * place.scale, red)


def _swiss_roll(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
    """A rolled cake with cream showing as a spiral at its end."""
    colour = pick(rng, ("#6b3a1c", "#d9a55c", "#b8704a"))
    body, r = Body(half=0.42, gap=0, lobe=0.2), 0.19
    sugar = ((spots(0.18, 0.1, 0), rgb("#f6ecd8")),) if rng.chance(0.4) else ()
    roll = place.sub(-0.12, 0, 0)
    bar(stage, roll, body, r, r, Material(colour, sugar, grain=0.3, bump=0.2), over=-0.1)
    end = place.sub(body.half + 0.16, rng.normal(0, 0.06), 0.05)
    cream = Material(rgb("#f7eedd"), ((_spiral(r * place.scale), colour),), grain=0.3)
    for up in (0.0, 0.035):
        disc = lambda g: circle(g, r)  # noqa: E731
        slab(stage, disc, end.at(0, 0, up), r, cream, angle=end.angle, scale=place.scale)
    return body


def _spiral(radius: float):
    def texture(s: Surface):
        away = (s.along.square() + s.across.square()).sqrt() / radius
        wave = away * 3 - torch.atan2(s.across, s.along) / math.tau
        return ramp(0.1, 0.16, (wave - wave.round()).abs())

    return texture


def _lolly(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
    """An ice lolly on its stick."""
    ice = pick(rng, ("#e2553c", "#f08ab0", "#5f9ad8", "#6b3a1c", "#f0c64a"))
    stick = Material(rgb("#dcb988"))
    slab(
        stage,
        lambda g: capsule(g, 0.3, 0.045),
        place.at(0.4, 0, 0.06),
        0.4,
        stick,
        angle=place.angle,
        scale=place.scale,
    )
    glaze = Material(ice, gloss=0.6, sharp=50)
    for side in (-1, 1):
        bar(stage, place.sub(-0.1, 0.075 * side, 0), Body(half=0.3), 0.105, 0.1, glaze)
    bar(stage, place.sub(-0.1, 0, 0), Body(half=0.3), 0.1, 0.1, glaze)
    return Body(half=0.4, gap=0.07, lobe=0.1)


KINDS = (
    Kind("doughnut", _doughnut, long=False, share=0.8),
    Kind("cookies", _cookies, long=False, share=0.5),
    Kind("cake", _cake, long=False, share=0.5),
    Kind("swiss_roll", _swiss_roll, share=0.7),
    Kind("ice_lolly", _lolly, share=0.6),
)
