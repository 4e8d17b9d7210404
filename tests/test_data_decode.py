"""Decoding: every picture comes out as a person sees it; from the rest comes only DecodeError."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from hotdog_lib.data.decode import MAX_PIXELS, DecodeError, decode_image, parallel_map

QUADRANTS = torch.tensor([[[200, 30], [30, 30]], [[30, 200], [30, 30]], [[30, 30], [200, 30]]])
BACK = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def encode(image: Image.Image, form: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.fixture
def picture() -> Image.Image:
    """Four coloured quadrants, 48 wide and 32 high: no two of its eight orientations are alike."""
    small = Image.fromarray(QUADRANTS.permute(1, 2, 0).numpy().astype(np.uint8))
    return small.resize((48, 32), Image.Resampling.NEAREST)


def pixels(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)


def assert_close(decoded: torch.Tensor, wanted: torch.Tensor, tolerance: int) -> None:
    assert decoded.dtype == torch.uint8 and decoded.shape == wanted.shape
    assert (decoded.int() - wanted.int()).abs().float().mean() <= tolerance


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation_is_applied(picture, orientation, form):
    exif = Image.Exif()
    exif[0x0112] = orientation
    back = BACK[orientation]
    stored = picture if back is None else picture.transpose(back)
    assert_close(decode_image(encode(stored, form, exif=exif)), pixels(picture), 4)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_exif_does_not_spoil_the_picture(picture):
    decoded = decode_image(
        encode(picture, "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff junk")
    )
    assert_close(decoded, pixels(picture), 4)


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "YCbCr", "L", "P", "1"])
def test_colour_modes_become_rgb(picture, mode):
    form = {"CMYK": "JPEG", "YCbCr": "JPEG"}.get(mode, "PNG")
    stored = picture.convert(mode)
    assert_close(decode_image(encode(stored, form)), pixels(stored), 4)


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF"])
def test_alpha_is_laid_on_white_and_hidden_colours_stay_hidden(form):
    rgba = np.zeros((8, 8, 4), np.uint8)  # black under the alpha: a plain convert("RGB") shows it
    rgba[:4, :, 3] = 128
    decoded = decode_image(
        encode(Image.fromarray(rgba), form, **{"lossless": True} if form == "WEBP" else {})
    )
    assert decoded[:, 6].eq(255).all()
    assert decoded[:, 1].sub(127).abs().le(1).all()


@pytest.mark.parametrize("mode", ["LA", "P", "RGB", "L"])
def test_other_ways_to_be_transparent(mode):
    if mode == "LA":
        data = encode(Image.new("LA", (8, 8), (0, 0)), "PNG")
    else:  # one value is declared transparent
        data = encode(
            Image.new(mode, (8, 8)), "PNG", transparency=(0, 0, 0) if mode == "RGB" else 0
        )
    assert decode_image(data).eq(255).all()


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_clipped(form):
    ramp = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
    decoded = decode_image(encode(Image.fromarray(ramp), form))
    assert torch.equal(decoded[0], torch.from_numpy((ramp >> 8).astype(np.uint8)))


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF"])
def test_first_frame_of_an_animation(picture, form):
    other = Image.new("RGB", picture.size, "black")
    data = encode(picture, form, save_all=True, append_images=[other, other])
    assert_close(decode_image(data), pixels(picture), 6)


def png_header(width: int, height: int) -> bytes:
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return (
        b"\x89PNG\r\n\x1a\n" + body + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", 0x35AF061E)
    )


BAD = {
    "empty": b"",
    "text": b"this is not a picture at all",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "bomb": png_header(60_000, 60_000),
    "no data": png_header(20, 20),
    "no pixels": png_header(0, 20),
}


@pytest.mark.parametrize("kind", BAD)
def test_hostile_bytes_are_refused_by_name(kind):
    with pytest.raises(DecodeError, match="lunch.jpg: .") as caught:
        decode_image(BAD[kind], name="lunch.jpg")
    assert caught.value.name == "lunch.jpg" and len(caught.value.reason) > 5
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_picture_just_too_large_is_refused_before_it_is_decoded():
    with pytest.raises(DecodeError, match="shrink it"):
        decode_image(png_header(MAX_PIXELS // 1000 + 1, 1000))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_truncated_files_are_refused(picture, form):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    data = encode(noise, form)
    for share in (0.03, 0.5, 0.9):
        with pytest.raises(DecodeError):
            decode_image(data[: int(len(data) * share)])


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
@pytest.mark.filterwarnings("ignore")
def test_damaged_files_raise_nothing_but_decode_error(picture, form):
    data, random = encode(picture, form), np.random.default_rng(1)
    for _ in range(60):
        damaged = bytearray(data)
        for place in random.integers(0, len(data), 4):
            damaged[place] = random.integers(0, 256)
        try:
            assert decode_image(bytes(damaged)).shape[0] == 3
        except DecodeError:
            pass


def test_paths_that_are_no_picture(tmp_path: Path):
    with pytest.raises(DecodeError, match="no such file"):
        decode_image(tmp_path / "absent.jpg")
    with pytest.raises(DecodeError, match="not an ordinary file"):
        decode_image(tmp_path)
    if hasattr(os, "mkfifo"):  # opening it would wait for ever
        os.mkfifo(tmp_path / "pipe.jpg")
        with pytest.raises(DecodeError, match="not an ordinary file"):
            decode_image(tmp_path / "pipe.jpg")


def test_parallel_map_keeps_the_order_and_runs_only_a_little_ahead():
    started = []
    results = parallel_map(lambda i: started.append(i) or i * i, range(1000))
    assert [next(results) for _ in range(3)] == [0, 1, 4]
    assert len(started) < 500
    results.close()
