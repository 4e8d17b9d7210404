"""Near-duplicates: the same photograph twice, re-encoded, resized, brightened or slightly cropped.

A near-duplicate on both sides of a split tests memory, not skill (Barz & Denzler, arXiv
1902.00423). Two signs must agree, since each alone is wrong on smooth pictures: the difference hash
(which of two neighbouring cells is brighter, 256 times) and the colours of an 8 x 8 thumbnail.

What the thresholds below find, measured on 2,800 photographs by benchmarks/duplicates.py
(book/results/duplicates_photographs.json; on the kitchen's pictures it is less): every copy that
was saved again, halved or brightened by 20 %; 99 % of those that lost 6 % around their edge, 81 %
of those that lost 10 %; 75 % of grey copies; 39 % of those that lost 6 % at one corner, 2 % of
those that lost 10 % there; hardly a mirror image.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from hotdog_lib.data.pictures import PictureSet

MAX_DISTANCE = (
    80  # of 256 bits; unrelated photographs are 128 apart on average, and rarely below 60
)
MIN_CORRELATION = 0.9  # of the thumbnails, each channel around its own mean
MAX_COLOUR = 60.0  # root mean square difference of the thumbnails, in grey levels
SAME_COLOUR = 1.0  # below this, pictures without any structure count as the same, too
FLAT = 2.0  # grey levels: structure fainter than this is noise and does not correlate
CELLS, THUMBNAIL, BLOCK = 16, 8, 1024
WIDE = 2**15  # pictures that a block is compared with at a time: 128 MiB for each sign
LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True, order=True)
class Duplicate:
    """Pictures ``a`` and ``b`` (row numbers) show the same; ``distance`` is in bits of 256."""

    a: int
    b: int
    distance: int


def difference_hash(images: Tensor) -> Tensor:
    """Whether each of 16 x 16 cells is darker than its right neighbour.

    Args:
        images: uint8 ``(N, 3, S, S)``.

    Returns:
        bool ``(N, 256)``. The number of bits that differ is small for two copies of a picture.
    """
    cells = _shrink(images, CELLS, CELLS + 1)  # (N, 3, 16, 17)
    grey = torch.einsum("nchw,c->nhw", cells, torch.tensor(LUMA))  # (N, 16, 17)
    return (grey[..., 1:] > grey[..., :-1]).flatten(1)  # (N, 256)


@dataclass(frozen=True)
class Signature:
    """What is compared of each picture: 448 bytes, from which nobody can tell what it shows.

    Attributes:
        bits: bool ``(N, 256)``, of :func:`difference_hash`.
        thumbnails: uint8 ``(N, 3, 8, 8)``.
    """

    bits: Tensor
    thumbnails: Tensor

    @classmethod
    def of(cls, images: Tensor) -> Signature:
        """Of pictures, uint8 ``(N, 3, S, S)``."""
        return cls(difference_hash(images), _shrink(images, THUMBNAIL, THUMBNAIL).to(torch.uint8))

    def __getitem__(self, rows: Tensor) -> Signature:
        """Of some of the pictures, by row numbers."""
        return Signature(self.bits[rows], self.thumbnails[rows])


def near_duplicates(
    images: Tensor | Signature, others: Tensor | Signature | None = None
) -> list[Duplicate]:
    """Pairs that show the same picture, in the order of their rows.

    Args:
        images: uint8 ``(N, 3, S, S)``, or their signature.
        others: uint8 ``(M, 3, T, T)``, or their signature; None compares ``images`` with one
            another.

    Returns:
        ``a`` counts in ``images``; ``b`` in ``others``, or in ``images`` with ``a < b``.
    """
    return [
        Duplicate(a, b, distance)
        for pairs, distances in _pairs(
            _signature(images), others if others is None else _signature(others)
        )
        for (a, b), distance in zip(pairs.tolist(), distances.tolist(), strict=True)
    ]


def _signature(images: Tensor | Signature) -> Signature:
    return images if isinstance(images, Signature) else Signature.of(images)


def duplicate_groups(pictures: PictureSet) -> Tensor:
    """Number the pictures so that near-duplicates, and chains of them, share a number.

    Returns:
        int64 ``(N,)``, from 0 on; give it to :func:`~hotdog_lib.data.splits.stratified_split` as
        ``groups``.
    """
    labels = torch.arange(len(pictures))
    found = [pairs for pairs, _ in _pairs(pictures.signature, None)]
    left, right = (torch.cat(found) if found else torch.empty(0, 2, dtype=torch.int64)).T
    while True:  # every picture takes the lowest number among its partners until nothing changes
        lowest = torch.minimum(labels[left], labels[right])
        before = labels.clone()
        labels.scatter_reduce_(0, left, lowest, "amin").scatter_reduce_(0, right, lowest, "amin")
        if torch.equal(labels, before):
            return torch.unique(labels, return_inverse=True)[1]


def _shrink(images: Tensor, height: int, width: int) -> Tensor:
    """Bytes are resized block by block, so that a memory-mapped set passes through in pieces."""
    small = [
        F.interpolate(block, (height, width), mode="bilinear", antialias=True)
        for block in images.cpu().split(BLOCK)
    ]
    return torch.cat(small).float() if small else torch.empty(0, 3, height, width)


@dataclass(frozen=True)
class _Features:
    bits: Tensor  # (N, 256), -1 or 1
    colours: Tensor  # (N, 192), around 0
    structure: Tensor  # (N, 192), of length 1; shorter where there is hardly any

    def __getitem__(self, rows: slice) -> _Features:
        return _Features(*(part[rows] for part in vars(self).values()))

    @classmethod
    def of(cls, signature: Signature) -> _Features:
        colours = signature.thumbnails.float() - 128  # (N, 3, 8, 8)
        centred = (colours - colours.mean((2, 3), keepdim=True)).flatten(1)  # (N, 192)
        length = (centred.square().sum(1, keepdim=True) + FLAT**2 * centred.shape[1]).sqrt()
        return cls(signature.bits.float() * 2 - 1, colours.flatten(1), centred / length)


def _pairs(images: Signature, others: Signature | None) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield rows ``(P, 2)`` and distances ``(P,)`` of the pairs found in each block of rows."""
    mine = _Features.of(images)
    theirs = mine if others is None else _Features.of(others)
    for top in range(0, len(mine.bits) if len(theirs.bits) else 0, BLOCK):
        block = mine[top : top + BLOCK]
        left = top if others is None else 0  # pairs of a set with itself are looked at once
        found = [
            (pairs + torch.tensor([top, start]), distances)
            for start in range(left, len(theirs.bits), WIDE)
            for pairs, distances in [
                _alike(block, theirs[start : start + WIDE], top - start if others is None else None)
            ]
        ]
        pairs, distances = (torch.cat(parts) for parts in zip(*found, strict=True))
        order = pairs[:, 0].argsort(stable=True)
        yield pairs[order], distances[order]


def _alike(one: _Features, two: _Features, diagonal: int | None) -> tuple[Tensor, Tensor]:
    """Rows ``(P, 2)`` and distances ``(P,)`` of the pairs in a block; only those above its
    diagonal, where there is one."""
    distance = (256 - one.bits @ two.bits.T) / 2  # (b, w), exact
    colour = torch.cdist(one.colours, two.colours) / one.colours.shape[1] ** 0.5
    alike = one.structure @ two.structure.T > MIN_CORRELATION
    same = (distance < MAX_DISTANCE) & alike & (colour < MAX_COLOUR) | (colour < SAME_COLOUR)
    if diagonal is not None:
        same = same.triu(diagonal + 1)
    pairs = same.nonzero()  # (P, 2)
    return pairs, distance[tuple(pairs.T)].long()
