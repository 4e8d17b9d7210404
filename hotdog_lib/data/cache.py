"""The pixel cache: every picture is decoded once, and read from then on as memory-mapped bytes.

A cache is one safetensors file of canvases and targets. Its name is a hash of the files' contents,
their classes, the canvas and the decoder, so that a changed photograph makes another cache and an
old one is never taken for it. It is put in place only when it is complete.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from safetensors import SafetensorError, safe_open
from torch import Tensor

from hotdog_lib.data.decode import DECODER_VERSION, DecodeError, decode_image, parallel_map
from hotdog_lib.data.folders import Folder
from hotdog_lib.data.pictures import PictureSet, Skipped
from hotdog_lib.data.preprocess import to_canvas
from hotdog_lib.errors import HotdogError
from hotdog_lib.home import atomic_write
from hotdog_lib.home import cache_dir as default_cache_dir

FORMAT = "hotdog_lib pixels 1"
REASON_BYTES = 200  # kept of the reason for which a file was skipped
PAGE = 4096  # the pixels start at a page of memory
STALE_SECONDS = 24 * 3600  # a temporary file this old belongs to a build that was killed


def load_pictures(
    folder: Folder,
    size: int,
    *,
    cache_dir: Path | None = None,
    progress: bool = False,
    interpolation: str = "bilinear",
) -> PictureSet:
    """The pictures of a folder as canvases of ``size`` pixels, decoded by the first call only.

    Args:
        folder: from :func:`~hotdog_lib.data.folders.scan_folder`.
        size: side of the canvas in pixels; see :func:`~hotdog_lib.data.preprocess.to_canvas`.
        cache_dir: where caches are kept; None takes :func:`hotdog_lib.home.cache_dir`.
        progress: show a bar while decoding.
        interpolation: of the resize to the canvas.

    Returns:
        the set; its images are backed by the file, not by memory. Unreadable files are in
        ``skipped``.

    Raises:
        HotdogError: if a class is left without a picture, or the cache cannot be written.
    """
    place = cache_dir or default_cache_dir()
    key = cache_key(folder, size, interpolation)
    path = place / "pixels" / f"{folder.root.name}-{size}px-{key[:32]}.safetensors"
    pictures = _read(path, folder)
    if pictures is None:
        _build(path, folder, size, interpolation, progress)
        pictures = _read(path, folder)
    if pictures is None:
        raise HotdogError(f"the cache {path} cannot be read back; remove it and look at the disk")
    _check_classes(pictures)
    return pictures


def cache_key(folder: Folder, size: int, interpolation: str = "bilinear") -> str:
    """SHA-256 (hex) of everything that a cache depends on: contents, labels, canvas, decoder."""
    digest = hashlib.sha256()
    digest.update(json.dumps([FORMAT, DECODER_VERSION, size, interpolation]).encode())
    digest.update(json.dumps(folder.class_names).encode())
    for name, path, target in zip(_names(folder), folder.paths, folder.targets, strict=True):
        digest.update(json.dumps([name, target, _content(path)]).encode())
    return digest.hexdigest()


def _content(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "no file"
    except OSError as error:
        return f"unreadable: {error.strerror}"


def _names(folder: Folder) -> list[str]:
    return [path.relative_to(folder.root).as_posix() for path in folder.paths]


def _check_classes(pictures: PictureSet) -> None:
    empty = [name for name, count in pictures.counts().items() if not count]
    if empty:
        wrong = "; ".join(f"{file.path}: {file.reason}" for file in pictures.skipped[:3])
        raise HotdogError(
            f"no picture of the class {', '.join(empty)} can be read "
            f"({len(pictures.skipped)} files were skipped, such as {wrong})"
        )


# Writing. Few pictures are in memory at a time, and the header must say how many could be read.
# So the pixels start at a fixed place that leaves room for the longest header, the targets end
# there, and the header, padded with the blanks that the format allows, is written last:
#
#     8 bytes: header's length | header, blanks | targets int64 (n,) | pixels uint8 (n, 3, S, S)


def _build(path: Path, folder: Folder, size: int, interpolation: str, progress: bool) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        with atomic_write(path) as temporary, open(temporary, "wb") as file:
            _write(file, folder, _canvases(folder, size, interpolation, progress), size)
    except OSError as error:
        raise HotdogError(
            f"cannot write the pixel cache {path} ({error.strerror}); "
            "make room there, or set HOTDOG_CACHE to another folder"
        ) from error


def _sweep(path: Path) -> None:
    """Remove what a killed build of this cache left; never read, it only takes up space."""
    for left in path.parent.glob(f".{path.name}.*.part"):
        if time.time() - left.stat().st_mtime > STALE_SECONDS:
            left.unlink(missing_ok=True)


def _canvases(
    folder: Folder, size: int, interpolation: str, progress: bool
) -> Iterator[Tensor | DecodeError]:
    def canvas(path: Path) -> Tensor | DecodeError:
        try:
            return to_canvas(decode_image(path), size, interpolation)
        except DecodeError as error:
            return error

    canvases = parallel_map(canvas, folder.paths)
    if not progress:
        return canvases
    from tqdm.auto import tqdm  # slow to import

    title = f"decoding {folder.root.name}"
    return iter(tqdm(canvases, total=len(folder), desc=title, unit="picture"))


def _write(
    file: BinaryIO, folder: Folder, canvases: Iterable[Tensor | DecodeError], size: int
) -> None:
    names, kept, skipped = _names(folder), [], []
    room = len(_header([], names, [], size)) + 256 + (REASON_BYTES + 32) * len(names)
    pixels_at = -(-(8 + room + 8 * len(names)) // PAGE) * PAGE
    file.seek(pixels_at)
    for row, canvas in enumerate(canvases):
        if isinstance(canvas, DecodeError):
            skipped.append((row, _plain(canvas.reason)))
        else:
            kept.append(row)
            file.write(canvas.numpy())
    targets = np.array([folder.targets[row] for row in kept], dtype="<i8")  # (n,)
    header = _header(kept, names, skipped, size)
    length = pixels_at - 8 - targets.nbytes
    file.seek(0)
    file.write(length.to_bytes(8, "little") + header.ljust(length) + targets.tobytes())


def _plain(reason: str) -> str:
    """Nothing that JSON would write longer, so that the room left for it is enough."""
    plain = (c if c.isascii() and c.isprintable() and c not in '"\\' else "'" for c in reason)
    return "".join(plain)[:REASON_BYTES]


def _header(kept: list[int], names: list[str], skipped: list[tuple[int, str]], size: int) -> bytes:
    count = len(kept)
    labels, pixels = 8 * count, 3 * size * size * count
    entries = {
        "__metadata__": {
            "format": FORMAT,
            "decoder": DECODER_VERSION,
            "names": json.dumps(names),
            "skipped": json.dumps(skipped),
        },
        "targets": {"dtype": "I64", "shape": [count], "data_offsets": [0, labels]},
        "images": {
            "dtype": "U8",
            "shape": [count, 3, size, size],
            "data_offsets": [labels, labels + pixels],
        },
    }
    return json.dumps(entries).encode()


def _read(path: Path, folder: Folder) -> PictureSet | None:
    """The cached set with its files' present paths; None if there is no cache, or a damaged one."""
    if not path.is_file():
        return None
    try:
        with safe_open(path, "pt") as file:  # the tensors are views of the mapped file: no copy
            images, targets = file.get_tensor("images"), file.get_tensor("targets")
            reasons = dict(json.loads(file.metadata()["skipped"]))
    except (SafetensorError, KeyError, TypeError, ValueError):  # damaged: decode again
        return None
    return PictureSet(
        images=images,
        targets=targets.clone(),
        class_names=folder.class_names,
        names=tuple(str(p) for row, p in enumerate(folder.paths) if row not in reasons),
        skipped=tuple(Skipped(str(folder.paths[row]), why) for row, why in reasons.items()),
    )
