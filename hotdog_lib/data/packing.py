"""A folder of class folders into one record file, as ``im2rec`` does, and back."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from PIL import Image

from hotdog_lib.data.decode import DecodeError, decode_image, parallel_map, read_picture
from hotdog_lib.data.folders import Folder
from hotdog_lib.data.pictures import Skipped
from hotdog_lib.data.records import Record, RecordFile, write_records
from hotdog_lib.data.unpack import MAX_MEMBERS
from hotdog_lib.errors import HotdogError
from hotdog_lib.home import atomic_write

MAX_SIDE = 4096  # pixels that a short side is resized to
MAX_LONG_SIDE = 65_000  # JPEG's own limit is a little above
#: First bytes of a file, and the suffix that says so.
SUFFIXES = {b"\xff\xd8": ".jpg", b"\x89PNG": ".png", b"RIFF": ".webp", b"GIF8": ".gif"}


def pack_folder(
    folder: Folder,
    path: Path,
    *,
    resize: int | None = None,
    quality: int = 95,
    threads: int | None = None,
    progress: bool = False,
) -> tuple[Skipped, ...]:
    """Write ``path`` (``.rec``), its ``.idx``, and a ``.lst`` that says which record is which file.

    Args:
        folder: from :func:`~hotdog_lib.data.folders.scan_folder`; a picture's label is the number
            of its class.
        path: the record file.
        resize: pixels of the short side; None packs each file's own bytes.
        quality: of the JPEGs that resizing makes, 1 to 100.
        threads: that decode and encode; None takes one a core.
        progress: show a bar.

    Returns:
        the files that are no readable pictures; they are left out.

    Raises:
        HotdogError: for a size, a quality or a number of threads that makes no sense, or if no
            picture can be read.
    """
    fits = resize is None or 1 <= resize <= MAX_SIDE
    if not fits or not 1 <= quality <= 100 or (threads is not None and threads < 1):
        raise HotdogError(
            f"resize {resize}, quality {quality}, threads {threads}: give 1 to {MAX_SIDE} pixels, "
            "a quality from 1 to 100, and at least 1 thread"
        )

    def encoded(file: Path) -> bytes | DecodeError:
        try:
            return _encode(file, resize, quality)
        except DecodeError as error:
            return error

    contents = parallel_map(encoded, folder.paths, threads)
    if progress:
        from tqdm.auto import tqdm  # slow to import

        contents = iter(tqdm(contents, total=len(folder), desc=f"packing {path.name}"))
    skipped: list[Skipped] = []
    packed: list[int] = []
    write_records(path, _records(folder, contents, packed, skipped))
    _write_list(path.with_suffix(".lst"), folder, packed)
    return tuple(skipped)


def unpack_records(
    path: Path, out: Path, class_names: Sequence[str] | None = None, *, progress: bool = False
) -> int:
    """Write each record's picture to ``out/<class>/<position>.<suffix>``; all of them or none.

    Args:
        path: a ``.rec`` file.
        out: a new folder.
        class_names: of the labels 0, 1 ...; None takes them from the ``.lst`` beside the file, and
            without one calls them ``class-0``, ``class-1`` ...
        progress: show a bar.

    Returns:
        the number of pictures.

    Raises:
        HotdogError: for a damaged file, for labels that are no classes, or if ``out`` is there.
    """
    if out.exists():
        raise HotdogError(f"{out} is there already; name a new folder")
    records = RecordFile(path)
    if len(records) > MAX_MEMBERS:
        raise HotdogError(f"{path} holds {len(records):,} records, more than {MAX_MEMBERS:,}")
    names = listed_names(path) if class_names is None else dict(enumerate(class_names))
    rows: Iterator[Record] = iter(records)
    if progress:
        from tqdm.auto import tqdm  # slow to import

        rows = iter(tqdm(rows, total=len(records), desc=f"unpacking {path.name}"))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as scratch:
            unpacked = Path(scratch) / "unpacked"
            for position, record in enumerate(rows):
                folder = unpacked / class_name(path, position, record, names)
                folder.mkdir(parents=True, exist_ok=True)
                file = folder / f"{position:06d}{_suffix(record.content)}"
                file.write_bytes(record.content)
            unpacked.rename(out)
    except OSError as error:
        raise HotdogError(f"cannot write {out} ({error.strerror or error}); make room") from error
    return len(records)


def _encode(file: Path, resize: int | None, quality: int) -> bytes:
    """The bytes to pack; the picture is decoded in any case, to find out whether it can be."""
    data = read_picture(file)
    image = decode_image(data, name=str(file))  # (3, H, W)
    if resize is None:
        return data
    height, width = image.shape[-2:]
    scale = resize / min(height, width)
    size = tuple(min(round(side * scale), MAX_LONG_SIDE) for side in (width, height))
    picture = Image.fromarray(image.permute(1, 2, 0).numpy())
    buffer = io.BytesIO()
    picture.resize(size, Image.Resampling.BILINEAR).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _records(
    folder: Folder,
    contents: Iterator[bytes | DecodeError],
    packed: list[int],
    skipped: list[Skipped],
) -> Iterator[Record]:
    for row, content in enumerate(contents):
        if isinstance(content, DecodeError):
            skipped.append(Skipped(str(folder.paths[row]), content.reason))
        else:
            packed.append(row)
            yield Record((float(folder.targets[row]),), row, content)
    if not packed:
        raise HotdogError(f"none of the {len(folder)} pictures in {folder.root} can be read")


def _write_list(path: Path, folder: Folder, packed: Sequence[int]) -> None:
    files = [(row, folder.targets[row], folder.paths[row]) for row in packed]
    lines = [
        f"{row}\t{target:f}\t{file.relative_to(folder.root).as_posix()}\n"
        for row, target, file in files
    ]
    with atomic_write(path) as temporary:
        temporary.write_text("".join(lines), encoding="utf-8", newline="\n")


def listed_names(path: Path) -> Mapping[int, str] | None:
    """Class of each label by the list beside a record file; None without a list."""
    listed = path.with_suffix(".lst")
    if not listed.is_file():
        return None
    names: dict[int, str] = {}
    try:
        for line in listed.read_text(encoding="utf-8").splitlines():
            _, label, file = line.split("\t")
            names[int(float(label))] = file.split("/")[0]
    except (OSError, ValueError) as error:
        raise HotdogError(f"cannot read {listed} ({error}); remove it, or name classes") from error
    return names


def class_name(path: Path, position: int, record: Record, names: Mapping[int, str] | None) -> str:
    """The class of a record; raises HotdogError for labels that are no class or have no name."""
    label = record.labels[0]
    if len(record.labels) > 1 or not label.is_integer() or label < 0:
        raise HotdogError(
            f"record {position} of {path} has the labels {list(record.labels)}: "
            "that is no class; only pictures with one whole number can be unpacked"
        )
    name = f"class-{int(label)}" if names is None else names.get(int(label), "")
    if not name:
        raise HotdogError(
            f"record {position} of {path} is of class {int(label)}, and there are names for "
            f"{sorted(names or ())}; name every class"
        )
    if Path(name).name != name or name.startswith("."):
        raise HotdogError(f"{name!r} is no name for a class folder; name the classes otherwise")
    return name


def _suffix(content: bytes) -> str:
    kinds = (suffix for start, suffix in SUFFIXES.items() if content.startswith(start))
    return next(kinds, ".jpg")
