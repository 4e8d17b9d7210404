"""Pantry drawings: long food, what looks like a hot dog."""

from __future__ import annotations

from .pantry_buns import BREADS, BUNS
from .pantry_shapes import Sketch


def sausage(s: Sketch) -> None:
    """One or two sausages with knots and grill marks, no bread."""
    s.bend(s.j(-0.55, 0.55))
    colour, marks = s.pick("sausage", "wurst", "sausage", "pink"), s.maybe(0.5)
    rows = s.pick((0,), (0,), (-0.27, 0.27))
    for y in rows:
        r = s.j(0.18, 0.3) if len(rows) == 1 else 0.22
        for side in (-1, 1):
            s.bar(colour, side * 0.75, y, side * 1.0, y, 0.04, 0.07)
        body = s.bar(colour, -0.72, y, 0.72, y, r)
        if marks:
            s.stripes("char", s.j(0.3, 0.45), 0.22, turn=30, within=body)
        elif s.maybe():
            s.bar("cream", -0.5, y - 0.5 * r, 0.4, y - 0.5 * r, 0.03, within=body)


def bread_roll(s: Sketch) -> None:
    """A whole small loaf with a slit."""
    body = s.oval(s.pick(*BREADS), 0, 0, s.j(0.7, 0.9), s.j(0.4, 0.6))
    if s.maybe():
        s.wave("cream", 0, 0.6, s.j(0.04, 0.09), 0.04, 1, within=body)
    else:
        for x in (-0.35, 0, 0.35):
            s.bar("cream", x - 0.1, -0.25, x + 0.1, 0.2, 0.05, within=body)
    if s.maybe(0.4):
        s.dots("cream", 0.22, 0.035, turn=20, within=s.oval(None, 0, 0, 0.5, 0.3))


def baguette(s: Sketch) -> None:
    """A thin long loaf with slanted cuts."""
    s.bend(s.j(-0.15, 0.15))
    r = s.j(0.17, 0.25)
    body = s.bar("crust", 0, 0, 1.0, 0, 1.1 * r, 0.6 * r, line=False)
    body = s.bar("crust", -1.0, 0, 0, 0, 0.6 * r, 1.1 * r, line=False)
    body = s.put("crust", s.oval(None, 0, 0, 1.12, 1.25 * r))
    for k in range(s.pick(4, 5, 6)):
        x = -0.7 + 0.3 * k
        s.bar("cream", x - 0.12, 0.5 * r, x + 0.12, -0.5 * r, 0.05, within=body)


def croissant(s: Sketch) -> None:
    """A crescent of rolled segments, the thickest in the middle."""
    s.bend(s.j(0.35, 0.6))
    colour, n = s.pick("toast", "crust", "bun"), s.pick(5, 7)
    for k in sorted(range(n), key=lambda k: -abs(k - n // 2)):
        u = 2 * k / (n - 1) - 1
        s.oval(colour, 0.8 * u, 0.1 * abs(u), 0.25, 0.42 - 0.24 * abs(u), turn=25 * u)
    for k in (-1, 0, 1):
        s.bar("char", 0.27 * k, -0.2, 0.25 * k, 0.1, 0.018, line=False)


def sub_sandwich(s: Sketch) -> None:
    """A long roll seen from the side: bread, lettuce, cheese, ham, bread."""
    s.bend(s.j(-0.12, 0.12))
    half, bread = s.j(0.7, 0.8), s.pick(*BREADS)
    s.bar(bread, -half, 0.24, half, 0.24, 0.18)
    layers = s.mix("tomato", "ham", "cheese", "lettuce", "lettuce")
    for k, layer in enumerate(layers[:4]):
        y = 0.2 - 0.1 * k
        s.wave(layer, y, half + 0.12, 0.06, 0.035 if layer == "lettuce" else 0.012, 5)
    lid = s.put(
        bread,
        s.bar(None, -half, -0.22, half, -0.22, 0.24),
        cut=s.box(None, 0, 0.2, 2, 0.3),
        line=True,
    )
    s.dots("cream", 0.2, 0.03, turn=15, within=lid + 0.07)


def eclair(s: Sketch) -> None:
    """A long choux bun with icing on top and maybe cream at the seam."""
    s.bend(s.j(-0.15, 0.15))
    r = s.j(0.26, 0.36)
    s.bar(s.pick("bun", "toast"), -0.68, 0.04, 0.68, 0.04, r)
    if s.maybe():
        s.wave("cream", 0.2, 0.85, 0.06, 0.03, 7, line=False)
    icing = s.pick("choco", "choco", "choco", "pink", "cream")
    top = s.bar(icing, -0.66, -0.06, 0.66, -0.06, 0.72 * r)
    if s.maybe(0.5):
        s.wave(
            "cream" if icing == "choco" else "choco",
            -0.06,
            0.75,
            0.022,
            0.12,
            s.pick(4, 6),
            s.maybe(),
            within=top,
        )


def burrito(s: Sketch) -> None:
    """A fat wrapped roll, half in foil, its filling peeping out."""
    r = s.j(0.32, 0.42)
    end = s.oval("lettuce", 0.72, 0, 0.3, 0.9 * r)
    s.dots("tomato", 0.2, 0.07, within=end)
    s.dots("choco", 0.23, 0.05, turn=40, within=end)
    body = s.box("tortilla", -0.1, 0, 0.85, r, soft=0.25)
    s.dots("toast", 0.3, 0.05, turn=33, within=body + 0.05)
    if s.maybe(0.75):
        foil = s.box(s.pick("silver", "paper", "silver"), -0.55, 0, 0.5, 1.06 * r, soft=0.15)
        s.stripes("grey", 0.27, 0.12, turn=s.j(20, 60), within=foil)
    else:
        s.bar("toast", -0.8, 0.6 * r, 0.6, -0.5 * r, 0.025, within=body)


def spring_roll(s: Sketch) -> None:
    """Small fried rolls with a flap and an open spiral end."""
    colour = s.pick("fried", "toast")
    for y in s.pick((0,), (-0.32, 0.32)):
        r = 0.34 if y == 0 else 0.25
        body = s.box(colour, 0, y, 0.85, r, soft=0.1)
        s.bar("crust", -0.4, y - r, 0.3, y + r, 0.025, within=body)
        s.bar("crust", 0.3, y + r, 0.5, y - 0.2, 0.02, within=body)
        s.oval("cream", 0.83, y, 0.13, r)
        s.oval("lettuce", 0.83, y, 0.07, 0.55 * r, line=False)


def corn(s: Sketch) -> None:
    """A cob with rows of kernels between husk leaves."""
    cob = s.oval("corn", 0.1, 0, 0.9, s.j(0.28, 0.36))
    s.stripes("mustard", 0.16, 0.25, within=cob)
    s.stripes("mustard", 0.15, 0.25, turn=90, within=cob)
    spread = s.j(10, 24)
    for turn in (-spread, spread):
        s.lens(
            s.pick("leaf", "lettuce"),
            -0.45,
            0.012 * turn,
            0.62,
            0.2,
            turn=-turn if s.maybe(0.2) else turn,
        )
    s.bar("lettuce", -0.85, 0, -1.1, 0, 0.1)


def carrot(s: Sketch) -> None:
    """An orange cone with rings and leaves."""
    s.bend(s.j(-0.15, 0.15))
    for turn in (-30, 0, 30):
        s.oval(s.pick("leaf", "lettuce"), -0.9, 0.007 * turn, 0.3, 0.1, turn=turn)
    body = s.bar("carrot", -0.42, 0, 1.0, 0, s.j(0.22, 0.32), 0.03)
    for k in range(5):
        x, up = -0.5 + 0.27 * k, s.pick(-1, 1)
        s.bar("crust", x, up * 0.3, x + 0.02, up * 0.1, 0.018, within=body)


def banana(s: Sketch) -> None:
    """A yellow bow with dark tips; sometimes two."""
    s.bend(s.j(0.45, 0.75))
    for y in s.pick((0,), (0,), (-0.2, 0.15)):
        s.bar("choco", -1.02, y, -0.85, y, 0.05, 0.07)
        s.bar("banana", -0.9, y, 0.9, y, 0.06, line=False)
        body = s.oval("banana", 0, y, 0.95, s.j(0.22, 0.28))
        s.bar("choco", 0.93, y, 0.97, y, 0.045, line=False)
        s.wave("mustard", y + 0.05, 0.75, 0.02, 0.01, 1, within=body)


def cucumber(s: Sketch) -> None:
    """A green bar with pale stripes, sometimes with slices cut off."""
    s.bend(s.j(-0.2, 0.2))
    r = s.j(0.2, 0.28)
    body = s.bar("cucumber", -0.78, 0, s.pick(0.78, 0.3), 0, r)
    for y in (-0.45, 0.1, 0.6):
        s.bar("lettuce", -0.8, y * r, 0.9, y * r, 0.025, within=body)
    if s.maybe():
        for x in (0.45, 0.8):
            s.disc("cucumber", x, 0, 0.27)
            s.disc("lime", x, 0, 0.22, line=False)
            s.star("lettuce", x, 0, 0.09, 6, 0.03, line=False)


def kebab(s: Sketch) -> None:
    """Chunks on a skewer."""
    s.bar("wood", -1.15, 0, 1.15, 0, 0.035)
    menu = s.mix("steak", "tomato", "onion", "leaf", "steak", "mustard", "sausage")
    n = s.pick(4, 5, 6)
    for k in range(n):
        x = -0.8 + 1.6 * k / (n - 1)
        if s.maybe(0.6):
            s.box(menu[k], x, 0, 0.7 / n, s.j(0.22, 0.32), soft=0.08, turn=s.j(-12, 12))
        else:
            s.oval(menu[k], x, 0, 0.75 / n, s.j(0.22, 0.3))


def pea_pod(s: Sketch) -> None:
    """A green pod cut open, peas in a row."""
    s.bend(s.j(-0.3, 0.3))
    s.bar("leaf", -1.15, 0, -0.9, 0, 0.04)
    s.lens("leaf", 0, 0, 1.0, s.j(0.32, 0.38))
    s.lens("lime", 0, 0, 0.9, 0.24, line=False)
    n = s.pick(4, 5, 6)
    for k in range(n):
        s.disc("lettuce", 1.25 * (k / (n - 1) - 0.5), 0, 0.9 / n)


def chili(s: Sketch) -> None:
    """A pointed, curved pepper with a green cap."""
    s.bend(s.j(0.25, 0.6))
    s.bar("leaf", -1.05, -0.02, -0.75, 0, 0.04, 0.06)
    body = s.bar(
        s.pick("ketchup", "ketchup", "leaf", "mustard"), -0.6, 0, 1.0, 0, s.j(0.2, 0.27), 0.02
    )
    s.oval("leaf", -0.75, 0, 0.12, 0.17)
    s.bar("white", -0.45, -0.1, 0.1, -0.07, 0.025, within=body)


def aubergine(s: Sketch) -> None:
    """A heavy purple drop with a green hat."""
    s.bend(s.j(-0.3, 0.3))
    s.bar("leaf", -1.05, 0, -0.8, 0, 0.06)
    body = s.bar("purple", 0.4, 0, -0.6, 0, s.j(0.36, 0.46), 0.2)
    s.star("leaf", -0.72, 0, 0.2, 5, 0.07)
    s.bar("white", 0.0, -0.2, 0.5, -0.22, 0.035, within=body)


LONG_FOOD = (
    *BUNS, sausage, bread_roll, baguette, croissant, sub_sandwich, eclair, burrito, spring_roll,
    corn, carrot, banana, cucumber, kebab, pea_pod, chili, aubergine,
)  # fmt: skip
