"""What the chapter on many classes learns from: the kitchen's kinds, Caltech-256 or CIFAR-10.

It stands on top, beside :mod:`hotdog_lib.lab`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from hotdog_lib.data.folders import Folder, has_splits, scan_folder
from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.data.splits import sample_per_class
from hotdog_lib.errors import HotdogError
from hotdog_lib.home import home
from hotdog_lib.lab import Lab, open_lab

#: Kinds of the kitchen with a class of the same name in the pantry, the source networks' task.
NAMESAKES = (
    *("baguette", "eclair", "burrito", "kebab", "sausages", "banana", "carrot", "cucumber"),
    *("burger", "pizza", "taco", "doughnut"),
)
#: Kinds without one: six hot dogs, which the pantry has as one class, and six others. The pantry's
#: ``submarine`` is a ship.
STRANGERS = (
    *("classic", "chicago", "chili_cheese", "pretzel_dog", "french_dog", "stubby"),
    *("empty_bun", "salad_bun", "submarine", "churros", "nigiri", "swiss_roll"),
)
MANY_KINDS = tuple(sorted(NAMESAKES + STRANGERS))

#: Folders under HOTDOG_HOME, the one to take first in front; ``fetch`` makes them.
FULL_SETS = {"caltech256": "Caltech-256", "cifar10": "CIFAR-10"}
CLUTTER = "257.clutter"  # no class: pictures of nothing in particular
#: Read of a set with splits of its own. All of CIFAR-10 would fill 12 GB at a network's size.
MOST_OF_A_CLASS = {"train": 300, "test": 200}
POCKET_SEED = 720


@dataclass(frozen=True)
class ManyClasses:
    """A target task with many classes, and the lab that fits it.

    Attributes:
        lab: where to compute, and with which source.
        name: of the pictures, for figures and tables.
        pool: all pictures that may be sampled.
        test: pictures that came with the set to test on; None where they are what is left of the
            pool.
        per_class: how many of each class to train on.
    """

    lab: Lab
    name: str
    pool: PictureSet
    test: PictureSet | None
    per_class: int

    def split(self, seed: int) -> tuple[PictureSet, PictureSet]:
        """``per_class`` pictures of each class to train on, others to test on."""
        chosen, rest = sample_per_class(self.pool.targets, self.per_class, seed=seed)
        return self.pool.subset(chosen), self.test or self.pool.subset(rest)


def open_many(lab: Lab, folder: Path | None = None) -> ManyClasses:
    """The chapter's pictures in this edition.

    Pocket: 35 pictures of each of 24 of the kitchen's kinds, 15 of them to train on. Full: 60 of
    each class to train on, of Caltech-256 or CIFAR-10, whichever lies under ``HOTDOG_HOME``.

    Args:
        lab: from :func:`hotdog_lib.lab.open_lab`.
        folder: a folder of class folders to take in the full edition, with ``train/`` and
            ``test/`` above them or not.

    Raises:
        HotdogError: the full edition was asked for by name, and none of the sets is there.
    """
    if lab.edition == "full":
        folder = folder or next((home() / n for n in FULL_SETS if (home() / n).is_dir()), None)
        if folder is not None:
            return _from_folder(lab, folder)
        if lab.why == "as asked":
            raise HotdogError(
                f"there is neither {' nor '.join(FULL_SETS)} in {home()}: "
                "python -m hotdog_lib fetch caltech256 (or cifar10); or use HOTDOG_EDITION=pocket"
            )
        lab = open_lab("pocket")
    pool = kind_pictures(POCKET_SEED, 35, lab.size)
    return ManyClasses(lab, "the kitchen's kinds", pool, None, per_class=15)


def kind_pictures(
    seed: int, per_class: int, size: int, kinds: tuple[str, ...] = MANY_KINDS
) -> PictureSet:
    """``per_class`` of the kitchen's pictures of each kind; the kind is the class.

    Every picture has a scene of its own: index ``i * len(kinds) + c`` of the seed.
    """
    from hotdog_lib.kitchen import render

    indices = range(per_class * len(kinds))
    drawn = [render(seed, i, size, kind=kinds[i % len(kinds)]) for i in indices]
    return PictureSet(
        images=torch.stack([picture.image for picture in drawn]),  # (N, 3, S, S)
        targets=torch.tensor(indices) % len(kinds),
        class_names=kinds,
        names=tuple(f"kitchen/{seed}/{kinds[i % len(kinds)]}/{i}" for i in indices),
        factors=tuple(picture.factors for picture in drawn),
    )


def _without_clutter(folder: Folder) -> Folder:
    """Caltech-256 without its 257th folder, as in the results that are published for it."""
    if folder.class_names[-1:] != (CLUTTER,):
        return folder
    last = len(folder.class_names) - 1
    kept = [i for i, target in enumerate(folder.targets) if target != last]
    return replace(_only(folder, kept), class_names=folder.class_names[:-1])


def _some(folder: Folder, most: int) -> Folder:
    """At most ``most`` files of each class, always the same ones."""
    targets = torch.tensor(folder.targets)
    order = torch.randperm(len(targets), generator=torch.Generator().manual_seed(0))
    kept = torch.cat([order[targets[order] == c][:most] for c in targets.unique()])
    return _only(folder, kept.sort().values.tolist())


def _only(folder: Folder, rows: Sequence[int]) -> Folder:
    return replace(
        folder,
        paths=tuple(folder.paths[i] for i in rows),
        targets=tuple(folder.targets[i] for i in rows),
    )


def _from_folder(lab: Lab, folder: Path) -> ManyClasses:
    from hotdog_lib.data.cache import load_pictures

    name, split = FULL_SETS.get(folder.name, folder.name), has_splits(folder)
    pool = load_pictures(
        _without_clutter(scan_folder(folder, "train" if split else None)), lab.size
    )
    test = load_pictures(scan_folder(folder, "test"), lab.size) if split else None
    return ManyClasses(lab, name, pool, test, per_class=60)
