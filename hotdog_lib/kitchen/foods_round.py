"""Round foods: burgers, doughnuts, pizza and their like."""

import math
from functools import reduce

from .paint import Material, bars, facing, mix, pick, rgb, spots
from .parts import Kind, crust
from .shapes import Grid, Source, blend, box, circle, convex
from .solids import ball, globe, slab, tube
from .stage import Place, Stage
from .strokes import chain, pebbles


def _disc(stage, place, up, radius, material, thick=0.05, wave=0.0) -> None:
    """A round layer with a rolled edge."""
    ring = [i * math.tau / 12 for i in range(12)]
    r = radius - thick * 0.8
    points = [
        place.at(r * math.cos(a), r * math.sin(a), up + wave * (-1) ** i)
        for i, a in enumerate(ring)
    ]
    chain(stage, points, thick * place.scale, material, closed=True)
    shape = lambda g: circle(g, radius)  # noqa: E731
    slab(stage, shape, place.at(0, 0, up + thick * 0.7), radius, material, scale=place.scale)


def _burger(stage: Stage, rng: Source, place: Place, facts: dict) -> None:
    """Bun, patty, salad, cheese, lid with seeds."""
    r, colour = rng.uniform(0.4, 0.48), crust(rng)
    skin = Material(colour, gloss=0.15, grain=0.1, mottle=0.2)
    _disc(stage, place, 0.07, r, skin, 0.07)
    meat = Material(pick(rng, ("#5a2c16", "#6b3a1e")), bump=0.9, gloss=0.2)
    _disc(stage, place, 0.17, r * 1.04, meat, 0.055)
    if rng.chance(0.7):
        cheese = Material(pick(rng, ("#efb12e", "#f3c64f")), gloss=0.3)
        shape = lambda g: box(g, r * 0.86, r * 0.86, 0.04)  # noqa: E731
        turn = rng.uniform(0, 1.5)
        slab(stage, shape, place.at(0, 0, 0.235), r * 1.3, cheese, angle=turn, scale=place.scale)
    leaf = Material(pick(rng, ("#6fa53a", "#8fbf4d")), bump=0.6, mottle=0.4)
    _disc(stage, place, 0.25, r * 1.07, leaf, 0.03, 0.025)
    up = stage.camera.rotate((0.0, 0.0, 1.0))
    lid = skin.but(layers=((facing(up, 0.5, 1.0), mix(colour, rgb("#8a4a18"), 0.4)),))
    globe(stage, place.at(0, 0, 0.26), r * place.scale, lid, 0.62)
    points = []
    for _ in range(16):
        a, away = rng.uniform(0, math.tau), r * 0.75 * math.sqrt(rng.random())
        z = 0.26 + 0.62 * math.sqrt(r * r - away * away)
        x, y = away * math.cos(a), away * math.sin(a)
        points += [place.at(x, y, z), place.at(x + 0.015, y + 0.01, z)]
    chain(stage, points, 0.012 * place.scale, Material(rgb("#f0e2bd")), loose=True, lift=0.01)


def _cheese_field(rng: Source) -> Material:
    sauce = pick(rng, ("#c8451f", "#d8652c"))
    cheese = pick(rng, ("#f0cf7a", "#efc257", "#f3dfa0"))
    return Material(sauce, ((spots(-0.12, 0.2, 2), cheese),), gloss=0.25, sharp=25, bump=0.4)


def _pizza(stage: Stage, rng: Source, place: Place, facts: dict) -> None:
    """A whole pizza, or one slice of it."""
    r, field, rim = rng.uniform(0.55, 0.65), _cheese_field(rng), Material(crust(rng), mottle=0.5)
    cut = rng.chance(0.5)
    wedge = [(0.55, -0.32), (0.55, 0.32), (-0.6, 0.0)]
    shape = (lambda g: convex(g, wedge)) if cut else (lambda g: circle(g, r))
    slab(stage, shape, place.at(0, 0, 0.05), 0.8, field, angle=place.angle, scale=place.scale)
    if cut:
        a, b = place.at(0.57, -0.33, 0.07), place.at(0.57, 0.33, 0.07)
        tube(stage, a, b, 0.07 * place.scale, rim, middle=place.at(0.62, 0, 0.07))
    else:
        ring = [i * math.tau / 18 for i in range(18)]
        points = [place.at(r * math.cos(a), r * math.sin(a), 0.05) for a in ring]
        chain(stage, points, 0.065 * place.scale, rim, closed=True)
    topping = Material(pick(rng, ("#a8321f", "#b8402a")), gloss=0.3, mottle=0.3)
    for _ in range(4 if cut else 8):
        x, y = (
            rng.uniform(-0.25, 0.45) if cut else rng.uniform(-0.45, 0.45),
            rng.uniform(-0.42, 0.42),
        )
        if cut and abs(y) > 0.2 * (x + 0.6):
            continue
        if not cut and math.hypot(x, y) > r - 0.13:
            continue
        globe(stage, place.at(x, y, 0.055), 0.085 * place.scale, topping, 0.25)
    leaf = Material(pick(rng, ("#3f7a2a", "#5f9a2f")))
    for _ in range(3):
        globe(
            stage,
            place.at(rng.uniform(-0.1, 0.4), rng.normal(0, 0.1), 0.07),
            0.04 * place.scale,
            leaf,
            0.4,
        )


def _taco(stage: Stage, rng: Source, place: Place, facts: dict) -> None:
    """A folded shell, open at the top, full of salad."""
    corn = pick(rng, ("#e3b450", "#d9a23f", "#efcb7a"))
    shell = Material(corn, ((spots(0.16, 0.1, 2), mix(corn, rgb("#8a5218"), 0.6)),), grain=0.15)
    lean, k = rng.uniform(0.35, 0.5), place.scale
    c, s = math.cos(place.angle), math.sin(place.angle)

    def side(sign: float) -> None:
        tall = (-s * sign * math.sin(lean), c * sign * math.sin(lean), math.cos(lean))
        thin = (-s * math.cos(lean), c * math.cos(lean), -sign * math.sin(lean))
        axes = (
            (0.5 * k * c, 0.5 * k * s, 0.0),
            tuple(0.36 * k * v for v in tall),
            tuple(0.045 * k * v for v in thin),
        )
        ball(stage, place.at(0, sign * 0.1, 0.12), axes, shell)

    side(1.0)
    for code, count, size in _FILLING:
        bit = Material(pick(rng, (code,)), bump=0.6, gloss=0.2)
        points = []
        for _ in range(count):
            a = rng.uniform(-0.36, 0.36)
            z = 0.36 - 0.7 * a * a + rng.uniform(-0.05, 0.05)
            points.append(place.at(a, rng.normal(0, 0.05), z))
        pebbles(stage, points, size * k, bit)
    side(-1.0)


_FILLING = (
    ("#6b2a14", 6, 0.09),
    ("#6fa53a", 8, 0.07),
    ("#c8321f", 4, 0.055),
    ("#f0c64a", 4, 0.045),
)


def _soft_pretzel(stage: Stage, rng: Source, place: Place, facts: dict) -> None:
    """A knotted pretzel with salt."""
    brown = Material(pick(rng, ("#7a3f1c", "#8f5224", "#a5652c")), gloss=0.35, sharp=30)
    path = [(0.1, -0.1), (-0.28, 0.3), (-0.52, 0.12), (-0.42, -0.28), (-0.08, -0.38), (0.1, -0.37)]
    path += [(0.42, -0.25), (0.5, 0.12), (0.26, 0.3), (-0.12, -0.12), (-0.22, -0.3)]
    points = [place.at(x, y, 0.08 + 0.02 * (i > 6)) for i, (x, y) in enumerate(_smooth(path))]
    chain(stage, points, 0.075 * place.scale, brown)
    salt = []
    for x, y in rng.sample(_smooth(path), 12):
        salt += [place.at(x, y, 0.16), place.at(x + 0.012, y, 0.16)]
    chain(stage, salt, 0.014 * place.scale, Material(rgb("#fbf8f0")), loose=True, lift=0.03)


def _smooth(path: list) -> list:
    """Two passes of Chaikin's corner cutting."""
    for _ in range(1):
        cut = [path[0]]
        for (ax, ay), (bx, by) in zip(path[:-1], path[1:], strict=True):
            cut += [(0.75 * ax + 0.25 * bx, 0.75 * ay + 0.25 * by)]
            cut += [(0.25 * ax + 0.75 * bx, 0.25 * ay + 0.75 * by)]
        path = [*cut, path[-1]]
    return path


def _eggs(stage: Stage, rng: Source, place: Place, facts: dict) -> None:
    """Fried eggs, with or without a rasher of bacon."""
    white = Material(rgb("#f8f5ec"), gloss=0.35, sharp=40)
    for i in range(rng.randint(1, 2)):
        x, y = 0.42 * i - 0.2, rng.normal(0, 0.08)
        blobs = [place.at(x + rng.normal(0, 0.08), y + rng.normal(0, 0.08), 0) for _ in range(4)]
        sizes = [rng.uniform(0.16, 0.24) * place.scale for _ in blobs]
        _splat(stage, blobs, sizes, white)
        yolk = Material(pick(rng, ("#f0a81e", "#f3bd2c")), gloss=0.7, sharp=90)
        globe(stage, place.at(x, y, 0.07), 0.1 * place.scale, yolk, 0.6)
    if rng.chance(0.6):
        meat = Material(rgb("#a8432f"), ((bars(2.2, 0.3, 3.0), rgb("#eec9a8")),), gloss=0.3)
        points = [place.at(-0.4 + 0.1 * i, -0.3 + 0.03 * (-1) ** i, 0.05) for i in range(9)]
        chain(stage, points, 0.06 * place.scale, meat)


def _splat(stage: Stage, centres, sizes, material: Material) -> None:
    """A flat puddle made of discs."""

    def shape(g: Grid):
        discs = (
            circle(g.shift(x - x0, y - y0), r) for (x, y, _), r in zip(centres, sizes, strict=True)
        )
        return reduce(lambda a, b: blend(a, b, 0.08), discs)

    x0, y0, z0 = centres[0]
    slab(stage, shape, (x0, y0, z0 + 0.035), 0.6, material, bevel=0.05)


def _fruit(stage: Stage, rng: Source, place: Place, facts: dict) -> None:
    """Apples, oranges and tomatoes."""
    stem = Material(rgb("#4a3312"))
    for i in range(3):
        x, y, r = 0.32 * math.cos(2.1 * i), 0.32 * math.sin(2.1 * i), rng.uniform(0.2, 0.26)
        code = rng.choice(("#c8321f", "#e2862a", "#9cb83f", "#d8b53a"))
        skin = Material(pick(rng, (code,)), gloss=0.4, sharp=40, mottle=0.5)
        globe(stage, place.at(x, y, r), r * place.scale, skin, 0.94)
        a, b = place.at(x, y, 1.9 * r), place.at(x + 0.03, y, 2.2 * r)
        tube(stage, a, b, 0.018 * place.scale, stem)


KINDS = (
    Kind("burger", _burger, long=False),
    Kind("pizza", _pizza, long=False, share=0.8),
    Kind("taco", _taco, long=False, share=0.6),
    Kind("soft_pretzel", _soft_pretzel, long=False, share=0.7),
    Kind("fried_eggs", _eggs, long=False, share=0.6),
    Kind("fruit", _fruit, long=False, share=0.5),
)
