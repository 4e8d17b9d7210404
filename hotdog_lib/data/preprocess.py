"""From a decoded picture to what a model sees: the canvas, the centre crop, the normalisation.

**What the cache keeps of a picture that is not square** is decided here and nowhere else, by
:func:`to_canvas`: the centre square, as large as the short side, resized to the canvas. The aspect
ratio is kept and the ends of the long side are lost, just as in torchvision's ``Resize`` followed
by ``CenterCrop``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from hotdog_lib.errors import HotdogError

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
INTERPOLATIONS = ("bilinear", "bicubic")


def to_canvas(image: Tensor, size: int, interpolation: str = "bilinear") -> Tensor:
    """Centre square of a picture, resized with antialiasing.

    Cutting before resizing, not after, bounds the work whatever the shape: a strip of 10 x 100,000
    pixels costs no more than a square of 10 x 10.

    Args:
        image: uint8 ``(3, H, W)``.
        size: side of the result in pixels.
        interpolation: ``"bilinear"`` or ``"bicubic"``.

    Returns:
        uint8 ``(3, size, size)``.
    """
    height, width = image.shape[-2:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = image[None, :, top : top + side, left : left + side]  # (1, 3, side, side)
    return resize(square, size, interpolation)[0].contiguous()


def resize(images: Tensor, size: int, interpolation: str = "bilinear") -> Tensor:
    """Square pictures ``(B, 3, S, S)`` at another ``size``, antialiased; uint8 stays uint8."""
    if images.shape[-1] == size:
        return images
    # Only the CPU resizes bytes; elsewhere they pass through float.
    exact = images.dtype == torch.uint8 and images.device.type != "cpu"
    source = images.float() if exact else images
    resized = F.interpolate(source, (size, size), mode=interpolation, antialias=True)
    return resized.round_().clamp_(0, 255).to(torch.uint8) if exact else resized


@dataclass(frozen=True)
class Preprocessing:
    """What a network expects of its input.

    Every set of weights owns one, and every saved model carries it.

    Attributes:
        resize_size: side of the canvas, in pixels, from which ``crop_size`` is cut.
        crop_size: side of the model's input, in pixels.
        mean: of the red, green and blue channel, on the scale 0 to 1.
        std: likewise.
        interpolation: ``"bilinear"`` or ``"bicubic"``.

    Raises:
        HotdogError: on sizes or statistics that no network can have.

    Example:
        >>> view = Preprocessing(resize_size=256, crop_size=224)
        >>> view(torch.zeros(2, 3, 256, 256, dtype=torch.uint8)).shape
        torch.Size([2, 3, 224, 224])
    """

    resize_size: int = 256
    crop_size: int = 224
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    interpolation: str = "bilinear"

    def __post_init__(self) -> None:
        if not 1 <= self.crop_size <= self.resize_size:
            raise HotdogError(
                f"crop_size {self.crop_size} does not fit into resize_size {self.resize_size}; "
                "give 1 <= crop_size <= resize_size"
            )
        finite = all(math.isfinite(value) for value in (*self.mean, *self.std))
        if len(self.mean) != 3 or len(self.std) != 3 or not finite or min(self.std) <= 0:
            raise HotdogError(f"mean {self.mean}, std {self.std}: give 3 numbers each, std above 0")
        if self.interpolation not in INTERPOLATIONS:
            raise HotdogError(
                f"interpolation {self.interpolation!r} is unknown; choose from {INTERPOLATIONS}"
            )

    def __call__(self, images: Tensor) -> Tensor:
        """The evaluation view of ``(B, 3, S, S)`` uint8: centre crop, then normalisation."""
        return self.normalise(self.center_crop(images))

    def center_crop(self, images: Tensor) -> Tensor:
        """The central ``crop_size`` pixels of canvases ``(B, 3, S, S)``.

        Canvases of another side than ``resize_size`` are resized to it first.
        """
        images = resize(images, self.resize_size, self.interpolation)  # (B, 3, resize, resize)
        start = round((self.resize_size - self.crop_size) / 2)  # torchvision's rounding
        return images[..., start : start + self.crop_size, start : start + self.crop_size]

    def normalise(self, images: Tensor) -> Tensor:
        """Pixels of 0 to 255, uint8 or float ``(B, 3, h, w)``, to float32 on the model's scale."""
        scale, shift = _scale_and_shift(self.mean, self.std, images.device)  # (3, 1, 1)
        return torch.addcmul(shift, images.float(), scale)  # (B, 3, h, w)

    def denormalise(self, inputs: Tensor) -> Tensor:
        """A model's input ``(B, 3, h, w)`` back to pixels of 0 to 255, float32, to look at it."""
        scale, shift = _scale_and_shift(self.mean, self.std, inputs.device)  # (3, 1, 1)
        return ((inputs.float() - shift) / scale).clamp(0, 255)  # (B, 3, h, w)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, lists and strings, for JSON."""
        return {**asdict(self), "mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Preprocessing:
        """The inverse of :meth:`to_dict`; a missing, unknown or impossible entry is an error."""
        expected = {field.name for field in fields(cls)}
        if set(values) != expected:
            raise HotdogError(
                f"preprocessing has the entries {sorted(values)}; give exactly {sorted(expected)}"
            )
        sizes = [values["resize_size"], values["crop_size"]]
        try:
            if not all(type(size) is int for size in sizes):  # a text, a fraction, True
                raise TypeError("a size is a whole number")
            return cls(
                resize_size=sizes[0],
                crop_size=sizes[1],
                mean=tuple(float(value) for value in values["mean"]),
                std=tuple(float(value) for value in values["std"]),
                interpolation=values["interpolation"],
            )
        except (TypeError, ValueError, OverflowError) as error:
            raise HotdogError(f"cannot read the preprocessing {dict(values)}: {error}") from error


@lru_cache(maxsize=64)
def _scale_and_shift(mean: tuple, std: tuple, device: torch.device) -> tuple[Tensor, Tensor]:
    """``x * scale + shift`` normalises bytes; kept on the device, where no upload is waited for."""
    with torch.inference_mode(False):  # else a first call within it would spoil later training
        deviation = torch.tensor(std).view(3, 1, 1)
        scale = 1 / (255 * deviation)  # (3, 1, 1)
        shift = -torch.tensor(mean).view(3, 1, 1) / deviation  # (3, 1, 1)
        return scale.to(device), shift.to(device)
