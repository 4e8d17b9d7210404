"""MXNet's RecordIO files of labelled pictures, read and written without MXNet.

    record   a part, or several: FIRST, any number of MIDDLE, LAST
    part     magic number (4 bytes) | flag (3 bits), length (29 bits) | content | zeros to a
             multiple of 4 bytes
    content  of a picture: IRHeader (count, label, id, id2) | count labels, if count is above 0 |
             the encoded picture

A part must not hold the magic number at a multiple of 4 bytes, or a reader that looks for the next
record would stop there. So a writer cuts a record at each such place and leaves the number out,
and a reader puts it back between two parts.

Source: dmlc-core, ``recordio.h`` and ``recordio.cc``; MXNet, ``python/mxnet/recordio.py``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, overload

from hotdog_lib.errors import HotdogError
from hotdog_lib.home import atomic_write

MAGIC = struct.pack("<I", 0xCED7230A)
WHOLE, FIRST, MIDDLE, LAST = range(4)  # flag of a part
PART = struct.Struct("<4sI")
LABELS = struct.Struct("<IfQQ")  # IRHeader
MAX_RECORD = 2**29 - 1  # bytes; the format has 29 bits for a length
INDEX_LINE = 48  # bytes: two numbers of at most 20 digits each, a tab, a line's end


@dataclass(frozen=True)
class Record:
    """One labelled picture.

    Attributes:
        labels: one number for a class; more where a picture has several.
        id: whatever number the writer gave it; the key in an index.
        content: the encoded picture, such as the bytes of a JPEG file.
    """

    labels: tuple[float, ...]
    id: int
    content: bytes


class RecordFile(Sequence[Record]):
    """The records of a ``.rec`` file by position; each is read when it is asked for.

    Args:
        path: the file.
        index: its ``.idx`` file; None takes the one beside it, and without one finds the records by
            going through the file, which reads their headers only.

    Raises:
        HotdogError: for a file, or an index, that is missing, truncated or damaged; it names the
            byte.

    Example:
        >>> pictures = RecordFile("not_hotdog_validation-c0201740.rec")  # doctest: +SKIP
        >>> len(pictures), pictures[0].labels                            # doctest: +SKIP
        (1259, (1.0,))
    """

    def __init__(self, path: Path | str, index: Path | str | None = None) -> None:
        self.path = Path(path).expanduser()
        if not self.path.is_file():
            raise HotdogError(f"there is no record file {self.path}; check the path")
        beside = self.path.with_suffix(".idx")
        if index is None and beside.is_file():
            index = beside
        with _Reader(self.path) as reader:
            if reader.size == 0:
                raise HotdogError(f"{self.path} is empty (0 bytes); fetch or pack it again")
            self.offsets = (
                tuple(reader.starts()) if index is None else _read_index(Path(index), reader)
            )

    def __len__(self) -> int:
        return len(self.offsets)

    @overload
    def __getitem__(self, position: int) -> Record: ...
    @overload
    def __getitem__(self, position: slice) -> list[Record]: ...
    def __getitem__(self, position):
        with _Reader(self.path) as reader:
            if isinstance(position, slice):
                return [reader.record(offset) for offset in self.offsets[position]]
            return reader.record(self.offsets[position])

    def __iter__(self) -> Iterator[Record]:
        with _Reader(self.path) as reader:
            for offset in self.offsets:
                yield reader.record(offset)


def write_records(path: Path, records: Iterable[Record]) -> int:
    """Write a ``.rec`` file and its ``.idx``, both whole or not at all.

    Returns:
        the number of records.

    Raises:
        HotdogError: for a record without a label, with an id that is no 64-bit number, or of half a
            gigabyte and more.
    """
    offset = count = 0
    with (
        atomic_write(path.with_suffix(".idx")) as index,
        atomic_write(path) as temporary,
        open(index, "w", encoding="ascii", newline="\n") as lines,
        open(temporary, "wb") as file,
    ):
        for record in records:
            packed = b"".join(_parts(_pack(record)))
            file.write(packed)
            lines.write(f"{record.id}\t{offset}\n")
            offset, count = offset + len(packed), count + 1
    return count


def _pack(record: Record) -> bytes:
    """A record's content, with its labels before the picture."""
    several = len(record.labels) != 1
    count, label = (len(record.labels), 0.0) if several else (0, record.labels[0])
    if not record.labels or not 0 <= record.id < 2**64:
        raise HotdogError(
            f"record {record.id} has the labels {record.labels}; give at least one label, and an "
            "id from 0 to 2^64 - 1"
        )
    more = struct.pack(f"<{count}f", *record.labels) if several else b""
    content = LABELS.pack(count, label, record.id, 0) + more + record.content
    if len(content) > MAX_RECORD:
        raise HotdogError(
            f"record {record.id} has {len(content):,} bytes, more than the format's "
            f"{MAX_RECORD:,}; shrink the picture"
        )
    return content


def _parts(content: bytes) -> Iterator[bytes]:
    """The content in parts, cut where the magic number stands at a multiple of 4 bytes."""
    cuts = [at for at in _find_all(content, MAGIC) if at % 4 == 0]
    starts = [0, *(at + 4 for at in cuts)]
    last = len(starts) - 1
    for i, (start, end) in enumerate(zip(starts, [*cuts, len(content)], strict=True)):
        flag = WHOLE if not cuts else FIRST if i == 0 else LAST if i == last else MIDDLE
        yield PART.pack(MAGIC, flag << 29 | (end - start)) + content[start:end]
    yield bytes(-len(content) % 4)


def _find_all(content: bytes, wanted: bytes) -> Iterator[int]:
    at = content.find(wanted)
    while at >= 0:
        yield at
        at = content.find(wanted, at + 1)


class _Reader:
    """A record file that is open; it never asks for more bytes than the file has left."""

    def __init__(self, path: Path) -> None:
        self.path, self.size = path, path.stat().st_size

    def __enter__(self) -> _Reader:
        self.file: BinaryIO = open(self.path, "rb")
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()

    def starts(self) -> Iterator[int]:
        """Where each record begins."""
        at = 0
        while at < self.size:
            yield at
            for _, start, length in self.spans(at):
                at = start + _padded(length)

    def spans(self, at: int) -> Iterator[tuple[int, int, int]]:
        """Flag, first byte and length of each part of the record that begins at byte ``at``."""
        record, total, expected = at, 0, (WHOLE, FIRST)
        while True:
            flag, length = self.header(at)
            total += length + 4
            if flag not in expected:
                raise self.damaged(at, f"a part of kind {flag}, where {expected} is possible")
            if total > MAX_RECORD + 4:
                raise self.damaged(record, f"a record of more than {MAX_RECORD:,} bytes")
            if at + PART.size + _padded(length) > self.size:
                raise self.truncated(at)
            yield flag, at + PART.size, length
            if flag in (WHOLE, LAST):
                return
            at, expected = at + PART.size + _padded(length), (MIDDLE, LAST)

    def header(self, at: int) -> tuple[int, int]:
        """Flag and length of the part at byte ``at``."""
        self.file.seek(at)
        read = self.file.read(PART.size)
        if len(read) < PART.size:
            raise self.truncated(at)
        magic, packed = PART.unpack(read)
        if magic != MAGIC:
            raise self.damaged(at, f"{magic.hex(' ')}, where a part begins with {MAGIC.hex(' ')}")
        return packed >> 29, packed & MAX_RECORD

    def record(self, at: int) -> Record:
        """The record that begins at byte ``at``."""
        pieces = []
        for _, start, length in self.spans(at):
            self.file.seek(start)
            pieces.append(self.file.read(length))
        content = MAGIC.join(pieces)
        if len(content) < LABELS.size:
            raise self.damaged(at, f"a record of {len(content)} bytes, too few for a label")
        count, label, key, _ = LABELS.unpack_from(content)
        end = LABELS.size + 4 * count
        if end > len(content):
            raise self.damaged(at, f"{count:,} labels in a record of {len(content):,} bytes")
        labels = struct.unpack_from(f"<{count}f", content, LABELS.size) if count else (label,)
        return Record(labels, key, content[end:])

    def damaged(self, at: int, found: str) -> HotdogError:
        return HotdogError(
            f"{self.path} is damaged: at byte {at:,} it has {found}; fetch or pack it again"
        )

    def truncated(self, at: int) -> HotdogError:
        return HotdogError(
            f"{self.path} is truncated: it ends after {self.size:,} bytes, inside the record part "
            f"that begins at byte {at:,}; fetch or pack it again"
        )


def _padded(length: int) -> int:
    return length + -length % 4


def _read_index(index: Path, reader: _Reader) -> tuple[int, ...]:
    """Offsets in the order of the index, each of them where a record part begins."""
    remedy = f"remove {index}, and {reader.path} is read without it"
    # Every record takes 8 bytes at least, so an index cannot be longer than this.
    limit = INDEX_LINE * (reader.size // PART.size)
    try:
        if index.stat().st_size > limit:
            raise HotdogError(f"{index} is too long for {reader.path}; {remedy}")
        lines = index.read_text(encoding="ascii").split("\n")
        offsets = tuple(int(line.split("\t")[1]) for line in lines if line.strip())
    except (OSError, ValueError, IndexError) as error:
        raise HotdogError(f"{index} is no index of records ({error}); {remedy}") from error
    if not offsets:
        raise HotdogError(f"{index} is empty; {remedy}")
    for offset in offsets:
        if not 0 <= offset < reader.size:
            raise HotdogError(
                f"{index} points to byte {offset:,}, and {reader.path} has {reader.size:,}; "
                f"{remedy}"
            )
        try:
            reader.header(offset)
        except HotdogError as error:
            raise HotdogError(f"{index} does not fit: {error}; or {remedy}") from error
    return offsets
