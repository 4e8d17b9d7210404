"""From (seed, index) to a picture, one or many."""

import math
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from ..errors import HotdogError
from .carriers import carry
from .crew import CHUNK, spread, useful_workers
from .extras import EXTRAS
from .foods_buns import KINDS as BUNS
from .foods_dogs import KINDS as DOGS
from .foods_odd import KINDS as ODD
from .foods_rolls import KINDS as ROLLS
from .foods_round import KINDS as ROUND
from .foods_sweet import KINDS as SWEET
from .grounds import lay
from .holding import bite, hand, sleeve
from .light import develop
from .parts import Body, Kind
from .scenes import Domain, Setting, arrange, draw_setting
from .shapes import Source
from .stage import Place, Recast, Stage

ALL = {kind.name: kind for kind in (*DOGS, *BUNS, *ROLLS, *ROUND, *SWEET, *ODD)}
POSITIVE_KINDS = tuple(name for name, kind in ALL.items() if kind.positive)
NEGATIVE_KINDS = tuple(name for name, kind in ALL.items() if not kind.positive)
KINDS = POSITIVE_KINDS + NEGATIVE_KINDS
SIZES = (32, 1024)
HOTDOG, NOT_HOTDOG = 0, 1


class KitchenError(HotdogError, ValueError):
    """A picture was asked for that the kitchen cannot make."""


@dataclass(frozen=True)
class Picture:
    """image: uint8 (3, S, S); target: 0 = hotdog, 1 = not-hotdog; factors: plain values."""

    image: Tensor
    target: int
    factors: dict


@dataclass(frozen=True)
class RenderedSet:
    """images: uint8 (N, 3, S, S); targets: int64 (N,); factors: one dict a picture."""

    images: Tensor
    targets: Tensor
    factors: tuple[dict, ...]


def is_positive(index: int, positive_share: float) -> bool:
    """Whether picture `index` is a hot dog: spread evenly, exact over every prefix."""
    return math.floor((index + 1) * positive_share) > math.floor(index * positive_share)


def render(
    seed: int,
    index: int,
    size: int = 96,
    *,
    positive_share: float = 0.5,
    kind: str | None = None,
    domain: Domain | None = None,
) -> Picture:
    """Picture `index` of the endless set `seed`: the same bytes every time.

    Args:
        size: width and height in pixels, 32 to 1024; the scene is the same at every size.
        positive_share: share of hot dogs, 0 to 1.
        kind: one of `KINDS`, instead of the drawn one.
        domain: the world the pictures come from.

        >>> render(7, 0).image.shape
        torch.Size([3, 96, 96])
    """
    domain = domain or Domain()
    _check(size, positive_share, kind, domain)
    rng = Source("kitchen", seed, index, "setting")
    setting = draw_setting(rng, domain)
    food = ALL[kind] if kind else _draw_kind(seed, index, positive_share, domain)
    with single_thread(), torch.inference_mode():
        stage, facts = cook(partial(Source, "kitchen", seed, index), size, setting, food)
        image = develop(stage, setting.light, setting.film, stage.source)
    return Picture(image.clone(), HOTDOG if food.positive else NOT_HOTDOG, facts)


def _check(size: int, positive_share: float, kind: str | None, domain: Domain) -> None:
    if not SIZES[0] <= size <= SIZES[1]:
        raise KitchenError(f"size is {size}: choose {SIZES[0]} to {SIZES[1]} pixels")
    if not 0 <= positive_share <= 1:
        raise KitchenError(f"positive_share is {positive_share}: choose a share from 0 to 1")
    if kind is not None and kind not in ALL:
        raise KitchenError(f"kind is {kind!r}: choose one of {', '.join(ALL)}")
    if domain.wrong():
        raise KitchenError(domain.wrong())


@contextmanager
def single_thread():
    """One torch thread inside: small operations are faster, and sums do not depend on threads."""
    threads = torch.get_num_threads()
    if threads == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _draw_kind(seed: int, index: int, positive_share: float, domain: Domain) -> Kind:
    wanted = is_positive(index, positive_share)
    pool = [k for k in ALL.values() if k.positive == wanted]
    pool = [k for k in pool if domain.kinds is None or k.name in domain.kinds]
    if not pool:
        side = "hot dog" if wanted else "other"
        raise KitchenError(f"domain.kinds holds no {side} kind: add one, or change positive_share")
    rng = Source("kitchen", seed, index, "kind")
    return rng.choices(pool, weights=[k.share for k in pool])[0]


def cook(
    source_of: Callable[[str], Source],
    size: int,
    setting: Setting,
    food: Kind,
    recast: Recast | None = None,
) -> tuple[Stage, dict]:
    """Sets the table and serves the food; the stage, and what was served.

    source_of: the randomness of each part of the work; recast: what everything is made of instead.
    """
    rng = source_of("scene")
    camera = (
        replace(setting.camera, zoom=0.8 * setting.camera.zoom) if food.solo else setting.camera
    )
    stage = Stage(size, camera, source_of("noise"), recast)
    facts = {"kind": food.name, **setting.facts, "wrapped": False, "bitten": False}
    if food.solo:
        food.draw(stage, rng, setting.place, facts)
    else:
        lay(stage, setting.ground, rng)
        height = carry(stage, rng, setting.carrier, setting.place)
        _surround(stage, rng, setting)
        _serve(stage, source_of("food"), setting, food, height, facts)
    return stage, facts


def _surround(stage: Stage, rng: Source, setting: Setting) -> None:
    for _ in range(setting.extras):
        angle, away = rng.uniform(0, math.tau), rng.uniform(0.75, 1.15)
        spot = Place(away * math.cos(angle), away * math.sin(angle), 0, rng.uniform(0, math.tau))
        EXTRAS[rng.choice(tuple(EXTRAS))](stage, rng, spot)


def _serve(
    stage: Stage, rng: Source, setting: Setting, food: Kind, height: float, facts: dict
) -> None:
    body = None
    for spot in arrange(rng, setting.place, setting.items, height, food.long):
        if setting.bitten:
            stage.bites = bite(stage, rng, spot, 0.6 if food.long else 0.42)
            facts["bitten"] = True
        body = food.draw(stage, rng, spot, facts)
        stage.bites = []
        if setting.wrapped and isinstance(body, Body):
            sleeve(stage, rng, spot, body)
            facts["wrapped"] = True
    if setting.carrier == "hand" and isinstance(body, Body):
        hand(stage, rng, spot, body.wide)


def render_set(
    seed: int,
    indices: range | Sequence[int],
    size: int = 96,
    *,
    positive_share: float = 0.5,
    workers: int | None = None,
    domain: Domain | None = None,
) -> RenderedSet:
    """Many pictures of the set `seed`: byte for byte what `render` gives one by one.

    workers: number of processes; by default as many as pay (one for small sets).

        >>> render_set(7, range(4), 64).images.shape
        torch.Size([4, 3, 64, 64])
    """
    _check(size, positive_share, None, domain or Domain())
    one = partial(render, seed, size=size, positive_share=positive_share, domain=domain)
    return draw_set(one, indices, size, workers)


def draw_set(
    one: Callable[[int], Picture], indices: Sequence[int], size: int, workers: int | None
) -> RenderedSet:
    """The pictures `one(index)`; `one` is a function of this package, or a `partial` of one."""
    make = partial(_one_by_one, one, size)
    workers = useful_workers(len(indices), size) if workers is None else workers
    if workers <= 1 or len(indices) <= CHUNK:
        return make(indices)
    return _join(len(indices), size, spread(make, indices, workers))


def _one_by_one(one: Callable[[int], Picture], size: int, indices: Sequence[int]) -> RenderedSet:
    images = torch.empty(len(indices), 3, size, size, dtype=torch.uint8)
    targets, factors = [], []
    with single_thread():
        for row, index in enumerate(indices):
            picture = one(index)
            images[row] = picture.image
            targets.append(picture.target)
            factors.append(picture.factors)
    return RenderedSet(images, torch.tensor(targets, dtype=torch.int64), tuple(factors))


def _join(count: int, size: int, parts: Sequence[tuple[int, RenderedSet]]) -> RenderedSet:
    """One set from (position, part) pairs in order, without holding all of it twice."""
    images = torch.empty(count, 3, size, size, dtype=torch.uint8)
    for start, part in parts:
        images[start : start + len(part.targets)] = part.images
    targets = torch.cat([part.targets for _, part in parts])
    return RenderedSet(images, targets, tuple(f for _, part in parts for f in part.factors))
