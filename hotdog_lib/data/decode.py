"""Any picture file to RGB bytes, by one path that training, evaluation and prediction share.

What a file can cost is bounded. One picture takes at most 1 GiB, whatever its header promises; the
large ones, for which that would be true, are decoded one at a time.
"""

from __future__ import annotations

import io
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from os import cpu_count
from pathlib import Path
from typing import TypeVar

import numpy as np
import PIL
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from hotdog_lib.errors import HotdogError

DECODER_VERSION = (
    f"1/pillow-{PIL.__version__}"  # part of every cache's key: raise the 1 on a change
)
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")  # the fewer parsers, the fewer surprises
MAX_BYTES = 256 * 2**20  # of a file
MAX_PIXELS = 80_000_000  # 240 MB once decoded; below the size at which Pillow begins to warn
MAX_WEBP_PIXELS = 40_000_000  # its decoder holds four copies of the picture
MAX_SCANS = 100  # of a JPEG: cameras and browsers write one to about ten, and each takes a pass
LARGE = 16_000_000  # pixels: pictures above it are decoded one at a time, whatever the threads
STRIP = 1_000_000  # pixels that are converted at a time

_ONE_AT_A_TIME = threading.Lock()

Item = TypeVar("Item")
Result = TypeVar("Result")


class DecodeError(HotdogError):
    """A file that is no readable picture.

    Attributes:
        name: the file.
        reason: what is wrong with it, and what to do.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def __str__(self) -> str:
        return f"cannot read the picture {self.name}: {self.reason}"


def decode_image(source: bytes | Path | str, *, name: str | None = None) -> Tensor:
    """Decode a picture as a person sees it: upright, on white, in 8 bits.

    EXIF orientations 1 to 8 are applied. CMYK, grey, palette and YCbCr become RGB; alpha is laid on
    white; 16 bits keep their upper 8; of an animation the first frame is taken. Colour profiles are
    ignored, as they were when the source networks were trained.

    Args:
        source: the file's bytes, or its path.
        name: what to call it in an error; the path if None.

    Returns:
        uint8 ``(3, H, W)``, RGB.

    Raises:
        DecodeError: and nothing else, for whatever is wrong with the file.
    """
    name = name or ("<bytes>" if isinstance(source, bytes) else str(source))
    try:
        data = source if isinstance(source, bytes) else read_picture(source)
        with _open(data) as image, _room_for(image):
            _set_upright(image)
            return _to_tensor(image)
    except DecodeError as error:
        raise DecodeError(name, error.reason) from error
    except UnidentifiedImageError as error:
        known = ", ".join(FORMATS)
        raise DecodeError(name, f"it is none of {known}; convert it to one of them") from error
    except Exception as error:  # parsers of hostile files raise nearly every type there is
        reason = str(error).strip() or type(error).__name__
        raise DecodeError(name, f"{reason}; replace or remove the file") from error


def read_picture(path: Path | str) -> bytes:
    """The bytes of a picture file.

    Raises:
        DecodeError: it is absent, empty, larger than 256 MiB, unreadable or no ordinary file.
    """
    file = Path(path)
    try:
        if not file.exists():
            raise DecodeError(str(path), "there is no such file; check the path")
        if not file.is_file():  # opening a pipe would wait for ever
            raise DecodeError(str(path), "it is not an ordinary file; remove it")
        with open(file, "rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise DecodeError(str(path), f"{error.strerror}; make it readable") from error
    except ValueError as error:  # a name with a zero byte in it
        raise DecodeError(str(path), f"{error}; check the path") from error
    if len(data) > MAX_BYTES:
        raise DecodeError(str(path), f"it is larger than {MAX_BYTES:,} bytes; shrink it")
    return data


def parallel_map(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int | None = None
) -> Iterator[Result]:
    """Apply ``function`` in threads (Pillow lets go of the interpreter while it decodes), in order.

    Unlike ``Executor.map`` it never runs more than a few items ahead of its reader, so that few
    pictures are held in memory at a time. ``threads`` are as many as there are cores, if None.
    """
    workers = threads or cpu_count() or 1
    waiting: deque = deque()
    with ThreadPoolExecutor(workers) as executor:
        try:
            for item in items:
                waiting.append(executor.submit(function, item))
                if len(waiting) > 4 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _open(data: bytes) -> Image.Image:
    if not data:
        raise DecodeError("", "it is empty (0 bytes); replace or remove it")
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    fault = _too_much(image, data)
    if fault:
        image.close()
        raise DecodeError("", fault)
    return image


def _too_much(image: Image.Image, data: bytes) -> str | None:
    """What would take too much memory or time to decode."""
    width, height = image.size
    allowed = MAX_WEBP_PIXELS if image.format == "WEBP" else MAX_PIXELS
    if width * height > allowed:
        return f"{width} x {height} pixels are more than the {allowed:,} allowed; shrink it"
    # A byte FF within the pixels is always followed by 00, so FF DA is the start of a scan.
    scans = data.count(b"\xff\xda") if image.format in ("JPEG", "MPO") else 1
    if scans > MAX_SCANS:
        return f"a JPEG of {scans} scans takes too long to decode; save it again with fewer"
    return None


def _room_for(image: Image.Image) -> AbstractContextManager[object]:
    return _ONE_AT_A_TIME if image.width * image.height > LARGE else nullcontext()


def _set_upright(image: Image.Image) -> None:
    image.load()
    try:
        ImageOps.exif_transpose(image, in_place=True)
    except Exception:  # a broken EXIF block does not make the picture unreadable
        return


def _to_tensor(image: Image.Image) -> Tensor:
    """Strip by strip, so that a large picture is not in memory several times."""
    width, height = image.size
    pixels = torch.empty(3, height, width, dtype=torch.uint8)
    rows = max(1, STRIP // width)
    for top in range(0, height, rows):
        box = (0, top, width, min(top + rows, height))
        strip = image if rows >= height else image.crop(box)
        # Two steps, since torch transposes bytes much faster than it copies them across.
        rgb = torch.from_numpy(np.array(_to_rgb(strip)))  # (rows, W, 3)
        pixels[:, top : box[3]] = rgb.permute(2, 0, 1).contiguous()
    return pixels  # (3, H, W)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F":
        raise DecodeError("", "floating-point pixels have no agreed range; save it with 8 bits")
    if image.mode.startswith("I"):  # 16 bits, in 32 with older versions of Pillow
        levels = np.clip(np.asarray(image).astype(np.int64), 0, 65535) >> 8
        image = Image.fromarray(levels.astype(np.uint8))
    if image.has_transparency_data:  # convert("RGB") alone would show what lies under the alpha
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")
