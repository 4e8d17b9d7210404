"""Any picture file to RGB bytes, by one path that training, evaluation and prediction share."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
MAX_PIXELS = 80_000_000  # 240 MB once decoded; below the size at which Pillow begins to warn

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
        with _open(source) as image:
            return _to_tensor(_to_rgb(_upright(image)))
    except DecodeError as error:
        raise DecodeError(name, error.reason) from error
    except UnidentifiedImageError as error:
        known = ", ".join(FORMATS)
        raise DecodeError(name, f"it is none of {known}; convert it to one of them") from error
    except Exception as error:  # parsers of hostile files raise nearly every type there is
        reason = str(error).strip() or type(error).__name__
        raise DecodeError(name, f"{reason}; replace or remove the file") from error


def parallel_map(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Apply ``function`` in threads (Pillow lets go of the interpreter while it decodes), in order.

    Unlike ``Executor.map`` it never runs more than a few items ahead of its reader, so that few
    pictures are held in memory at a time.
    """
    workers = cpu_count() or 1
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


def _open(source: bytes | Path | str) -> Image.Image:
    if isinstance(source, bytes):
        if not source:
            raise DecodeError("", "it is empty (0 bytes); replace or remove it")
        file: Path | io.BytesIO = io.BytesIO(source)
    else:
        file = Path(source)
        if not file.exists():
            raise DecodeError("", "there is no such file; check the path")
        if not file.is_file():  # opening a pipe would wait for ever
            raise DecodeError("", "it is not an ordinary file; remove it")
        if file.stat().st_size == 0:
            raise DecodeError("", "it is empty (0 bytes); replace or remove it")
    image = Image.open(file, formats=FORMATS)
    width, height = image.size
    if width * height > MAX_PIXELS:
        image.close()
        raise DecodeError(
            "", f"{width} x {height} pixels are more than the {MAX_PIXELS:,} allowed; shrink it"
        )
    return image


def _upright(image: Image.Image) -> Image.Image:
    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except (
        Exception
    ):  # a broken EXIF block does not make the picture unreadable: it is left as it lies
        return image


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


def _to_tensor(image: Image.Image) -> Tensor:
    pixels = torch.from_numpy(np.array(image))  # (H, W, 3)
    return pixels.permute(2, 0, 1).contiguous()  # (3, H, W)
