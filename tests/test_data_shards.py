"""Sets in shards: the same pictures as in memory, whatever interrupted the writing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from PIL import Image

from hotdog_lib.data import mapped
from hotdog_lib.data.cache import load_pictures
from hotdog_lib.data.folders import scan_folder
from hotdog_lib.data.loader import Loader
from hotdog_lib.data.packing import pack_folder
from hotdog_lib.data.shards import folder_source, open_shards, record_source, write_shards
from hotdog_lib.errors import HotdogError
from hotdog_lib.lab import kitchen_pictures, kitchen_source

SEVEN = 7 * 3 * 32 * 32  # bytes of seven pictures: a shard


@pytest.fixture
def shards(tmp_path):
    """Forty of the kitchen's pictures in six shards."""
    return write_shards(tmp_path / "set", kitchen_source(5, 40, 32), shard_bytes=SEVEN)


@pytest.fixture(scope="module")
def whole():
    return kitchen_pictures(5, 40, 32)


@pytest.fixture
def photos(tmp_path):
    """Two classes of four pictures each, one of them broken."""
    for target, name in enumerate(("cat", "dog")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(4):
            colour = (60 * i, 200 * target, 90)
            Image.new("RGB", (40, 32), colour).save(tmp_path / "photos" / name / f"{i}.png")
    (tmp_path / "photos" / "cat" / "1.png").write_bytes(b"no picture")
    return scan_folder(tmp_path / "photos")


def same(one, two):
    """Whether two sets hold the same pictures."""
    pixels = torch.equal(one.images[:], two.images[:])
    return pixels and torch.equal(one.targets, two.targets) and one.class_names == two.class_names


def stopped_after(source, pictures):
    """A source whose reader breaks off, as a kill would."""

    def read(start):
        for position, item in enumerate(source.read(start), start):
            if position >= pictures:
                raise KeyboardInterrupt
            yield item

    return replace(source, read=read)


def test_the_same_set_as_in_memory(shards, whole):
    assert same(shards, whole) and shards.names == whole.names
    rows = torch.tensor([39, 0, 7, 6, 20])
    assert torch.equal(shards.images[rows], whole.images[rows])
    assert torch.equal(shards.images[3], whole.images[3]) and shards.images[:0].shape[0] == 0
    part, copy = shards.subset(rows).subset([4, 1]), whole.subset(rows).subset([4, 1])
    assert not isinstance(part.images, torch.Tensor), "a view"
    assert part.fingerprint() == copy.fingerprint()
    assert torch.equal(shards.signature.bits, whole.signature.bits)
    with pytest.raises(IndexError):
        shards.images[torch.tensor([40])]


@pytest.mark.parametrize("resident", [None, False])
def test_the_same_batches_as_in_memory(shards, whole, resident):
    streams = [
        Loader(pictures, 8, device="cpu", shuffle=True, seed=3, resident=resident)
        for pictures in (shards, whole)
    ]
    for (one, a), (two, b) in zip(*streams, strict=True):
        assert torch.equal(one, two) and torch.equal(a, b)


@pytest.mark.parametrize("after", [0, 6, 7, 25, 39])
def test_an_interrupted_writer_goes_on_and_ends_in_the_same_bytes(tmp_path, shards, after):
    source, out = kitchen_source(5, 40, 32), tmp_path / "again"
    with pytest.raises(KeyboardInterrupt):
        write_shards(out, stopped_after(source, after), shard_bytes=SEVEN)
    if after >= 7:
        with pytest.raises(HotdogError, match="was interrupted; run the same command again"):
            open_shards(out)
    asked = []
    write_shards(out, replace(source, read=lambda at: (asked.append(at), source.read(at))[1]),
                 shard_bytes=SEVEN)  # fmt: skip
    assert asked == [after // 7 * 7], "what is there is not drawn again"
    files = sorted(path.name for path in out.iterdir())
    assert files == sorted(path.name for path in (tmp_path / "set").iterdir())
    for name in files:
        assert (out / name).read_bytes() == (tmp_path / "set" / name).read_bytes()


def test_a_complete_set_is_not_written_again_and_no_other_is_passed_off_as_it(tmp_path, shards):
    source = kitchen_source(5, 40, 32)
    write_shards(tmp_path / "set", replace(source, read=None), shard_bytes=SEVEN)
    with pytest.raises(HotdogError, match="other pictures, or of another size"):
        write_shards(tmp_path / "set", kitchen_source(6, 40, 32))
    (tmp_path / "set" / "shards.json").unlink()
    with pytest.raises(HotdogError, match="other pictures, or of another size"):
        write_shards(tmp_path / "set", kitchen_source(6, 40, 32))


def test_damage_is_told_before_a_pixel_of_it_is_used(tmp_path, shards):
    path = tmp_path / "set" / "shard-00002.safetensors"
    sound = path.read_bytes()
    path.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    damaged = open_shards(tmp_path / "set")
    assert torch.equal(damaged.images[0], shards.images[0])
    with pytest.raises(HotdogError, match="shard-00002.*checksum differs; remove it"):
        damaged.images[torch.tensor([0, 20])]
    for wrong in (sound[:-1], sound[:100], b"", b"\xff" * 50):
        path.write_bytes(wrong)
        with pytest.raises(HotdogError, match="shard-00002.*no sound shard.*write it again"):
            open_shards(tmp_path / "set")
    path.unlink()
    (tmp_path / "set" / "shards.json").unlink()
    again = write_shards(tmp_path / "set", kitchen_source(5, 40, 32), shard_bytes=SEVEN)
    assert same(again, shards) and again.fingerprint() == shards.fingerprint()


def test_an_index_that_is_none(tmp_path, shards):
    path = tmp_path / "set" / "shards.json"
    index = json.loads(path.read_text())
    index["shards"][0]["digest"] = "0" * 64
    for text in ("", "[]", "{}", json.dumps({**index, "shards": []}), json.dumps(index)):
        path.write_text(text)
        with pytest.raises(HotdogError, match="again"):
            open_shards(tmp_path / "set")


def test_a_folder_and_its_records_give_the_folders_pictures(tmp_path, photos, monkeypatch):
    monkeypatch.setenv("HOTDOG_CACHE", str(tmp_path / "cache"))
    cached = load_pictures(photos, 16)
    three = 3 * 3 * 16 * 16
    written = write_shards(tmp_path / "a", folder_source(photos, 16), shard_bytes=three)
    assert same(written, cached) and written.class_names == ("cat", "dog")
    assert [file.path for file in written.skipped] == ["cat/1.png"]
    pack_folder(photos, tmp_path / "p.rec")
    packed = write_shards(tmp_path / "b", record_source(tmp_path / "p.rec", 16))
    assert same(packed, cached)
    Image.new("RGB", (32, 32)).save(photos.paths[0])
    with pytest.raises(HotdogError, match="other pictures"):
        write_shards(tmp_path / "a", folder_source(photos, 16))


def test_maps_are_let_go(shards, monkeypatch):
    monkeypatch.setattr(mapped, "MAPPED", 2 * SEVEN)
    maps = shards.images._maps
    for rows in (slice(0, 7), slice(0, 40), torch.tensor([39, 0, 20, 1, 38])):
        assert torch.equal(shards.images[rows][0], shards.images[:][rows][0])
        assert 1 <= len(maps._open) <= 2 and maps._mapped <= 2 * SEVEN
