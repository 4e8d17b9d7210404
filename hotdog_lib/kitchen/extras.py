"""Small things that stand around the food: clutter that tells nothing."""

import math

from .grounds import ceramic
from .paint import Material, pick, rgb
from .shapes import Source, circle, convex
from .solids import globe, slab, tube
from .stage import Place, Stage
from .strokes import chain, pebbles


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
    shape = lambda g: convex(g, blade)  # noqa: E731
    slab(stage, shape, place.at(0, 0, 0.03), 0.7, metal, angle=place.angle, scale=k)


def cup(stage: Stage, rng: Source, place: Place) -> None:
    """A mug or glass from above, with something in it."""
    glaze, k, r = ceramic(rng), place.scale, rng.uniform(0.2, 0.26)
    drink = pick(rng, ("#3a1d0c", "#d98b1e", "#7a1f1a", "#e8d9b0", "#5f8f3a"))
    steps = 2 + int(4 * stage.camera.tilt)
    for i in range(steps):
        up = place.at(0, 0, 0.36 * i / (steps - 1))
        slab(stage, lambda g: circle(g, r), up, r, glaze, scale=k, bevel=0.02)
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
    points = [place.at(rng.normal(0, 0.13), rng.normal(0, 0.13), 0.02) for _ in range(10)]
    pebbles(stage, points, [rng.uniform(0.06, 0.1) * place.scale for _ in points], leaf)
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
