"""The pantry's toys: play food of painted wood, plastic or porcelain, on a table like any other.

Shapes, tables, light and camera are the kitchen's; the materials are not. A toy has one gloss all
over, and for each colour of the food another one, near it or of any kind. Of crust, crumb and sear
a third of the toys have all, a third half, a third nothing. So toys come nearer to the kitchen than
anything else in the pantry.
"""

from __future__ import annotations

import math
from functools import partial

from torch import Tensor

from .light import develop
from .paint import Colour, Material
from .pantry_styles import Palette
from .render import ALL, POSITIVE_KINDS, cook
from .scenes import Domain, draw_setting
from .shapes import Source

_SAME = (
    "eclair", "baguette", "croissant", "toast", "banana", "carrot", "cucumber", "burrito", "sushi",
    "kebab", "burger", "pizza", "taco", "doughnut", "cake", "dachshund", "legs",
)  # fmt: skip

#: Class of the pantry -> the kitchen's kinds that are cast for it.
CAST: dict[str, tuple[str, ...]] = {name: (name,) for name in _SAME} | {
    "hotdog": POSITIVE_KINDS,
    "open_bun": ("empty_bun", "empty_bun", "bun_and_sausage_apart"),
    "stuffed_bun": ("carrot_bun", "cucumber_roll", "banana_bun", "salad_bun"),
    "sub_sandwich": ("submarine",),
    "sausage": ("sausages",),
    "spring_roll": ("spring_rolls",),
    "corn": ("corn_in_husk",),
    "sushi": ("sushi", "nigiri"),
    "pretzel": ("soft_pretzel",),
    "fried_egg": ("fried_eggs",),
    "cookie": ("cookies",),
    "popsicle": ("ice_lolly",),
    "cake": ("cake", "swiss_roll"),
    "pencil": ("crayons",),
    "plate": ("empty_plate",),
}
_TABLE = Domain(zoom=(1.1, 1.7), palette=0.25, colour=(0.5, 1.3), mono=0.2)
_ODD_COLOURS = 0.15  # share of toys in colours that belong to nothing, whatever the palette


class Recast:
    """Materials of food to those of one toy: one new colour for each old one, one finish.

    Near the old colours in a natural palette, else any; textures all, half or none.
    """

    def __init__(self, source: Source, palette: Palette) -> None:
        self.source, self.palette = source, palette
        self.near = palette.mode == "natural" and not source.chance(_ODD_COLOURS)
        self.gloss, self.sharp = source.uniform(0.0, 0.6), source.uniform(8, 60)
        self.textures = source.choice((0.0, 0.5, 1.0))
        self.colours: dict[tuple[int, ...], Colour] = {}

    def __call__(self, old: Material) -> Material:
        layers = tuple(
            (texture, self.colour(colour))
            for texture, colour in old.layers
            if self.source.chance(self.textures)
        )
        return Material(self.colour(old.colour), layers, self.gloss, self.sharp)

    def colour(self, old: Colour) -> Colour:
        """The new colour, in linear light; the same for all that looked nearly the same."""
        key = tuple(round(12 * level ** (1 / 2.2)) for level in old)
        if key not in self.colours:
            self.colours[key] = self._off(old) if self.near else self._any()
        return self.colours[key]

    def _off(self, old: Colour) -> Colour:
        normal = self.source.normal
        light = normal(0, 0.2)
        r, g, b = (min(1.0, level * math.exp(light + normal(0, 0.12))) for level in old)
        return r, g, b

    def _any(self) -> Colour:
        r, g, b = (level**2.2 for level in self.palette.any(0.3).flatten().tolist())
        return r, g, b


def toy(source: Source, palette: Palette, name: str, size: int) -> tuple[Tensor, dict]:
    """A picture of a class that is in CAST, floats (3, size, size) in 0 .. 1, and its setting."""
    setting = draw_setting(source, _TABLE)
    food = ALL[source.choice(CAST[name])]
    parts = partial(Source, "toy", source.getrandbits(48))
    stage, _ = cook(parts, size, setting, food, Recast(source, palette))
    image = develop(stage, setting.light, setting.film, stage.source)
    return image.float().div_(255), setting.facts
