"""The pixel cache: decoded once, right for ever, whole or not there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from hotdog_lib.data import cache
from hotdog_lib.data.cache import cache_key, load_pictures
from hotdog_lib.data.decode import decode_image
from hotdog_lib.data.folders import scan_folder
from hotdog_lib.data.preprocess import to_canvas
from hotdog_lib.errors import HotdogError

SIZE = (
    18  # pixels of 3 * 18 * 18 bytes: not a multiple of 8, which the targets' place must not mind
)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two classes of noise: 4 + 3 pictures of different shapes."""
    torch.manual_seed(0)
    for row, name in enumerate(["hotdog"] * 4 + ["not-hotdog"] * 3):
        folder = tmp_path / "photos" / name
        folder.mkdir(parents=True, exist_ok=True)
        noise = torch.randint(0, 256, (30 + row, 40 - row, 3), dtype=torch.uint8)
        Image.fromarray(noise.numpy()).save(folder / f"{row}.png")
    return tmp_path / "photos"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOTDOG_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_pixels_targets_and_names_are_right(photos, place):
    folder = scan_folder(photos)
    pictures = load_pictures(folder, SIZE)
    wanted = torch.stack([to_canvas(decode_image(path), SIZE) for path in folder.paths])
    assert torch.equal(pictures.images, wanted)
    assert tuple(pictures.targets.tolist()) == folder.targets and pictures.skipped == ()
    assert pictures.names == tuple(map(str, folder.paths))
    (file,) = (place / "pixels").iterdir()
    assert torch.equal(load_file(file)["images"], wanted)  # others can read it


def test_second_call_decodes_nothing(photos, place, monkeypatch):
    first = load_pictures(scan_folder(photos), SIZE)
    monkeypatch.setattr(cache, "decode_image", lambda *_, **__: pytest.fail("decoded again"))
    assert load_pictures(scan_folder(photos), SIZE).fingerprint() == first.fingerprint()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_images_are_mapped_not_copied(photos, place):
    pictures = load_pictures(scan_folder(photos), SIZE)
    (file,) = (place / "pixels").iterdir()
    mapped = [line.split() for line in Path("/proc/self/maps").read_text().splitlines()]
    ranges = [line[0].split("-") for line in mapped if line[-1] == str(file)]
    address = pictures.images.data_ptr()
    assert any(int(low, 16) <= address < int(high, 16) for low, high in ranges)


def test_key_follows_content_size_labels_and_decoder(photos, place, monkeypatch):
    folder = scan_folder(photos)
    keys = {cache_key(folder, SIZE), cache_key(folder, SIZE + 1)}
    keys.add(cache_key(folder, SIZE, "bicubic"))
    times = os.stat(folder.paths[0])
    data = bytearray(folder.paths[0].read_bytes())
    data[-1] ^= 1  # same length, same time: only the content tells
    folder.paths[0].write_bytes(data)
    os.utime(folder.paths[0], ns=(times.st_atime_ns, times.st_mtime_ns))
    keys.add(cache_key(folder, SIZE))
    folder.paths[0].rename(folder.paths[0].with_name("9.png"))
    keys.add(cache_key(scan_folder(photos), SIZE))
    monkeypatch.setattr(cache, "DECODER_VERSION", "another")
    keys.add(cache_key(scan_folder(photos), SIZE))
    assert len(keys) == 6


def test_a_moved_folder_keeps_its_cache_and_gets_its_new_names(photos, place, monkeypatch):
    load_pictures(scan_folder(photos), SIZE)
    (photos.parent / "new").mkdir()
    moved = photos.rename(photos.parent / "new" / photos.name)
    monkeypatch.setattr(cache, "decode_image", lambda *_, **__: pytest.fail("decoded again"))
    assert load_pictures(scan_folder(moved), SIZE).names[0] == str(moved / "hotdog" / "0.png")


def test_unreadable_files_are_skipped_and_listed(photos, place):
    bad = photos / "hotdog" / "1a.png"
    bad.write_bytes(b'no "picture" \\ at \x00 all')
    (photos / "hotdog" / "phone.heic").write_bytes(b"....ftypheic")
    for _ in range(2):  # built, then read
        pictures = load_pictures(scan_folder(photos), SIZE)
        assert pictures.counts() == {"hotdog": 4, "not-hotdog": 3}
        assert [Path(skipped.path).name for skipped in pictures.skipped] == ["1a.png", "phone.heic"]
        assert "convert it" in pictures.skipped[1].reason
        assert not {str(bad)} & set(pictures.names)
        assert [Path(name).name for name in pictures.names[:2]] == ["0.png", "1.png"]


def test_long_reasons_fit(photos, place, monkeypatch):
    def refuse(data: bytes, name: str) -> torch.Tensor:
        if Path(name).name in ("0.png", "4.png"):
            return decode_image(data)
        raise cache.DecodeError(name, '"\\\u00e9\n' * 200)

    monkeypatch.setattr(cache, "decode_image", refuse)
    pictures = load_pictures(scan_folder(photos), SIZE)
    assert len(pictures) == 2 and len(pictures.skipped) == 5


def test_a_class_left_empty_is_an_error(photos, place):
    for path in (photos / "hotdog").iterdir():
        path.write_bytes(b"broken")
    with pytest.raises(HotdogError, match="no picture of the class hotdog can be read.*0.png"):
        load_pictures(scan_folder(photos), SIZE)


def test_an_interrupted_build_leaves_nothing(photos, place, monkeypatch):
    calls = []

    def stop(data: bytes, name: str) -> torch.Tensor:
        calls.append(name)
        if len(calls) > 3:
            raise KeyboardInterrupt
        return decode_image(data)

    monkeypatch.setattr(cache, "decode_image", stop)
    with pytest.raises(KeyboardInterrupt):
        load_pictures(scan_folder(photos), SIZE)
    assert list((place / "pixels").iterdir()) == []
    monkeypatch.undo()
    assert len(load_pictures(scan_folder(photos), SIZE, cache_dir=place)) == 7


def test_a_damaged_cache_is_made_again_and_old_leftovers_go(photos, place):
    whole = load_pictures(scan_folder(photos), SIZE).fingerprint()
    (file,) = (place / "pixels").iterdir()
    data = file.read_bytes()
    leftover = file.with_name(f".{file.name}.abc.part")
    for damaged in (data[:-50], data[:20], b"", b"\xff" * 100):
        file.unlink()
        file.write_bytes(damaged)
        leftover.write_bytes(b"half")
        os.utime(leftover, (0, 0))
        assert load_pictures(scan_folder(photos), SIZE).fingerprint() == whole
        assert not leftover.exists()


def test_no_place_to_write(photos, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("HOTDOG_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(HotdogError, match="HOTDOG_CACHE"):
        load_pictures(scan_folder(photos), SIZE)
    with pytest.raises(HotdogError, match="HOTDOG_CACHE"):
        load_pictures(scan_folder(photos), SIZE, cache_dir=tmp_path / "file")
