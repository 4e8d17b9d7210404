"""What food is served on or held with, and the small things that stand around."""

import math

import torch

from .grounds import CLOTHS, PALES, WOODS, ceramic
from .paint import Material, bars, mix, pick, ramp, rgb, spots
from .shapes import Grid, Source, box, circle, ellipse, polygon
from .solids import ball, chain, globe, slab, tube
from .stage import Place, Stage, Surface

CARRIERS = ("none", "plate", "oval", "board", "tray", "basket", "napkin", "sheet", "grill", "hand")
SKINS = ("#f0c8a8", "#e0ac88", "#c68d64", "#9b6a45", "#6d452c", "#4b2f20")


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
        v = s.across * fine + 3.0 * s.noise[2] + 0.6 * torch.sin(s.along * 3)
        return (0.5 + 0.5 * torch.sin(v)) * (0.6 + s.noise[0]).clamp(0, 1)

    material = Material(colour, ((grain, mix(colour, rgb("#3a2010"), 0.45)),), gloss=0.08)
    handle = rng.chance(0.4)

    def shape(g: Grid):
        plank = box(g, hx, hy, 0.1)
        if handle:
            grip = torch.maximum(box(g.shift(hx + 0.15, 0), 0.2, 0.1, 0.08), plank.neg() - 9)
            hole = circle(g.shift(hx + 0.23, 0), 0.045)
            return torch.minimum(plank, torch.maximum(grip, -hole))
        return plank

    for up in (0.0, 0.03, 0.06):
        slab(stage, shape, place.at(0, 0, up), 1.4, material, angle=place.angle, scale=place.scale)


def _checks(tint, pale, period: float):
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
    paper = _checks(tint, pale, rng.uniform(0.06, 0.12)) if rng.chance(0.6) else None
    paper = paper or Material(pick(rng, ("#d9c29a", "#f3eee2")), bump=0.5, mottle=0.15)
    size = place.scale * scale
    shape = lambda g: polygon(g, corners, 0.02)  # noqa: E731
    slab(stage, shape, place.at(0, 0, 0.04), 1.2, paper, angle=place.angle, scale=size)


_CORNERS = ((-1, -1), (0.1, -1.05), (1, -1), (1.02, 0), (1, 1), (0, 1.04), (-1, 1))


def napkin(stage: Stage, rng: Source, place: Place) -> None:
    """A folded cloth."""
    tint, pale, half = pick(rng, CLOTHS), pick(rng, PALES, 0.05), rng.uniform(0.6, 0.75)
    cloth = _checks(tint, pale, rng.uniform(0.07, 0.16)).but(bump=0.3)
    if rng.chance(0.5):
        cloth = Material(tint, bump=0.4, mottle=0.15)
    turn = place.angle + rng.uniform(0, 1.5)
    shape = lambda g: box(g, half, half, 0.03)  # noqa: E731
    slab(stage, shape, place.at(0, 0, 0.015), 1.1, cloth, angle=turn, scale=place.scale)


def tray(stage: Stage, rng: Source, place: Place) -> None:
    """A paper boat: a checked or plain tray with raised sides."""
    tint, pale = pick(rng, CLOTHS), pick(rng, PALES, 0.05)
    paper = _checks(tint, pale, rng.uniform(0.08, 0.14)) if rng.chance(0.65) else Material(pale)
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
    slab(stage, shape, (0.0, 0.0, 0.0), 3.0, coals.but(bump=1.0))
    iron = Material(pick(rng, ("#3a3d42", "#6e7277", "#23262a")), gloss=0.5, sharp=40)
    turn, gap = place.angle + rng.choice((0.0, math.pi / 2)), rng.uniform(0.2, 0.28)
    frame = Place(0, 0, 0, turn)
    points = []
    for i in range(-6, 7):
        points += [frame.at(-2.2, i * gap, 0.03), frame.at(2.2, i * gap, 0.03)]
    chain(stage, points, 0.026, iron, loose=True)


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
    for i in range(4):
        a = start + 0.155 * i
        root = place.at(a, -side * (wide + 0.14), 0.1)
        knuckle = place.at(a, -side * wide * 0.95, wide + 0.12)
        tip = place.at(a - 0.02, -side * wide * (0.15 + 0.1 * abs(i - 1)), wide * 1.3 + 0.14)
        size = (0.078 - 0.005 * abs(i - 1)) * k
        tube(stage, root, tip, (size * 1.1, size, size * 0.9), skin, middle=knuckle)
        end = place.at(a - 0.02, -side * wide * (0.06 + 0.1 * abs(i - 1)), wide * 1.3 + 0.19)
        globe(stage, end, size * 0.55, nail)


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


# ---- small things that stand around ---------------------------------------------------------


def fork(stage: Stage, rng: Source, place: Place) -> None:
    """A fork, lying."""
    metal = Material(rgb("#b8bcc2"), gloss=0.9, sharp=60)
    k = place.scale
    tube(
        stage,
        place.at(-0.6, 0, 0.03),
        place.at(0.25, 0, 0.03),
        (0.04 * k, 0.022 * k, 0.03 * k),
        metal,
    )
    points = []
    for i in (-1.5, -0.5, 0.5, 1.5):
        points += [place.at(0.3, i * 0.045, 0.04), place.at(0.55, i * 0.045, 0.05)]
    points += [place.at(0.28, -0.07, 0.04), place.at(0.28, 0.07, 0.04)]
    chain(stage, points, 0.02 * k, metal, loose=True)


def knife(stage: Stage, rng: Source, place: Place) -> None:
    """A table knife, lying."""
    metal, k = Material(rgb("#c2c6cb"), gloss=0.9, sharp=70), place.scale
    tube(stage, place.at(-0.6, 0, 0.03), place.at(-0.05, 0, 0.03), 0.036 * k, metal)
    blade = [(-0.1, -0.035), (0.55, -0.04), (0.6, 0.0), (0.5, 0.05), (-0.1, 0.035)]
    shape = lambda g: polygon(g, blade, 0.01)  # noqa: E731
    slab(stage, shape, place.at(0, 0, 0.03), 0.7, metal, angle=place.angle, scale=k)


def cup(stage: Stage, rng: Source, place: Place) -> None:
    """A mug or glass from above, with something in it."""
    glaze, k, r = ceramic(rng), place.scale, rng.uniform(0.2, 0.26)
    drink = pick(rng, ("#3a1d0c", "#d98b1e", "#7a1f1a", "#e8d9b0", "#5f8f3a"))
    for i in range(7):
        slab(stage, lambda g: circle(g, r), place.at(0, 0, 0.06 * i), r, glaze, scale=k, bevel=0.01)
    well = Material(drink, gloss=0.6, sharp=120)
    slab(stage, lambda g: circle(g, r - 0.03), place.at(0, 0, 0.365), r, well, scale=k, sink=-0.01)


def bottle(stage: Stage, rng: Source, place: Place) -> None:
    """A squeeze bottle of mustard or ketchup, lying."""
    body = Material(pick(rng, ("#d8a516", "#b3221a", "#ede4cf", "#3f7a3a")), gloss=0.5, sharp=50)
    k = place.scale
    tube(stage, place.at(-0.35, 0, 0.14), place.at(0.2, 0, 0.14), 0.14 * k, body)
    tube(
        stage, place.at(0.25, 0, 0.14), place.at(0.5, 0, 0.14), (0.08 * k, 0.05 * k, 0.02 * k), body
    )


def greens(stage: Stage, rng: Source, place: Place) -> None:
    """Lettuce leaves and tomato slices."""
    leaf = Material(pick(rng, ("#6fa53a", "#8fbf4d", "#4f8a34")), bump=0.9, mottle=0.5, gloss=0.15)
    for _ in range(3):
        spot = place.sub(rng.normal(0, 0.15), rng.normal(0, 0.15), 0.03, rng.uniform(0, 6))
        axes = (spot.at(0.22, 0)[0] - spot.x, spot.at(0.22, 0)[1] - spot.y, 0.03)
        ball(stage, spot.at(0, 0), (axes, (-axes[1] * 0.6, axes[0] * 0.6, 0.0), (0, 0, 0.05)), leaf)
    if rng.chance(0.6):
        red = Material(pick(rng, ("#c8321f", "#d8452c")), gloss=0.4, sharp=60)
        globe(stage, place.at(0.05, 0.02, 0.08), 0.13 * place.scale, red, 0.6)


def fries(stage: Stage, rng: Source, place: Place) -> None:
    """A handful of fries."""
    points = []
    for _ in range(9):
        a, b, t = rng.normal(0, 0.14), rng.normal(0, 0.1), rng.uniform(-0.9, 0.9)
        dx, dy, z = 0.18 * math.cos(t), 0.18 * math.sin(t), rng.uniform(0.04, 0.12)
        points += [place.at(a - dx, b - dy, z), place.at(a + dx, b + dy, z)]
    gold = Material(pick(rng, ("#e3b04b", "#d89b35", "#ecc468")), mottle=0.3, grain=0.2, gloss=0.15)
    chain(stage, points, 0.032 * place.scale, gold, loose=True)


def crumbs(stage: Stage, rng: Source, place: Place) -> None:
    """Scattered crumbs or herbs."""
    points = []
    for _ in range(14):
        x, y = rng.normal(0, 0.5), rng.normal(0, 0.4)
        points += [place.at(x, y, 0.05), place.at(x + 0.012, y + 0.01, 0.05)]
    colour = pick(rng, ("#c98f4a", "#4c8a3a", "#efe2c0", "#2c2622"))
    chain(stage, points, 0.014 * place.scale, Material(colour), loose=True)


def splash(stage: Stage, rng: Source, place: Place) -> None:
    """A blob or a stroke of sauce on the plate: condiments alone tell nothing."""
    sauce = Material(pick(rng, ("#e0ab1a", "#b51d12", "#f0e6c8", "#4a2715")), gloss=0.5, sharp=60)
    if rng.chance(0.5):
        globe(stage, place.at(0, 0, 0.04), rng.uniform(0.08, 0.14) * place.scale, sauce, 0.35)
        return
    points = [place.at(-0.3 + 0.06 * i, 0.07 * (-1) ** i, 0.05) for i in range(11)]
    chain(stage, points, 0.024 * place.scale, sauce)


EXTRAS = {
    "fork": fork,
    "knife": knife,
    "cup": cup,
    "bottle": bottle,
    "greens": greens,
    "fries": fries,
    "crumbs": crumbs,
    "splash": splash,
}
