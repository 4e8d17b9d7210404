"""Breads and pastries that look like a hot dog without being one."""

import torch

from .foods_dogs import measures
from .paint import Material, bars, facing, mix, pick, ramp, rgb, spots
from .parts import Body, Kind, bar, bun, crust, rounded, sausage
from .sauces import bits, squiggle
from .shapes import Grid, Source, box, circle
from .solids import slab, tube
from .stage import Place, Stage
from .strokes import chain

STYLES = ("soft", "soft", "seeded", "toasted", "white", "pretzel")


def _empty_bun(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
    """A split bun with nothing in it but, now and then, a line of sauce."""
    body = measures(rng)
    body = body.but(gap=body.gap * 0.9, rise=0.13)
    bun(stage, rng, place, body, rng.choice(STYLES), hollow=True)
    if rng.chance(0.5):
        name = rng.choice(("mustard", "ketchup", "mayo"))
        squiggle(stage, rng, place, body, name, top=lambda y: 0.2 + y * y * 4, width=0.06)
        facts["topping"] = name
    return body


def _apart(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
    """A bun and a sausage beside it: the parts of a hot dog, not put together."""
    body = measures(rng, half=0.52)
    bun(stage, rng, place.sub(0, 0.2, 0), body.but(gap=body.gap * 0.85), rng.choice(STYLES), True)
    low = body.but(rise=body.core)
    sausage(stage, rng, place.sub(0, -0.28, 0, rng.normal(0, 0.1)), low, over=0.08)
    if rng.chance(0.5):
        squiggle(stage, rng, place.sub(0, -0.28, 0), low, rng.choice(("mustard", "ketchup")))
    return body.but(gap=0.3)


def _bun_with(filling) -> "object":
    def draw(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
        body = measures(rng)
        bun(stage, rng, place, body, rng.choice(STYLES))
        filling(stage, rng, place, body)
        if rng.chance(0.5):
            name = rng.choice(("mustard", "ketchup", "mayo"))
            squiggle(stage, rng, place, body, name)
            facts["topping"] = name
        return body

    return draw


def _carrot(stage: Stage, rng: Source, place: Place, body: Body) -> None:
    orange = Material(
        pick(rng, ("#e2731d", "#d9641a", "#ea8a34")),
        ((bars(22, 0.12, 0.1, 0.2), rgb("#b4520f")),),
        gloss=0.15,
    )
    r = body.core * 1.15
    bar(stage, place, body, (r, r * 0.72, r * 0.22), body.rise, orange, over=0.12)
    leaf = Material(pick(rng, ("#4f8a2f", "#6aa53f")), mottle=0.4)
    end, points = -body.half - 0.1, []
    for spread in (-0.12, -0.05, 0.03, 0.1):
        points += [
            place.at(end, body.off(end), body.rise),
            place.at(end - 0.2, body.off(end) + spread, body.rise + 0.06),
        ]
    chain(stage, points, 0.022 * place.scale, leaf, loose=True)


def _cucumber(stage: Stage, rng: Source, place: Place, body: Body) -> None:
    green = Material(
        pick(rng, ("#3f7a33", "#2f6a2c", "#5a9a45")),
        ((spots(0.2, 0.1, 0), rgb("#8fbf6a")),),
        gloss=0.35,
        sharp=40,
        bump=0.3,
    )
    bar(stage, place, body, body.core * 1.1, body.rise, green, over=0.08)
    pale = Material(rgb("#d9e8b0"), gloss=0.3)
    for end in (-1, 1):
        at = end * (body.half + 0.09)
        face = place.sub(at, body.off(at), body.rise)
        bar(stage, face, Body(half=0.012), body.core * 0.98, 0.0, pale)


def _banana_in(stage: Stage, rng: Source, place: Place, body: Body) -> None:
    yellow = Material(pick(rng, ("#ecc93f", "#f1dc86")), ((spots(0.3, 0.1, 2), rgb("#6b4a1c")),))
    r = body.core
    bar(stage, place, body, (r * 0.5, r * 1.1, r * 0.5), body.rise, yellow, over=0.12)


def _salad(stage: Stage, rng: Source, place: Place, body: Body) -> None:
    bits(stage, rng, place, body, ("#6fa53a", "#8fbf4d"), count=22, size=0.05, gloss=0.1)
    bits(stage, rng, place, body, ("#c8321f", "#f0e6c8"), count=7, size=0.05)


def _submarine(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
    """A long sandwich: bottom, leaves, slices, lid. Seen from above the lid hides most."""
    body = Body(half=rng.uniform(0.54, 0.64), gap=0.06, lobe=0.2, core=0.2, rise=0.26)
    colour, pale = crust(rng), rgb("#f0ddb0")
    skin = Material(colour, gloss=0.1, grain=0.15, mottle=0.25)
    bar(stage, place, body, 0.17, 0.13, skin.but(layers=()), profile=rounded(0.15))
    leaf = Material(pick(rng, ("#6fa53a", "#8fbf4d", "#4f8a34")), bump=0.8, mottle=0.5)
    hx = body.half + 0.12
    wave = lambda g: box(g, hx, 0.225, 0.08) + 0.015 * torch.sin(g.x * 31 + g.y * 9)  # noqa: E731
    slab(stage, wave, place.at(0, 0, 0.2), 0.85, leaf, angle=place.angle, scale=place.scale)
    _slices(stage, rng, place, body)
    lid = place.sub(0, rng.choice((-1, 1)) * rng.uniform(0.03, 0.09), 0.0)
    bar(stage, lid, body, 0.165, 0.3, skin, profile=rounded(0.18))
    slashes = rng.randint(3, 5)
    for i in range(slashes):
        a = body.half * (2 * (i + 0.5) / slashes - 1)
        cut = [lid.at(a - 0.07, -0.07, 0.445), lid.at(a + 0.07, 0.07, 0.445)]
        chain(stage, cut, 0.022 * place.scale, Material(mix(pale, colour, 0.3)))
    facts["topping"] = "salad and slices"
    return body


def _slices(stage: Stage, rng: Source, place: Place, body: Body) -> None:
    """Tomato, ham and cheese along a sandwich, sticking out at the sides."""
    codes = ("#c8321f", "#e7a79a", "#f0c64a", "#e9dfc0")
    for i in range(rng.randint(4, 6)):
        a = body.half * (rng.uniform(-0.15, 0.15) + 0.36 * i - 0.85)
        side = rng.choice((-1, 1)) * rng.uniform(0.06, 0.1)
        flat, r = Material(pick(rng, codes), gloss=0.3, sharp=50), rng.uniform(0.13, 0.16)
        shape = lambda g, r=r: circle(g, r)  # noqa: E731
        spot = place.at(a, side, 0.22 + 0.01 * i)
        slab(stage, shape, spot, r, flat, scale=place.scale, bevel=0.03)


def _eclair(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
    """Choux pastry with glaze, often with a zigzag of icing."""
    body = Body(half=rng.uniform(0.48, 0.6), bend=rng.normal(0, 0.03), gap=0.03, lobe=0.17)
    body = body.but(core=0.15, rise=0.19)
    dough = Material(pick(rng, ("#cf9350", "#c07f3c", "#dba965")), grain=0.2, mottle=0.3)
    bar(stage, place, body, 0.185, 0.17, dough, profile=rounded(0.1))
    glaze = Material(
        pick(rng, ("#3b1d10", "#5a2d18", "#8a4a24", "#f2e3d0", "#e7a0b0")), gloss=0.6, sharp=70
    )
    bar(stage, place, body, 0.15, 0.235, glaze, over=-0.05, profile=rounded(0.12))
    if rng.chance(0.75):
        name = rng.choice(("icing", "chocolate", "mustard"))
        squiggle(stage, rng, place, body, name, top=lambda y: 0.385 - 3 * y * y, width=0.1)
        facts["topping"] = name
    return body


def _baguette(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
    """A long loaf with slanted slashes."""
    body = Body(half=rng.uniform(0.66, 0.78), bend=rng.normal(0, 0.03), gap=0, lobe=0.16)
    colour = crust(rng)
    slash = (bars(rng.randint(5, 7), 0.12, rng.uniform(0.25, 0.45), 0.3), rgb("#f0dcae"))
    skin = Material(colour, (slash,), gloss=0.08, grain=0.2, mottle=0.4)
    r = rng.uniform(0.14, 0.18)
    bar(stage, place, body, (r * 0.6, r, r * 0.6), r * 0.9, skin)
    return body.but(lobe=r)


def _croissant(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
    """A crescent of rolled dough: thick ridges, horns turned in."""
    bend = rng.choice((-1, 1)) * rng.uniform(0.22, 0.4)
    body = Body(half=0.52, bend=bend, gap=0.0, lobe=0.26)
    colour, rolls = crust(rng, ("#d39545", "#c47f32", "#dca65a")), rng.choice((7, 9))
    dark = mix(colour, rgb("#7a3f12"), 0.6)
    up = stage.camera.rotate((0.0, 0.0, 1.0))
    layers = ((bars(rolls, 0.02, 0.12, 0.5), dark), (facing(up, 0.7, 1.0), mix(colour, dark, 0.35)))
    skin = Material(colour, layers, gloss=0.3, sharp=25, grain=0.15)

    def ridged(t):
        phase = t * (rolls / 2)
        tooth = 1 - (phase - phase.round()).abs() * 2
        return (1 - 0.72 * t.square()) * (0.86 + 0.16 * tooth)

    bar(stage, place, body, 0.26, 0.2, skin, profile=ridged)
    return body


def _loaf_slices(stage: Stage, rng: Source, place: Place, facts: dict) -> None:
    """Slices of toast."""
    colour = pick(rng, ("#e3b878", "#efd9a8", "#b98a55"))
    rim = mix(colour, rgb("#8a4f1f"), 0.7)

    def edge(s):
        x, y = s.along, s.across
        return ramp(-0.05, -0.02, box(Grid(x, y, s.pixel), 0.3, 0.3, 0.09))

    toast = Material(colour, ((edge, rim),), bump=0.5, mottle=0.3, grain=0.3)
    for i in range(rng.randint(1, 2)):
        spot = place.sub(0.3 * i - 0.1, 0.12 * i, 0.04 + 0.06 * i, rng.normal(0, 0.3))
        for up in (0.0, 0.03, 0.06):
            shape = lambda g: box(g, 0.3, 0.3, 0.09)  # noqa: E731
            slab(stage, shape, spot.at(0, 0, up), 0.5, toast, angle=spot.angle, scale=spot.scale)


def _churros(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
    """Ridged fried sticks under sugar."""
    gold = pick(rng, ("#b9722c", "#c98640", "#a5611f"))
    layers = ((spots(0.12, 0.2, 0), rgb("#f6ecd8")),)
    stick = Material(gold, layers, bump=0.6, mottle=0.2)
    for i in range(rng.randint(2, 4)):
        side = 0.17 * i - 0.25
        a = place.at(-0.55 + rng.normal(0, 0.05), side + rng.normal(0, 0.05), 0.08)
        b = place.at(0.55 + rng.normal(0, 0.05), side + rng.normal(0, 0.08), 0.08 + 0.03 * i)
        tube(stage, a, b, 0.07 * place.scale, stick)
    return Body(half=0.55, gap=0.2, lobe=0.1)


KINDS = (
    Kind("empty_bun", _empty_bun, share=0.4),
    Kind("bun_and_sausage_apart", _apart, share=0.1),
    Kind("carrot_bun", _bun_with(_carrot), share=0.12),
    Kind("cucumber_roll", _bun_with(_cucumber), share=0.12),
    Kind("banana_bun", _bun_with(_banana_in), share=0.12),
    Kind("salad_bun", _bun_with(_salad), share=0.12),
    Kind("submarine", _submarine, share=0.5),
    Kind("eclair", _eclair, share=0.4),
    Kind("baguette", _baguette, share=0.6),
    Kind("croissant", _croissant),
    Kind("toast", _loaf_slices, share=0.5),
    Kind("churros", _churros, share=0.1),
)
