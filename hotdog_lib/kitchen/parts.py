"""Buns, sausages and what goes on top: the hot dog's parts, shared with its look-alikes."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .paint import Colour, Material, bars, facing, mix, pick, rgb, spots, vary
from .shapes import Source, number
from .solids import tube
from .stage import Place, Stage
from .strokes import chain

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

    @property
    def wide(self) -> float:
        """Half the width of the whole food."""
        return max(self.gap + self.lobe, self.core)

    def but(self, **changes: float) -> "Body":
        """A copy with other measures."""
        return replace(self, **changes)


@dataclass(frozen=True)
class Kind:
    """One kind of picture. draw(stage, rng, place, facts) puts one of it on the stage.

    It returns the measures of a long food (for paper sleeves and hands) or None. solo: draws
    the whole scene by itself, without carrier and clutter; long: several lie side by side;
    share: how often, against others.
    """

    name: str
    draw: "Draw"
    positive: bool = False
    solo: bool = False
    long: bool = True
    share: float = 1.0


Draw = Callable[[Stage, Source, Place, dict], "Body | None"]


def bar(
    stage: Stage,
    place: Place,
    body: Body,
    radius: float | tuple[float, float, float],
    height: float,
    material: Material,
    *,
    across: float = 0.0,
    over: float = 0.0,
    profile=None,
    keep=None,
    lift: float = 0.0,
) -> None:
    """A tube along the body's bent spine; `over`: how much longer than the bun at each end."""
    h = body.half + over
    radii = radius if isinstance(radius, tuple) else (radius,) * 3
    tube(
        stage,
        place.at(-h, across + body.off(-h), height),
        place.at(h, across + body.off(h), height),
        tuple(r * place.scale for r in radii),
        material,
        middle=place.at(0, across + body.off(0), height),
        profile=profile,
        keep=keep,
        lift=lift,
    )


def rounded(amount: float):
    """A profile that gets thinner by `amount` towards both ends."""

    def profile(t: Tensor) -> Tensor:
        t2 = t.square()
        return torch.addcmul(number(1.0), t2, t2, value=-amount)

    return profile


def crust(rng: Source, codes=CRUSTS) -> Colour:
    """A colour of baked crust."""
    return pick(rng, codes, 0.1)


def lobe(stage: Stage, place: Place, body: Body, side: float, skin: Material, pale: Colour) -> None:
    """One half of a split bun; the side towards the filling shows the crumb."""
    inward = stage.camera.rotate(
        (math.sin(place.angle) * side, -math.cos(place.angle) * side, 0.45)
    )
    material = skin.but(layers=(*skin.layers, (facing(inward, 0.62, 0.85), pale)))
    across, height = side * body.gap, body.lobe * 0.85
    bar(stage, place, body, body.lobe, height, material, across=across, profile=rounded(0.16))


def bun(
    stage: Stage, rng: Source, place: Place, body: Body, style: str = "soft", hollow: bool = False
) -> None:
    """A split bun with its seam open: two lobes, and if `hollow` the hinge between them."""
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
    if hollow:
        hinge = Material(pale, gloss=0.02, grain=0.3)
        bar(stage, place, body, body.lobe * 0.75, body.lobe * 0.6, hinge, over=-0.04)
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
    skin = material or sausage_skin(rng)
    bar(stage, place, body, body.core, body.rise, skin, over=over, profile=rounded(0.1))
