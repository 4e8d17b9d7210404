"""A labelled set of decoded pictures: the one thing that every other room trains and tests on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from hotdog_lib.data.mapped import MappedImages
from hotdog_lib.errors import HotdogError

if TYPE_CHECKING:
    from hotdog_lib.data.duplicates import Signature


@dataclass(frozen=True)
class Skipped:
    """A file that could not be read, and why."""

    path: str
    reason: str


@dataclass
class PictureSet:
    """Decoded pictures with their labels.

    Attributes:
        images: uint8 ``(N, 3, S, S)``, RGB; it may be a read-only view of a memory-mapped file, or
            the :class:`~hotdog_lib.data.mapped.MappedImages` of a folder of shards.
        targets: int64 ``(N,)``, indices into ``class_names``.
        class_names: the classes in index order.
        names: one a picture: its path, or ``kitchen/<seed>/<index>``.
        skipped: files that were left out because they could not be read.
        factors: what is known of how each picture was rendered, or None.

    Raises:
        HotdogError: if the parts do not fit together.
    """

    images: Tensor
    targets: Tensor
    class_names: tuple[str, ...]
    names: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()
    factors: tuple[Mapping[str, Any], ...] | None = None

    def __post_init__(self) -> None:
        _check_tensors(self.images, self.targets)
        for what, part in (("names", self.names), ("factors", self.factors)):
            if part is not None and len(part) != len(self):
                raise HotdogError(f"{len(self)} pictures, but {len(part)} {what}; give one each")
        least, most = (int(self.targets.min()), int(self.targets.max())) if len(self) else (0, 0)
        if len(self) and not 0 <= least <= most < self.num_classes:
            raise HotdogError(
                f"targets run from {least} to {most}, but there are {self.num_classes} classes "
                f"{list(self.class_names)}; number them from 0"
            )

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def size(self) -> int:
        """Side of the square pictures, in pixels."""
        return self.images.shape[-1]

    @property
    def num_classes(self) -> int:
        """Number of classes, those without a picture included."""
        return len(self.class_names)

    def subset(self, indices: Tensor | Sequence[int]) -> PictureSet:
        """The pictures at ``indices``, in that order: a copy of their pixels, but of shards a
        view."""
        rows = torch.as_tensor(indices, dtype=torch.int64).cpu()
        chosen = rows.tolist()
        mapped = isinstance(self.images, MappedImages)
        part = replace(
            self,
            images=self.images.view(rows) if mapped else self.images[rows],
            targets=self.targets[rows],
            names=tuple(self.names[i] for i in chosen),
            factors=None if self.factors is None else tuple(self.factors[i] for i in chosen),
        )
        if "signature" in vars(self):  # looked at once already
            part.signature = self.signature[rows]
        return part

    @cached_property
    def signature(self) -> Signature:
        """What near-duplicates are told by; computed once, also for subsets taken later."""
        from hotdog_lib.data.duplicates import Signature  # which knows this class

        return Signature.of(self.images)

    def counts(self) -> dict[str, int]:
        """Number of pictures in each class.

        Example:
            >>> images = torch.zeros(3, 3, 8, 8, dtype=torch.uint8)
            >>> names = ("hotdog", "not-hotdog")
            >>> PictureSet(images, torch.tensor([0, 1, 1]), names, ("a", "b", "c")).counts()
            {'hotdog': 1, 'not-hotdog': 2}
        """
        counted = torch.bincount(self.targets, minlength=self.num_classes).tolist()
        return dict(zip(self.class_names, counted, strict=True))

    def fingerprint(self) -> str:
        """SHA-256 (hex) of pixels, shape, targets and class names; of shards, of their checksums,
        so that a set larger than memory need not be read for it."""
        if isinstance(self.images, MappedImages) and self.images.digests is not None:
            known = [list(self.images.shape), self.class_names, self.images.digests]
            return hashlib.sha256(repr(known).encode()).hexdigest()
        digest = hashlib.sha256(repr((tuple(self.images.shape), self.class_names)).encode())
        digest.update(self.targets.cpu().numpy())
        for block in self.images.split(256):  # a memory-mapped set passes through in pieces
            digest.update(block.contiguous().cpu().numpy())
        return digest.hexdigest()


def _check_tensors(images: Tensor, targets: Tensor) -> None:
    shape = tuple(images.shape)
    if images.dtype != torch.uint8 or len(shape) != 4 or shape[1] != 3 or shape[2] != shape[3]:
        raise HotdogError(
            f"images are {images.dtype} {shape}; give torch.uint8 of shape (N, 3, S, S), "
            "for example made by data.preprocess.to_canvas"
        )
    if targets.dtype != torch.int64 or tuple(targets.shape) != shape[:1]:
        raise HotdogError(
            f"targets are {targets.dtype} {tuple(targets.shape)} for {shape[0]} pictures; "
            f"give torch.int64 of shape ({shape[0]},)"
        )
