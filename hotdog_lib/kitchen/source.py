"""The randomness of a picture, and cheap noise made from it."""

import random
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional


class Source(random.Random):
    """The randomness of one picture: a pure function of the words that it is made of.

        >>> Source("pantry", 7, 3).uniform(0, 1) == Source("pantry", 7, 3).uniform(0, 1)
        True

    Besides the methods of `random.Random` (uniform, choice, randint, shuffle, choices ...):
    """

    def __new__(cls, *words: object) -> "Source":
        return super().__new__(cls)

    def __init__(self, *words: object) -> None:
        super().__init__("/".join(str(word) for word in words))
        self._generator: torch.Generator | None = None

    @property
    def generator(self) -> torch.Generator:
        """A torch generator, seeded once from this source: for noise tensors."""
        if self._generator is None:
            self._generator = torch.Generator().manual_seed(self.getrandbits(62))
        return self._generator

    def normal(self, mean: float = 0.0, deviation: float = 1.0) -> float:
        """A Gaussian number, cut at 2.5 deviations so that no scene falls apart."""
        return mean + deviation * max(-2.5, min(2.5, self.gauss(0.0, 1.0)))

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.random() < probability

    def near(self, value: float, share: float = 0.15) -> float:
        """A number within plus or minus `share` of `value`."""
        return value * self.uniform(1.0 - share, 1.0 + share)


def smooth_noise(source: Source, size: int, cells: int, channels: int = 1) -> Tensor:
    """Smooth noise around 0.5 over a whole picture (channels, size, size), cheap, bicubic."""
    coarse = torch.rand(channels, cells + 3, cells + 3, generator=source.generator)
    rows = _bicubic(cells + 3, size)
    return (rows @ coarse.double() @ rows.mT).float()


@lru_cache(maxsize=32)
def _bicubic(points: int, size: int) -> Tensor:
    """Bicubic interpolation along one axis as a matrix (size, points).

    Applied from both sides it is what `interpolate` does to a picture, five times as fast. In
    double precision, which no setting of torch makes coarser.
    """
    each = torch.eye(points, dtype=torch.float64)[None, None]  # rows stay, columns grow
    grown = functional.interpolate(each, (points, size), mode="bicubic", align_corners=True)
    return grown[0, 0].T.contiguous()
