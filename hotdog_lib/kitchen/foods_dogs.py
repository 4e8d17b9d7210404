"""Buns, sausages and what goes on top: the hot dog's parts, shared with its look-alikes."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from .paint import Colour, Material, bars, facing, mix, pick, rgb, spots, vary
from .shapes import Source
from .solids import chain, tube
from .stage import Place, Stage

CRUSTS = ("#d99a4e", "#c98640", "#e0ab62", "#b8722f", "#cf9350")
CRUMBS = ("#f3dfb4", "#f7e8c6", "#efd5a0")
SAUSAGES = ("#a8432a", "#b9512f", "#8f3a24", "#c4623c", "#9c4a34", "#b5695a", "#7d3420")


@dataclass(frozen=True)
class Body:
    """The measures that the parts of one long food share (its own unit; length about 1.4)."""

    half: float = 0.62  # half length of the bun's spine
    bend: float = 0.0  # how far the middle is off the line between the ends
    lobe: float = 0.15  # radius of a bun's lobe
    gap: float = 0.145  # distance of the lobes from the middle line
    core: float = 0.1  # radius of the filling
    rise: float = 0.2  # height of the filling's middle

    def off(self, along: float) -> float:
        """Sideways offset of the bent spine."""
        return self.bend * (1 - (along / self.half) ** 2)


def crust(rng: Source, codes=CRUSTS) -> Colour:
    """A colour of baked crust."""
    return pick(rng, codes, 0.1)


def lobe(stage: Stage, place: Place, body: Body, side: float, skin: Material, pale: Colour) -> None:
    """One half of a split bun; the side towards the filling shows the crumb."""
    inward = stage.camera.rotate(
        (math.sin(place.angle) * side, -math.cos(place.angle) * side, 0.45)
    )
    material = skin.but(layers=(*skin.layers, (facing(inward, 0.62, 0.85), pale)))
    y, h = side * body.gap, body.half
    up = body.lobe * 0.85
    tube(
        stage,
        place.at(-h, y + body.off(-h), up),
        place.at(h, y + body.off(h), up),
        body.lobe * place.scale,
        material,
        middle=place.at(0, y + body.off(0), up),
        profile=lambda t: 1 - 0.16 * t.square() * t.square(),
    )


def bun(stage: Stage, rng: Source, place: Place, body: Body, style: str = "soft") -> None:
    """A split bun with its seam open: two lobes and the hinge between them."""
    colour, pale = crust(rng), pick(rng, CRUMBS, 0.05)
    if style == "pretzel":
        colour = pick(rng, ("#7a3f1c", "#6b3315"), 0.1)
    elif style == "white":
        colour = pick(rng, ("#efd9ae", "#f0dfbf"), 0.05)
    up = stage.camera.rotate((0.0, 0.0, 1.0))
    browned = (facing(up, 0.55, 1.0), mix(colour, rgb("#a35a1f"), 0.35))
    skin = Material(colour, (browned,), gloss=0.1, sharp=14, grain=0.12, mottle=0.2)
    if style == "toasted":
        skin = skin.but(layers=(browned, (bars(9, 0.25), mix(colour, rgb("#4a2410"), 0.7))))
    h = body.half * 0.94
    hinge = Material(pale, gloss=0.02, grain=0.3)
    tube(
        stage,
        place.at(-h, body.off(-h), body.lobe * 0.6),
        place.at(h, body.off(h), body.lobe * 0.6),
        body.lobe * 0.75 * place.scale,
        hinge,
        middle=place.at(0, body.off(0), body.lobe * 0.6),
    )
    for side in (-1.0, 1.0):
        lobe(stage, place, body, side, skin, pale)
    if style == "seeded":
        seeds(stage, rng, place, body)


def seeds(stage: Stage, rng: Source, place: Place, body: Body) -> None:
    """Poppy or sesame seeds on both lobes."""
    colour = rgb(rng.choice(("#2d2a33", "#f0e2bd")))
    points = []
    for _ in range(26):
        a, side, lean = rng.uniform(-1, 1) * body.half, rng.choice((-1, 1)), rng.uniform(-0.4, 1)
        y = side * (body.gap + body.lobe * math.sin(lean) * 0.98)
        z = body.lobe * (0.85 + math.cos(lean) * 0.98)
        turn = rng.uniform(0, 3.1)
        for end in (-1, 1):
            shift = 0.009 * end
            points.append(
                place.at(a + shift * math.cos(turn), y + body.off(a) + shift * math.sin(turn), z)
            )
    chain(stage, points, 0.011 * place.scale, Material(colour, gloss=0.2), loose=True)


def sausage_skin(rng: Source) -> Material:
    """A glossy casing, sometimes with grill marks or blisters."""
    colour = vary(rng, rgb(rng.choice(SAUSAGES)), 0.12)
    dark, layers = mix(colour, rgb("#1e0c06"), 0.75), ()
    if rng.chance(0.4):
        layers = ((bars(rng.randint(7, 12), 0.2, rng.uniform(0.2, 0.6)), dark),)
    elif rng.chance(0.3):
        layers = ((spots(0.22, 0.12, 2), dark),)
    return Material(colour, layers, gloss=rng.uniform(0.3, 0.7), sharp=45, mottle=0.15)


def sausage(
    stage: Stage,
    rng: Source,
    place: Place,
    body: Body,
    material: Material | None = None,
    over: float = 0.1,
) -> None:
    """The sausage; `over`: how far it sticks out of the bun at each end."""
    h = body.half + over
    tube(
        stage,
        place.at(-h, body.off(-h), body.rise),
        place.at(h, body.off(h), body.rise),
        body.core * place.scale,
        material or sausage_skin(rng),
        middle=place.at(0, body.off(0), body.rise),
        profile=lambda t: 1 - 0.1 * t.square() * t.square(),
    )


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
