"""Pantry drawings: animals and parts of people."""

from __future__ import annotations

import math

from .pantry_shapes import Sketch


def dachshund(s: Sketch) -> None:
    """A long low dog in profile."""
    fur = s.pick("fur", "choco", "dark", "tan")
    s.bar(fur, -0.75, -0.05, -1.0, -0.4, 0.06, 0.03)
    for x in (-0.66, -0.48, 0.3, 0.48):
        s.bar(fur, x, 0.15, x + s.j(-0.05, 0.05), 0.5, 0.085)
    s.bar(fur, -0.58, 0, 0.45, -0.02, s.j(0.22, 0.28))
    s.bar(fur, 0.5, -0.08, 0.66, -0.36, 0.17)
    s.bar(fur, 0.68, -0.4, 1.05, -0.28, 0.19, 0.09)
    s.oval("brown", 0.57, -0.28, 0.12, 0.26, turn=12)
    s.disc("black", 1.12, -0.3, 0.06)
    s.disc("black", 0.78, -0.45, 0.04, line=False)
    if s.maybe(0.3):
        s.bar(s.pick("red", "blue"), 0.48, -0.25, 0.68, -0.14, 0.05)


def dog(s: Sketch) -> None:
    """A dog's face with hanging ears."""
    fur, ear = s.pick("tan", "white", "brown", "fur"), s.pick("choco", "brown", "dark")
    s.oval(fur, 0, 0, 0.65, 0.75)
    for side in (-1, 1):
        s.oval(ear, side * 0.65, -0.15, 0.22, 0.5, turn=-side * 15)
        s.eye(side * 0.26, -0.2, 0.14)
    s.oval("cream", 0, 0.35, 0.36, 0.28)
    s.oval("black", 0, 0.2, 0.15, 0.1)
    if s.maybe():
        s.bar("pink", 0, 0.55, 0, 0.75, 0.12)


def cat(s: Sketch) -> None:
    """A cat's face with pointed ears and whiskers."""
    fur = s.pick("orange", "grey", "dark", "cream")
    for side in (-1, 1):
        s.poly(fur, (side * 0.75, -0.95), (side * 0.1, -0.5), (side * 0.72, -0.1))
        s.poly("pink", (side * 0.66, -0.72), (side * 0.3, -0.5), (side * 0.62, -0.3), line=False)
    s.oval(fur, 0, 0.1, 0.8, 0.66)
    for side in (-1, 1):
        s.oval("lime", side * 0.33, 0.0, 0.15, 0.17)
        s.oval("black", side * 0.33, 0.0, 0.05, 0.15, line=False)
        for y in (0.25, 0.4):
            s.bar(
                "white" if fur == "dark" else "black",
                side * 0.35,
                0.3,
                side * 1.0,
                y,
                0.018,
                line=False,
            )
    s.poly("pink", (-0.1, 0.2), (0.1, 0.2), (0, 0.33))


def fish(s: Sketch) -> None:
    """A fish in profile."""
    colour, fin = s.pick("orange", "steel", "blue", "salmon"), s.pick("yellow", "red", "teal")
    s.poly(fin, (-0.55, 0), (-1.05, -0.45), (-0.85, 0), (-1.05, 0.45))
    s.poly(fin, (-0.2, -0.35), (0.2, -0.75), (0.3, -0.3))
    body = s.lens(colour, 0.1, 0, 0.88, s.j(0.4, 0.55))
    if s.maybe():
        s.stripes("white", 0.4, 0.35, within=body)
    else:
        s.dots(fin, 0.2, 0.05, within=body + 0.12)
    s.bar(fin, 0.15, 0.1, -0.1, 0.25, 0.1, 0.03)
    s.eye(0.62, -0.1, 0.11)


def bird(s: Sketch) -> None:
    """A small bird in profile."""
    colour, wing = s.pick("blue", "red", "yellow", "brown"), s.pick("navy", "orange", "grey")
    for x in (-0.05, 0.15):
        s.bar("orange", x, 0.5, x + 0.05, 0.95, 0.035)
    s.poly(wing, (-0.5, 0.1), (-1.1, -0.1), (-1.05, 0.2))
    s.oval(colour, -0.05, 0.15, 0.65, 0.45, turn=-15)
    s.poly("orange", (0.68, -0.55), (1.05, -0.38), (0.68, -0.25))
    s.disc(colour, 0.48, -0.38, 0.33)
    s.oval("cream", 0.2, 0.3, 0.3, 0.22, turn=-30, line=False)
    s.oval(wing, -0.25, 0.08, 0.42, 0.2, turn=10)
    s.eye(0.56, -0.45, 0.09)


def snake(s: Sketch) -> None:
    """A snake in waves with a forked tongue."""
    colour, band = s.pick("green", "leaf", "sand", "orange"), s.pick("yellow", "black", "red")
    top = s.j(0.25, 0.4)
    points = [(x / 5, top * math.sin(x * 1.15)) for x in range(-5, 5)]
    s.path("red", [points[-1], (1.15, points[-1][1] - 0.15)], 0.025)
    body = s.path(colour, points, s.j(0.12, 0.17))
    s.stripes(band, 0.24, 0.35, within=body)
    x, y = points[-1]
    s.oval(colour, x + 0.05, y, 0.24, 0.19)
    s.disc("black", x + 0.12, y - 0.08, 0.04, line=False)


def caterpillar(s: Sketch) -> None:
    """A row of segments with a face."""
    s.bend(s.j(-0.5, 0.5))
    first, second = s.pick(("lettuce", "leaf"), ("yellow", "orange"), ("teal", "lime"))
    n, r = s.pick(5, 6, 7), s.j(0.22, 0.28)
    for k in range(n):
        x = -0.85 + 1.4 * k / (n - 1)
        s.bar("black", x, 0.2, x, r + 0.12, 0.03)
        s.disc(first if k % 2 else second, x, 0, r)
    for x in (0.7, 0.9):
        s.bar("black", 0.78, -0.2, x, -0.58, 0.025)
    s.disc(s.pick("red", first), 0.8, -0.05, 0.32)
    s.eye(0.72, -0.12, 0.07)
    s.eye(0.94, -0.12, 0.07)


def snail(s: Sketch) -> None:
    """A snail with a spiral house."""
    s.bar("sand", -0.9, 0.55, 0.6, 0.55, 0.16)
    s.bar("sand", 0.65, 0.5, 0.8, 0.0, 0.14)
    for x in (0.72, 0.95):
        s.bar("sand", 0.8, 0, x, -0.35, 0.03)
    s.disc(s.pick("orange", "brown", "violet", "pink"), -0.15, 0.05, 0.6)
    for radius, turn in ((0.42, 0), (0.22, 180)):
        s.arc("choco", -0.15 + radius * 0.2, 0.05, radius, turn, turn + 250, 0.035, line=False)


def butterfly(s: Sketch) -> None:
    """Four wings around a thin body."""
    top, low = s.pick("orange", "blue", "violet"), s.pick("yellow", "sky", "pink", "red")
    for side in (-1, 1):
        s.oval(low, side * 0.42, 0.4, 0.34, 0.42, turn=-side * 35)
        upper = s.oval(top, side * 0.5, -0.3, 0.52, 0.4, turn=-side * 30)
        s.disc("white", side * 0.6, -0.38, 0.13, within=upper)
        s.disc("black", side * 0.4, 0.5, 0.1, line=False)
        s.bar("black", 0, -0.4, side * 0.25, -0.85, 0.022)
    s.bar("dark", 0, -0.4, 0, 0.5, 0.09, 0.05)


def ladybird(s: Sketch) -> None:
    """A red beetle with dots."""
    s.disc("black", 0, -0.62, 0.34)
    body = s.disc(s.pick("red", "red", "yellow"), 0, 0.1, 0.75)
    s.box("black", 0, 0.2, 0.03, 0.8, within=body)
    for x, y in ((0.35, -0.25), (0.4, 0.3), (0.2, 0.6)):
        for side in (-1, 1):
            s.disc("black", side * x, y, s.j(0.1, 0.15), line=False)
    for side in (-1, 1):
        s.disc("white", side * 0.15, -0.75, 0.07, line=False)


def rabbit(s: Sketch) -> None:
    """A rabbit's face with long ears."""
    fur = s.pick("white", "tan", "grey", "cream")
    for side in (-1, 1):
        s.oval(fur, side * 0.25, -0.65, 0.16, 0.46, turn=side * s.j(0, 18))
        s.oval("pink", side * 0.26, -0.65, 0.07, 0.3, turn=side * 8, line=False)
    s.oval(fur, 0, 0.3, 0.62, 0.56)
    for side in (-1, 1):
        s.disc("black", side * 0.25, 0.15, 0.07, line=False)
        s.oval("white", side * 0.13, 0.5, 0.15, 0.12)
    s.oval("pink", 0, 0.36, 0.09, 0.06)
    s.box("white", 0, 0.66, 0.08, 0.1)


def octopus(s: Sketch) -> None:
    """A head on six arms."""
    colour = s.pick("violet", "red", "pink", "teal")
    for k in range(6):
        u = (k - 2.5) / 2.5
        s.path(colour, [(0.4 * u, 0.1), (0.75 * u, 0.5), (0.85 * u + 0.1, 0.92)], 0.11)
    s.oval(colour, 0, -0.3, 0.58, 0.62)
    s.eye(-0.22, -0.15, 0.15)
    s.eye(0.22, -0.15, 0.15)


def sheep(s: Sketch) -> None:
    """A woolly body on black legs."""
    for x in (-0.45, -0.2, 0.2, 0.42):
        s.bar("dark", x, 0.3, x, 0.85, 0.075)
    wool = s.pick("white", "cream", "silver")
    body = s.oval(None, -0.05, 0.05, 0.5, 0.38)
    for k in range(8):
        a = math.pi * k / 4
        body = body.minimum(s.disc(None, 0.48 * math.cos(a) - 0.05, 0.33 * math.sin(a), 0.23))
    s.put(wool, body)
    s.oval("dark", 0.68, -0.2, 0.22, 0.3, turn=-20)
    s.disc("white", 0.74, -0.28, 0.06, line=False)


def legs(s: Sketch) -> None:
    """Two legs side by side, seen along them, sometimes in shorts or socks."""
    gap, taper = s.j(0.2, 0.3), s.j(0.12, 0.17)
    for side in (-1, 1):
        s.bar("skin", -0.8, side * gap, 0.95, side * gap * 0.9, s.j(0.2, 0.26), taper)
        s.oval("skin", 0.1, side * gap, 0.16, 0.13, line=False)
    wear = s.pick("shorts", "shoes", "both")
    if wear in ("shorts", "both"):
        s.box(s.pick("blue", "navy", "red", "green"), -0.8, 0, 0.36, gap + 0.28, soft=0.06)
        s.bar("black", -0.75, 0, -0.45, 0, 0.015, line=False)
    if wear in ("shoes", "both"):
        for side in (-1, 1):
            s.oval(s.pick("red", "white", "dark"), 1.0, side * gap, 0.17, 0.2)


def hand(s: Sketch) -> None:
    """An open hand with a sleeve."""
    s.box(s.pick("blue", "red", "green", "dark"), 0, 0.98, 0.36, 0.2, soft=0.05)
    s.box("skin", 0, 0.75, 0.25, 0.2)
    s.bar("skin", -0.25, 0.45, -0.68, 0.02, 0.13, 0.1)
    for k in range(4):
        u = (k - 1.5) / 1.5
        s.bar("skin", 0.27 * u, 0.15, 0.45 * u, -0.62 + 0.13 * abs(u), 0.115, 0.095)
    s.box("skin", 0, 0.3, 0.4, 0.36, soft=0.2, line=False)


def face(s: Sketch) -> None:
    """A person's head."""
    hair = s.pick("choco", "black", "gold", "brick")
    s.oval(hair, 0, -0.15, 0.78, 0.8)
    s.oval("skin", 0, 0.12, 0.62, 0.74)
    s.oval(hair, s.j(-0.2, 0.2), -0.62, 0.55, 0.22, line=False)
    for side in (-1, 1):
        s.eye(side * 0.25, 0.02, 0.11)
    s.bar("brown", 0, 0.1, -0.06, 0.3, 0.03, line=False)
    s.arc("red", 0, 0.3, 0.28, 30, 150, 0.05, line=False)


def lips(s: Sketch) -> None:
    """A mouth: two lobes, and teeth between them."""
    colour, gap = s.pick("red", "pink", "jam"), s.j(0.0, 0.2)
    s.oval("black", 0, 0, 0.75, 0.15 + gap)
    s.box("white", 0, -0.05 - 0.4 * gap, 0.5, 0.08 + 0.4 * gap, soft=0.05)
    for side in (-1, 1):
        s.oval(colour, side * 0.35, -0.2 - gap, 0.45, 0.2, turn=side * 14)
    s.oval(colour, 0, 0.25 + gap, 0.7, 0.24)


def eye(s: Sketch) -> None:
    """An eye with lashes."""
    for k in range(5):
        u = (k - 2) / 2
        s.bar("black", 0.6 * u, -0.3, 0.85 * u, -0.8 + 0.2 * abs(u), 0.03)
    white = s.lens("white", 0, 0, 0.98, s.j(0.45, 0.6))
    s.disc(s.pick("blue", "green", "brown", "violet"), 0, 0, 0.38, within=white, line=True)
    s.disc("black", 0, 0, 0.18, line=False)
    s.disc("white", 0.1, -0.12, 0.08, line=False)


ANIMALS = (
    dachshund, dog, cat, fish, bird, snake, caterpillar, snail, butterfly, ladybird, rabbit,
    octopus, sheep, legs, hand, face, lips, eye,
)  # fmt: skip
