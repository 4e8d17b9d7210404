"""Pantry drawings: what rides, floats and flies."""

from __future__ import annotations

from .pantry_shapes import Sketch


def _wheel(s: Sketch, x: float, y: float, r: float) -> None:
    s.disc("black", x, y, r)
    s.disc(s.pick("silver", "grey", "white"), x, y, 0.5 * r, line=False)


def car(s: Sketch) -> None:
    """A car in profile."""
    paint = s.pick("red", "blue", "yellow", "teal", "silver")
    s.poly(paint, (-0.6, 0), (-0.4, -0.5), (0.3, -0.5), (0.6, 0))
    for x in (-0.22, 0.18):
        s.box("sky", x, -0.22, 0.15, 0.16, soft=0.03)
    s.box(paint, 0, 0.15, 1.0, 0.27, soft=0.14)
    s.disc("yellow", 0.9, 0.08, 0.08)
    _wheel(s, -0.55, 0.42, 0.24)
    _wheel(s, 0.55, 0.42, 0.24)


def bus(s: Sketch) -> None:
    """A long bus with a row of windows."""
    paint = s.pick("yellow", "red", "green", "orange")
    s.box(paint, 0, -0.05, 1.05, 0.48, soft=0.1)
    for k in range(4):
        s.box("sky", -0.78 + 0.4 * k, -0.22, 0.15, 0.16, soft=0.03)
    s.box("steel", 0.83, 0.0, 0.13, 0.36, soft=0.03)
    s.box("dark", 0, 0.2, 0.65, 0.03, line=False)
    _wheel(s, -0.6, 0.45, 0.19)
    _wheel(s, 0.55, 0.45, 0.19)


def truck(s: Sketch) -> None:
    """A lorry: a box and a cab."""
    s.box(s.pick("white", "silver", "sand"), -0.3, -0.15, 0.72, 0.5, soft=0.03)
    s.box(s.pick("red", "blue", "green"), 0.72, 0.02, 0.3, 0.36, soft=0.08)
    s.box("sky", 0.8, -0.1, 0.16, 0.15, soft=0.03)
    for x in (-0.7, -0.25, 0.7):
        _wheel(s, x, 0.45, 0.2)


def bicycle(s: Sketch) -> None:
    """A bicycle in profile."""
    for x in (-0.6, 0.6):
        s.arc("black", x, 0.3, 0.42, -180, 180, 0.045)
        s.disc("grey", x, 0.3, 0.06)
    frame = [(-0.6, 0.3), (-0.25, -0.25), (0.35, -0.25), (0.0, 0.3), (-0.6, 0.3)]
    s.path(s.pick("red", "blue", "green", "orange"), frame, 0.045)
    s.path("dark", [(0.0, 0.3), (-0.3, -0.42)], 0.035)
    s.path("dark", [(0.6, 0.3), (0.32, -0.5), (0.55, -0.58)], 0.04)
    s.box("dark", -0.32, -0.45, 0.17, 0.05, soft=0.04)


def boat(s: Sketch) -> None:
    """A sailing boat."""
    s.bar("brown", 0.0, 0.35, 0.0, -1.0, 0.04)
    s.poly(s.pick("white", "red", "cream"), (0.08, -0.95), (0.08, 0.2), (0.75, 0.2))
    s.poly(s.pick("white", "sky", "orange"), (-0.08, -0.7), (-0.08, 0.2), (-0.6, 0.2))
    hull = s.pick("brown", "blue", "red", "navy")
    s.poly(hull, (-0.95, 0.35), (0.95, 0.35), (0.6, 0.85), (-0.65, 0.85), soft=0.02)


def canoe(s: Sketch) -> None:
    """A narrow boat from above, seats and a paddle."""
    s.lens(s.pick("red", "brown", "teal", "wood"), 0, 0, 1.05, s.j(0.28, 0.38))
    s.lens("choco", 0, 0, 0.88, 0.2)
    for x in (-0.4, 0.35):
        s.box("sand", x, 0, 0.07, 0.2)
    if s.maybe():
        s.bar("wood", -0.3, -0.6, 0.3, 0.5, 0.035)
        s.oval("yellow", 0.38, 0.65, 0.11, 0.22, turn=-28)


def plane(s: Sketch) -> None:
    """An aeroplane from above."""
    wing = s.pick("silver", "red", "blue", "orange")
    for side in (-1, 1):
        s.poly(
            wing, (0.25, side * 0.1), (-0.25, side * 0.98), (-0.45, side * 0.95), (-0.2, side * 0.1)
        )
        s.poly(wing, (-0.7, side * 0.05), (-0.98, side * 0.4), (-1.08, side * 0.38), (-0.95, 0))
    s.bar(s.pick("white", "silver"), -0.9, 0, 0.8, 0, 0.09, 0.16)
    s.box("navy", 0.8, 0, 0.06, 0.1, soft=0.03, line=False)


def train(s: Sketch) -> None:
    """A steam engine in profile."""
    paint = s.pick("green", "red", "black", "blue")
    s.box("dark", 0.62, -0.4, 0.11, 0.25)
    s.bar(paint, -0.3, 0, 0.7, 0, 0.28)
    s.box(s.pick("red", "gold", "brown"), -0.55, -0.15, 0.38, 0.5, soft=0.03)
    s.box("sky", -0.55, -0.3, 0.19, 0.18, soft=0.02)
    s.box("dark", -0.55, -0.68, 0.48, 0.07)
    s.poly("grey", (0.85, 0.3), (1.15, 0.62), (0.75, 0.62))
    for x, r in ((-0.55, 0.27), (0.1, 0.2), (0.6, 0.2)):
        _wheel(s, x, 0.62 - r + 0.2, r)


def rocket(s: Sketch) -> None:
    """A rocket with fins and flame."""
    s.lens("orange", -0.85, 0, s.j(0.25, 0.4), 0.15)
    for side in (-1, 1):
        s.poly(s.pick("red", "blue"), (-0.1, side * 0.2), (-0.8, side * 0.6), (-0.65, side * 0.15))
    body = s.lens(s.pick("white", "silver", "sky"), 0.15, 0, 0.95, 0.32)
    s.box(s.pick("red", "orange"), 0.95, 0, 0.32, 0.6, within=body)
    s.disc("steel", 0.25, 0, 0.16)
    s.disc("sky", 0.25, 0, 0.1, line=False)


def submarine(s: Sketch) -> None:
    """A submarine with portholes and periscope."""
    s.path("grey", [(0, -0.3), (0, -0.75), (0.2, -0.75)], 0.05)
    s.box("orange", 0.0, -0.4, 0.25, 0.2, soft=0.08)
    s.oval("grey", -0.98, 0, 0.07, 0.3)
    s.oval(s.pick("yellow", "orange", "steel", "teal"), 0, 0, 0.95, s.j(0.34, 0.42))
    for x in (-0.4, 0, 0.4):
        s.disc("white", x, -0.02, 0.13)
        s.disc("sky", x, -0.02, 0.08, line=False)


def balloon(s: Sketch) -> None:
    """A hot-air balloon."""
    for side in (-1, 1):
        s.bar("brown", side * 0.3, 0.2, side * 0.14, 0.7, 0.02)
    s.box("wood", 0, 0.85, 0.2, 0.15, soft=0.04)
    skin = s.bar(s.pick("red", "yellow", "violet"), 0, -0.35, 0, 0.25, 0.65, 0.25)
    s.stripes(s.pick("white", "blue", "orange"), 0.5, 0.45, within=skin)


def skateboard(s: Sketch) -> None:
    """A board on small wheels."""
    for x in (-0.55, 0.55):
        s.box("grey", x, 0.12, 0.12, 0.06)
        _wheel(s, x - 0.08, 0.25, 0.13)
        _wheel(s, x + 0.1, 0.25, 0.13)
    deck = [(-1.0, -0.22), (-0.75, 0), (0.75, 0), (1.0, -0.22)]
    s.path(s.pick("red", "teal", "wood", "violet"), deck, 0.07)


VEHICLES = (
    car, bus, truck, bicycle, boat, canoe, plane, train, rocket, submarine, balloon, skateboard,
)  # fmt: skip
