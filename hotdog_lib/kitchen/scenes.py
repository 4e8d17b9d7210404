"""A scene: everything about a picture that its class does not decide.

The setting (camera, light, ground, carrier, number of items, clutter, film) is drawn before and
without the class, so nothing in it tells a hot dog from anything else.
"""

import math
from dataclasses import dataclass, field

from .carriers import CARRIERS
from .grounds import GROUNDS
from .light import Film, Light
from .shapes import Source
from .stage import Camera, Place

VIEWS = ("top", "three_quarter", "side")
TILTS = {"top": (0.0, 0.3), "three_quarter": (0.5, 0.85), "side": (0.95, 1.12)}
LIGHTS = {  # name: (height range, strength, ambient, warm, cool)
    "noon": ((0.95, 1.3), 1.05, 0.42, (1.0, 0.98, 0.93), (0.88, 0.95, 1.05)),
    "evening": ((0.35, 0.6), 1.25, 0.34, (1.0, 0.82, 0.6), (0.75, 0.85, 1.1)),
    "overcast": ((0.9, 1.3), 0.45, 0.85, (0.95, 0.98, 1.0), (0.97, 0.99, 1.0)),
    "kitchen": ((0.7, 1.2), 1.0, 0.4, (1.0, 0.9, 0.74), (0.95, 0.9, 0.85)),
    "neon": ((0.8, 1.3), 0.8, 0.5, (0.92, 1.0, 1.0), (1.0, 0.88, 1.0)),
    "dim": ((0.5, 1.1), 0.6, 0.26, (1.0, 0.84, 0.62), (0.8, 0.85, 1.0)),
}


@dataclass(frozen=True)
class Domain:
    """The world that the pictures come from; change it to shift the domain on purpose.

        >>> snow = Domain(grounds=("marble",), lights=("dim",), noise=(0.06, 0.1))

    kinds: restrict the kinds (None: all). Ranges are (low, high); blur and noise in picture
    units and brightness; palette: strength of the random colour cast; colour: saturation, 1 is
    as it is; mono: share of black-and-white pictures; clutter: mean number of
    things around; wrapped, bitten: share of foods in a paper sleeve, or partly eaten.
    """

    kinds: tuple[str, ...] | None = None
    views: tuple[str, ...] = VIEWS
    grounds: tuple[str, ...] = GROUNDS
    carriers: tuple[str, ...] = CARRIERS
    lights: tuple[str, ...] = tuple(LIGHTS)
    items: tuple[int, ...] = (1,) * 14 + (2, 3)
    zoom: tuple[float, float] = (1.2, 1.65)
    blur: tuple[float, float] = (0.0, 0.006)
    noise: tuple[float, float] = (0.0, 0.03)
    palette: float = 0.3
    colour: tuple[float, float] = (0.3, 1.2)
    mono: float = 0.25
    clutter: float = 0.3
    wrapped: float = 0.02
    bitten: float = 0.02

    def wrong(self) -> str:
        """What is wrong with it and what to choose, or an empty string."""
        known = {"views": VIEWS, "grounds": GROUNDS, "carriers": CARRIERS, "lights": tuple(LIGHTS)}
        for name, choices in known.items():
            given = getattr(self, name)
            strange = [value for value in given if value not in choices]
            if strange or not given:
                what = repr(strange[0]) if strange else "nothing"
                return f"domain.{name} holds {what}: choose from {', '.join(choices)}"
        if not self.items or not all(1 <= count <= 4 for count in self.items):
            return f"domain.items is {self.items}: choose counts from 1 to 4"
        return ""


@dataclass(frozen=True)
class Setting:
    """One drawn setting; `facts` are its factors as plain values."""

    camera: Camera
    light: Light
    film: Film
    ground: str
    carrier: str
    place: Place
    items: int
    extras: int
    wrapped: bool
    bitten: bool
    facts: dict = field(default_factory=dict)


def draw_setting(rng: Source, domain: Domain) -> Setting:
    """A setting from the domain."""
    view = rng.choice(domain.views)
    camera, place = _viewpoint(rng, domain, view)
    name = rng.choice(domain.lights)
    light = _light(rng, name)
    film = _film(rng, domain)
    ground, carrier = rng.choice(domain.grounds), rng.choice(domain.carriers)
    items = rng.choice(domain.items)
    extras = min(4, int(rng.expovariate(1 / max(domain.clutter, 1e-6)) + 0.3))
    facts = {
        "view": view,
        "light": name,
        "ground": ground,
        "carrier": carrier,
        "n_items": items,
        "clutter": extras,
        "tilt": round(camera.tilt, 3),
        "zoom": round(camera.zoom, 3),
        "angle": round(camera.azimuth + place.angle, 3),
        "light_height": round(light.height, 3),
        "brightness": round(film.exposure * light.strength, 3),
        "blur": round(film.blur, 4),
        "noise": round(film.noise, 4),
        "saturation": round(film.saturation, 3),
    }
    wrapped, bitten = rng.chance(domain.wrapped), rng.chance(domain.bitten)
    return Setting(
        camera, light, film, ground, carrier, place, items, extras, wrapped, bitten, facts
    )


def _viewpoint(rng: Source, domain: Domain, view: str) -> tuple[Camera, Place]:
    azimuth = rng.uniform(-math.pi, math.pi)
    screen = rng.uniform(-math.pi, math.pi) if view == "top" else rng.normal(0, 0.35)
    if view != "top" and rng.chance(0.5):
        screen += math.pi
    camera = Camera(
        azimuth=azimuth,
        tilt=rng.uniform(*TILTS[view]),
        zoom=rng.uniform(*domain.zoom),
        cx=rng.normal(0, 0.09),
        cy=rng.normal(0, 0.08) + (0.08 if view != "top" else 0.0),
        perspective=rng.uniform(0.02, 0.2),
    )
    return camera, Place(angle=screen - azimuth)


def _light(rng: Source, name: str) -> Light:
    heights, strength, ambient, warm, cool = LIGHTS[name]
    return Light(
        azimuth=rng.uniform(-math.pi, math.pi),
        height=rng.uniform(*heights),
        strength=rng.near(strength, 0.2),
        ambient=rng.near(ambient, 0.2),
        warm=warm,
        cool=cool,
        hardness=rng.uniform(0.0, 1.0) if name != "overcast" else 0.0,
    )


def _film(rng: Source, domain: Domain) -> Film:
    cast = domain.palette
    return Film(
        blur=rng.uniform(*domain.blur) if rng.chance(0.5) else domain.blur[0],
        noise=rng.uniform(*domain.noise),
        balance=tuple(1 + rng.uniform(-cast, cast) for _ in range(3)),
        exposure=rng.uniform(0.8, 1.25),
        contrast=rng.uniform(0.85, 1.12),
        saturation=0.0 if rng.chance(domain.mono) else rng.uniform(*domain.colour),
        vignette=rng.uniform(0.0, 0.2),
    )


def arrange(rng: Source, place: Place, count: int, height: float, long: bool) -> list[Place]:
    """Places for `count` foods: side by side if they are long, around the middle if not."""
    if count == 1:
        jitter = place.sub(rng.normal(0, 0.04), rng.normal(0, 0.04), height, rng.normal(0, 0.1))
        return [jitter]
    scale = {2: 0.74, 3: 0.6}.get(count, 0.5)
    spots = []
    for i in range(count):
        middle = i - (count - 1) / 2
        if long:
            spots.append(
                place.sub(rng.normal(0, 0.05), middle * 0.52, height, rng.normal(0, 0.12), scale)
            )
        else:
            angle = math.tau * i / count + 0.4
            x, y = 0.42 * math.cos(angle), 0.42 * math.sin(angle)
            spots.append(place.sub(x, y, height, rng.uniform(-0.5, 0.5), scale))
    return spots
