"""The pixel cache: every picture is decoded once, and read from then on as memory-mapped bytes.

A cache is one safetensors file of canvases and targets. Its name is a hash of the files' contents,
their classes, the canvas and the decoder, so that a changed photograph makes another cache and an
old one is never taken for it. It is put in place only when it is complete.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from safetensors import SafetensorError, safe_open
from torch import Tensor

from hotdog_lib.data.decode import (
    DECODER_VERSION,
    MAX_BYTES,
    DecodeError,
    decode_image,
    parallel_map,
    read_picture,
)
from hotdog_lib.data.folders import Folder
from hotdog_lib.data.pictures import PictureSet, Skipped
from hotdog_lib.data.preprocess import to_canvas
from hotdog_lib.errors import HotdogError
from hotdog_lib.home import alone, atomic_write, file_digest, sweep
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
    contents = _contents(folder)
    key = cache_key(folder, size, interpolation, contents)
    path = place / "pixels" / f"{_short_name(folder)}-{size}px-{key[:32]}.safetensors"
    pictures = _read(path, folder, size)
    if pictures is None:
        lock = path.with_name(f".{path.name}.lock")
        with alone(lock, wait=True, remedy="set HOTDOG_CACHE to another folder"):
            pictures = _read(path, folder, size)  # another process may have been faster
            if pictures is None:
                canvases = _canvases(folder, contents, size, interpolation, progress)
                _build(path, folder, canvases, size)
                pictures = _read(path, folder, size)
    if pictures is None:
        raise HotdogError(f"the cache {path} cannot be read back; remove it and look at the disk")
    _check_classes(pictures)
    return pictures


def cache_key(
    folder: Folder,
    size: int,
    interpolation: str = "bilinear",
    contents: Sequence[str] | None = None,
) -> str:
    """SHA-256 (hex) of everything that a cache depends on: contents, labels, canvas, decoder.

    ``contents`` are the hashes of the files, where they are known already.
    """
    digest = hashlib.sha256()
    digest.update(json.dumps([FORMAT, DECODER_VERSION, size, interpolation]).encode())
    digest.update(json.dumps(folder.class_names).encode())
    contents = _contents(folder) if contents is None else contents
    for row in zip(_names(folder), folder.targets, contents, strict=True):
        digest.update(json.dumps(row).encode())
    return digest.hexdigest()


def _contents(folder: Folder) -> list[str]:
    return [_content(path) for path in folder.paths]


def _content(path: Path) -> str:
    """Hash of a file; of one that will not be decoded, why not."""
    try:
        if not path.is_file():
            return "no file"
        size = path.stat().st_size
        return f"{size} bytes" if size > MAX_BYTES else file_digest(path)
    except OSError as error:
        return f"unreadable: {error.strerror}"


def _short_name(folder: Folder) -> str:
    """For people who look into the cache; a file's name may have 255 bytes at most."""
    plain = "".join(c if c.isascii() and c.isprintable() else "_" for c in folder.root.name)
    return plain[:40]


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


def _build(path: Path, folder: Folder, canvases: Iterable[Tensor | DecodeError], size: int) -> None:
    sweep(path.parent, path.name, STALE_SECONDS)
    remedy = "make room there, or set HOTDOG_CACHE to another folder"
    with atomic_write(path, remedy) as temporary, open(temporary, "wb") as file:
        _write(file, folder, canvases, size)


def _canvases(
    folder: Folder, contents: Sequence[str], size: int, interpolation: str, progress: bool
) -> Iterator[Tensor | DecodeError]:
    def canvas(file: tuple[Path, str]) -> Tensor | DecodeError:
        try:
            image = decode_image(_unchanged(*file), name=str(file[0]))
        except DecodeError as error:
            return error
        return to_canvas(image, size, interpolation)

    canvases = parallel_map(canvas, zip(folder.paths, contents, strict=True))
    if not progress:
        return canvases
    from tqdm.auto import tqdm  # slow to import

    title = f"decoding {folder.root.name}"
    return iter(tqdm(canvases, total=len(folder), desc=title, unit="picture"))


def _unchanged(path: Path, content: str) -> bytes:
    """A file's bytes, if they are still those that the cache is named after."""
    try:
        data = read_picture(path)
        found = hashlib.sha256(data).hexdigest()
    except DecodeError:
        if len(content) != 64:  # it could not be read before, either
            raise
        found = "unreadable"
    if found != content:
        raise HotdogError(f"{path} has changed while the folder was read; run again")
    return data


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


def _read(path: Path, folder: Folder, size: int) -> PictureSet | None:
    """The cached set with its files' present paths; None if there is no cache, or a damaged one."""
    if not path.is_file():
        return None
    try:
        with safe_open(path, "pt") as file:  # the tensors are views of the mapped file: no copy
            images, targets = file.get_tensor("images"), file.get_tensor("targets")
            reasons = dict(json.loads(file.metadata()["skipped"]))
        pictures = PictureSet(
            images=images,
            targets=targets.clone(),
            class_names=folder.class_names,
            names=tuple(str(p) for row, p in enumerate(folder.paths) if row not in reasons),
            skipped=tuple(Skipped(str(folder.paths[row]), why) for row, why in reasons.items()),
        )
    # Damaged: decode again.
    except (SafetensorError, HotdogError, OSError, LookupError, TypeError, ValueError):
        return None
    return pictures if pictures.size == size else None
