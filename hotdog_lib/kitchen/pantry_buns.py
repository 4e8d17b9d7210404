"""Pantry drawings: the hot dog, and long buns with something else in them, or nothing."""

from __future__ import annotations

from .pantry_shapes import Sketch

BREADS = ("bun", "bun", "crust", "toast", "cream")


def _lobes(s: Sketch, length: float, gap: float, r: float) -> None:
    """Two bun lobes side by side with soft bread between: plain, seeded or toasted."""
    bread, finish = s.pick(*BREADS), s.pick("plain", "plain", "light", "seeds", "stripes")
    s.box("crumb", 0, 0, length, gap + 0.5 * r, soft=0.12)
    for side in s.pick((-1, 1), (1, -1)):
        y = side * gap
        lobe = s.bar(bread, -length, y, length, y, r)
        if finish == "light":
            y += side * 0.5 * r
            s.bar("cream", -0.6, y, 0.5, y, 0.03, within=lobe)
        elif finish == "seeds":
            s.dots("cream", s.j(0.12, 0.2), 0.025, turn=s.j(0, 90), within=lobe + 0.05)
        elif finish == "stripes":
            s.stripes("crust", s.j(0.2, 0.35), 0.35, turn=s.j(-15, 15), within=lobe + 0.03)


def _sauce(s: Sketch, half: float, r: float) -> None:
    """Mustard, ketchup or mayonnaise along x: zigzag, wave or straight line."""
    colour, amp = s.pick("mustard", "mustard", "ketchup", "cream"), s.pick(0.1, 0.4, 0.55, 0.7) * r
    thin = s.j(0.025, 0.05)
    s.wave(colour, s.j(-0.03, 0.03), half, thin, amp, s.pick(3, 4, 5), s.maybe(), line=False)


def _topping(s: Sketch, half: float, r: float) -> None:
    """Sauce, or two; bits of onion, relish, cheese or tomato; a cover of chili or cheese."""
    kind = s.pick("sauce", "sauce", "two", "bits", "both", "cover")
    if kind == "cover":
        colour, amp = s.pick("cheese", "choco", "jam", "cream"), s.j(0.1, 0.3) * r
        s.wave(colour, 0, 0.9 * half, s.j(0.6, 0.9) * r, amp, s.pick(3, 4, 5), line=False)
    if kind in ("sauce", "two", "both"):
        _sauce(s, half, r)
    if kind == "two":
        _sauce(s, half, r)
    if kind in ("bits", "both", "cover"):
        colour, size = s.pick("onion", "leaf", "cheese", "tomato", "cream"), s.j(0.025, 0.05)
        place = s.box(None, 0, 0, half, s.j(0.5, 0.9) * r)
        s.dots(colour, s.j(2.4, 3.2) * size, size, turn=s.j(10, 80), within=place)


def hotdog(s: Sketch) -> None:
    """Two lobes, a sausage between, maybe mustard; sometimes the near lobe hides a part."""
    s.bend(s.j(-0.3, 0.3))
    length, r = s.j(0.58, 0.74), s.j(0.13, 0.21)
    gap, reach = s.j(0.16, 0.25), s.j(-0.05, 0.22)
    if s.maybe(0.12):
        s.box(s.pick("paper", "white", "red", "silver"), 0, 0.05, 0.9, 0.5, soft=0.05)
    _lobes(s, length, gap, s.j(0.17, 0.25))
    if s.maybe(0.2):
        s.wave("lettuce", 0.8 * r, length, 0.09, 0.05, 6)
    s.bar(s.pick("sausage", "sausage", "wurst"), -length - reach, 0, length + reach, 0, r)
    if s.maybe(0.7):
        _topping(s, length, r)
    if s.maybe(0.35):
        low = gap + s.j(0.04, 0.12)
        s.bar("bun", -length, low, length, low, s.j(0.14, 0.2))


def open_bun(s: Sketch) -> None:
    """A long bun, cut open and empty."""
    s.bend(s.j(-0.3, 0.3))
    gap = s.j(0.14, 0.24)
    _lobes(s, s.j(0.6, 0.74), gap, s.j(0.19, 0.28))
    s.wave("crust", 0, 0.75, s.j(0.02, 0.05), 0.02, 2, line=False)


def stuffed_bun(s: Sketch) -> None:
    """A long bun with anything in it but a sausage."""
    s.bend(s.j(-0.3, 0.3))
    length, r, gap = s.j(0.58, 0.74), s.j(0.13, 0.2), s.j(0.16, 0.24)
    _lobes(s, length, gap, s.j(0.17, 0.25))
    filling, end = s.pick("cucumber", "carrot", "banana", "lettuce", "egg"), length + s.j(0, 0.2)
    if filling == "lettuce":
        s.wave("lettuce", 0, length, s.j(0.08, 0.14), 0.05, s.pick(5, 6, 7))
        s.dots("tomato", 0.3, 0.07, turn=s.j(0, 90), within=s.box(None, 0, 0, length, r))
    elif filling == "egg":
        for x in (-0.45, 0.0, 0.45):
            s.put("cheese", s.disc("white", x, 0, 0.2) + 0.1, line=False)
    else:
        tip = {"cucumber": 1.0, "carrot": 0.3, "banana": 0.5}[filling] * r
        s.bar(filling, -end, 0, end, 0, r, tip)
    if s.maybe(0.35):
        _sauce(s, length, r)


BUNS = (hotdog, open_bun, stuffed_bun)
