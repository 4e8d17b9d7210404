"""Folders of shards: sets larger than memory, written and read a page at a time.

    shards/
        shard-00000.safetensors   some 32 MiB of pictures, see hotdog_lib/data/mapped.py
        shard-00001.safetensors
        shards.json               written last: without it, the writing was interrupted

A shard is put in place whole. So a writer that was stopped goes on after the last good one.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hotdog_lib.data.decode import DECODER_VERSION, DecodeError, decode_image, parallel_map
from hotdog_lib.data.folders import Folder
from hotdog_lib.data.mapped import MappedImages, ShardFile, read_shard, write_shard
from hotdog_lib.data.packing import class_name, listed_names
from hotdog_lib.data.pictures import PictureSet, Skipped
from hotdog_lib.data.preprocess import to_canvas
from hotdog_lib.data.records import RecordFile
from hotdog_lib.errors import HotdogError
from hotdog_lib.home import alone, atomic_write, sweep

logger = logging.getLogger(__name__)

INDEX = "shards.json"
SHARD_BYTES = 2**25  # of pixels; all that a writer holds. Larger ones fall out of its caches

#: Name, class, and the canvas uint8 (3, S, S), or why there is none.
Item = tuple[str, int, Tensor | DecodeError]


@dataclass(frozen=True)
class Source:
    """Pictures to write, always in the same order.

    Attributes:
        key: names everything that the pixels depend on; a writer goes on only with the same.
        class_names: in index order.
        size: side of the canvases in pixels.
        count: of the items.
        read: yields the items from a position on.
    """

    key: str
    class_names: tuple[str, ...]
    size: int
    count: int
    read: Callable[[int], Iterator[Item]]


def source_key(*parts: Any) -> str:
    """SHA-256 (hex) of plain values."""
    return hashlib.sha256(json.dumps([DECODER_VERSION, *parts]).encode()).hexdigest()


def folder_source(folder: Folder, size: int, interpolation: str = "bilinear") -> Source:
    """The pictures of a folder of class folders, decoded in parallel as they are read.

    A file counts as changed when its length or its date does.
    """
    names = tuple(path.relative_to(folder.root).as_posix() for path in folder.paths)
    files = [(name, *_stamp(path)) for name, path in zip(names, folder.paths, strict=True)]

    def read(start: int) -> Iterator[Item]:
        def canvas(path: Path) -> Tensor | DecodeError:
            return _canvas(path, str(path), size, interpolation)

        canvases = parallel_map(canvas, folder.paths[start:])
        return zip(names[start:], folder.targets[start:], canvases, strict=True)

    key = source_key("folder", files, folder.class_names, size, interpolation)
    return Source(key, folder.class_names, size, len(folder), read)


def record_source(
    path: Path,
    size: int,
    class_names: tuple[str, ...] | None = None,
    interpolation: str = "bilinear",
) -> Source:
    """The pictures of a ``.rec`` file; without ``class_names``, the ``.lst`` beside it names the
    classes."""
    records = RecordFile(path)
    names = listed_names(path) if class_names is None else dict(enumerate(class_names))
    if names is None:
        raise HotdogError(f"{path} has no .lst file beside it: name the classes of labels 0, 1 ...")
    order = tuple(dict.fromkeys(names[label] for label in sorted(names)))

    def read(start: int) -> Iterator[Item]:
        def item(position: int) -> Item:
            record = records[position]
            target = order.index(class_name(path, position, record, names))
            name = f"{path.name}/{position}"
            return name, target, _canvas(record.content, name, size, interpolation)

        return parallel_map(item, range(start, len(records)))

    key = source_key("records", path.name, *_stamp(path), order, size, interpolation)
    return Source(key, order, size, len(records), read)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns


def _canvas(source: Path | bytes, name: str, size: int, interpolation: str) -> Tensor | DecodeError:
    try:
        return to_canvas(decode_image(source, name=name), size, interpolation)
    except DecodeError as error:
        return error


def write_shards(
    out: Path, source: Source, *, shard_bytes: int = SHARD_BYTES, progress: bool = False
) -> PictureSet:
    """Write a folder of shards in bounded memory, or go on where a writer of the same was stopped.

    Args:
        out: the folder; nothing but shards of this source may be in it.
        source: from :func:`folder_source`, :func:`record_source` or the kitchen.
        shard_bytes: of pixels in a shard.
        progress: show a bar.

    Returns:
        the set, backed by its files; what could not be read is in ``skipped``.

    Raises:
        HotdogError: ``out`` holds other pictures or cannot be written, another process writes
            there, or no picture can be read.
    """
    with alone(out / ".lock", remedy="choose another --out"):
        sweep(out)
        if (out / INDEX).exists():
            _same(out, _read_index(out)["key"], source)
            logger.info("%s is complete: nothing to write", out)
            return open_shards(out)
        done = _sound_shards(out, source)
        start = done[-1].about.end if done else 0
        if start:
            logger.info("%s: going on after %d of %d pictures", out, start, source.count)
        items = iter(_watched(source, start, progress))
        capacity = max(1, shard_bytes // (3 * source.size**2))
        while start < source.count:
            shard = _write_next(out / _name(len(done)), source, items, start, capacity)
            done, start = [*done, shard], shard.about.end
        _write_index(out, source, done)
    return open_shards(out)


def _name(number: int) -> str:
    return f"shard-{number:05d}.safetensors"


def _same(out: Path, key: str, source: Source) -> None:
    if key != source.key:
        raise HotdogError(
            f"{out} holds shards of other pictures, or of another size; remove it, or choose "
            "another --out"
        )


def _sound_shards(out: Path, source: Source) -> list[ShardFile]:
    """The leading shards that an interrupted writer left, up to the first that is not whole."""
    done: list[ShardFile] = []
    for number in count():
        path = out / _name(number)
        if not path.exists():
            return done
        try:
            shard = read_shard(path)
            shard.check()
        except HotdogError as error:
            logger.warning("%s: written again", error)
            return done
        _same(out, shard.about.key, source)
        done.append(shard)


def _watched(source: Source, start: int, progress: bool) -> Iterator[Item]:
    items = source.read(start)
    if not progress:
        return items
    from tqdm.auto import tqdm  # slow to import

    return iter(tqdm(items, initial=start, total=source.count, desc="writing", unit="picture"))


def _write_next(
    path: Path, source: Source, items: Iterator[Item], start: int, capacity: int
) -> ShardFile:
    """Fill one shard and put it in place."""
    images = torch.empty(capacity, 3, source.size, source.size, dtype=torch.uint8)
    names, targets, skipped, end = [], [], [], start
    while len(names) < capacity and end < source.count:
        name, target, canvas = next(items)
        end += 1
        if isinstance(canvas, DecodeError):
            skipped.append((name, canvas.reason))
            continue
        images[len(names)] = canvas
        names.append(name)
        targets.append(target)
    labels = torch.tensor(targets, dtype=torch.int64)
    about = {"key": source.key, "start": start, "end": end, "names": names, "skipped": skipped}
    write_shard(path, images[: len(names)], labels, **about)
    return read_shard(path)


def _write_index(out: Path, source: Source, done: list[ShardFile]) -> None:
    index = {
        "key": source.key,
        "class_names": source.class_names,
        "size": source.size,
        "pictures": sum(map(len, done)),
        "shards": [{"file": shard.path.name, "digest": shard.about.digest} for shard in done],
    }
    if not index["pictures"]:
        raise HotdogError(f"none of the {source.count} pictures can be read: nothing to keep")
    with atomic_write(out / INDEX) as temporary:
        temporary.write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")


def is_shards(folder: Path) -> bool:
    """Whether a folder holds shards, complete or not."""
    return (folder / INDEX).is_file() or (folder / _name(0)).is_file()


def open_shards(folder: Path) -> PictureSet:
    """The set in a folder of shards. Its pixels are read when they are asked for, and each shard is
    checked against its checksum then.

    Memory holds a picture's name and target, some 150 bytes, and not its pixels.

    Raises:
        HotdogError: the writing was interrupted, or a shard is missing, cut short or another's.

    Example:
        >>> pictures = open_shards(Path("shards/train"))     # doctest: +SKIP
        >>> pictures.images[torch.tensor([5, 70_000])].shape # doctest: +SKIP
        torch.Size([2, 3, 96, 96])
    """
    index = _read_index(folder)
    files = []
    for row in index["shards"]:
        shard = read_shard(folder / Path(row["file"]).name)
        if (shard.about.key, shard.about.digest) != (index["key"], row["digest"]):
            raise HotdogError(f"{shard.path} is not the one that {INDEX} names; write it again")
        files.append(shard)
    filled = [shard for shard in files if len(shard)]
    if not filled:
        raise HotdogError(f"the shards in {folder} hold no pictures; write them again")
    pictures = PictureSet(
        images=MappedImages(filled),  # type: ignore[arg-type]  # answers as a tensor would
        targets=torch.cat([shard.targets for shard in filled]),
        class_names=tuple(index["class_names"]),
        names=tuple(name for shard in filled for name in shard.about.names),
        skipped=tuple(Skipped(*pair) for shard in files for pair in shard.about.skipped),
    )
    if len(pictures) != index["pictures"] or pictures.size != index["size"]:
        raise HotdogError(f"{folder / INDEX} does not fit its shards; write them again")
    return pictures


def _read_index(folder: Path) -> dict[str, Any]:
    path = folder / INDEX
    if not path.is_file() and is_shards(folder):
        raise HotdogError(
            f"the writing of {folder} was interrupted; run the same command again: it goes on"
        )
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        expected = {"key": str, "class_names": list, "size": int, "pictures": int, "shards": list}
        if not all(isinstance(index[name], kind) for name, kind in expected.items()):
            raise ValueError("a part has the wrong type")
        words = [row[part] for row in index["shards"] for part in ("file", "digest")]
        if not words or not all(isinstance(word, str) for word in words + index["class_names"]):
            raise ValueError("it names no shards")
    except (OSError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise HotdogError(f"cannot read {path} ({error}); write the shards again") from error
    return index
