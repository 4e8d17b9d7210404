"""The hot dogs: a sausage in a split bun, in many styles."""

from collections.abc import Callable

from .paint import Material, pick
from .parts import CRUMBS, Body, Kind, bar, bun, rounded, sausage, sausage_skin, seeds
from .sauces import bits, squiggle
from .shapes import Source
from .solids import globe
from .stage import Place, Stage
from .strokes import chain

Topping = Callable[[Stage, Source, Place, Body], str]


def measures(rng: Source, **changes: float) -> Body:
    """The measures of an ordinary hot dog, each a little different."""
    body = Body(
        half=rng.uniform(0.54, 0.64),
        bend=rng.normal(0, 0.06),
        lobe=rng.uniform(0.13, 0.165),
        gap=rng.uniform(0.125, 0.155),
        core=rng.uniform(0.085, 0.108),
        rise=rng.uniform(0.18, 0.215),
    )
    return body.but(**changes)


def _plain(stage: Stage, rng: Source, place: Place, body: Body) -> str:
    return "none"


def _sauce(*names: str) -> Topping:
    def topping(stage: Stage, rng: Source, place: Place, body: Body) -> str:
        name = rng.choice(names)
        squiggle(stage, rng, place, body, name)
        return name

    return topping


def _two_sauces(stage: Stage, rng: Source, place: Place, body: Body) -> str:
    squiggle(stage, rng, place, body, "ketchup")
    squiggle(stage, rng, place, body, "mustard", phase=2.0)
    return "ketchup and mustard"


def _chicago(stage: Stage, rng: Source, place: Place, body: Body) -> str:
    bits(stage, rng, place, body, ("#5f9a2f", "#3f8a3a"), count=14, size=0.026)
    bits(stage, rng, place, body, ("#f4efe2",), count=9, size=0.02)
    red = Material(pick(rng, ("#c8321f", "#d8452c")), gloss=0.4, sharp=60)
    for side in (-0.5, 0.0, 0.5):
        spot = place.at(side, body.off(side) + body.core, body.rise + 0.05)
        globe(stage, spot, 0.065 * place.scale, red, 0.8)
    return "relish, onion, tomato"


def _chili(stage: Stage, rng: Source, place: Place, body: Body) -> str:
    meat = Material(
        pick(rng, ("#6b2a14", "#7a341a")), gloss=0.3, sharp=25, bump=0.5, crumple=0.9, mottle=0.9
    )
    bar(stage, place, body, body.core * 0.85, body.rise + 0.05, meat, over=-0.08)
    bits(stage, rng, place, body, ("#eaa92a", "#f0bf4a"), count=16, size=0.013, length=0.06)
    return "chili and cheese"


def _kraut(stage: Stage, rng: Source, place: Place, body: Body) -> str:
    pale = ("#e9dfae", "#f0e8c4", "#dccf96")
    bits(stage, rng, place, body, pale, count=24, size=0.015, length=0.08)
    if rng.chance(0.6):
        squiggle(stage, rng, place, body.but(rise=body.rise + 0.03), "mustard")
    return "sauerkraut"


def _onions(stage: Stage, rng: Source, place: Place, body: Body) -> str:
    squiggle(stage, rng, place, body, rng.choice(("ketchup", "mustard")))
    bits(stage, rng, place, body, ("#f5eede", "#c98a3c", "#a85a86"), count=16, size=0.024)
    return "onions"


def _cheese(stage: Stage, rng: Source, place: Place, body: Body) -> str:
    melt = Material(pick(rng, ("#efb12e", "#f3c64f", "#f1dca0")), gloss=0.4, sharp=40)
    points = [
        place.at(a, body.off(a) + rng.normal(0, 0.03), body.rise + body.core * 0.75)
        for a in [body.half * (i / 4 - 0.9) for i in range(8)]
    ]
    radii = [rng.uniform(0.05, 0.08) * place.scale for _ in points]
    chain(stage, points, radii, melt)
    return "cheese"


def _dog(styles: tuple[str, ...], *toppings: Topping, over=(0.05, 0.13), **changes: float):
    """The draw function of a split-bun hot dog."""

    def draw(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
        body, style = measures(rng, **changes), rng.choice(styles)
        bun(stage, rng, place, body, style)
        sausage(stage, rng, place, body, over=rng.uniform(*over))
        facts |= {"bun": style, "topping": rng.choice(toppings)(stage, rng, place, body)}
        facts["bend"] = round(body.bend, 3)
        return body

    return draw


def _top_split(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
    """A New England bun: boxy, pale-sided, the sausage sunk deep."""
    body = measures(rng, gap=0.12, lobe=0.125, rise=0.19)
    for height in (0.05, 0.085):
        bun(stage, rng, place.sub(0, 0, height), body.but(half=body.half * 0.95), "white")
    sausage(stage, rng, place, body.but(rise=0.27), over=0.05)
    body = body.but(rise=0.27)
    facts |= {
        "bun": "top-split",
        "topping": rng.choice((_plain, _sauce("mustard"), _onions))(stage, rng, place, body),
    }
    return body


def _french(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
    """A closed roll with the sausage and the sauce coming out at one end."""
    body = measures(rng, core=rng.uniform(0.095, 0.115), rise=0.17, bend=0.0, gap=0.0, lobe=0.2)
    place = place.sub(-0.16, 0, 0, 0, 0.88)
    roll = place.sub(-0.04, 0, 0)
    loaf = Material(pick(rng, ("#c98640", "#d39a55")), gloss=0.1, grain=0.2, mottle=0.25)
    bar(stage, roll, body, 0.2, 0.17, loaf, over=-0.12, profile=rounded(0.08))
    end = roll.sub(body.half + 0.06, 0, 0)
    bar(stage, end, Body(half=0.012), 0.17, 0.17, Material(pick(rng, CRUMBS), bump=0.3))
    bar(stage, end.sub(0.17, 0, 0), Body(half=0.2), body.core, 0.18, sausage_skin(rng), lift=0.02)
    code = rng.choice(("#e3b21c", "#b51d12"))
    sauce = Material(pick(rng, (code,)), gloss=0.45, sharp=50)
    ring = [(0.09, -0.1, 0.22), (0.1, -0.04, 0.3), (0.11, 0.04, 0.29), (0.09, 0.1, 0.22)]
    chain(stage, [end.at(*p) for p in ring], 0.035 * place.scale, sauce, lift=0.03)
    facts |= {"bun": "closed roll", "topping": "sauce"}
    return body


def _seeded(stage: Stage, rng: Source, place: Place, facts: dict) -> Body:
    body = measures(rng)
    bun(stage, rng, place, body, "soft")
    seeds(stage, rng, place, body)
    sausage(stage, rng, place, body, over=rng.uniform(0.03, 0.1))
    facts |= {"bun": "seeded", "topping": _chicago(stage, rng, place, body)}
    return body


ANY = ("soft", "soft", "seeded", "toasted", "white")
KINDS = (
    Kind("classic", _dog(ANY, _sauce("mustard")), True, share=3),
    Kind("plain_dog", _dog(ANY, _plain), True, share=1),
    Kind("ketchup_dog", _dog(ANY, _sauce("ketchup", "mayo")), True, share=2.5),
    Kind("two_sauces", _dog(ANY, _two_sauces), True, share=2),
    Kind("chicago", _seeded, True),
    Kind("chili_cheese", _dog(ANY, _chili), True),
    Kind("kraut_dog", _dog(ANY, _kraut), True, share=0.6),
    Kind("onion_dog", _dog(ANY, _onions), True),
    Kind("cheese_dog", _dog(ANY, _cheese), True, share=0.4),
    Kind("pretzel_dog", _dog(("pretzel",), _plain, _sauce("mustard"), _kraut), True, share=0.2),
    Kind("top_split", _top_split, True),
    Kind("french_dog", _french, True, share=0.1),
    Kind("foot_long", _dog(ANY, _plain, _sauce("mustard", "ketchup"), over=(0.2, 0.32)), True),
    Kind(
        "stubby",
        _dog(ANY, _plain, _sauce("mustard"), half=0.4, lobe=0.18, core=0.13),
        True,
        share=0.3,
    ),
)
