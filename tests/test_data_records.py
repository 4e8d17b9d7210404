"""RecordIO files, written here byte by byte to the format's specification, sound and broken ones;
folders packed and unpacked."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from PIL import Image

from hotdog_lib.cli import main
from hotdog_lib.data import packing, records
from hotdog_lib.data.folders import scan_folder
from hotdog_lib.data.packing import pack_folder, unpack_records
from hotdog_lib.data.records import Record, RecordFile, write_records
from hotdog_lib.errors import HotdogError

MAGIC = b"\x0a\x23\xd7\xce"  # 0xCED7230A, little end first


def part(content: bytes, flag: int = 0, length: int | None = None) -> bytes:
    """One part: magic number, 3 bits of flag over 29 bits of length, content, padding."""
    said = len(content) if length is None else length
    return MAGIC + struct.pack("<I", flag << 29 | said) + content + b"\0" * (-len(content) % 4)


def labelled(label: float, key: int, picture: bytes) -> bytes:
    """IRHeader: no further labels, the label, two numbers; then the picture."""
    return struct.pack("<I", 0) + struct.pack("<f", label) + struct.pack("<QQ", key, 0) + picture


def written(tmp_path: Path, *parts: bytes) -> Path:
    path = tmp_path / "a.rec"
    path.write_bytes(b"".join(parts))
    return path


@pytest.mark.parametrize("picture", [b"", b"x", b"xy", b"xyz", b"wxyz"], ids=len)
def test_records_of_every_padding(tmp_path, picture):
    path = written(tmp_path, part(labelled(1, 7, picture)), part(labelled(0, 9, b"next")))
    found = RecordFile(path)
    assert list(found) == [Record((1.0,), 7, picture), Record((0.0,), 9, b"next")]
    assert found[1] == found[-1] == found[0:2][1] and len(found) == 2


def test_the_magic_number_inside_a_picture(tmp_path):
    """It is left out at a multiple of four, and a part ends there; elsewhere it stays."""
    head = labelled(1, 0, b"")  # 24 bytes: the picture begins at a multiple of four
    one = part(head + b"abcd", 1) + part(b"efgh", 3)
    three = part(head, 1) + part(b"", 2) + part(b"abcd", 2) + part(b"x", 3)
    inside = part(head + b"a" + MAGIC + b"b")
    pictures = [b"abcd" + MAGIC + b"efgh", MAGIC + MAGIC + b"abcd" + MAGIC + b"x"]
    pictures.append(b"a" + MAGIC + b"b")
    path = written(tmp_path, one, three, inside)
    assert [record.content for record in RecordFile(path)] == pictures
    again = tmp_path / "b.rec"
    write_records(again, [Record((1.0,), 0, picture) for picture in pictures])
    assert again.read_bytes() == path.read_bytes()
    assert (tmp_path / "b.idx").read_text() == f"0\t0\n0\t{len(one)}\n0\t{len(one + three)}\n"


def test_several_labels(tmp_path):
    content = struct.pack("<IfQQ", 3, 0.0, 5, 0) + struct.pack("<3f", 0.5, 2, -1) + b"pixels"
    path = written(tmp_path, part(content))
    assert RecordFile(path)[0] == Record((0.5, 2.0, -1.0), 5, b"pixels")
    write_records(tmp_path / "b.rec", RecordFile(path))
    assert (tmp_path / "b.rec").read_bytes() == path.read_bytes()


def test_an_index_gives_the_order_and_may_leave_records_out(tmp_path):
    rows = [part(labelled(i, i, bytes([i]))) for i in range(3)]
    path = written(tmp_path, *rows)
    (tmp_path / "a.idx").write_text(f"2\t{len(rows[0]) + len(rows[1])}\n0\t0\n")
    assert [record.id for record in RecordFile(path)] == [2, 0]
    (tmp_path / "other.idx").write_text(f"1\t{len(rows[0])}\n")
    assert [record.id for record in RecordFile(path, tmp_path / "other.idx")] == [1]
    (tmp_path / "a.idx").unlink()
    assert [record.id for record in RecordFile(path)] == [0, 1, 2]


SOUND = part(labelled(1, 0, b"picture"))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (SOUND[:-1], "truncated: it ends after 39 bytes.*at byte 0"),
        (SOUND + SOUND[:5], "truncated.*at byte 40"),
        (SOUND + SOUND[:20], "truncated.*at byte 40"),
        (part(b"abcd", 1), "truncated"),  # and no last part
        (part(b"abcd", 0, length=2**29 - 1), "truncated"),
        (b"no record at all", "damaged: at byte 0 it has 6e 6f 20 72"),
        (SOUND + b"\0" * 8, "damaged: at byte 40"),
        (part(b"x", 2), r"a part of kind 2, where \(0, 1\)"),
        (part(b"x", 3), r"a part of kind 3, where \(0, 1\)"),
        (part(b"x", 1) + part(b"x", 0), r"at byte 12 it has a part of kind 0, where \(2, 3\)"),
        (part(b"x", 7), "a part of kind 7"),
    ],
)
def test_broken_files_are_named_with_the_byte(tmp_path, data, message):
    path = written(tmp_path, data)
    with pytest.raises(HotdogError, match=message) as caught:
        RecordFile(path)
    assert str(path) in str(caught.value) and "again" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"short", "5 bytes, too few for a label"),
        (struct.pack("<IfQQ", 2**32 - 1, 0, 0, 0), "4,294,967,295 labels in a record of 24 bytes"),
    ],
)
def test_records_without_sound_labels(tmp_path, content, message):
    path = written(tmp_path, SOUND, part(content))
    assert RecordFile(path)[0].content == b"picture"
    with pytest.raises(HotdogError, match=f"at byte 40 it has .*{message}"):
        RecordFile(path)[1]


def test_a_record_does_not_grow_without_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "MAX_RECORD", 2**10 - 1)
    path = written(tmp_path, part(bytes(900), 1), part(bytes(900), 3))
    with pytest.raises(HotdogError, match="a record of more than 1,023 bytes"):
        RecordFile(path)
    with pytest.raises(HotdogError, match="1,024 bytes, more than.*shrink"):
        write_records(tmp_path / "b.rec", [Record((0.0,), 0, bytes(1000))])
    assert [file.name for file in tmp_path.iterdir()] == ["a.rec"], "nothing half written is left"


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ("", "is empty"),
        ("0\n", "is no index"),
        ("0\tx\n", "is no index"),
        ("0\t400\n", "points to byte 400, and .* has 40"),
        ("0\t-4\n", "points to byte -4"),
        ("0\t0\n1\t4\n", "does not fit: .*damaged: at byte 4"),
        ("0\t0\n" * 100, "is too long"),
    ],
)
def test_a_broken_index_is_named_with_the_way_out(tmp_path, index, message):
    path = written(tmp_path, SOUND)
    (tmp_path / "a.idx").write_text(index)
    with pytest.raises(HotdogError, match=message) as caught:
        RecordFile(path)
    assert f"remove {tmp_path / 'a.idx'}" in str(caught.value)


def test_what_cannot_be_written_is_refused(tmp_path):
    for record in (Record((), 0, b""), Record((1.0,), -1, b""), Record((1.0,), 2**64, b"")):
        with pytest.raises(HotdogError, match="at least one label, and an id"):
            write_records(tmp_path / "a.rec", [record])
    with pytest.raises(HotdogError, match="there is no record file"):
        RecordFile(tmp_path / "a.rec")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def photos(tmp_path):
    """Two classes with a photograph each that is not square, and a file that is no picture."""
    for name, size in (("hotdog", (60, 30)), ("not-hotdog", (24, 96))):
        (tmp_path / "photos" / name).mkdir(parents=True)
        Image.new("RGB", size, "red").save(tmp_path / "photos" / name / "1.jpg")
    (tmp_path / "photos/hotdog/0.jpg").write_bytes(b"no picture")
    return tmp_path / "photos"


def test_pack_resizes_and_unpack_gives_the_classes_back(photos, tmp_path):
    path = tmp_path / "a.rec"
    skipped = pack_folder(scan_folder(photos), path, resize=48, quality=90, threads=2)
    assert [Path(file.path).name for file in skipped] == ["0.jpg"]
    assert [(r.labels, r.id) for r in RecordFile(path)] == [((0.0,), 1), ((1.0,), 2)]
    listed = "1\t0.000000\thotdog/1.jpg\n2\t1.000000\tnot-hotdog/1.jpg\n"
    assert (tmp_path / "a.lst").read_text() == listed
    assert unpack_records(path, tmp_path / "out") == 2
    folder = scan_folder(tmp_path / "out")
    assert folder.class_names == ("hotdog", "not-hotdog")
    assert [Image.open(file).size for file in folder.paths] == [(96, 48), (48, 192)]
    (tmp_path / "a.lst").unlink()
    unpack_records(path, tmp_path / "named", ["dog", "cat"])
    assert {p.name for p in (tmp_path / "named").iterdir()} == {"dog", "cat"}
    unpack_records(path, tmp_path / "unnamed")
    assert {p.name for p in (tmp_path / "unnamed").iterdir()} == {"class-0", "class-1"}


def test_without_a_size_the_bytes_are_the_files_own(photos, tmp_path):
    pack_folder(scan_folder(photos), tmp_path / "a.rec")
    own = [(photos / name / "1.jpg").read_bytes() for name in ("hotdog", "not-hotdog")]
    assert [record.content for record in RecordFile(tmp_path / "a.rec")] == own


@pytest.mark.parametrize(
    "options", [{"resize": 0}, {"resize": 5000}, {"quality": 101}, {"threads": 0}]
)
def test_settings_that_make_no_sense(photos, tmp_path, options):
    with pytest.raises(HotdogError, match="a quality from 1 to 100"):
        pack_folder(scan_folder(photos), tmp_path / "a.rec", **options)


@pytest.mark.parametrize(
    ("labels", "names", "message"),
    [
        ((0.0, 1.0), None, "no class"),
        ((0.5,), None, "no class"),
        ((-1.0,), None, "no class"),
        ((float("nan"),), None, "no class"),
        ((2.0,), ("a", "b"), r"class 2, and there are names for \[0, 1\]"),
        ((0.0,), ("../up", "b"), "no name for a class folder"),
        ((0.0,), ("..", "b"), "no name for a class folder"),
    ],
)
def test_labels_that_are_no_classes_unpack_nothing(tmp_path, labels, names, message):
    write_records(tmp_path / "a.rec", [Record((1.0,), 0, b"x"), Record(labels, 1, b"y")])
    with pytest.raises(HotdogError, match=message):
        unpack_records(tmp_path / "a.rec", tmp_path / "out", names)
    assert {p.name for p in tmp_path.iterdir()} == {"a.rec", "a.idx"}


def test_too_many_records_for_a_folder(tmp_path, monkeypatch):
    write_records(tmp_path / "a.rec", [Record((0.0,), i, b"") for i in range(3)])
    monkeypatch.setattr(packing, "MAX_MEMBERS", 2)
    with pytest.raises(HotdogError, match="3 records, more than 2"):
        unpack_records(tmp_path / "a.rec", tmp_path / "out")


def test_the_command_line_packs_and_unpacks(photos, tmp_path, capsys):
    rec, out = str(tmp_path / "a.rec"), str(tmp_path / "out")
    assert main(["pack", str(photos), "--out", rec, "--resize", "32", "--threads", "2"]) == 1
    said = capsys.readouterr()
    assert said.out.strip() == rec and "skipped" in said.err and "hotdog/0.jpg" in said.err
    assert main(["unpack", rec, "--out", out, "--classes", "hotdog,other"]) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"hotdog", "other"}
    assert main(["unpack", rec, "--out", out]) == 2
