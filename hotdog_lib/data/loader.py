"""Batches of pixels on the device, in an order that is a pure function of (seed, epoch)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor

from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.errors import HotdogError

RESIDENT_SHARE = 0.4  # of the device's free memory: the rest is the model's


class Loader:
    """Iterates over a picture set, batch by batch.

    Where the pixels fit on the device they are uploaded once and stay there; where they do not,
    batches are gathered from the (memory-mapped) set by a thread, one ahead of the loop, and sent
    through pinned memory.

    Args:
        pictures: the set.
        batch_size: pictures a batch; the last batch may be smaller.
        device: where the batches are wanted.
        shuffle: a new order each epoch, else the set's own.
        drop_last: leave out a last smaller batch.
        seed: of the order.
        resident: keep the pixels on the device; None decides by the free memory.
        indices: use these pictures only, without copying them; None uses all.
        shard: ``(rank, world_size)``: this process's part of every batch. The parts differ by one
            picture at most, and no picture is in two; in a small last batch a part may be empty.

    Raises:
        HotdogError: if no batch would come out.

    Example:
        >>> images = torch.zeros(5, 3, 8, 8, dtype=torch.uint8)
        >>> pictures = PictureSet(images, torch.tensor([0, 1, 0, 1, 0]), ("a", "b"), tuple("12345"))
        >>> [len(targets) for _, targets in Loader(pictures, 2, device="cpu", shuffle=True)]
        [2, 2, 1]
    """

    def __init__(
        self,
        pictures: PictureSet,
        batch_size: int,
        *,
        device: torch.device | str,
        shuffle: bool = False,
        drop_last: bool = False,
        seed: int = 0,
        resident: bool | None = None,
        indices: Tensor | Sequence[int] | None = None,
        shard: tuple[int, int] = (0, 1),
    ) -> None:
        self.pictures, self.batch_size, self.device = pictures, batch_size, torch.device(device)
        self.shuffle, self.drop_last, self.seed, self.epoch = shuffle, drop_last, seed, 0
        self.shard = shard
        rows = torch.arange(len(pictures)) if indices is None else torch.as_tensor(indices)
        self.indices = rows.to("cpu", torch.int64)
        self._check()
        self.resident = _fits(pictures, self.device) if resident is None else resident
        self._pixels: Tensor | None = None

    def _check(self) -> None:
        if self.batch_size < 1:
            raise HotdogError(f"batch_size {self.batch_size} must be at least 1")
        if not len(self) and (self.drop_last or not len(self.indices)):
            raise HotdogError(
                f"{len(self.indices)} pictures make no batch of {self.batch_size} "
                f"(drop_last={self.drop_last}); "
                "give more pictures or a smaller batch_size"
            )

    def set_epoch(self, epoch: int) -> None:
        """Choose the next iteration's order; a resumed run gets the one it would have had."""
        self.epoch = epoch

    def order(self) -> Tensor:
        """Row numbers, int64, in the order of this epoch: the same in every process."""
        rows = self.indices
        if self.shuffle:
            digest = hashlib.sha256(f"{self.seed}/{self.epoch}".encode()).digest()
            generator = torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))
            rows = rows[torch.randperm(len(rows), generator=generator)]
        return rows

    def __len__(self) -> int:
        """Number of batches: the same in every process, or one that stops early would hold up the
        rest."""
        whole, rest = divmod(len(self.indices), self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield images uint8 ``(B, 3, S, S)`` and targets int64 ``(B,)``, both on the device."""
        rank, world = self.shard
        batches = [
            rows[rank * len(rows) // world : (rank + 1) * len(rows) // world]
            for rows in self.order().split(self.batch_size)[: len(self)]
        ]
        return self._from_device(batches) if self.resident else self._from_host(batches)

    def _from_device(self, batches: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        if self._pixels is None:
            self._pixels = self.pictures.images.to(self.device)  # (N, 3, S, S)
        targets = self.pictures.targets.to(self.device)
        for rows in batches:
            rows = rows.to(self.device, non_blocking=True)
            yield self._pixels[rows], targets[rows]  # (B, 3, S, S), (B,)

    def _from_host(self, batches: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        with ThreadPoolExecutor(1) as gatherer:
            waiting = gatherer.submit(self._gather, batches[0])
            for following in [*batches[1:], None]:
                images, targets = waiting.result()
                if following is not None:
                    waiting = gatherer.submit(self._gather, following)
                yield (
                    images.to(self.device, non_blocking=True),
                    targets.to(self.device, non_blocking=True),
                )

    def _gather(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        images, targets = self.pictures.images[rows], self.pictures.targets[rows]
        pin = self.device.type == "cuda"  # a copy from pinned memory does not hold up the loop
        return (images.pin_memory(), targets.pin_memory()) if pin else (images, targets)


def _fits(pictures: PictureSet, device: torch.device) -> bool:
    if device.type == "cpu":  # the set itself is resident, mapped as one tensor or not: no copy
        return isinstance(pictures.images, Tensor)
    if device.type == "cuda":
        return pictures.images.nbytes < RESIDENT_SHARE * torch.cuda.mem_get_info(device)[0]
    return False
