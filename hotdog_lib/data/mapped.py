"""Pixels that stay in their files: a set may be larger than memory.

A shard is a safetensors file of one page of a set: targets int64 ``(n,)``, then pixels uint8
``(n, 3, S, S)``, and a description of itself with a checksum. Its pixels are mapped when they are
asked for, and let go again before the mapped pages add up.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from hotdog_lib.errors import HotdogError
from hotdog_lib.home import atomic_write

FORMAT = "hotdog_lib shard 1"
MAX_HEADER = 2**26  # bytes: names of hundreds of thousands of pictures
MAPPED = 2**29  # bytes of open maps: a system may count all of a map as ours at its first touch
OPEN = 256  # maps at a time; many systems allow 1,024 open files


@dataclass(frozen=True)
class Shard:
    """What a shard says of itself.

    Attributes:
        key: names the pictures of the whole set; shards with different keys don't mix.
        start, end: positions in the source, the skipped ones included; the next shard goes on at
            ``end``.
        digest: SHA-256 (hex) of targets and pixels.
        names: one a picture.
        skipped: name and reason of each file that could not be read.
    """

    key: str
    start: int
    end: int
    digest: str
    names: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ShardFile:
    """A shard on disk whose header is sound."""

    path: Path
    about: Shard
    targets: Tensor  # int64 (n,)
    size: int  # side of the pictures in pixels
    pixels_at: int  # byte at which the pixels begin

    def __len__(self) -> int:
        return len(self.targets)

    def map(self) -> np.ndarray:
        """Pixels, uint8 (n, 3, S, S), backed by the file."""
        try:
            with open(self.path, "rb") as file:
                whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            flat = np.frombuffer(whole, np.uint8, offset=self.pixels_at)
            return flat.reshape(len(self), 3, self.size, self.size)
        except (OSError, ValueError) as error:
            raise HotdogError(f"cannot map {self.path} ({error}); write it again") from error

    def check(self) -> None:
        """Raise HotdogError unless targets and pixels are those that were written."""
        digest = hashlib.sha256()
        try:
            with open(self.path, "rb") as file:  # read, not mapped: no page of it stays with us
                file.seek(self.pixels_at - 8 * len(self))
                while block := file.read(1 << 20):
                    digest.update(block)
        except OSError as error:
            raise HotdogError(f"cannot read {self.path} ({error.strerror}); try again") from error
        if digest.hexdigest() != self.about.digest:
            raise HotdogError(
                f"{self.path} is damaged: its checksum differs; remove it, and its shards.json, "
                "and run the command that wrote it again: it goes on from there"
            )


def write_shard(path: Path, images: Tensor, targets: Tensor, **about: Any) -> None:
    """Write one shard, whole or not at all; ``about`` are the fields of :class:`Shard`."""
    digest = hashlib.sha256(targets.numpy().astype("<i8"))  # as they will lie in the file
    digest.update(np.ascontiguousarray(images.numpy()).data)
    shard = Shard(digest=digest.hexdigest(), **about)
    described = json.dumps({"format": FORMAT, **asdict(shard)})
    with atomic_write(path, "make room there, and run again: it goes on from here") as temporary:
        save_file({"targets": targets, "images": images}, temporary, {"shard": described})


def read_shard(path: Path) -> ShardFile:
    """Read a shard's header and targets. Raises HotdogError for anything but a whole shard."""
    try:
        with open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > MAX_HEADER:
                raise ValueError(f"a header of {length:,} bytes")
            header = json.loads(file.read(length))
            about = _described(json.loads(header["__metadata__"]["shard"]))
            count, channels, size, width = header["images"]["shape"]
            targets = np.frombuffer(file.read(8 * count), "<i8").copy()  # (n,)
        pixels = 3 * size * size * count
        offsets = [header[part]["data_offsets"] for part in ("targets", "images")]
        expected = [[0, 8 * count], [8 * count, 8 * count + pixels]]
        whole = path.stat().st_size == 8 + length + 8 * count + pixels
        if (channels, width) != (3, size) or not whole:
            raise ValueError("it is cut short")
        if offsets != expected or len(about.names) != count:
            raise ValueError("its parts do not fit together")
    except (OSError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise HotdogError(
            f"{path} is no sound shard ({error}); remove it and write it again"
        ) from error
    return ShardFile(path, about, torch.from_numpy(targets), size, 8 + length + 8 * count)


def _described(values: Any) -> Shard:
    """What a shard says of itself. Raises ValueError, LookupError or TypeError."""
    if values["format"] != FORMAT:
        raise ValueError(f"its format is {values['format']!r}")
    kinds = {"key": str, "start": int, "end": int, "digest": str, "names": list, "skipped": list}
    wrong = [name for name, kind in kinds.items() if not isinstance(values[name], kind)]
    names, pairs = values["names"], [tuple(pair) for pair in values["skipped"] or ()]
    if wrong or not all(isinstance(word, str) for row in (names, *pairs) for word in row):
        raise ValueError("what it says of itself has the wrong types")
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError("a skipped file needs a name and a reason")
    plain = {name: values[name] for name in ("key", "start", "end", "digest")}
    return Shard(**plain, names=tuple(names), skipped=tuple(pairs))


class _Maps:
    """The mapped files of a set, shared by all its views; each is checked when first mapped."""

    def __init__(self, files: Sequence[ShardFile]) -> None:
        self.files = files
        self.ends = np.cumsum([len(file) for file in files])  # (K,)
        self._open: dict[int, np.ndarray] = {}
        self._sound: set[int] = set()
        self._mapped = 0
        self._lock = threading.Lock()

    def gather(self, rows: np.ndarray, out: np.ndarray) -> None:
        """Copy the pictures at ``rows`` (B,) to ``out`` (B, 3, S, S)."""
        numbers = np.searchsorted(self.ends, rows, side="right")  # (B,)
        for number in np.unique(numbers).tolist():
            pixels = self._pixels(number)
            first = self.ends[number] - len(pixels)
            for place in np.flatnonzero(numbers == number).tolist():
                out[place] = pixels[rows[place] - first]

    def _pixels(self, number: int) -> np.ndarray:
        with self._lock:
            pixels = self._open.get(number)
            if number not in self._sound:
                self.files[number].check()
                self._sound.add(number)
            if pixels is None:
                pixels = self.files[number].map()
                if self._mapped + pixels.nbytes > MAPPED or len(self._open) >= OPEN:
                    self._open.clear()  # the pages stay with the system, and count no more as ours
                    self._mapped = 0
                self._open[number] = pixels
                self._mapped += pixels.nbytes
            return pixels


class MappedImages:
    """Stands where a set has its pixels: uint8 ``(N, 3, S, S)``, read from shards when indexed.

    It answers what the library asks of a tensor of pixels: ``shape``, ``dtype``, ``nbytes``,
    ``len``, ``images[rows]``, ``split``, ``cpu`` and ``to``.

    Args:
        files: the shards, in order.
    """

    dtype, device = torch.uint8, torch.device("cpu")

    def __init__(self, files: Sequence[ShardFile]) -> None:
        self._maps, self._size = _Maps(files), files[0].size
        self._rows: np.ndarray | None = None  # of a view
        self._length = int(self._maps.ends[-1])

    def __len__(self) -> int:
        return self._length

    @property
    def shape(self) -> torch.Size:
        """(N, 3, S, S)."""
        return torch.Size((len(self), 3, self._size, self._size))

    @property
    def nbytes(self) -> int:
        """Bytes of all pixels."""
        return self.shape.numel()

    @property
    def digests(self) -> tuple[str, ...] | None:
        """Checksums of the shards' targets and pixels, in order; of a view there are none."""
        files = self._maps.files
        return tuple(file.about.digest for file in files) if self._rows is None else None

    def view(self, rows: Tensor) -> MappedImages:
        """These pictures only, in this order; nothing is read."""
        part = object.__new__(MappedImages)
        part._maps, part._size, part._length = self._maps, self._size, len(rows)
        part._rows = self._own(rows.cpu().numpy())
        return part

    def __getitem__(self, rows: int | slice | Tensor | Sequence[int]) -> Tensor:
        """The pixels at ``rows`` as a tensor: ``(3, S, S)`` for a number, else ``(B, 3, S, S)``."""
        if isinstance(rows, slice):
            chosen = np.arange(len(self))[rows]
        else:
            asked = torch.as_tensor(rows).cpu()
            asked = asked.nonzero().flatten() if asked.dtype == torch.bool else asked
            chosen = np.atleast_1d(asked.numpy())
        images = torch.empty((len(chosen), *self.shape[1:]), dtype=torch.uint8)
        self._maps.gather(self._own(chosen), images.numpy())
        return images[0] if not isinstance(rows, slice) and np.ndim(rows) == 0 else images

    def _own(self, rows: np.ndarray) -> np.ndarray:
        """Row numbers of a view as those of the whole set."""
        if len(rows) and not -len(self) <= rows.min() <= rows.max() < len(self):
            raise IndexError(f"rows {rows.min()} to {rows.max()} of {len(self)} pictures")
        rows = np.where(rows < 0, rows + len(self), rows)
        return rows if self._rows is None else self._rows[rows]

    def split(self, size: int) -> Iterator[Tensor]:
        """The pixels in order, ``size`` pictures at a time."""
        return (self[start : start + size] for start in range(0, len(self), size))

    def __iter__(self) -> Iterator[Tensor]:
        return (image for block in self.split(64) for image in block)

    def cpu(self) -> MappedImages:
        """Itself: nothing is read before it is asked for."""
        return self

    def to(self, device: torch.device | str) -> MappedImages | Tensor:
        """Itself for the CPU; on another device, a copy of all pixels, sent in pieces."""
        if torch.device(device).type == "cpu":
            return self
        images = torch.empty(self.shape, dtype=torch.uint8, device=device)
        for start, block in zip(range(0, len(self), 256), self.split(256), strict=True):
            images[start : start + 256] = block
        return images
