"""Long foods without a bun: sausages, rolls, fruit and vegetables."""

import math

import torch

from .paint import Material, bars, ends, mix, pick, ramp, rgb, spots
from .parts import Body, Kind, bar, rounded, sausage_skin
from .sauces import squiggle
from .shapes import Source, circle
from .solids import globe, slab, tube
from .stage import Place, Stage, Surface
from .strokes import chain, pebbles


def _sausages(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
    """One to three sausages without any bun, often with sauce on them."""
    count, core = rng.choice((1, 1, 2, 3)), rng.uniform(0.1, 0.14)
    skin, bend = sausage_skin(rng), rng.normal(0, 0.09)
    for i in range(count):
        side = (i - (count - 1) / 2) * core * 2.3
        spot = place.sub(rng.normal(0, 0.03), side, 0, rng.normal(0, 0.06))
        body = Body(half=rng.uniform(0.5, 0.62), bend=bend, core=core, rise=core, gap=0, lobe=core)
        bar(stage, spot, body, core, core, skin, profile=rounded(0.12))
        knot = Material(mix(skin.colour, rgb("#3a1a0c"), 0.5))
        for end in (-1, 1):
            at = end * (body.half + core * 0.95)
            globe(stage, spot.at(at, body.off(body.half), core), 0.025 * place.scale, knot)
        if rng.chance(0.45):
            name = rng.choice(("mustard", "ketchup"))
            squiggle(stage, rng, spot, body, name)
            facts["topping"] = name
    return body.but(gap=core * 2.3 * (count - 1) / 2)


def _kernels(rows: float, columns: float):
    def texture(s: Surface):
        a = s.along * columns + 0.1 * s.noise[2]
        b = torch.asin(s.across.clamp(-0.999, 0.999)) * rows
        away = ((a - a.round()).square() + (b - b.round()).square()).sqrt()
        return ramp(0.3, 0.5, away)

    return texture


def _corn(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
    """A cob between its green leaves."""
    body = Body(half=rng.uniform(0.5, 0.6), gap=0.11, lobe=0.09, core=0.14, rise=0.17)
    leaf = Material(pick(rng, ("#7fae45", "#9cc063", "#6a9a3c")), ((_veins, rgb("#d3dfa0")),))
    for side in (-1, 1):
        for lean, height in ((0.15, 0.09), (0.1, 0.16)):
            start = place.at(-body.half - 0.08, side * 0.03, 0.12)
            end = place.at(body.half * rng.uniform(0.5, 0.95), side * (lean + 0.16), height)
            middle = place.at(-0.1, side * (lean + 0.09), height + 0.03)
            sizes = tuple(r * place.scale for r in (0.07, 0.1, 0.012))
            tube(stage, start, end, sizes, leaf, middle=middle)
    gold = pick(rng, ("#efc332", "#f3d25e", "#e3ad22"))
    grain = Material(
        gold, ((_kernels(3.2, 11), mix(gold, rgb("#7a4f08"), 0.6)),), gloss=0.35, sharp=30
    )
    bar(stage, place, body, (0.13, 0.145, 0.06), 0.19, grain)
    stem = Material(rgb("#a9bf6a"))
    tube(stage, place.at(-0.62, 0, 0.15), place.at(-0.8, 0, 0.13), 0.05 * place.scale, stem)
    return body.but(lobe=0.15)


def _veins(s: Surface):
    wave = torch.sin(s.across * 14 + 2 * s.noise[2])
    return ramp(0.5, 1.0, wave) * 0.6


def _banana(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
    """One to three bananas from one stalk."""
    yellow = pick(rng, ("#ecc93f", "#e3bb2c", "#d8cf58"))
    brown = rgb("#4a3312")
    layers = ((spots(0.3, 0.08, 2), mix(yellow, brown, 0.6)), (ends(0.94, 0.05), brown))
    peel = Material(yellow, layers, gloss=0.2, sharp=20)
    bend, count = rng.choice((-1, 1)) * rng.uniform(0.16, 0.3), rng.choice((1, 1, 2, 3))
    for i in range(count):
        spot = place.sub(0, (i - (count - 1) / 2) * 0.17, 0.02 * i, (i - 1) * 0.1)
        body = Body(half=0.62, bend=bend * (1 + 0.1 * i), gap=0, lobe=0.12)
        radii = (0.035, rng.uniform(0.11, 0.13), 0.04)
        bar(stage, spot, body, radii, 0.11, peel, profile=lambda t: 1 + 0.35 * t * t * (1 - t * t))
    return body


def _carrot(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
    """A carrot or two with their greens."""
    leaf = Material(pick(rng, ("#4f8a2f", "#6aa53f", "#3f7a2a")), mottle=0.4)
    for i in range(rng.choice((1, 1, 2))):
        colour = pick(rng, ("#e2731d", "#d9641a", "#ea8a34"))
        skin = Material(
            colour, ((bars(24, 0.12, 0.1, 0.2), mix(colour, rgb("#7a3208"), 0.5)),), gloss=0.15
        )
        spot = place.sub(0.05, 0.26 * i - 0.08, 0.0, rng.normal(0, 0.12))
        body = Body(half=rng.uniform(0.45, 0.58), bend=rng.normal(0, 0.03), gap=0, lobe=0.13)
        r = rng.uniform(0.11, 0.15)
        bar(stage, spot, body, (r, r * 0.72, r * 0.15), r, skin)
        points = []
        for spread in (-0.16, -0.08, 0.0, 0.07, 0.15):
            reach = rng.uniform(0.2, 0.34)
            points += [spot.at(-body.half - r * 0.8, 0, r)]
            points += [spot.at(-body.half - r - reach, spread, r * 0.8)]
        chain(stage, points, 0.024 * place.scale, leaf, loose=True)
    return body


def _cucumber(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
    """A cucumber, partly sliced."""
    green = pick(rng, ("#3f7a33", "#2f6a2c", "#4d8a3f"))
    skin = Material(green, ((_veins, mix(green, rgb("#a9cf7a"), 0.5)),), gloss=0.35, bump=0.4)
    body, r = Body(half=0.42, bend=rng.normal(0, 0.03), gap=0, lobe=0.12), rng.uniform(0.11, 0.14)
    spot = place.sub(-0.18, 0, 0)
    bar(stage, spot, body, r, r, skin, profile=rounded(0.1))
    for i in range(rng.randint(2, 4)):
        at = spot.at(body.half + 0.2 + 0.13 * i, rng.normal(0, 0.05), 0.03 + 0.02 * i)
        _round_slice(stage, at, r * place.scale, green)
    return body.but(half=0.5)


def _round_slice(stage: Stage, at, radius: float, green) -> None:
    def flesh(s: Surface):
        away = (s.along.square() + s.across.square()).sqrt() / radius
        return ramp(0.93, 0.85, away) * (1 - 0.35 * ramp(0.5, 0.4, away))

    disc = Material(green, ((flesh, rgb("#dbe9b4")),), gloss=0.3)
    slab(stage, lambda g: circle(g, radius), at, radius, disc)


def _burrito(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
    """A wrapped tortilla, often cut open at one end."""
    body = Body(half=rng.uniform(0.42, 0.52), bend=rng.normal(0, 0.02), gap=0, lobe=0.19)
    r = rng.uniform(0.16, 0.2)
    colour = pick(rng, ("#ecd7a9", "#e3c690", "#f0dfba"))
    scorch = (spots(0.13, 0.15, 2), mix(colour, rgb("#8a5522"), 0.6))
    wrap = Material(colour, (scorch, (_fold, mix(colour, rgb("#6a4018"), 0.5))), grain=0.1)
    bar(stage, place, body, r, r, wrap, profile=rounded(0.08))
    if rng.chance(0.7):
        _open_end(stage, rng, place.sub(body.half + r * 0.75, 0, r), r)
    if rng.chance(0.4):
        foil = Material(rgb("#b9bdc4"), bump=0.15, crumple=1.1, gloss=0.8, sharp=30)
        half = place.sub(-body.half * 0.5, 0, 0)
        bar(stage, half, body.but(half=body.half * 0.52, bend=0.0), r * 1.1, r, foil)
    return body.but(lobe=r)


def _fold(s: Surface):
    return ramp(0.06, 0.0, (s.across - 0.25 - 0.5 * s.along).abs())


def _open_end(stage: Stage, rng: Source, place: Place, radius: float) -> None:
    """A mixed filling at the end of a roll: beans, rice, salad."""
    for code in rng.sample(("#6b2a14", "#f0e6c8", "#6fa53a", "#c8321f", "#eab23a"), 2):
        points = []
        for _ in range(4):
            y, z = rng.uniform(-0.6, 0.6) * radius, rng.uniform(-0.4, 0.75) * radius
            points.append(place.at(rng.uniform(0, 0.04), y, z))
        bit = Material(pick(rng, (code,)), gloss=0.2, bump=0.4)
        pebbles(stage, points, 0.3 * radius * place.scale, bit)


def _spring_rolls(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
    """Crisp rolls in a row or a stack."""
    gold = pick(rng, ("#c98a3a", "#d69d4a", "#b87628"))
    crisp = Material(
        gold, ((spots(0.15, 0.15, 3), mix(gold, rgb("#7a4212"), 0.6)),), bump=0.5, gloss=0.25
    )
    count, r = rng.randint(2, 4), rng.uniform(0.075, 0.1)
    for i in range(count):
        side = (i - (count - 1) / 2) * r * 2.25
        spot = place.sub(rng.normal(0, 0.05), side, 0, rng.normal(0, 0.08))
        body = Body(half=rng.uniform(0.36, 0.44), gap=0, lobe=r)
        flat = lambda t: 1 - 0.06 * t.square()  # noqa: E731
        bar(stage, spot, body, r, r, crisp, profile=flat)
        lip = Material(mix(gold, rgb("#5a2f0c"), 0.4))
        for end in (-1, 1):
            bar(
                stage,
                spot.sub(end * (body.half + r * 0.55), 0, 0),
                Body(half=0.01),
                r * 0.75,
                r,
                lip,
            )
    return body.but(gap=r * 2.25 * (count - 1) / 2)


def _sushi(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
    """Rolls cut into pieces, standing in a row."""
    nori = Material(rgb("#1d2a22"), gloss=0.25, sharp=30, bump=0.2)
    core, count, r = (
        pick(rng, ("#ef8a5a", "#6fa53a", "#d8432c", "#f0c64a")),
        rng.randint(3, 5),
        0.15,
    )

    def face(s: Surface):
        away = (s.along.square() + s.across.square()).sqrt()
        return ramp(0.86 * r, 0.8 * r, away) - ramp(0.42 * r, 0.36 * r, away)

    def middle(s: Surface):
        return ramp(0.42 * r, 0.36 * r, (s.along.square() + s.across.square()).sqrt())

    top = nori.but(layers=((face, rgb("#f4f1e8")), (middle, core)), bump=0.25)
    for i in range(count):
        spot = place.sub((i - (count - 1) / 2) * 0.34, rng.normal(0, 0.03), 0, rng.uniform(0, 3))
        for level in range(5):
            cap = top if level == 4 else nori
            shape = lambda g: circle(g, r)  # noqa: E731
            at = spot.at(0, 0, 0.05 * level + 0.02)
            slab(stage, shape, at, r, cap, scale=place.scale, bevel=0.012)
    return Body(half=0.17 * count, gap=0, lobe=r)


def _nigiri(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
    """Rice with a slice of fish on top: pale below, red above, and no hot dog at all."""
    rice = Material(rgb("#f3efe4"), bump=0.9, grain=0.2)
    fish = pick(rng, ("#f08a5a", "#e2553c", "#f2a98a", "#d98f7a"))
    flesh = Material(fish, ((bars(9, 0.1, 0.5, 0.25), mix(fish, rgb("#ffffff"), 0.55)),), gloss=0.5)
    for i in range(rng.randint(1, 3)):
        spot = place.sub(0, 0.36 * i - 0.2, 0, rng.normal(0, 0.08))
        body = Body(half=0.3, gap=0, lobe=0.15)
        bar(stage, spot, body, 0.135, 0.12, rice)
        over = body.but(bend=0.0)
        bar(stage, spot, over, (0.09, 0.15, 0.09), 0.165, flesh, over=0.1)
        if rng.chance(0.4):
            band = Material(rgb("#1d2a22"))
            ring = [spot.at(0, 0.17 * math.cos(a), 0.14 + 0.19 * math.sin(a)) for a in _HALF]
            chain(stage, ring, 0.035 * place.scale, band)
    return body.but(gap=0.3)


_HALF = tuple(math.pi * i / 8 for i in range(9))


def _kebab(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
    """Pieces of meat and vegetables on a stick."""
    stick = Material(rgb("#d8b27a"))
    codes = ("#7a3f1e", "#8a4a26", "#c8321f", "#5f9a2f", "#e3b23a", "#b56a8a")
    for row in range(rng.choice((1, 2, 2))):
        spot = place.sub(0, 0.3 * row - 0.12, 0, rng.normal(0, 0.06))
        tube(stage, spot.at(-0.85, 0, 0.1), spot.at(0.72, 0, 0.1), 0.018 * place.scale, stick)
        char = (spots(0.2, 0.15, 2), rgb("#2a1408"))
        kinds = rng.sample(codes, 3)
        for i, code in enumerate(kinds):
            bit = Material(pick(rng, (code,)), (char,), gloss=0.25, bump=0.4)
            points, sizes = [], []
            for step in range(i, 8, 3):
                a, wide = 0.155 * step - 0.5, rng.uniform(0.02, 0.05)
                points += [spot.at(a, -wide, 0.11), spot.at(a + rng.normal(0, 0.01), wide, 0.11)]
                sizes += [rng.uniform(0.075, 0.095) * place.scale] * 2
            chain(stage, points, sizes, bit, loose=True)
    return Body(half=0.6, gap=0.1, lobe=0.12)


KINDS = (
    Kind("sausages", _sausages, share=0.6),
    Kind("corn_in_husk", _corn, share=1.2),
    Kind("banana", _banana, share=0.9),
    Kind("carrot", _carrot, share=0.9),
    Kind("cucumber", _cucumber, share=0.7),
    Kind("burrito", _burrito, share=1.0),
    Kind("spring_rolls", _spring_rolls, share=0.5),
    Kind("sushi", _sushi, share=0.6),
    Kind("nigiri", _nigiri, share=1.2),
    Kind("kebab", _kebab, share=0.4),
)
