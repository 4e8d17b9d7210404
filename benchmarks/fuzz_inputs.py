"""Wrong inputs: sound files that are damaged, and metadata that are nearly right."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from PIL import Image

#: Numbers that have broken parsers before.
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


# Bytes: a sound file, damaged in a few places.


def damaged(files: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Sound files with one to eight changes: bytes, numbers, pieces moved, repeated or cut off."""
    change = st.tuples(st.integers(0, 5), st.floats(0, 1), st.integers(0, 255), st.integers(1, 64))
    changes = st.lists(change, min_size=1, max_size=8)
    return st.builds(_damage, st.sampled_from(files), changes)


def _damage(data: bytes, changes: Sequence[tuple[int, float, int, int]]) -> bytes:
    for kind, share, value, length in changes:
        at = int(share * max(0, len(data) - 1))
        head, piece, tail = data[:at], data[at : at + length], data[at + length :]
        number = NUMBERS[value % len(NUMBERS)]
        order = ">I" if value & 1 else "<I"
        data = (
            head + bytes([value]) + data[at + 1 :],
            head + struct.pack(order, number) + data[at + 4 :],
            head + tail,
            head + piece * (value % 9) + tail,
            head + bytes([value]) * length + tail,
            head,
        )[kind]
    return data


def pictures(form: str) -> list[bytes]:
    """Small sound pictures of every mode and flavour that a format knows."""
    random = np.random.default_rng(0)
    rgba = Image.fromarray(random.integers(0, 256, (24, 31, 4), np.uint8))
    flat = Image.new("RGB", (40, 30), "red")
    exif = Image.Exif()
    exif[0x0112] = 6
    modes = {
        "JPEG": ("RGB", "L", "CMYK"),
        "PNG": ("RGB", "RGBA", "LA", "P", "L", "1"),
        "WEBP": ("RGB", "RGBA"),
        "GIF": ("P", "L", "RGBA"),
        "BMP": ("RGB", "L", "1", "P"),
        "TIFF": ("RGB", "RGBA", "CMYK", "L", "1", "P"),
    }[form]
    more: dict[str, list[dict[str, Any]]] = {
        "JPEG": [{"progressive": True}, {"exif": exif}, {"subsampling": 0, "optimize": True}],
        "PNG": [{"exif": exif}],
        "WEBP": [{"lossless": True}, {"exif": exif}],
        "TIFF": [{"compression": c} for c in ("tiff_lzw", "tiff_deflate", "packbits", "jpeg")],
        "GIF": [{"interlace": 0}, {"transparency": 1}],
    }
    files = [_encode(rgba.convert("RGB").convert(mode), form) for mode in modes if mode != "RGBA"]
    files += [_encode(rgba, form)] if "RGBA" in modes and form != "GIF" else []
    files += [_encode(flat, form, **options) for options in more.get(form, [])]
    if form in ("GIF", "WEBP", "PNG", "TIFF"):
        files.append(_encode(flat, form, save_all=True, append_images=[flat.rotate(180)]))
    return files


def _encode(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


# Metadata: JSON that is nearly right.

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["resnet18_slim", "squeezenet1_1", "vit_h_14", "linear", "bicubic", "\x00"]),
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


def nearly(sound: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """``sound`` with up to three of its values, at any depth, changed, removed or added."""
    where = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), ANYTHING), max_size=3)
    return st.builds(_change, st.just(json.dumps(sound)), where)


def _change(text: str, changes: Sequence[tuple[int, int, Any]]) -> dict[str, Any]:
    values = json.loads(text)
    for first, second, value in changes:
        part = values
        key = sorted(part)[first % len(part)] if part else "new"
        if isinstance(part.get(key), dict) and part[key] and second % 2:
            part = part[key]
            key = sorted(part)[second % len(part)]
        if second % 7 == 0:
            part.pop(key, None)
        else:
            part[key if second % 5 else f"{key}{first}"] = value
    return values


def with_metadata(sound: bytes, key: str) -> Callable[[Any], bytes]:
    length = struct.unpack("<Q", sound[:8])[0]
    header, body = json.loads(sound[8 : 8 + length]), sound[8 + length :]

    def build(values: Any) -> bytes:
        header["__metadata__"] = {key: json.dumps(values)}
        text = json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + body

    return build
