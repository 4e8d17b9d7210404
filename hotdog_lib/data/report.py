"""A look at a folder before training on it: sizes, classes, duplicates, unreadable files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from hotdog_lib.data.decode import FORMATS, DecodeError, decode_image, parallel_map
from hotdog_lib.data.duplicates import near_duplicates
from hotdog_lib.data.folders import SPLITS, Folder, has_splits, scan_folder
from hotdog_lib.data.pictures import Skipped
from hotdog_lib.data.preprocess import to_canvas

CANVAS = 64  # pixels: duplicates are told apart on much smaller thumbnails


@dataclass(frozen=True)
class Spread:
    """Smallest, middle and greatest of a quantity."""

    min: float
    median: float
    max: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of some values; all 0 if there are none."""
        return cls(min(values), median(values), max(values)) if values else cls(0, 0, 0)


@dataclass(frozen=True)
class DuplicatePair:
    """Two files that show the same; if not of the ``same_class``, one label is wrong."""

    a: str
    b: str
    distance: int
    same_class: bool


@dataclass(frozen=True)
class SplitReport:
    """What one split holds; paths are relative to the folder described.

    Attributes:
        pictures: files that can be read.
        classes: of them, how many of each class.
        imbalance: pictures of the largest class for each of the smallest; 0 if a class has none.
        formats: how many files of each format.
        width, height: in pixels, as a person sees the picture.
        unreadable: files that cannot be read, and why.
        duplicates: near-duplicates within the split.
    """

    pictures: int
    classes: dict[str, int]
    imbalance: float
    formats: dict[str, int]
    width: Spread
    height: Spread
    unreadable: tuple[Skipped, ...]
    duplicates: tuple[DuplicatePair, ...]


@dataclass(frozen=True)
class Report:
    """What a folder holds.

    Attributes:
        root: the folder.
        splits: one report for ``train`` and ``test``, or one for ``all``.
        duplicates_across: near-duplicates with ``a`` in the training and ``b`` in the test split.
    """

    root: str
    splits: dict[str, SplitReport]
    duplicates_across: tuple[DuplicatePair, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, lists, dicts and strings, for JSON."""
        return asdict(self)


def describe(root: Path | str) -> Report:
    """Decode every picture below ``root`` once and report what is there.

    Args:
        root: a folder of class folders, with ``train/`` and ``test/`` above them or not.

    Raises:
        HotdogError: if it is no such folder.
    """
    root = Path(root).expanduser()
    names = SPLITS if has_splits(root) else ("all",)
    looks = {name: _look(scan_folder(root, name if name in SPLITS else None)) for name in names}
    across: tuple[DuplicatePair, ...] = ()
    if len(names) == 2:
        across = _duplicates(root, looks[names[0]], looks[names[1]])
    reports = {name: _split_report(root, look) for name, look in looks.items()}
    return Report(str(root), reports, across)


@dataclass(frozen=True)
class _Seen:
    path: Path
    label: str
    format: str
    width: int
    height: int


@dataclass(frozen=True)
class _Look:
    folder: Folder
    seen: list[_Seen]
    unreadable: list[DecodeError]
    canvases: Tensor  # (N, 3, CANVAS, CANVAS), rows as in ``seen``


def _look(folder: Folder) -> _Look:
    seen, unreadable, canvases = [], [], []
    labels = [folder.class_names[target] for target in folder.targets]
    for result in parallel_map(_look_at, zip(folder.paths, labels, strict=True)):
        if isinstance(result, DecodeError):
            unreadable.append(result)
        else:
            seen.append(result[0])
            canvases.append(result[1])
    empty = torch.empty(0, 3, CANVAS, CANVAS, dtype=torch.uint8)
    return _Look(folder, seen, unreadable, torch.stack(canvases) if canvases else empty)


def _look_at(labelled: tuple[Path, str]) -> tuple[_Seen, Tensor] | DecodeError:
    path, label = labelled
    try:
        image = decode_image(path)  # (3, H, W)
    except DecodeError as error:
        return error
    with Image.open(path, formats=FORMATS) as opened:
        form = opened.format or "unknown"
    height, width = image.shape[1:]
    return _Seen(path, label, form, width, height), to_canvas(image, CANVAS)


def _split_report(root: Path, look: _Look) -> SplitReport:
    counted = Counter(seen.label for seen in look.seen)
    classes = {name: counted[name] for name in look.folder.class_names}
    least, most = min(classes.values()), max(classes.values())
    return SplitReport(
        pictures=len(look.seen),
        classes=classes,
        imbalance=most / least if least else 0.0,
        formats=dict(Counter(seen.format for seen in look.seen).most_common()),
        width=Spread.of([seen.width for seen in look.seen]),
        height=Spread.of([seen.height for seen in look.seen]),
        unreadable=tuple(
            Skipped(_relative(Path(error.name), root), error.reason) for error in look.unreadable
        ),
        duplicates=_duplicates(root, look, None),
    )


def _duplicates(root: Path, look: _Look, other: _Look | None) -> tuple[DuplicatePair, ...]:
    pairs = near_duplicates(look.canvases, None if other is None else other.canvases)
    others = (other or look).seen
    return tuple(
        DuplicatePair(
            a=_relative(look.seen[pair.a].path, root),
            b=_relative(others[pair.b].path, root),
            distance=pair.distance,
            same_class=look.seen[pair.a].label == others[pair.b].label,
        )
        for pair in pairs
    )


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
