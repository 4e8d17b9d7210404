"""The pictures of a run: folders of class folders or of shards, cut into splits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hotdog_lib.data.cache import load_pictures
from hotdog_lib.data.duplicates import duplicate_groups
from hotdog_lib.data.folders import has_splits, scan_folder
from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.data.shards import is_shards, open_shards
from hotdog_lib.data.splits import stratified_split
from hotdog_lib.errors import HotdogError
from hotdog_lib.training.processes import ALONE, Processes
from hotdog_lib.training.progress import wants_bars


@dataclass(frozen=True)
class Splits:
    """The pictures of a run. ``test`` is looked at once, at the end."""

    train: PictureSet
    validation: PictureSet
    test: PictureSet | None
    fingerprints: dict[str, str]
    """Of what the folder holds to train on (validation included), and to test on."""

    @property
    def skipped(self) -> list[dict[str, str]]:
        """Files that could not be read, with the reason."""
        parts = [self.train, *([self.test] if self.test else [])]
        return [vars(s) for part in parts for s in part.skipped]


def load_splits(
    root: Path,
    preprocessing: Preprocessing,
    validation: float,
    seed: int,
    processes: Processes = ALONE,
) -> Splits:
    """Training, validation and (where the folder has one) test pictures; near-duplicates stay on
    one side."""
    both = has_splits(root)
    everything = load_split(root, "train" if both else None, preprocessing)
    test = load_split(root, "test", preprocessing, everything.class_names) if both else None
    train = held = None
    if processes.first:  # the others take its rows: near-duplicates may hang on a last bit
        groups = duplicate_groups(everything)
        train, held = stratified_split(everything.targets, validation, groups=groups, seed=seed)
    train, held = processes.share((train, held))
    prints = {"train": everything.fingerprint()} | ({"test": test.fingerprint()} if test else {})
    return Splits(everything.subset(train), everything.subset(held), test, prints)


def load_split(
    root: Path,
    split: str | None,
    preprocessing: Preprocessing,
    class_names: tuple[str, ...] | None = None,
) -> PictureSet:
    """One split of a folder of class folders, or of shards."""
    folder = root / split if split else root
    if is_shards(folder):
        pictures = open_shards(folder)
        if class_names is not None and pictures.class_names != class_names:
            raise HotdogError(
                f"{folder} has the classes {list(pictures.class_names)}, but {list(class_names)} "
                "are expected; write the shards of both splits from one folder"
            )
        return pictures
    return load_pictures(
        scan_folder(root, split, class_names=class_names),
        preprocessing.resize_size,
        interpolation=preprocessing.interpolation,
        progress=wants_bars(),
    )
