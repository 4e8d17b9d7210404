"""Pictures from anywhere: any name, link and size. Read, or skipped with a reason; no crash."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from hotdog_lib.data import cache, decode
from hotdog_lib.data.cache import load_pictures
from hotdog_lib.data.decode import DecodeError, decode_image
from hotdog_lib.data.folders import scan_folder
from hotdog_lib.errors import HotdogError

NAMES = {
    "Chinese": "\u70ed\u72d7",
    "Arabic": "\u0643\u0644\u0628 \u062d\u0627\u0631",
    "Hindi": "\u0939\u0949\u091f \u0921\u0949\u0917",
    "emoji": "\U0001f32d\u200d\U0001f525",
    "composed and decomposed": "caf\u00e9 cafe\u0301",
    "right to left mark": "a\u202eb",
    "spaces": "  hot  dog  ",
    "quotes": "\"hot\" 'dog' `x` $(y)",
    "percent and braces": "%s {0} \\n",
    "dash": "--help",
    "long": "x" * 240,
    "longest": "\u70ed" * 80,
}
if sys.platform == "linux":
    NAMES |= {"line break": "a\nb", "no UTF-8": os.fsdecode(b"caf\xe9")}


def save(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (20, 24, 3), np.uint8)
    Image.fromarray(noise).save(path, "PNG")
    return path


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOTDOG_CACHE", str(tmp_path / "cache"))
    for row, name in enumerate(("hotdog", "not-hotdog")):
        save(tmp_path / "photos" / name / "plain.png", row)
    return tmp_path / "photos"


@pytest.mark.parametrize("kind", NAMES)
def test_names_of_files_and_folders_in_any_script(photos, kind):
    name = NAMES[kind]
    save(photos / "hotdog" / f"{name}.png")
    root = photos.rename(photos.with_name(name))
    for _ in range(2):  # decoded, then from the cache
        pictures = load_pictures(scan_folder(root), 16)
        assert len(pictures) == 3 and pictures.skipped == ()
        assert str(root / "hotdog" / f"{name}.png") in pictures.names


def test_a_class_of_any_name(photos):
    save(photos / NAMES["Arabic"] / "1.png")
    assert NAMES["Arabic"] in load_pictures(scan_folder(photos), 16).class_names


def link(path: Path, to: Path) -> None:
    try:
        path.symlink_to(to)
    except OSError:  # Windows, without the right to
        pytest.skip("links cannot be made here")


def test_loops_of_links_end(photos):
    hot = photos / "hotdog"
    link(hot / "up", photos)
    link(hot / "self", hot / "self")
    link(hot / "self.png", hot / "self.png")
    link(hot / "nowhere.png", hot / "absent.png")
    (hot / "a").mkdir()
    link(hot / "a" / "b", hot)
    pictures = load_pictures(scan_folder(photos), 16)
    assert [Path(skipped.path).name for skipped in pictures.skipped] == ["nowhere.png", "self.png"]
    assert all("no such file" in skipped.reason for skipped in pictures.skipped)


def test_folders_deeper_than_functions_may_call(photos):
    made = [photos / "hotdog"]
    try:
        for _ in range(1200):
            made.append(made[-1] / "d")
            made[-1].mkdir()
        save(made[-1] / "1.png")
        assert len(scan_folder(photos)) == 3
    except OSError:
        pytest.skip("paths cannot be so long here")
    finally:  # pytest could not remove them
        (made[-1] / "1.png").unlink(missing_ok=True)
        for folder in made[:0:-1]:
            if folder.exists():
                folder.rmdir()


def test_files_that_are_no_pictures_are_skipped_with_reasons(photos):
    hot = photos / "hotdog"
    (hot / "empty.jpg").write_bytes(b"")
    (hot / "folder.jpg").mkdir()
    save(hot / "png in truth.jpg")
    with open(hot / "huge.jpg", "wb") as file:
        file.truncate(10 * 2**30)  # a hole: it takes no room
    if hasattr(os, "mkfifo"):
        os.mkfifo(hot / "pipe.jpg")
    pictures = load_pictures(scan_folder(photos), 16)
    reasons = {Path(skipped.path).name: skipped.reason for skipped in pictures.skipped}
    assert "0 bytes" in reasons.pop("empty.jpg") and "larger than" in reasons.pop("huge.jpg")
    assert "not an ordinary file" in reasons.pop("pipe.jpg", "not an ordinary file")
    assert reasons == {} and len(pictures) == 3


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads anything")
def test_unreadable_files_are_skipped(photos):
    (photos / "hotdog" / "plain.png").with_name("secret.png").touch(mode=0)
    (skipped,) = load_pictures(scan_folder(photos), 16).skipped
    assert "make it readable" in skipped.reason


def test_a_picture_that_changes_while_it_is_read_is_not_cached(photos, monkeypatch):
    read = cache.read_picture
    monkeypatch.setattr(cache, "read_picture", lambda path: read(path) + b"!")
    with pytest.raises(HotdogError, match="plain.png has changed while the folder was read"):
        load_pictures(scan_folder(photos), 16)
    assert list(photos.parent.glob("cache/pixels/*")) == []


# What a file may cost.


def encode(image: Image.Image, form: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def test_a_jpeg_of_endless_scans_is_refused():
    data = encode(Image.new("RGB", (64, 64)), "JPEG", progressive=True)
    assert decode_image(data).shape == (3, 64, 64)
    scan = data[data.rindex(b"\xff\xda") : -2]
    with pytest.raises(DecodeError, match="JPEG of .* scans takes too long"):
        decode_image(data[:-2] + scan * 200 + data[-2:])


def test_webp_has_a_lower_limit(monkeypatch):
    image = Image.new("RGB", (100, 100))
    monkeypatch.setattr(decode, "MAX_WEBP_PIXELS", 9_999)
    assert decode_image(encode(image, "PNG")).shape == (3, 100, 100)
    with pytest.raises(DecodeError, match="more than the 9,999 allowed"):
        decode_image(encode(image, "WEBP"))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "L", "1", "I;16", "CMYK"])
def test_strips_give_the_same_pixels(mode, monkeypatch):
    random = np.random.default_rng(0)
    rgba = Image.fromarray(random.integers(0, 256, (37, 23, 4), np.uint8))
    if mode == "I;16":
        image = Image.fromarray(random.integers(0, 65536, (37, 23)).astype(np.uint16))
    else:
        image = rgba.convert("RGB").convert(mode) if mode in ("P", "CMYK") else rgba.convert(mode)
    options = {"transparency": 3} if mode == "P" else {}
    data = encode(image, "TIFF" if mode == "CMYK" else "PNG", **options)
    whole = decode_image(data)
    monkeypatch.setattr(decode, "STRIP", 23 * 5)
    assert torch.equal(decode_image(data), whole)


def test_large_pictures_are_decoded_one_at_a_time(monkeypatch):
    monkeypatch.setattr(decode, "LARGE", 100)
    held = []
    monkeypatch.setattr(
        decode, "_to_tensor", lambda image: held.append(decode._ONE_AT_A_TIME.locked())
    )
    for side in (10, 11):
        decode_image(encode(Image.new("RGB", (side, side)), "PNG"))
    assert held == [False, True] and not decode._ONE_AT_A_TIME.locked()
