"""Toppings: lines of sauce and loose bits, on hot dogs and on everything else."""

import math
from collections.abc import Callable

from .paint import Material, pick
from .parts import Body
from .shapes import Source
from .stage import Place, Stage
from .strokes import chain

SAUCES = {
    "mustard": ("#e3b21c", "#d99f12", "#f0c63a"),
    "ketchup": ("#b51d12", "#c42a1a", "#9c150e"),
    "mayo": ("#f3ead0", "#efe3bd"),
    "chocolate": ("#3b1d10", "#4a2715"),
    "icing": ("#f6f1ea", "#f2b8c6", "#d9e8b0"),
}


def squiggle(
    stage: Stage,
    rng: Source,
    place: Place,
    body: Body,
    sauce: str,
    *,
    top: Callable[[float], float] | None = None,
    width: float | None = None,
    phase: float = 0.0,
) -> None:
    """A zigzag or wavy line of sauce along the top; `top`: height at a sideways offset."""
    material = Material(pick(rng, SAUCES[sauce], 0.08), gloss=0.45, sharp=50)
    turns = rng.choice((5, 6, 7, 8, 9)) if rng.chance(0.85) else 1
    swing = (width or body.core) * rng.uniform(0.45, 0.75) * (1 if turns > 1 else 0.15)
    reach, steps = body.half * rng.uniform(0.78, 0.98), turns * 4 if turns > 1 else 8
    thick = rng.uniform(0.022, 0.036)
    top = top or (lambda y: body.rise + math.sqrt(max(body.core**2 - y * y, 0.0)))
    points, radii = [], []
    for i in range(steps + 1):
        a = -reach + 2 * reach * i / steps
        y = swing * math.sin(math.pi * turns * i / steps + phase)
        points.append(place.at(a, y + body.off(a), top(y) + thick * 0.4))
        radii.append(thick * rng.uniform(0.85, 1.15) * place.scale)
    chain(stage, points, radii, material, lift=0.01)


def bits(
    stage: Stage,
    rng: Source,
    place: Place,
    body: Body,
    codes: tuple[str, ...],
    *,
    count: int = 18,
    size: float = 0.022,
    length: float = 0.0,
    gloss: float = 0.3,
) -> None:
    """Loose pieces heaped along the top: onions, relish, kraut, cheese shreds."""
    points = []
    for _ in range(count):
        a = rng.uniform(-0.92, 0.92) * body.half
        y = rng.normal(0, body.core * 0.55)
        z = body.rise + math.sqrt(max(body.core**2 - y * y, 0)) + size * rng.uniform(0.2, 0.9)
        turn, reach = rng.uniform(0, math.tau), max(length, size * 0.3)
        dx, dy = reach * math.cos(turn), reach * math.sin(turn)
        points += [place.at(a - dx, y - dy + body.off(a), z)]
        points += [place.at(a + dx, y + dy + body.off(a), z - 0.4 * abs(dy))]
    material = Material(pick(rng, codes, 0.1), gloss=gloss, sharp=40, mottle=0.5, grain=0.4)
    chain(stage, points, size * place.scale, material, loose=True, lift=0.01)
