"""Commands that fetch, draw and convert pictures; the command line takes them from here."""

from __future__ import annotations

import sys
from pathlib import Path

from tyro.conf import Positional


def fetch(name: Positional[str], mirror: str | None = None) -> int:
    """Download data or weights into HOTDOG_HOME, verified; what is there already is not fetched
    again.

    Example: python -m hotdog_lib fetch hotdog

    Args:
        name: hotdog (the D2L photographs), deepdog (the record files of 2017, 690 MB), caltech256
            (1.2 GB), cifar10 (170 MB), or a torchvision model for its ImageNet weights.
        mirror: an address, or a folder, that holds the same files.
    """
    from hotdog_lib.data.fetch import fetch as fetch_files
    from hotdog_lib.training.progress import wants_bars

    print(fetch_files(name, mirror=mirror, progress=wants_bars()))
    return 0


def split(data: Positional[Path], out: Path, test: float = 0.25, seed: int = 0) -> int:
    """Copy a folder of class folders to OUT/train and OUT/test, without near-duplicates across.

    Example: python -m hotdog_lib split photos --out parts --test 0.25

    Left out and named are files that can't be read, and copies of a picture with another label.

    Args:
        data: a folder of class folders; it stays as it is.
        out: a new folder.
        test: share of the pictures to test on.
        seed: of the choice.
    """
    from hotdog_lib.data.set_aside import set_aside

    parts = set_aside(data, out, test, seed=seed)
    for file in parts.unreadable:
        print(f"left out {file.path}: {file.reason}", file=sys.stderr)
    for names in parts.contradictory:
        print(f"left out {', '.join(names)}: one picture, several labels", file=sys.stderr)
    print(out)
    return 0


def pack(
    data: Positional[Path],
    out: Path,
    resize: int | None = None,
    quality: int = 95,
    threads: int | None = None,
) -> int:
    """Pack a folder of class folders into one record file, as MXNet's im2rec does.

    Example: python -m hotdog_lib pack photos/train --out train.rec --resize 256 --quality 90

    OUT gets an .idx and a .lst beside it. Pictures that can't be read are left out and named.

    Args:
        data: a folder of class folders.
        out: the .rec file.
        resize: pixels of the short side; without it files are packed as they are.
        quality: of the JPEGs that resizing makes.
        threads: one a core if not given.
    """
    from hotdog_lib.data.folders import scan_folder
    from hotdog_lib.data.packing import pack_folder
    from hotdog_lib.training.progress import wants_bars

    how = {"resize": resize, "quality": quality, "threads": threads, "progress": wants_bars()}
    skipped = pack_folder(scan_folder(data), out, **how)
    for file in skipped:
        print(f"skipped {file.path}: {file.reason}", file=sys.stderr)
    print(out)
    return int(bool(skipped))


def unpack(records: Positional[Path], out: Path, classes: str | None = None) -> int:
    """Unpack a record file into a folder of class folders that train and evaluate take.

    Example: python -m hotdog_lib unpack train.rec --out photos/train --classes not-hotdog,hotdog

    Args:
        records: a .rec file of MXNet's or of ours.
        out: a new folder.
        classes: names of the labels 0, 1 ... with commas; without them those in the .lst file.
    """
    from hotdog_lib.data.packing import unpack_records
    from hotdog_lib.training.progress import wants_bars

    names = classes.split(",") if classes else None
    unpack_records(records, out, names, progress=wants_bars())
    print(out)
    return 0


def render(
    out: Path,
    train: int = 100,
    test: int = 200,
    seed: int = 0,
    size: int = 96,
    positive_share: float = 0.5,
    shards: bool = False,
) -> int:
    """Draw the kitchen's pictures into an image folder that train and evaluate take.

    Example: python -m hotdog_lib render --out drawn --train 100 --test 200 --seed 7

    Args:
        out: a new or empty folder; it gets train/ and test/ with hotdog/ and not-hotdog/ in each.
        train: pictures to train on.
        test: pictures to test on; never the same as those.
        seed: every picture is a function of it and its number.
        size: side in pixels, 64 to 512.
        positive_share: share of hot dogs.
        shards: write shards instead of files, for more pictures than memory holds.
    """
    from hotdog_lib.lab import render_folder, render_shards

    draw = render_shards if shards else render_folder
    draw(out, {"train": train, "test": test}, seed, size, positive_share)
    print(out)
    return 0


def shard(data: Positional[Path], out: Path, size: int = 256, classes: str | None = None) -> int:
    """Write pictures into shards that train and evaluate take: for sets larger than memory.

    Example: python -m hotdog_lib shard photos --out shards --size 256

    Every picture is decoded once, to a square of SIZE pixels. Where it was stopped, the same
    command goes on.

    Args:
        data: a folder of class folders, with train/ and test/ above them or not; or a .rec file.
        out: a folder; it gets train/ and test/ where DATA has them.
        size: side of the stored pictures in pixels.
        classes: of a .rec file without a .lst: names of the labels 0, 1 ... with commas.
    """
    from hotdog_lib.data.folders import has_splits, scan_folder
    from hotdog_lib.data.shards import folder_source, record_source, write_shards
    from hotdog_lib.training.progress import wants_bars

    names = tuple(classes.split(",")) if classes else None
    if data.suffix == ".rec":
        sources = {out: record_source(data, size, names)}
    elif has_splits(data):
        splits = {split: scan_folder(data, split) for split in ("train", "test")}
        sources = {out / split: folder_source(part, size) for split, part in splits.items()}
    else:
        sources = {out: folder_source(scan_folder(data), size)}
    skipped = []
    for folder, source in sources.items():
        skipped += write_shards(folder, source, progress=wants_bars()).skipped
    for file in skipped:
        print(f"skipped {file.path}: {file.reason}", file=sys.stderr)
    print(out)
    return int(bool(skipped))
