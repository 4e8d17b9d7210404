"""Pictures with few hot dogs among them, in the proportions of the data set of 2017.

That set has 1,882 hot dogs to train on, 10,000 "interesting" negatives, which are food, and 5,000
random ones: one in nine, and two of three negatives are of the hard sort.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import torch

from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.errors import HotdogError
from hotdog_lib.lab import Lab, kitchen_pictures
from hotdog_lib.training.metrics import class_position

#: Hot dogs among the pictures of 2017: 1,882 of 16,882.
SHARE = 1 / 9
#: What the kitchen draws that is no food: its random negatives.
THINGS = ("legs", "dachshund", "empty_plate", "cutlery", "room", "garden", "crayons")
#: Seeds of the kitchen's rare pictures; a repetition has training and validation pictures of its
#: own, ten further on, and shares the test pictures.
SEEDS = {"train": 8000, "validation": 8001, "test": 8999}


def thinned(pictures: PictureSet, share: float = SHARE, seed: int = 0) -> PictureSet:
    """Every negative, and as many hot dogs, drawn by ``seed``, that they make up ``share``.

    Raises:
        HotdogError: a share that the set has not enough hot dogs for.
    """
    hotdog = pictures.targets == class_position(pictures.class_names, "hotdog")
    positives, negatives = hotdog.nonzero()[:, 0], (~hotdog).nonzero()[:, 0]
    wanted = round(share / (1 - share) * len(negatives)) if 0 < share < 1 else -1
    if not 0 < wanted <= len(positives):
        raise HotdogError(
            f"a share of {share} beside {len(negatives)} negatives can't be made of "
            f"{len(positives)} hot dogs; ask for less, above 0"
        )
    order = torch.randperm(len(positives), generator=torch.Generator().manual_seed(seed))
    kept = torch.cat([positives[order[:wanted]], negatives])
    return pictures.subset(kept.sort().values)


def rare_parts(lab: Lab, seed: int = 0) -> dict[str, PictureSet]:
    """Pictures to train on, to choose on and to report on; one in nine is a hot dog in each.

    Pocket: drawn, with factors. Full: photographs, whose hot dogs are drawn by ``seed``; no
    picture is in two parts, whatever the seed.
    """
    if lab.edition == "pocket":
        counts = {"train": 400, "validation": 400, "test": 800}
        later = {"train": 10 * seed, "validation": 10 * seed, "test": 0}
        return {
            split: _drawn(lab.size, SEEDS[split] + later[split], counts[split]) for split in counts
        }
    wide = replace(lab, budget=replace(lab.budget, train=1200, validation=800))
    parts = {"train": wide.train, "validation": wide.validation, "test": wide.test}
    return {split: thinned(pictures, seed=seed) for split, pictures in parts.items()}


@lru_cache(4)  # the test pictures are the same in every repetition
def _drawn(size: int, number: int, negatives: int) -> PictureSet:
    """An eighth as many hot dogs as negatives; of these two thirds are food."""
    from hotdog_lib.kitchen import NEGATIVE_KINDS, Domain

    food = tuple(kind for kind in NEGATIVE_KINDS if kind not in THINGS)
    plan = (
        (negatives // 8, 1.0, None),
        (negatives * 2 // 3, 0.0, Domain(kinds=food)),
        (negatives - negatives * 2 // 3, 0.0, Domain(kinds=THINGS)),
    )
    drawn = [
        kitchen_pictures(number, count, size, start=10_000 * i, positive_share=share, domain=domain)
        for i, (count, share, domain) in enumerate(plan)
    ]
    whole = PictureSet(
        torch.cat([part.images for part in drawn]),
        torch.cat([part.targets for part in drawn]),
        drawn[0].class_names,
        tuple(name for part in drawn for name in part.names),
        factors=tuple(fact for part in drawn for fact in part.factors or ()),
    )
    return whole.subset(torch.randperm(len(whole), generator=torch.Generator().manual_seed(number)))
