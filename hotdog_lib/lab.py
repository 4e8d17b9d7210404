"""What every notebook opens first: the edition, the device, the pictures, the source networks and
the budget."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch
from PIL import Image

from hotdog_lib.data.folders import has_splits, scan_folder
from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.errors import HotdogError
from hotdog_lib.home import home
from hotdog_lib.models.weights import EMBEDDED_FOLDER, SourceWeights, get_weights, imagenet_path
from hotdog_lib.training.hardware import Hardware, pick_hardware

if TYPE_CHECKING:
    from hotdog_lib.data.shards import Source as ShardSource

Edition = Literal["pocket", "full"]

#: Seeds of the kitchen's pictures: training, validation and test pictures are never the same ones.
KITCHEN_SEEDS = {"train": 100, "validation": 200, "test": 300}
CLASS_NAMES = ("hotdog", "not-hotdog")
PIECE_BYTES = 2**27  # of pixels that are drawn before they are written
FULL_MODELS = ("resnet18", "squeezenet1_1", "densenet161", "vit_b_16")


@dataclass(frozen=True)
class Budget:
    """How much a chapter may spend in this edition.

    Attributes:
        train, validation, test: pictures of each split.
        epochs: passes of a fine-tuning run.
        seeds: repetitions of a comparison that is run live.
        minutes: roughly, for a chapter.
    """

    train: int
    validation: int
    test: int
    epochs: int
    seeds: int
    minutes: float


POCKET = Budget(train=100, validation=200, test=400, epochs=12, seeds=5, minutes=1.5)
FULL = Budget(train=1800, validation=200, test=800, epochs=10, seeds=5, minutes=2.0)


@dataclass(frozen=True)
class Lab:
    """One notebook's working place; made by :func:`open_lab`."""

    edition: Edition
    hardware: Hardware
    budget: Budget
    models: tuple[str, ...]
    why: str

    @property
    def model(self) -> str:
        """The network that a chapter uses unless it says otherwise."""
        return self.models[0]

    @property
    def weights(self) -> str:
        """Name of the source weights: ``embedded`` or ``imagenet``."""
        return "embedded" if self.edition == "pocket" else "imagenet"

    def source(self, model: str | None = None) -> SourceWeights:
        """Source weights with their transforms and categories."""
        found = get_weights(model or self.model, self.weights)
        assert found is not None
        return found

    @property
    def size(self) -> int:
        """Side of the pictures' canvas in pixels."""
        return self.source().preprocessing.resize_size

    @cached_property
    def train(self) -> PictureSet:
        """Training pictures."""
        return self._split("train", self.budget.train)

    @cached_property
    def validation(self) -> PictureSet:
        """Pictures to choose on."""
        return self._split("validation", self.budget.validation)

    @cached_property
    def test(self) -> PictureSet:
        """Pictures to report on, once."""
        return self._split("test", self.budget.test)

    def _split(self, split: str, count: int) -> PictureSet:
        if self.edition == "pocket":
            return kitchen_pictures(KITCHEN_SEEDS[split], count, self.size)
        if split == "test":
            return self._photographs("test")
        return self._training_parts[split]

    @cached_property
    def _training_parts(self) -> dict[str, PictureSet]:
        from hotdog_lib.data.duplicates import duplicate_groups
        from hotdog_lib.data.splits import stratified_split

        everything = self._photographs("train")
        share = self.budget.validation / (self.budget.train + self.budget.validation)
        groups = duplicate_groups(everything)
        train, held = stratified_split(everything.targets, share, groups=groups, seed=0)
        return {"train": everything.subset(train), "validation": everything.subset(held)}

    def _photographs(self, split: str) -> PictureSet:
        from hotdog_lib.data.cache import load_pictures

        return load_pictures(scan_folder(home() / "hotdog", split), self.size)

    def __str__(self) -> str:
        other = "full" if self.edition == "pocket" else "pocket"
        pictures = "rendered pictures" if self.edition == "pocket" else "photographs"
        precision = "bf16" if self.hardware.bf16 else "fp32"
        return (
            f"{self.edition} edition ({self.why}): {self.hardware.describe()['name']}, "
            f"{precision}; {self.budget.train} {pictures} to train on; "
            f"{self.model} with {self.weights} weights; "
            f"about {self.budget.minutes:g} minutes a chapter. Switch: HOTDOG_EDITION={other}"
        )


def open_lab(edition: str | None = None, *, device: str = "auto") -> Lab:
    """Choose the edition and say in one line what was chosen.

    Args:
        edition: ``pocket``, ``full`` or ``auto``; None reads ``HOTDOG_EDITION``, else ``auto``.
            ``auto`` is full
            where there is a CUDA device and the photographs and weights are at hand, else pocket.
        device: see :func:`hotdog_lib.training.hardware.pick_hardware`.

    Raises:
        HotdogError: when ``full`` is asked for by name and something for it is missing; it names
        the remedy.

    Example:
        >>> lab = open_lab("pocket")     # doctest: +SKIP
        >>> lab.train.counts()           # doctest: +SKIP
        {'hotdog': 50, 'not-hotdog': 50}
    """
    asked = edition or os.environ.get("HOTDOG_EDITION") or "auto"
    if asked not in ("pocket", "full", "auto"):
        raise HotdogError(
            f"edition {asked!r} is unknown; HOTDOG_EDITION takes pocket, full or auto"
        )
    lab = _choose(asked, pick_hardware(device))
    print(lab)  # the one line that a reader should see; everything else in the library is silent
    return lab


def _choose(asked: str, hardware: Hardware) -> Lab:
    missing = _missing_for_full()
    if asked == "full" and missing:
        raise HotdogError(
            f"the full edition was asked for, but {missing}; or use HOTDOG_EDITION=pocket"
        )
    full = asked == "full" or (asked == "auto" and not missing and torch.cuda.is_available())
    if full:
        models = tuple(name for name in FULL_MODELS if imagenet_path(name).exists())
        return Lab("full", hardware, FULL, models, _reason(asked, missing))
    models = tuple(sorted(path.stem for path in EMBEDDED_FOLDER.glob("*.safetensors")))
    if not models:
        raise HotdogError(
            "the embedded weights are missing; make them: python -m hotdog_lib pretrain"
        )
    return Lab("pocket", hardware, POCKET, models, _reason(asked, missing))


def _reason(asked: str, missing: str) -> str:
    if asked != "auto":
        return "as asked"
    if missing:
        return missing
    return "there is a GPU" if torch.cuda.is_available() else "there is no GPU"


def _missing_for_full() -> str:
    """What the full edition lacks here, with the remedy; an empty string when it lacks nothing."""
    photographs = home() / "hotdog"
    if not (photographs.is_dir() and has_splits(photographs)):
        return f"there are no photographs in {photographs}: python -m hotdog_lib fetch hotdog"
    if not any(imagenet_path(name).exists() for name in FULL_MODELS):
        return (
            f"there are no weights in {home() / 'weights'}: python -m hotdog_lib fetch resnet18 "
            f"(or one of {', '.join(FULL_MODELS[1:])})"
        )
    return ""


def kitchen_pictures(
    seed: int,
    count: int,
    size: int,
    *,
    start: int = 0,
    positive_share: float = 0.5,
    domain: object = None,
) -> PictureSet:
    """``count`` of the kitchen's pictures from index ``start`` on, as a labelled set with their
    factors."""
    from hotdog_lib.kitchen import render_set

    indices = range(start, start + count)
    drawn = render_set(seed, indices, size, positive_share=positive_share, domain=domain)
    names = tuple(f"kitchen/{seed}/{i}" for i in indices)
    return PictureSet(drawn.images, drawn.targets, CLASS_NAMES, names, factors=tuple(drawn.factors))


def kitchen_source(
    seed: int, count: int, size: int, *, start: int = 0, positive_share: float = 0.5
) -> ShardSource:
    """The same pictures for :func:`hotdog_lib.data.shards.write_shards`: some hundred megabytes of
    them are in memory at a time, however many there are."""
    from hotdog_lib.data.shards import Source, source_key
    from hotdog_lib.kitchen import render_set

    piece = max(1, PIECE_BYTES // (3 * size**2))

    def read(position: int) -> Iterator[tuple[str, int, torch.Tensor]]:
        for first in range(start + position, start + count, piece):
            indices = range(first, min(first + piece, start + count))
            drawn = render_set(seed, indices, size, positive_share=positive_share)
            names = (f"kitchen/{seed}/{index}" for index in indices)
            yield from zip(names, drawn.targets.tolist(), drawn.images, strict=True)

    key = source_key("kitchen", seed, start, count, size, positive_share)
    return Source(key, CLASS_NAMES, size, count, read)


def render_shards(
    out: Path, counts: dict[str, int], seed: int, size: int, positive_share: float = 0.5
) -> None:
    """Write the pictures of :func:`render_folder` as ``out/<split>`` in shards; the same call goes
    on where it was stopped."""
    from hotdog_lib.data.shards import write_shards

    start = 0
    for split, count in counts.items():
        source = kitchen_source(seed, count, size, start=start, positive_share=positive_share)
        write_shards(out / split, source)
        start += count


def render_folder(
    out: Path, counts: dict[str, int], seed: int, size: int, positive_share: float = 0.5
) -> None:
    """Write the kitchen's pictures as ``out/<split>/<class>/NNNNN.png``; the whole folder appears
    at once.

    Splits share the seed and follow each other in the index, so no picture is in two of them.

    Raises:
        HotdogError: when ``out`` has something in it, or a number makes no sense.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise HotdogError(f"{out} is not empty; --out takes a new folder")
    if any(count < 0 for count in counts.values()) or not 0 <= positive_share <= 1:
        raise HotdogError(
            f"can't draw {counts} pictures, {positive_share} of them hot dogs: check the numbers"
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as scratch:
        start = 0
        for split, count in counts.items():
            pictures = kitchen_pictures(
                seed, count, size, start=start, positive_share=positive_share
            )
            _write_split(pictures, Path(scratch) / "set" / split)
            start += count
        if out.exists():
            out.rmdir()
        (Path(scratch) / "set").rename(out)


def _write_split(pictures: PictureSet, folder: Path) -> None:
    for name in pictures.class_names:
        (folder / name).mkdir(parents=True)
    for number, (image, target) in enumerate(zip(pictures.images, pictures.targets, strict=True)):
        path = folder / pictures.class_names[int(target)] / f"{number:05d}.png"
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(path)
