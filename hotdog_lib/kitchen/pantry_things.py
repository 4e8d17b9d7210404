"""Pantry drawings: tools and things about the house."""

from __future__ import annotations

from .pantry_shapes import Sketch


def hammer(s: Sketch) -> None:
    """A hammer."""
    s.bar(s.pick("wood", "red", "tan"), 0, -0.4, 0, 0.95, 0.08, 0.11)
    s.box(s.pick("steel", "dark"), 0.05, -0.62, 0.42, 0.17, soft=0.04)
    s.poly("steel", (-0.3, -0.78), (-0.75, -0.55), (-0.3, -0.48))


def saw(s: Sketch) -> None:
    """A saw with teeth."""
    s.poly("silver", (-0.4, -0.3), (1.1, -0.05), (1.1, 0.1), (-0.4, 0.35))
    s.wave("silver", 0.27, 0.4, 0.05, 0.06, 5, sharp=True, line=False)
    hole = s.oval(None, -0.68, 0, 0.15, 0.18)
    s.box(s.pick("wood", "red", "orange"), -0.68, 0, 0.35, 0.42, soft=0.15, cut=hole, line=True)


def pencil(s: Sketch) -> None:
    """A pencil."""
    r = s.j(0.12, 0.17)
    s.poly("sand", (0.6, -r), (1.08, 0), (0.6, r))
    s.poly("black", (0.92, -0.35 * r), (1.08, 0), (0.92, 0.35 * r), line=False)
    body = s.box(s.pick("yellow", "red", "green", "blue"), -0.1, 0, 0.72, r)
    s.box("black", -0.1, 0.35 * r, 0.8, 0.012, within=body)
    s.box("silver", -0.85, 0, 0.08, r)
    s.box("pink", -1.0, 0, 0.1, r, soft=0.06)


def brush(s: Sketch) -> None:
    """A paint brush."""
    s.bar(s.pick("wood", "red", "blue"), -1.05, 0, 0.3, 0, 0.04, 0.1)
    s.box("silver", 0.42, 0, 0.16, 0.14)
    s.lens(s.pick("teal", "violet", "brown", "red"), 0.75, 0, 0.38, 0.18)


def fork(s: Sketch) -> None:
    """A fork."""
    metal = s.pick("silver", "steel", "gold")
    s.bar(metal, -1.0, 0, 0.2, 0, 0.085, 0.05)
    for k in range(4):
        s.bar(metal, 0.45, 0.1 * (k - 1.5), 1.0, 0.12 * (k - 1.5), 0.03)
    s.oval(metal, 0.35, 0, 0.24, 0.2)


def knife(s: Sketch) -> None:
    """A kitchen knife."""
    s.poly("silver", (-0.1, -0.17), (0.8, -0.15), (1.1, 0.06), (-0.1, 0.17), soft=0.02)
    handle = s.box(s.pick("dark", "wood", "red"), -0.58, -0.04, 0.48, 0.13, soft=0.06)
    for x in (-0.8, -0.5):
        s.disc("silver", x, -0.04, 0.035, within=handle)


def spoon(s: Sketch) -> None:
    """A spoon."""
    metal = s.pick("silver", "steel", "wood")
    s.bar(metal, -1.05, 0, 0.4, 0, 0.08, 0.05)
    bowl = s.oval(metal, 0.65, 0, 0.4, s.j(0.24, 0.3))
    s.oval("grey", 0.67, 0, 0.28, 0.16, within=bowl + 0.05)


def key(s: Sketch) -> None:
    """A key."""
    metal = s.pick("gold", "silver", "gold")
    s.bar(metal, -0.3, 0, 0.95, 0, 0.065)
    for x in (0.6, 0.82):
        s.box(metal, x, 0.18, 0.06, s.j(0.12, 0.2))
    s.disc(metal, -0.6, 0, 0.4, cut=s.disc(None, -0.66, 0, 0.17), line=True)


def scissors(s: Sketch) -> None:
    """Open scissors."""
    open_by = s.j(0.15, 0.4)
    colour = s.pick("red", "blue", "orange", "dark")
    for side in (-1, 1):
        s.bar("silver", -0.3, -side * 0.25, 1.0, side * open_by, 0.09, 0.025)
        ring = s.oval(None, -0.62, -side * 0.36, 0.16, 0.11, turn=side * 25)
        s.put(colour, ring - 0.12, cut=ring, line=True)
    s.disc("grey", 0.15, 0, 0.06)


def wrench(s: Sketch) -> None:
    """A spanner with two jaws."""
    s.bar("steel", -0.6, 0, 0.6, 0, 0.12)
    for side in (-1, 1):
        jaw = s.box(None, side * 0.98, 0, 0.25, 0.12, soft=0.03)
        s.disc("steel", side * 0.75, 0, 0.3, cut=jaw, line=True)


def bottle(s: Sketch) -> None:
    """A bottle with a label."""
    glass = s.pick("green", "brown", "sky", "ketchup", "mustard")
    s.box(s.pick("red", "gold", "white"), 0, -0.97, 0.13, 0.09, soft=0.02)
    s.box(glass, 0, -0.65, 0.12, 0.3)
    s.box(glass, 0, 0.25, 0.34, 0.75, soft=0.22)
    s.box(s.pick("cream", "white", "yellow"), 0, 0.35, 0.34, 0.25)


def cup(s: Sketch) -> None:
    """A mug with a handle."""
    colour = s.pick("white", "red", "teal", "blue", "yellow")
    s.arc(colour, 0.52, 0.1, 0.32, -100, 100, 0.09)
    body = s.box(colour, -0.05, 0.1, 0.58, 0.65, soft=0.12)
    s.oval("choco", -0.05, -0.5, 0.56, 0.13)
    if s.maybe():
        s.stripes(s.pick("navy", "orange", "white"), 0.45, 0.2, turn=90, within=body)


def plate(s: Sketch) -> None:
    """A plate from above."""
    s.disc(s.pick("white", "sky", "cream", "teal"), 0, 0, 0.95)
    s.disc(s.pick("blue", "red", "gold", "grey"), 0, 0, 0.66)
    s.disc(s.pick("white", "cream"), 0, 0, 0.61, line=False)


def pan(s: Sketch) -> None:
    """A frying pan from above."""
    s.bar(s.pick("brown", "dark", "red"), 0.4, 0, 1.12, 0, 0.09)
    s.disc("dark", -0.3, 0, 0.68)
    s.disc("grey", -0.3, 0, 0.55)


def lamp(s: Sketch) -> None:
    """A table lamp."""
    s.bar("gold", 0, 0, 0, 0.75, 0.05)
    s.oval(s.pick("dark", "wood", "gold"), 0, 0.85, 0.4, 0.13)
    shade = s.pick("yellow", "red", "cream", "teal")
    s.poly(shade, (-0.32, -0.85), (0.32, -0.85), (0.68, 0.05), (-0.68, 0.05), soft=0.02)


def bulb(s: Sketch) -> None:
    """A light bulb."""
    s.bar("yellow", 0, -0.3, 0, 0.3, 0.6, 0.25)
    s.path(
        "orange", [(-0.12, 0.4), (-0.2, -0.2), (0, 0), (0.2, -0.2), (0.12, 0.4)], 0.03, line=False
    )
    s.box("grey", 0, 0.68, 0.24, 0.2, soft=0.05)
    for y in (0.6, 0.74):
        s.bar("dark", -0.22, y, 0.22, y, 0.02, line=False)


def candle(s: Sketch) -> None:
    """A burning candle."""
    s.lens("orange", 0, -0.8, 0.25, 0.13, turn=90)
    s.lens("yellow", 0, -0.74, 0.14, 0.07, turn=90, line=False)
    s.bar("black", 0, -0.55, 0, -0.45, 0.02, line=False)
    s.box(s.pick("cream", "red", "white", "pink"), 0, 0.15, s.j(0.15, 0.25), 0.62, soft=0.04)
    s.oval("gold", 0, 0.8, 0.5, 0.14)


def book(s: Sketch) -> None:
    """An open book or a closed one."""
    cover = s.pick("red", "blue", "green", "brown")
    if s.maybe():
        s.box(cover, 0, 0, 0.68, 0.92, soft=0.04)
        s.box("gold", -0.52, 0, 0.03, 0.92, line=False)
        s.box("cream", 0.1, -0.4, 0.35, 0.17)
    else:
        s.box(cover, 0, 0.03, 1.0, 0.67, soft=0.03)
        for side in (-1, 1):
            s.box("cream", side * 0.47, 0, 0.46, 0.6, soft=0.03)
            for y in (-0.35, -0.15, 0.05, 0.25):
                s.bar("grey", side * 0.2, y, side * 0.75, y, 0.025, line=False)


def umbrella(s: Sketch) -> None:
    """An open umbrella."""
    s.path("brown", [(0, -0.2), (0, 0.75), (0.12, 0.9), (0.26, 0.75)], 0.05)
    roof = s.disc(
        s.pick("red", "violet", "blue", "yellow"),
        0,
        0,
        0.95,
        cut=s.box(None, 0, 1.0, 2, 1.0),
        line=True,
    )
    s.oval(s.pick("white", "orange", "sky"), 0, -0.05, 0.4, 0.95, within=s.put(None, roof))
    s.bar("brown", 0, -0.95, 0, -1.08, 0.04)


def clock(s: Sketch) -> None:
    """A round clock."""
    s.disc(s.pick("red", "dark", "gold", "teal"), 0, 0, 0.95)
    s.disc("white", 0, 0, 0.78)
    for x, y in ((0, -0.65), (0.65, 0), (0, 0.65), (-0.65, 0)):
        s.disc("black", x, y, 0.06, line=False)
    s.bar("black", 0, 0, s.j(-0.3, 0.3), -0.5, 0.035, line=False)
    s.bar("black", 0, 0, 0.35, s.j(-0.2, 0.3), 0.05, line=False)


def chair(s: Sketch) -> None:
    """A chair with a back of rungs, seen half from the side."""
    wood = s.pick("wood", "brown", "red", "blue")
    for x, y in ((-0.35, 0.75), (0.5, 0.75), (-0.55, 0.95), (0.32, 0.95)):
        s.bar(wood, x, 0.2, x, y, 0.05)
    for y in (-0.75, -0.45, -0.15):
        s.box(wood, -0.5, y, 0.2, 0.07, soft=0.04, turn=-15)
    for x in (-0.68, -0.33):
        s.bar(wood, x, 0.15, x - 0.03, -0.95, 0.06)
    seat = ((-0.75, 0.25), (0.4, 0.25), (0.6, 0.05), (-0.4, 0.05))
    s.poly(s.pick("sand", wood), *seat, soft=0.05)


def house(s: Sketch) -> None:
    """A small house."""
    s.box("brick", 0.42, -0.6, 0.1, 0.28)
    s.box(s.pick("cream", "yellow", "pink", "sky"), 0, 0.35, 0.7, 0.5)
    s.poly(s.pick("red", "brown", "dark"), (-0.9, -0.12), (0, -0.9), (0.9, -0.12))
    s.box("brown", -0.25, 0.55, 0.17, 0.3)
    s.box("steel", 0.32, 0.3, 0.19, 0.18)


def shoe(s: Sketch) -> None:
    """A sneaker in profile."""
    colour = s.pick("red", "blue", "white", "teal")
    s.poly(
        colour,
        (-0.8, -0.4),
        (-0.1, -0.4),
        (0.35, 0.05),
        (0.9, 0.15),
        (0.9, 0.4),
        (-0.8, 0.4),
        soft=0.05,
    )
    s.box("white", 0.05, 0.45, 0.98, 0.1, soft=0.08)
    for k in range(3):
        x = -0.05 + 0.17 * k
        s.bar("white", x, -0.2 + 0.14 * k, x + 0.14, -0.34 + 0.14 * k, 0.03, line=False)


def sock(s: Sketch) -> None:
    """A striped sock."""
    leg = s.bar(None, -0.25, -0.75, -0.25, 0.35, 0.27)
    body = s.put(
        s.pick("red", "white", "teal", "violet"),
        leg.minimum(s.bar(None, -0.2, 0.5, 0.55, 0.55, 0.28)),
    )
    s.stripes(s.pick("yellow", "navy", "pink"), 0.3, 0.4, turn=90, within=body)


def guitar(s: Sketch) -> None:
    """A guitar."""
    s.bar("choco", 0, -0.2, 0, -1.0, 0.06)
    s.box("dark", 0, -1.0, 0.1, 0.12)
    wood = s.pick("wood", "orange", "red")
    s.put(wood, s.disc(None, 0, 0.55, 0.45).minimum(s.disc(None, 0, 0.05, 0.33)))
    s.disc("choco", 0, 0.2, 0.14)
    s.bar("cream", 0, -0.8, 0, 0.6, 0.02, line=False)


def rolling_pin(s: Sketch) -> None:
    """A rolling pin."""
    s.bar(s.pick("wood", "red"), -1.0, 0, 1.0, 0, 0.08)
    s.box(s.pick("tan", "wood", "sand"), 0, 0, 0.68, s.j(0.18, 0.26), soft=0.06)


def toothbrush(s: Sketch) -> None:
    """A toothbrush."""
    s.box("white", 0.75, -0.18, 0.28, 0.13)
    s.stripes("sky", 0.1, 0.4, within=s.parts[0].distance)
    s.bar(s.pick("red", "blue", "green", "orange"), -1.0, 0, 1.0, 0, 0.09, 0.06)


THINGS = (
    hammer, saw, pencil, brush, fork, knife, spoon, key, scissors, wrench, bottle, cup, plate,
    pan, lamp, bulb, candle, book, umbrella, clock, chair, house, shoe, sock, guitar,
    rolling_pin, toothbrush,
)  # fmt: skip
