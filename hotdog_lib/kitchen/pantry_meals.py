"""Pantry drawings: the rest of the menu, round food, fruit and sweets."""

from __future__ import annotations

from .pantry_shapes import Sketch


def burger(s: Sketch) -> None:
    """A round burger from the side."""
    s.box("bun", 0, 0.5, 0.75, 0.2, soft=0.16)
    layers = s.mix("steak", "cheese", "tomato", "lettuce")
    for k, layer in enumerate(layers):
        amp = 0.05 if layer == "lettuce" else 0.01
        s.wave(layer, 0.28 - 0.13 * k, s.j(0.78, 0.9), 0.075, amp, 4)
    lid = s.oval("bun", 0, -0.2, 0.8, s.j(0.5, 0.65), cut=s.box(None, 0, 0.45, 2, 0.63), line=True)
    s.dots("cream", 0.26, 0.035, turn=10, within=lid + 0.1)


def pizza(s: Sketch) -> None:
    """A slice or a whole pizza with salami and basil."""
    if s.maybe():
        s.disc("crust", 0, 0, 0.98)
        top = s.disc("cheese", 0, 0, 0.83, line=False)
        spots = [(0.45, 0.1), (-0.4, 0.3), (-0.1, -0.5), (0.1, 0.5), (-0.5, -0.25), (0.4, -0.4)]
        if s.maybe(0.4):
            s.stripes("crust", 0.99, 0.03, within=top)
    else:
        top = s.poly("cheese", (-0.65, -0.6), (0.65, -0.6), (0, 1.05))
        s.bar("crust", -0.68, -0.65, 0.68, -0.65, 0.14)
        spots = [(-0.25, -0.3), (0.28, -0.25), (0.02, 0.15), (0, 0.6)]
    for k, (x, y) in enumerate(spots):
        if s.maybe(0.85):
            s.disc("ketchup" if k % 3 else "leaf", x, y, 0.15, within=top, line=True)


def taco(s: Sketch) -> None:
    """A folded shell with filling above its edge."""
    floor = s.box(None, 0, 0.95, 2, 0.45)
    for k in range(7):
        u = k / 3 - 1
        colour = ("lettuce", "tomato", "cheese", "steak")[k % 4]
        s.disc(colour, 0.72 * u, 0.25 - 0.72 * (1 - u * u) ** 0.5, s.j(0.16, 0.24))
    shell = s.disc(s.pick("corn", "fried"), 0, 0.5, 0.9, cut=floor, line=True)
    s.dots("toast", 0.25, 0.03, turn=25, within=shell + 0.1)


def doughnut(s: Sketch) -> None:
    """A ring with icing and sprinkles."""
    hole = s.disc(None, 0, 0, s.j(0.22, 0.32))
    s.disc("bun", 0, 0, 0.92, cut=hole, line=True)
    icing = s.star(
        s.pick("pink", "choco", "cream", "sky"), 0, 0, 0.77, 9, 0.04, cut=hole - 0.06, line=True
    )
    for k, colour in enumerate(("mustard", "white", "leaf", "blue")):
        s.dots(colour, 0.42, 0.04, turn=20 + 70 * k, within=icing + 0.03)


def sushi(s: Sketch) -> None:
    """A maki from above or nigiri with fish on rice."""
    if s.maybe():
        s.disc("seaweed", 0, 0, 0.85)
        rice = s.disc("white", 0, 0, 0.7, line=False)
        s.dots("paper", 0.2, 0.05, turn=30, within=rice)
        s.disc("salmon", -0.1, 0.02, 0.26)
        s.box("lettuce", 0.2, 0.05, 0.14, 0.2, soft=0.04)
    else:
        s.box("white", 0, 0.2, 0.8, 0.32, soft=0.2)
        fish = s.box(s.pick("salmon", "salmon", "pink"), 0, -0.12, 0.92, 0.25, soft=0.18)
        s.stripes("cream", 0.25, 0.2, turn=-30, within=fish)
        if s.maybe():
            s.box("seaweed", 0, 0.02, 0.14, 0.47)


def ice_cream(s: Sketch) -> None:
    """Scoops on a waffle cone."""
    cone = s.poly("toast", (-0.42, 0.05), (0.42, 0.05), (0, 1.1))
    s.stripes("crust", 0.2, 0.16, turn=35, within=cone)
    s.stripes("crust", 0.2, 0.16, turn=-35, within=cone)
    flavours = s.mix("pink", "cream", "choco", "lime", "sky")
    for k, (x, y) in enumerate(s.pick([(0, -0.3)], [(-0.22, -0.15), (0.24, -0.15), (0, -0.6)])):
        s.disc(flavours[k], x, y, 0.46 if k == 0 and y < -0.2 else 0.36)
    if s.maybe():
        s.disc("ketchup", 0, -0.9, 0.13)


def popsicle(s: Sketch) -> None:
    """A bar of ice on a stick."""
    s.box("wood", 0, 0.85, 0.09, 0.3, soft=0.08)
    body = s.box(s.pick("pink", "carrot", "choco", "sky", "lime"), 0, -0.15, 0.42, 0.8, soft=0.38)
    if s.maybe():
        s.box(s.pick("cream", "choco", "ketchup"), 0, -0.75, 0.6, 0.5, within=body)
    for x in (-0.16, 0.16):
        s.bar("cream", x, -0.5, x, 0.3, 0.04, within=body)


def cake(s: Sketch) -> None:
    """A layered slice or a whole cake with candles."""
    top, sponge = s.pick("pink", "choco", "cream"), s.pick("bun", "choco", "cream")
    body = s.box(sponge, 0, 0.3, 0.85, 0.5, soft=0.06)
    s.wave("cream", 0.35, 0.9, 0.06, 0.01, 2, within=body)
    s.wave(top, -0.12, 0.85, 0.15, 0.06, 4)
    for x in s.pick((0,), (-0.4, 0, 0.4), (-0.5, -0.17, 0.17, 0.5)):
        if s.maybe(0.8):
            s.box(s.pick("sky", "ketchup", "white"), x, -0.5, 0.05, 0.26)
            s.lens("mustard", x, -0.88, 0.14, 0.07, turn=90)
        else:
            s.disc("ketchup", x, -0.35, 0.13)


def apple(s: Sketch) -> None:
    """An apple with a stalk and a leaf."""
    colour = s.pick("ketchup", "ketchup", "lettuce", "mustard")
    s.bar("choco", 0, -0.5, 0.1, -0.95, 0.05)
    s.lens("leaf", 0.36, -0.8, 0.28, 0.12, turn=-20)
    left, right = s.disc(None, -0.27, 0.12, 0.63), s.disc(None, 0.27, 0.12, 0.63)
    body = s.put(colour, left.minimum(right))
    s.oval("white", -0.5, -0.1, 0.09, 0.2, turn=25, within=body)


def pear(s: Sketch) -> None:
    """A pear."""
    s.bar("choco", 0, -0.7, 0.08, -1.05, 0.045)
    s.lens("leaf", 0.3, -0.9, 0.25, 0.1, turn=-15)
    body = s.bar(s.pick("lime", "mustard", "lettuce"), 0, 0.35, 0, -0.5, s.j(0.56, 0.64), 0.26)
    s.dots("leaf", 0.3, 0.025, turn=30, within=body + 0.1)


def fried_egg(s: Sketch) -> None:
    """White with a yolk."""
    s.star("white", 0, 0, s.j(0.75, 0.85), s.pick(3, 4, 5), s.j(0.06, 0.14), turn=s.j(0, 90))
    x, y = s.j(-0.2, 0.2), s.j(-0.2, 0.2)
    yolk = s.disc("mustard", x, y, s.j(0.3, 0.38))
    s.oval("white", x - 0.12, y - 0.14, 0.1, 0.05, turn=-40, within=yolk)


def cheese(s: Sketch) -> None:
    """A wedge with holes."""
    s.poly("banana", (-0.95, -0.1), (0.5, -0.65), (0.95, -0.1))
    face = s.box("mustard", 0, 0.25, 0.95, 0.37)
    for x, y, r in ((-0.55, 0.2, 0.16), (0.05, 0.4, 0.13), (0.5, 0.1, 0.2), (-0.15, 0.02, 0.08)):
        s.disc("crust", x + s.j(-0.1, 0.1), y, r, within=face, line=True)


def fries(s: Sketch) -> None:
    """Chips in a paper bag."""
    for k in range(7):
        x = -0.54 + 0.18 * k
        s.box(s.pick("banana", "corn"), x * 1.15, -0.3, 0.085, s.j(0.4, 0.62), turn=20 * x)
    bag = s.poly(
        s.pick("ketchup", "ketchup", "blue", "white"), (-0.7, 0), (0.7, 0), (0.5, 1), (-0.5, 1)
    )
    s.disc(s.pick("mustard", "white"), 0, 0.45, 0.2, within=bag)


def pretzel(s: Sketch) -> None:
    """A knotted bread."""
    dough, r = s.pick("crust", "toast"), s.j(0.1, 0.13)
    s.arc(dough, -0.4, -0.15, 0.42, 60, 330, r)
    s.arc(dough, 0.4, -0.15, 0.42, -150, 120, r)
    s.path(dough, [(-0.2, 0.2), (0, 0.45), (0.5, 0.72)], r)
    s.path(dough, [(0.2, 0.2), (0, 0.45), (-0.5, 0.72)], r)
    s.arc(dough, 0, 0.0, 0.78, 40, 140, r)
    s.dots(
        "white", 0.3, 0.03, turn=20, within=s.parts[0].distance.minimum(s.parts[1].distance) + 0.04
    )


def strawberry(s: Sketch) -> None:
    """A red heart with seeds."""
    body = s.put("ketchup", s.bar(None, 0, -0.2, 0, 0.75, 0.62, 0.12))
    s.dots("mustard", 0.26, 0.035, turn=5, within=body + 0.08)
    s.star("leaf", 0, -0.72, 0.28, 5, 0.16, turn=18)


def watermelon(s: Sketch) -> None:
    """A half slice."""
    cut = s.box(None, 0, -0.8, 2, 0.5)
    s.disc("leaf", 0, -0.3, 0.98, cut=cut, line=True)
    s.disc("lime", 0, -0.3, 0.86, cut=cut)
    flesh = s.disc("ketchup", 0, -0.3, 0.78, cut=cut)
    s.dots("black", 0.3, 0.05, turn=s.j(0, 60), within=flesh + 0.1)


def citrus(s: Sketch) -> None:
    """A slice of orange or lemon."""
    colour = s.pick("carrot", "mustard", "lime")
    s.disc(colour, 0, 0, 0.9)
    s.disc("cream", 0, 0, 0.79, line=False)
    n, turn = s.pick(8, 10), s.j(0, 40)
    flesh = s.disc(None, 0, 0, 0.72)
    for k in range(n // 2):
        s_turn = turn + 360 * k / n
        gap = s.box(None, 0, 0, 1, 0.035, turn=s_turn)
        flesh = flesh.maximum(-gap)
    s.put(colour, flesh, line=False)


def grapes(s: Sketch) -> None:
    """A bunch."""
    colour = s.pick("purple", "lime")
    s.bar("choco", 0, -0.6, 0.05, -1.0, 0.05)
    s.lens("leaf", 0.35, -0.8, 0.35, 0.17, turn=-15)
    for row, count in enumerate((4, 3, 3, 2, 1)):
        for k in range(count):
            s.disc(colour, 0.36 * (k - (count - 1) / 2) + s.j(-0.04, 0.04), -0.5 + 0.32 * row, 0.21)


def cookie(s: Sketch) -> None:
    """A biscuit with chocolate chips, sometimes bitten."""
    bite = s.disc(None, 0.8, -0.6, 0.4) if s.maybe(0.4) else None
    body = s.disc(s.pick("toast", "bun"), 0, 0, 0.9, cut=bite, line=True)
    for _ in range(7):
        s.disc("choco", s.j(-0.6, 0.6), s.j(-0.6, 0.6), s.j(0.08, 0.14), within=body)


def toast(s: Sketch) -> None:
    """A slice of bread, maybe with jam or butter."""
    crust = s.box(None, 0, 0.15, 0.68, 0.72, soft=0.1).minimum(
        s.box(None, 0, -0.5, 0.82, 0.32, soft=0.3)
    )
    s.put("crust", crust)
    s.put(s.pick("cream", "toast"), crust + 0.1, line=False)
    spread = s.pick("butter", "jam", "none")
    if spread == "butter":
        s.box("banana", s.j(-0.2, 0.2), 0.1, 0.22, 0.2, soft=0.04, turn=s.j(0, 90))
    elif spread == "jam":
        s.star("jam", 0, 0.05, 0.42, 5, 0.08, line=False)


def lollipop(s: Sketch) -> None:
    """A round sweet on a stick."""
    s.bar("white", 0, 0.2, 0, 1.1, 0.05)
    colour = s.pick("pink", "ketchup", "sky", "mustard")
    body = s.disc(colour, 0, -0.35, 0.62)
    for radius in (0.16, 0.36, 0.54):
        s.arc("white", 0.03, -0.35, radius, s.j(0, 90), s.j(270, 350), 0.05, within=body)


def cherry(s: Sketch) -> None:
    """Two cherries on stalks."""
    for x, y in ((-0.42, 0.45), (0.45, 0.55)):
        s.path("leaf", [(x, y - 0.2), (0.4 * x + 0.05, -0.3), (0.15, -0.85)], 0.04)
        body = s.disc(s.pick("ketchup", "jam"), x, y, s.j(0.34, 0.42))
        s.disc("white", x - 0.13, y - 0.13, 0.07, within=body)
    s.lens("leaf", 0.45, -0.75, 0.36, 0.15, turn=15)


MEALS = (
    burger, pizza, taco, doughnut, sushi, ice_cream, popsicle, cake, apple, pear, fried_egg,
    cheese, fries, pretzel, strawberry, watermelon, citrus, grapes, cookie, toast, lollipop, cherry,
)  # fmt: skip
