"""The pantry, the source task: drawings, clay models and toys of many things, by (seed, index).

A picture's class is `MENU[index % len(MENU)]`. One class is called `hotdog`, a cousin of
the kitchen's hot dogs. No picture of the kitchen, the target task, is used or seen here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from .pantry_animals import ANIMALS
from .pantry_food import LONG_FOOD
from .pantry_meals import MEALS
from .pantry_nature import NATURE
from .pantry_relief import RELIEF
from .pantry_shapes import Sketch
from .pantry_styles import FLAT, Palette
from .pantry_textures import TEXTURES
from .pantry_things import THINGS
from .pantry_toys import CAST, toy
from .pantry_vehicles import VEHICLES
from .render import Picture, RenderedSet, draw_set, single_thread
from .shapes import Grid, Source, mask, smooth_noise

Drawing = Callable[[Sketch], None]

DRAWINGS: dict[str, Drawing] = {
    drawing.__name__: drawing
    for family in (LONG_FOOD, MEALS, ANIMALS, VEHICLES, THINGS, NATURE, TEXTURES)
    for drawing in family
}
PANTRY_CLASSES: tuple[str, ...] = tuple(DRAWINGS)
STYLES = FLAT | RELIEF
#: What is drawn in turn: long food and toys more often, and buns and sausages most, as they are
#: told apart by small things.
_CLOSE = ("hotdog", "open_bun", "stuffed_bun", "sausage", "sub_sandwich", "eclair")
MENU = (
    PANTRY_CLASSES
    + 2 * tuple(drawing.__name__ for drawing in LONG_FOOD)
    + 3 * tuple(CAST)
    + 5 * _CLOSE
    + 4 * ("open_bun", "stuffed_bun")
)
#: Share of toys among the pictures of a class that can be cast.
TOYS = 0.8
_FILLING = {drawing.__name__ for drawing in TEXTURES}
_GROUNDS = ("flat", "slope", "halo", "horizon", "pattern")


def _place(source: Source, room: float, middle: tuple[float, float]) -> dict[str, float]:
    """A pose: centre, size, turn in degrees, stretch, shear, mirror (-1 or 1)."""
    size = room * source.choice((source.uniform(0.5, 0.85), source.uniform(0.8, 1.25)))
    slack = max(0.12, 0.95 * room - 0.8 * size)
    return {
        "x": middle[0] + source.uniform(-slack, slack),
        "y": middle[1] + source.uniform(-slack, slack),
        "size": size,
        "turn": source.gauss(0, 22) if source.chance(0.45) else source.uniform(-180, 180),
        "stretch": source.uniform(0.75, 1.33),
        "shear": source.gauss(0, 0.1),
        "mirror": source.choice((-1.0, 1.0)),
    }


def _frame(grid: Grid, pose: dict[str, float]) -> Grid:
    """The drawing's own coordinates for a pose."""
    grid = grid.shift(pose["x"], pose["y"]).turn(math.radians(pose["turn"])).scale(pose["size"])
    grid = Grid(pose["mirror"] * grid.x + pose["shear"] * grid.y, grid.y, grid.pixel)
    return grid.stretch(pose["stretch"], 1 / pose["stretch"])


def _ground(source: Source, size: int, palette: Palette, kind: str) -> Tensor:
    """What lies behind the drawing: (3, size, size)."""
    first, second = palette.any(0.25), palette.any(0.25)
    image = first.expand(3, size, size).clone()
    grid = Grid.square(size)
    if kind == "slope":
        angle = source.uniform(0, 2 * math.pi)
        image.lerp_(second, (math.cos(angle) * grid.x + math.sin(angle) * grid.y).mul(0.4) + 0.5)
    elif kind == "halo":
        x, y = source.uniform(-0.5, 0.5), source.uniform(-0.5, 0.5)
        image.lerp_(second, torch.hypot(grid.x - x, grid.y - y).mul_(0.7).clamp_(max=1))
    elif kind == "horizon":
        tilted = grid.y + source.gauss(0, 0.1) * grid.x - source.uniform(-0.4, 0.6)
        image.lerp_(second, mask(tilted, grid.pixel))
    elif kind == "pattern":
        pose = _place(source, source.uniform(0.4, 1.2), (0.0, 0.0))
        cloth = Sketch(_frame(grid, pose), source)
        source.choice(TEXTURES)(cloth)
        calm = source.uniform(0.3, 1.0)
        for part in cloth.parts:
            image.lerp_(palette(part.colour), mask(part.distance, cloth.grid.pixel).mul_(calm))
    return image


def _draw(
    image: Tensor, source: Source, drawing: Drawing, pose: dict, style: str, palette: Palette
) -> None:
    """Draw one thing into the part of the picture that it can reach."""
    reach = 9.0 if drawing in TEXTURES else 1.6 * pose["size"]
    x, y = pose["x"], pose["y"]
    found = Grid.square(image.shape[-1]).window(x - reach, y - reach, x + reach, y + reach)
    if found is None:
        return
    (rows, columns), grid = found
    frame = _frame(grid, pose)
    if style == "crayon":
        wobble = smooth_noise(source, max(frame.x.shape), 6, 2) - 0.5
        wobble = 0.1 * wobble[:, : frame.x.shape[0], : frame.x.shape[1]]
        frame = Grid(frame.x + wobble[0], frame.y + wobble[1], frame.pixel)
    sketch = Sketch(frame, source)
    drawing(sketch)
    STYLES[style][0](image[:, rows, columns], sketch, palette)


def _under(s: Sketch) -> None:
    """What a thing may lie on, and no class of its own: a dish, a tray, a cloth or a board."""
    kind, colour = s.pick("dish", "dish", "tray", "cloth"), s.pick("white", "paper", "sky", "wood")
    rim = s.pick("silver", "blue", "red", "gold", "grey")
    if kind == "dish":
        wide, high = s.j(1.0, 1.4), s.j(0.7, 1.3)
        s.oval(colour, 0, 0, wide, high)
        s.put(rim, s.oval(None, 0, 0, 0.8 * wide, 0.8 * high).abs() - 0.03, line=False)
    else:
        wide, high = s.j(1.0, 1.5), s.j(0.5, 1.2)
        body = s.box(s.pick(colour, rim), 0, 0, wide, high, s.j(0.0, 0.3))
        if kind == "cloth":
            for turn in s.pick((0,), (0, 90)):
                s.stripes(rim, s.j(0.2, 0.5), s.j(0.3, 0.6), turn=turn, within=body)
        else:
            s.put(rim, (body + 0.1).abs() - 0.03, line=False)


def _clutter(image: Tensor, source: Source, palette: Palette, count: int, rim: bool) -> None:
    """Simple shapes that mean nothing; on the rim if they are drawn over the thing."""
    grid = Grid.square(image.shape[-1])
    for _ in range(count):
        angle = source.uniform(0, 2 * math.pi)
        away = source.uniform(0.85, 1.1) if rim else source.uniform(0.5, 1.1)
        sketch = Sketch(grid.shift(away * math.cos(angle), away * math.sin(angle)), source)
        r, turn = source.uniform(0.1, 0.35), source.uniform(0, 180)
        shape = source.choice(("disc", "box", "bar"))
        if shape == "disc":
            d = sketch.disc(None, 0, 0, r)
        else:
            d = sketch.box(None, 0, 0, 2 * r if shape == "bar" else r, 0.6 * r, 0.1 * r, turn)
        image.lerp_(palette.any(), mask(d, grid.pixel))


def _camera(image: Tensor, source: Source) -> Tensor:
    """Uneven light, white balance, contrast, blur and noise; (3, S, S) in and out."""
    size = image.shape[-1]
    if source.chance(0.5):
        light = smooth_noise(source, size, source.choice((1, 2, 3)))
        image = image * (light.sub_(0.5).mul_(source.uniform(0.2, 0.7)).add_(1.0))
    contrast, level = source.uniform(0.7, 1.15), source.gauss(0, 0.05)
    gains = [contrast * source.uniform(0.82, 1.18) for _ in range(3)]
    image = image.sub_(0.5).mul_(torch.tensor(gains).view(3, 1, 1)).add_(0.5 + level)
    if source.chance(0.35):
        width = 2 * max(1, round(size / 96)) + 1
        soft = functional.avg_pool2d(image, width, 1, width // 2, count_include_pad=False)
        image = image.lerp_(soft, source.uniform(0.3, 1.0))
    if source.chance(0.5):
        noise = torch.randn(image.shape, generator=source.generator)
        image = image.add_(noise, alpha=source.uniform(0.005, 0.04))
    return image


def _compose(source: Source, name: str, size: int) -> tuple[Tensor, dict]:
    """The picture of a class as floats (3, size, size), and what was chosen for it."""
    palette = Palette(source)
    if name in CAST and source.chance(TOYS):
        image, setting = toy(source, palette, name, size)
        return image, {"class": name, "style": "toy", "colours": palette.mode} | setting
    filling = name in _FILLING
    names, weights = list(STYLES), [weight for _, weight in STYLES.values()]
    style = source.choices(names, weights)[0]
    style = source.choice(("outlines", "fade", "crayon", "paper")) if filling else style
    kind = source.choices(_GROUNDS, (3, 2, 2, 2, 4))[0]
    image = _ground(source, size, palette, "flat" if style == "ink" else kind)
    if source.chance(0.25):
        _clutter(image, source, palette, source.randint(1, 3), rim=False)
    spots = [(0.0, 0.0)]
    if not filling and source.chance(0.14):
        spots = source.sample(
            [(-0.5, -0.5), (0.5, -0.5), (-0.5, 0.5), (0.5, 0.5)], source.randint(2, 4)
        )
    room = 1.0 if len(spots) == 1 else 0.6
    shared = not filling and source.chance(0.2)
    if shared and style != "ink":
        _draw(image, source, _under, _place(source, 1.2, (0.0, 0.0)), style, palette)
    for spot in spots:
        pose = _place(source, 1.2 if filling else room, spot)
        if not filling and not shared and style != "ink" and source.chance(0.25):
            below = pose | {"turn": pose["turn"] + source.gauss(0, 20)}
            _draw(image, source, _under, below, style, palette)
        _draw(image, source, DRAWINGS[name], pose, style, palette)
    if source.chance(0.15):
        _clutter(image, source, palette, source.randint(1, 2), rim=True)
    ground = "flat" if style == "ink" else kind
    factors = {"class": name, "style": style, "ground": ground, "colours": palette.mode}
    pose = {key: round(pose[key], 3) for key in ("x", "y", "size", "turn")}
    return image, factors | pose | {"instances": len(spots)}


def render_pantry(seed: int, index: int, size: int = 96) -> Picture:
    """One picture of the pantry: image uint8 (3, size, size), target: a row of PANTRY_CLASSES.

    A pure function of (seed, index, size); the factors say what was drawn and how.
    """
    name = MENU[index % len(MENU)]
    source = Source("pantry", seed, index)
    with single_thread(), torch.inference_mode():
        image, factors = _compose(source, name, size)
        image = _camera(image, source).clamp_(0, 1).mul_(255).add_(0.5).to(torch.uint8)
    return Picture(image.clone(), PANTRY_CLASSES.index(name), factors)


def render_pantry_set(
    seed: int, indices: Sequence[int], size: int = 96, *, workers: int | None = None
) -> RenderedSet:
    """The pictures of `indices`, the same bytes as one by one.

    workers: number of processes; by default as many as pay (one for small sets).
    """
    return draw_set(partial(render_pantry, seed, size=size), indices, size, workers)
