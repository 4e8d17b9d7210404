"""Random views of a batch, drawn separately for every picture, on the batch's device.

torchvision's v2 transforms draw one crop, flip and colour for a whole batch; here every picture
gets its own. All randomness comes from the generator given, so a view is a function of its state
and the policy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from hotdog_lib.errors import HotdogError

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as Pillow's and torchvision's grey
CROP_TRIES = 10  # torchvision.transforms.RandomResizedCrop's


@dataclass(frozen=True)
class Augmentation:
    """How far a random view may be from the picture.

    Attributes:
        scale: least and greatest share of the picture's area that a crop covers.
        ratio: least and greatest width/height of a crop.
        flip: probability of a mirror image.
        brightness, contrast, saturation: a factor is drawn from ``1 - x`` to ``1 + x``; 0 leaves it
            alone.
        hue: greatest turn of the colour circle, as a share of the whole; at most 0.5.
        mixup: ``alpha`` of :func:`mixup`, which needs the targets and so is called by the training
            loop; 0 is off.

    Raises:
        HotdogError: on a value outside its range.
    """

    scale: tuple[float, float] = (0.35, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    flip: float = 0.5
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0
    mixup: float = 0.0

    def __post_init__(self) -> None:
        allowed = {
            "scale": 0 < self.scale[0] <= self.scale[1] <= 1,
            "ratio": 0 < self.ratio[0] <= self.ratio[1],
            "flip": 0 <= self.flip <= 1,
            "brightness": 0 <= self.brightness <= 1,
            "contrast": 0 <= self.contrast <= 1,
            "saturation": 0 <= self.saturation <= 1,
            "hue": 0 <= self.hue <= 0.5,
            "mixup": self.mixup >= 0,
        }
        for name in (name for name, good in allowed.items() if not good):
            value = getattr(self, name)
            raise HotdogError(
                f"augmentation {name}={value} is out of range; see help(Augmentation)"
            )


def augment(
    images: Tensor,
    size: int,
    policy: Augmentation,
    generator: torch.Generator,
    *,
    part: tuple[slice, int] | None = None,
) -> Tensor:
    """A random view of every picture: resized crop, mirror image, colour.

    Args:
        images: uint8 ``(B, 3, S, S)``, on any device.
        size: side of the views in pixels.
        policy: how far the views may go.
        generator: the only source of randomness; on the CPU, or on the images' device.
        part: these are only these rows of a batch of so many pictures, of which other processes
            have the rest. Every picture gets the view that it would get in the whole batch.

    Returns:
        float32 ``(B, 3, size, size)`` of 0 to 255, on the images' device.

    Example:
        >>> generator = torch.Generator().manual_seed(0)
        >>> images = torch.randint(0, 256, (4, 3, 64, 64), dtype=torch.uint8)
        >>> augment(images, 48, Augmentation(), generator).shape
        torch.Size([4, 3, 48, 48])
    """
    rows, batch = part or (slice(None), len(images))
    boxes = crop_boxes(batch, images.shape[-1], policy, generator)[rows]  # (B, 4)
    flips = _uniform((batch,), generator)[rows] < policy.flip  # (B,)
    # Drawn always, so that a policy's crops do not hang on whether it has colours.
    colours = _uniform((batch, 4), generator)[rows]  # (B, 4)
    resample = _resample_bytes if images.device.type == "cpu" else _resample_matrix
    views = resample(images, size, boxes, flips)  # (B, 3, size, size)
    return _jitter(views, policy, colours.to(images.device, non_blocking=True))


def crop_boxes(batch: int, side: int, policy: Augmentation, generator: torch.Generator) -> Tensor:
    """Random boxes in squares of ``side`` pixels by the law of torchvision's RandomResizedCrop.

    An area and a log-uniform ratio are drawn ten times; the first pair that fits is taken, and the
    greatest centred box of an allowed ratio if none does.

    Returns:
        int64 ``(batch, 4)``: left, top, width, height, on the generator's device.
    """
    low, high = math.log(policy.ratio[0]), math.log(policy.ratio[1])
    draws = _uniform((2, batch, CROP_TRIES), generator)
    area = side * side * (policy.scale[0] + draws[0] * (policy.scale[1] - policy.scale[0]))
    ratio = torch.exp(low + draws[1] * (high - low))  # (batch, tries)
    sizes = torch.stack([(area * ratio).sqrt(), (area / ratio).sqrt()], -1).round().long()
    fits = ((sizes >= 1) & (sizes <= side)).all(-1)  # (batch, tries)
    first = fits.int().argmax(-1)  # (batch,)
    chosen = sizes[torch.arange(batch, device=sizes.device), first]  # (batch, 2)
    nearest = min(max(1.0, policy.ratio[0]), policy.ratio[1])  # 1 unless the ratios exclude it
    widest = torch.tensor(
        [round(side * min(1.0, nearest)), round(side * min(1.0, 1 / nearest))], device=sizes.device
    )
    some = fits.any(-1, keepdim=True)
    chosen = torch.where(some, chosen, widest)
    corner = (_uniform((batch, 2), generator) * (side - chosen + 1)).long()
    corner = torch.where(some, corner, (side - chosen) // 2)
    return torch.cat([corner, chosen], -1)  # (batch, 4)


def mixup(
    images: Tensor, targets_one_hot: Tensor, alpha: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Mix every picture, and its label, with another of its batch (arXiv 1710.09412).

    Args:
        images: float ``(B, 3, h, w)``.
        targets_one_hot: float ``(B, C)``.
        alpha: of the Beta distribution from which each picture's share is drawn; 0 returns the
            input.
        generator: the only source of randomness; best on the CPU, where no device must be waited
            for.

    Returns:
        mixed pictures and targets; each row of targets sums to what it did before.
    """
    if alpha <= 0:
        return images, targets_one_hot
    batch, device = len(images), images.device
    seed = int(torch.randint(2**62, (1,), generator=generator, device=generator.device))
    random = np.random.default_rng(seed)  # torch draws no Beta from a generator
    drawn = random.beta(alpha, alpha, batch).astype(np.float32)
    share = torch.from_numpy(np.maximum(drawn, 1 - drawn)).to(device, non_blocking=True)  # (B,)
    other = torch.from_numpy(random.permutation(batch)).to(device, non_blocking=True)  # (B,)
    mixed = torch.lerp(images[other], images, share.view(-1, 1, 1, 1).to(images.dtype))
    labels = torch.lerp(
        targets_one_hot[other], targets_one_hot, share[:, None].to(targets_one_hot.dtype)
    )
    return mixed, labels


def _uniform(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=generator, device=generator.device)


def _resample_bytes(images: Tensor, size: int, boxes: Tensor, flips: Tensor) -> Tensor:
    """On the CPU: torch's byte kernel, crop by crop; measured faster than the batched ways."""
    views = torch.empty(len(images), 3, size, size, dtype=torch.uint8)
    for view, image, (left, top, width, height) in zip(views, images, boxes.tolist(), strict=True):
        crop = image[None, :, top : top + height, left : left + width]
        view.copy_(F.interpolate(crop, (size, size), mode="bilinear", antialias=True)[0])
    return torch.where(flips.cpu()[:, None, None, None], views.flip(-1), views).float()


def _resample_matrix(images: Tensor, size: int, boxes: Tensor, flips: Tensor) -> Tensor:
    """Elsewhere: crop, antialiased resize and flip as one product, ``rows @ image @ columns.T``."""
    # float16 holds bytes exactly; tensor cores sum in float32, so views err by < 0.2 grey levels.
    dtype = torch.float16 if images.device.type == "cuda" else torch.float32
    boxes = boxes.to(images.device, non_blocking=True)
    flips = flips.to(images.device, non_blocking=True)
    columns = _taps(boxes[:, 0], boxes[:, 2], images.shape[-1], size)  # (B, size, S)
    columns = torch.where(flips[:, None, None], columns.flip(1), columns)
    rows = _taps(boxes[:, 1], boxes[:, 3], images.shape[-1], size)  # (B, size, S)
    views = rows.to(dtype)[:, None] @ images.to(dtype) @ columns.to(dtype).mT[:, None]
    return views.float()  # (B, 3, size, size)


def _taps(start: Tensor, length: Tensor, side: int, size: int) -> Tensor:
    """Weights ``(B, size, side)`` that resize ``length`` pixels from ``start`` on to ``size``.

    A triangle filter, widened with the reduction: that is the antialiasing. It ends at the crop's
    edge, as it does when the crop is cut out first.
    """
    pixels = torch.arange(side, device=start.device) + 0.5  # (side,)
    step = (length / size)[:, None, None]  # (B, 1, 1) source pixels a view pixel
    start, end = start[:, None, None], (start + length)[:, None, None]
    steps = torch.arange(size, device=start.device)[:, None] + 0.5  # (size, 1)
    centres = start + steps * step  # (B, size, 1)
    taps = (1 - (pixels - centres).abs() / step.clamp(min=1)).clamp(min=0)  # (B, size, side)
    taps = taps * ((pixels > start) & (pixels < end))
    return taps / taps.sum(-1, keepdim=True)


def _jitter(views: Tensor, policy: Augmentation, draws: Tensor) -> Tensor:
    """Brightness, saturation, hue and contrast in one affine map of RGB for each picture.

    Unlike torchvision's, the order is fixed, values are clamped once at the end, and hue turns in
    the YIQ plane.
    """
    if not (policy.brightness or policy.contrast or policy.saturation or policy.hue):
        return views
    span = torch.tensor(
        [policy.brightness, policy.contrast, policy.saturation, policy.hue * 2 * math.pi]
    ).to(views.device, non_blocking=True)
    change = ((2 * draws - 1) * span).T[..., None, None]  # (4, B, 1, 1)
    brightness, contrast, saturation, turn = change
    matrix = _colour_matrix(1 + saturation, turn) * (1 + brightness)  # (B, 3, 3)
    luma = torch.tensor(LUMA).to(views.device, non_blocking=True)
    mean = views.mean((2, 3))[..., None]  # (B, 3, 1)
    grey = (luma * (matrix @ mean).mT).sum(-1, keepdim=True)  # (B, 1, 1)
    offset = (-contrast * grey).expand(-1, 3, 1)  # (B, 3, 1)
    flat = torch.baddbmm(offset, matrix * (1 + contrast), views.flatten(2))  # (B, 3, h*w)
    return flat.clamp_(0, 255).view_as(views)


def _colour_matrix(saturation: Tensor, turn: Tensor) -> Tensor:
    """RGB to RGB ``(B, 3, 3)``: colour is scaled and turned (radians), grey left alone."""
    to_yiq = torch.tensor([LUMA, (0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112)])
    from_yiq = torch.linalg.inv(to_yiq).to(turn.device, non_blocking=True)
    cosine, sine = saturation * turn.cos(), saturation * turn.sin()
    one, zero = torch.ones_like(turn), torch.zeros_like(turn)
    rows = [[one, zero, zero], [zero, cosine, -sine], [zero, sine, cosine]]
    rotation = torch.cat([torch.cat(row, -1) for row in rows], -2)  # (B, 3, 3)
    return from_yiq @ rotation @ to_yiq.to(turn.device, non_blocking=True)
