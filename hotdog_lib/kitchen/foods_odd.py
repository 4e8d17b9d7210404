"""Not food at all: a dachshund, legs on the beach, and plain scenes."""

import math

import torch

from .extras import EXTRAS, bottle, cup, fork, knife, splash
from .grounds import CLOTHS, lay
from .holding import SKINS
from .paint import Material, mix, pick, ramp, rgb
from .parts import Kind
from .shapes import Source, box
from .solids import globe, slab, tube
from .stage import Place, Stage, Surface
from .strokes import chain

COATS = ("#8f4a22", "#a8622f", "#5a2f16", "#2b1c14", "#b8793f")


def _screen(stage: Stage, angle: float = 0.0) -> Place:
    """A place whose frame looks the same on the screen whatever the camera's turn."""
    return Place(angle=angle - stage.camera.azimuth)


def _dachshund(stage: Stage, rng: Source, place: Place, facts: dict) -> None:
    """A long low dog, lying on its belly or seen from the side."""
    colour, k = pick(rng, COATS, 0.1), place.scale
    tan = mix(colour, rgb("#d99a55"), 0.6)
    coat = Material(colour, gloss=0.15, sharp=14, mottle=0.15)
    paws, dark = coat.but(colour=tan), Material(rgb("#17100c"), gloss=0.6, sharp=60)
    bend = rng.normal(0, 0.08)
    for a in (-0.42, 0.34):
        for side in (-1, 1):
            hip, foot = place.at(a, side * 0.12, 0.13), place.at(a + 0.1, side * 0.2, 0.03)
            tube(stage, hip, foot, (0.075 * k, 0.06 * k, 0.05 * k), coat)
            globe(stage, place.at(a + 0.14, side * 0.21, 0.035), 0.052 * k, paws, 0.8)
    middle = place.at(0, bend, 0.22)
    tube(
        stage,
        place.at(-0.46, 0, 0.2),
        place.at(0.42, 0, 0.23),
        (0.15 * k, 0.135 * k, 0.15 * k),
        coat,
        middle=middle,
    )
    wag = rng.normal(0, 0.2)
    tail = place.at(-0.95, wag, 0.3)
    tube(
        stage,
        place.at(-0.56, 0, 0.26),
        tail,
        (0.05 * k, 0.035 * k, 0.01 * k),
        coat,
        middle=place.at(-0.78, wag * 0.3, 0.3),
    )
    tube(stage, place.at(0.45, 0, 0.28), place.at(0.6, 0, 0.4), 0.105 * k, coat)
    _dog_head(stage, place.sub(0.64, 0, 0.42, rng.normal(0, 0.3)), coat, paws, dark)
    if rng.chance(0.5):
        collar = Material(pick(rng, CLOTHS), gloss=0.3)
        ring = [
            place.at(0.5 - 0.06 * math.sin(a), 0.115 * math.cos(a), 0.33 + 0.115 * math.sin(a))
            for a in _ROUND
        ]
        chain(stage, ring, 0.028 * k, collar, closed=True)


_ROUND = tuple(i * math.tau / 10 for i in range(10))


def _dog_head(stage: Stage, head: Place, coat: Material, paws: Material, dark: Material) -> None:
    k = head.scale
    globe(stage, head.at(0, 0, 0), 0.125 * k, coat)
    tube(
        stage,
        head.at(0.08, 0, -0.02),
        head.at(0.27, 0, -0.05),
        (0.085 * k, 0.07 * k, 0.055 * k),
        paws,
    )
    globe(stage, head.at(0.33, 0, -0.03), 0.034 * k, dark)
    for side in (-1, 1):
        globe(stage, head.at(0.095, side * 0.065, 0.065), 0.024 * k, dark)
        ear = coat.but(colour=tuple(0.6 * c for c in coat.colour))
        top, low = head.at(-0.03, side * 0.1, 0.07), head.at(-0.05, side * 0.17, -0.12)
        tube(stage, top, low, (0.035 * k, 0.065 * k, 0.05 * k), ear)


def _dog_scene(stage: Stage, rng: Source, place: Place, facts: dict) -> None:
    lay(stage, rng.choice(("grass", "wood", "cloth", "striped", "sand", "gingham")), rng)
    _dachshund(stage, rng, place.sub(0, 0, 0, 0, rng.uniform(1.05, 1.35)), facts)


def _legs(stage: Stage, rng: Source, place: Place, facts: dict) -> None:
    """Two legs stretched out towards the sea, as their owner sees them."""
    lay(stage, rng.choice(("sand", "sand", "sand", "grass", "striped", "wood")), rng)
    spot = _screen(stage, rng.normal(0, 0.12))
    sea = Material(
        pick(rng, ("#3a8fb0", "#4fb0b8", "#2f6fa0")), ((_waves, rgb("#e8f4f2")),), gloss=0.4
    )
    if rng.chance(0.7):
        far = rng.uniform(0.75, 1.05)
        slab(
            stage,
            lambda g: far - g.y + 0.04 * torch.sin(3 * g.x),
            (0, 0, 0.005),
            4.0,
            sea,
            angle=spot.angle,
        )
    if rng.chance(0.6):
        cloth = Material(pick(rng, CLOTHS), bump=0.4)
        slab(
            stage,
            lambda g: box(g, 0.62, 1.1, 0.05),
            spot.at(0, -0.6, 0.01),
            1.4,
            cloth,
            angle=spot.angle,
        )
    skin = Material(pick(rng, SKINS, 0.08), gloss=rng.uniform(0.1, 0.35), sharp=20, mottle=0.1)
    part = rng.uniform(0.2, 0.3)
    for side in (-1, 1):
        bent = rng.uniform(0.1, 0.4)
        hip, knee = spot.at(side * part * 0.9, -3.2, 0.1), spot.at(side * part, -0.35, bent)
        ankle = spot.at(side * part * 0.9, 0.45, 0.1)
        tube(stage, hip, knee, (0.3, 0.2, 0.135), skin)
        tube(
            stage,
            knee,
            ankle,
            (0.135, 0.14, 0.08),
            skin,
            middle=spot.at(side * part, 0.1, bent * 0.62 + 0.05),
        )
        toes = spot.at(side * (part + 0.08), 0.62, 0.3)
        tube(stage, ankle, toes, (0.085, 0.085, 0.06), skin)
        for i in range(5):
            globe(
                stage, spot.at(side * (part + 0.0 + 0.035 * i), 0.66, 0.33 - 0.012 * i), 0.03, skin
            )


def _waves(s: Surface):
    foam = torch.sin(s.across * 16 + 2.5 * s.noise[2] + torch.sin(s.along * 3))
    return ramp(0.75, 1.0, foam) * 0.7


def _nothing(stage: Stage, rng: Source, place: Place, facts: dict) -> None:
    """The carrier and what stands around it: no food."""
    if rng.chance(0.5):
        splash(stage, rng, place)


def _cutlery(stage: Stage, rng: Source, place: Place, facts: dict) -> None:
    fork(stage, rng, place.sub(0, 0.14, 0.02, rng.normal(0, 0.08)))
    knife(stage, rng, place.sub(0, -0.14, 0.02, rng.normal(0, 0.08)))


def _condiments(stage: Stage, rng: Source, place: Place, facts: dict) -> None:
    """Bottles and cups of sauce."""
    for i in range(rng.randint(2, 3)):
        thing = rng.choice((bottle, cup, bottle))
        thing(stage, rng, place.sub(rng.normal(0, 0.1), 0.42 * i - 0.4, 0.02, rng.normal(0, 0.2)))


def _side_dish(stage: Stage, rng: Source, place: Place, facts: dict) -> None:
    """Fries and salad, without a main course."""
    for name in ("fries", "greens", "fries"):
        EXTRAS[name](
            stage, rng, place.sub(rng.normal(0, 0.2), rng.normal(0, 0.2), 0.01, rng.uniform(0, 6))
        )


def _garden(stage: Stage, rng: Source, place: Place, facts: dict) -> None:
    """A lawn with bushes, flowers and a hose."""
    lay(stage, "grass", rng)
    bush = Material(pick(rng, ("#3f7a2a", "#2f5f24", "#6a9a3c")), bump=1.6, mottle=0.8)
    for _ in range(rng.randint(3, 5)):
        a, away = rng.uniform(0, math.tau), rng.uniform(0.5, 1.1)
        r = rng.uniform(0.2, 0.4)
        globe(stage, place.at(away * math.cos(a), away * math.sin(a), r * 0.5), r, bush, 0.8)
    for _ in range(2):
        petal = Material(pick(rng, ("#e2553c", "#f0c64a", "#f5f0f5", "#b86ac8")))
        for _ in range(6):
            globe(stage, place.at(rng.normal(0, 0.6), rng.normal(0, 0.6), 0.08), 0.055, petal, 0.6)
    if rng.chance(0.6):
        hose = Material(pick(rng, ("#3f8a5a", "#d9a531", "#c8553d")), gloss=0.3)
        points = [place.at(-1 + 0.2 * i, 0.3 * math.sin(0.9 * i + 1), 0.05) for i in range(11)]
        chain(stage, points, 0.05, hose)


def _room(stage: Stage, rng: Source, place: Place, facts: dict) -> None:
    """A sofa with cushions on a rug."""
    lay(stage, rng.choice(("wood", "stone", "cloth")), rng)
    spot = _screen(stage, rng.normal(0, 0.3))
    rug = Material(pick(rng, CLOTHS), bump=0.4, mottle=0.2)
    slab(
        stage,
        lambda g: box(g, 0.95, 0.6, 0.05),
        spot.at(0, -0.25, 0.01),
        1.2,
        rug,
        angle=spot.angle,
    )
    sofa = Material(pick(rng, CLOTHS + ("#8a7a6a", "#c8c0b0")), bump=0.25, mottle=0.1)
    for i in range(8):
        seat = lambda g: box(g, 0.7, 0.25, 0.08)  # noqa: E731
        slab(stage, seat, spot.at(0, 0.3, 0.035 * i), 0.9, sofa, angle=spot.angle)
    tube(stage, spot.at(-0.62, 0.52, 0.35), spot.at(0.62, 0.52, 0.35), 0.16, sofa)
    for side in (-0.72, 0.72):
        tube(stage, spot.at(side, 0.08, 0.3), spot.at(side, 0.5, 0.3), 0.11, sofa)
    for i in range(rng.randint(1, 3)):
        soft = Material(pick(rng, CLOTHS), bump=0.3)
        globe(stage, spot.at(0.42 * i - 0.4, 0.32, 0.38), 0.16, soft, 0.9)
    _lamp(stage, rng, spot)


def _lamp(stage: Stage, rng: Source, spot: Place) -> None:
    side = rng.choice((-1, 1))
    tube(
        stage,
        spot.at(side * 0.98, 0.4, 0.0),
        spot.at(side * 0.98, 0.4, 0.9),
        0.02,
        Material(rgb("#3a3c41")),
    )
    shade = Material(pick(rng, ("#f3e3b8", "#e8d0c0")), gloss=0.05)
    tube(
        stage,
        spot.at(side * 0.98, 0.4, 0.75),
        spot.at(side * 0.98, 0.4, 0.95),
        (0.2, 0.16, 0.12),
        shade,
    )


def _crayons(stage: Stage, rng: Source, place: Place, facts: dict) -> None:
    """Coloured crayons in a row: long, bright, inedible."""
    k = place.scale
    for i in range(rng.randint(3, 5)):
        wax = Material(pick(rng, CLOTHS + ("#e2862a", "#f0d04a")), gloss=0.3)
        spot = place.sub(rng.normal(0, 0.05), 0.18 * i - 0.35, 0.0, rng.normal(0, 0.06))
        sleeve = wax.but(colour=mix(wax.colour, rgb("#ffffff"), 0.25))
        tube(stage, spot.at(-0.5, 0, 0.07), spot.at(0.38, 0, 0.07), 0.07 * k, sleeve)
        tube(
            stage,
            spot.at(0.4, 0, 0.07),
            spot.at(0.6, 0, 0.07),
            (0.06 * k, 0.04 * k, 0.012 * k),
            wax,
        )


KINDS = (
    Kind("dachshund", _dog_scene, solo=True, share=1.3),
    Kind("legs", _legs, solo=True, share=1.3),
    Kind("empty_plate", _nothing, share=0.4),
    Kind("cutlery", _cutlery, share=0.2),
    Kind("condiments", _condiments, share=0.2),
    Kind("side_dish", _side_dish, share=0.2),
    Kind("garden", _garden, solo=True, share=0.3),
    Kind("room", _room, solo=True, share=0.3),
    Kind("crayons", _crayons, share=0.2),
)
