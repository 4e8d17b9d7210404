"""Pantry drawings: plants and what is out of doors."""

from __future__ import annotations

import math

from .pantry_shapes import Sketch


def tree(s: Sketch) -> None:
    """A tree: a crown of discs on a trunk, or a fir."""
    green = s.pick("leaf", "green", "lettuce", "orange")
    s.box("brown", 0, 0.7, 0.12, 0.35)
    if s.maybe():
        for x, y in ((-0.38, 0.05), (0.38, 0.05), (0, -0.4)):
            s.disc(green, x, y, 0.45)
        s.disc(green, 0, 0, 0.4, line=False)
    else:
        for y, w in ((0.45, 0.75), (0.05, 0.6), (-0.35, 0.42)):
            s.poly(green, (-w, y), (w, y), (0, y - 0.65))


def flower(s: Sketch) -> None:
    """A blossom on a stem."""
    colour, n = s.pick("pink", "red", "white", "violet", "yellow"), s.pick(5, 6, 8)
    s.bar("green", 0, 0, s.j(-0.1, 0.1), 1.05, 0.045)
    s.lens("leaf", 0.28, 0.7, 0.32, 0.12, turn=-30)
    for k in range(n):
        a = 2 * math.pi * k / n
        s.oval(
            colour,
            0.38 * math.cos(a),
            -0.35 + 0.38 * math.sin(a),
            0.26,
            1.1 / n,
            turn=math.degrees(a),
        )
    s.disc(s.pick("yellow", "brown", "orange"), 0, -0.35, 0.22)


def tulip(s: Sketch) -> None:
    """A tulip."""
    colour = s.pick("red", "yellow", "pink", "purple")
    s.bar("green", 0, 0.1, 0, 1.05, 0.05)
    s.lens("leaf", -0.25, 0.65, 0.48, 0.13, turn=60)
    for x, turn in ((-0.24, 78), (0.24, 102), (0, 90)):
        s.lens(colour, x, -0.4, 0.55, 0.26, turn=turn)


def cactus(s: Sketch) -> None:
    """A cactus in a pot."""
    green = s.pick("green", "cucumber", "teal")
    s.path(green, [(-0.1, 0.2), (-0.55, 0.15), (-0.58, -0.3)], 0.14)
    s.path(green, [(0.1, 0.0), (0.52, -0.05), (0.55, -0.5)], 0.13)
    body = s.bar(green, 0, -0.6, 0, 0.6, 0.25)
    s.dots("lime", 0.2, 0.025, within=body + 0.06)
    s.poly(s.pick("brick", "orange"), (-0.45, 0.55), (0.45, 0.55), (0.32, 1.05), (-0.32, 1.05))


def leaf(s: Sketch) -> None:
    """A leaf with veins."""
    s.bar("brown", -1.1, 0, -0.7, 0, 0.04)
    body = s.lens(s.pick("leaf", "lettuce", "orange", "brick"), 0, 0, 0.9, s.j(0.35, 0.55))
    s.bar("lime", -0.85, 0, 0.8, 0, 0.025, line=False)
    for k in range(4):
        x = -0.55 + 0.33 * k
        for side in (-1, 1):
            s.bar("lime", x, 0, x + 0.3, side * 0.4, 0.018, within=body)


def mushroom(s: Sketch) -> None:
    """A mushroom with a dotted cap."""
    s.bar("cream", 0, 0.1, 0, 0.7, 0.2, 0.28)
    floor = s.box(None, 0, 0.9, 2, 0.8)
    cap = s.oval(s.pick("red", "brown", "tan"), 0, 0.1, 0.9, s.j(0.8, 1.0), cut=floor, line=True)
    for x, y, r in (
        (-0.4, -0.2, 0.15),
        (0.15, -0.45, 0.17),
        (0.5, -0.1, 0.12),
        (-0.05, -0.08, 0.1),
    ):
        s.disc("white", x, y, r, within=cap)


def palm(s: Sketch) -> None:
    """A palm tree."""
    s.path("brown", [(0.1, 1.0), (0.0, 0.4), (0.05, -0.35)], 0.09)
    for turn in (-160, -125, -55, -20, 20, 160):
        a = math.radians(turn)
        s.lens("leaf", 0.05 + 0.45 * math.cos(a), -0.4 + 0.4 * math.sin(a), 0.5, 0.13, turn=turn)
    s.disc("choco", 0.0, -0.3, 0.11)
    s.disc("choco", 0.18, -0.26, 0.1)


def sun(s: Sketch) -> None:
    """A sun with rays."""
    n = s.pick(8, 10, 12)
    for k in range(n):
        a = 2 * math.pi * k / n
        c, d = math.cos(a), math.sin(a)
        s.bar("orange", 0.68 * c, 0.68 * d, 0.98 * c, 0.98 * d, 0.07, 0.03)
    s.disc("yellow", 0, 0, 0.55)


def cloud(s: Sketch) -> None:
    """A cloud, maybe with rain."""
    for k in range(s.pick(0, 4)):
        x = -0.45 + 0.3 * k
        s.bar("blue", x, 0.45, x - 0.1, 0.8, 0.05)
    puffs = s.box(None, 0, 0.15, 0.85, 0.25, soft=0.25)
    for x, y, r in ((-0.35, -0.1, 0.35), (0.2, -0.22, 0.45)):
        puffs = puffs.minimum(s.disc(None, x, y, r))
    s.put(s.pick("white", "silver", "sky"), puffs)


def mountain(s: Sketch) -> None:
    """Two peaks with snow."""
    for x, y in ((0.4, -0.3), (-0.25, -0.8)):
        w = 0.7 if x > 0 else 0.75
        rock = s.poly(s.pick("grey", "steel", "brown", "teal"), (x - w, 0.8), (x + w, 0.8), (x, y))
        s.box("white", x, y, 0.6, 0.42, within=rock, line=True)


def star(s: Sketch) -> None:
    """A five-pointed star."""
    points = [
        (r * math.sin(math.pi * k / 5), -r * math.cos(math.pi * k / 5))
        for k, r in enumerate([0.95, s.j(0.38, 0.5)] * 5)
    ]
    s.poly(s.pick("yellow", "gold", "red", "sky"), *points, soft=0.03)


def heart(s: Sketch) -> None:
    """A heart."""
    body = s.path(None, [(-0.38, -0.3), (0, 0.1), (0.38, -0.3)], 0.42)
    body = body.minimum(s.poly(None, (-0.72, -0.06), (0, 0.85), (0.72, -0.06), (0, -0.1)))
    s.put(s.pick("red", "pink", "violet"), body)
    s.oval("white", -0.45, -0.38, 0.1, 0.17, turn=30, within=body)


NATURE = (
    tree, flower, tulip, cactus, leaf, mushroom, palm, sun, cloud, mountain, star, heart,
)  # fmt: skip
