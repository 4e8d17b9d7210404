"""A test part of one's own: a folder of class folders, cut in two, in a copy of it."""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import torch

from hotdog_lib.data.cache import load_pictures
from hotdog_lib.data.duplicates import duplicate_groups
from hotdog_lib.data.folders import SPLITS, scan_folder
from hotdog_lib.data.pictures import PictureSet, Skipped
from hotdog_lib.data.splits import stratified_split
from hotdog_lib.errors import HotdogError

CANVAS = 64  # pixels: duplicates are told apart on much smaller thumbnails


@dataclass(frozen=True)
class Parts:
    """What :func:`set_aside` did; paths are relative to the folder that was cut.

    Attributes:
        root: holds ``train/`` and ``test/`` now.
        pictures: how many of each class are in ``train`` and in ``test``.
        unreadable: files that were left out because they cannot be read, and why.
        contradictory: near-duplicates that were left out because their labels differ, together.
    """

    root: Path
    pictures: dict[str, dict[str, int]]
    unreadable: tuple[Skipped, ...]
    contradictory: tuple[tuple[str, ...], ...]


def set_aside(root: Path | str, out: Path | str, share: float = 0.25, *, seed: int = 0) -> Parts:
    """Copy the pictures of ``root`` to ``out/train`` and ``out/test``; ``root`` stays as it is.

    Every class is cut in the same proportion, near-duplicates stay on one side. Left out are files
    that cannot be read, and near-duplicates with different labels, of which one must be wrong.

    Args:
        root: a folder of class folders, without ``train/`` and ``test/``.
        out: a new folder, outside ``root``; it appears as a whole.
        share: of the pictures, to test on.
        seed: of the choice.

    Raises:
        HotdogError: no such folder, a class with too few pictures, or a place that is taken.

    Example:
        >>> set_aside("photos", "parts").pictures      # doctest: +SKIP
        {'train': {'cat': 90, 'dog': 75}, 'test': {'cat': 30, 'dog': 25}}
    """
    root, out = Path(root).expanduser(), Path(out).expanduser()
    _check_place(root, out)
    pictures = load_pictures(scan_folder(root), CANVAS)
    groups = duplicate_groups(pictures)
    contradictory = _contradictory(pictures, groups)
    wrong = {row for rows in contradictory for row in rows}
    kept = torch.tensor([row for row in range(len(pictures)) if row not in wrong])
    halves = stratified_split(pictures.targets[kept], share, groups=groups[kept], seed=seed)
    parts = {split: pictures.subset(kept[rows]) for split, rows in zip(SPLITS, halves, strict=True)}
    _copy(parts, root, out)
    return Parts(
        root=out,
        pictures={split: part.counts() for split, part in parts.items()},
        unreadable=tuple(
            Skipped(_inside(file.path, root), file.reason) for file in pictures.skipped
        ),
        contradictory=tuple(
            tuple(_inside(pictures.names[row], root) for row in rows) for rows in contradictory
        ),
    )


def _check_place(root: Path, out: Path) -> None:
    if out.resolve().is_relative_to(root.resolve()):
        raise HotdogError(f"{out} lies in {root}, whose folders are classes; choose another place")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise HotdogError(f"{out} is not empty; give a new folder")


def _contradictory(pictures: PictureSet, groups: torch.Tensor) -> list[list[int]]:
    """Rows of the groups of near-duplicates that have several labels."""
    members = defaultdict(list)
    for row, group in enumerate(groups.tolist()):
        members[group].append(row)
    return [rows for rows in members.values() if len(set(pictures.targets[rows].tolist())) > 1]


def _copy(parts: dict[str, PictureSet], root: Path, out: Path) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as scratch:
            whole = Path(scratch) / "parts"
            for split, part in parts.items():
                for name in part.names:
                    place = whole / split / _inside(name, root)
                    place.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(name, place)
            if out.exists():
                out.rmdir()
            whole.rename(out)
    except OSError as error:
        raise HotdogError(
            f"cannot copy to {out} ({error.strerror or error}); make room there, or choose "
            "another place"
        ) from error


def _inside(path: str, root: Path) -> str:
    return Path(path).relative_to(root).as_posix()
