"""A network's answer to one picture, shown as in 2017: the picture, and what the network got."""

from __future__ import annotations

import base64
import html
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from hotdog_lib.data.decode import decode_image, read_picture
from hotdog_lib.data.preprocess import to_canvas
from hotdog_lib.data.web import is_url, read_url

if TYPE_CHECKING:
    from hotdog_lib.training.predict import Classifier

HEIGHT = 150  # of a picture on the page, in pixels; it is stored twice as sharp
_CARD = "display:flex;flex-wrap:wrap;gap:.6rem 1rem;align-items:flex-start;margin:.4rem 0"
_PICTURE = f"height:{HEIGHT}px;width:auto;max-width:100%;object-fit:contain;border-radius:6px"


@dataclass(frozen=True)
class Answer:
    """What a network says to one picture; a notebook shows it by itself.

    Attributes:
        name: of the picture.
        image: as it came, upright: uint8 ``(3, H, W)``.
        seen: as the network got it: uint8 ``(3, S, S)``.
        probabilities: of each class, by its name.
    """

    name: str
    image: Tensor
    seen: Tensor
    probabilities: dict[str, float]

    @property
    def label(self) -> str:
        """The class with the highest probability."""
        return max(self.probabilities, key=self.probabilities.__getitem__)

    @property
    def probability(self) -> float:
        """Of that class."""
        return self.probabilities[self.label]

    def __repr__(self) -> str:
        return f"{self.name}: {self.label}, {_percent(self.probability)}"

    def _repr_html_(self) -> str:
        height, width = self.image.shape[1:]
        side = self.seen.shape[1]
        came = _figure(self.image, f"{self.name}: {width} × {height}", f"The picture {self.name}")
        got = _figure(self.seen, f"the network got {side} × {side}", "The square the network got")
        others = "".join(
            f"<br>{html.escape(name)} {_percent(share)}"
            for name, share in self.probabilities.items()
            if name != self.label
        )
        verdict = f"<strong>{html.escape(self.label)} {_percent(self.probability)}</strong>{others}"
        return (
            f'<div class="hd-answer" style="{_CARD}">{came}{got}'
            f'<p style="margin:0;align-self:center">{verdict}</p></div>'
        )


def ask(
    classifier: Classifier, source: bytes | Path | str, *, allow_private: bool = False
) -> Answer:
    """Ask a trained network about a picture.

    Args:
        classifier: see :class:`~hotdog_lib.training.predict.Classifier`.
        source: an encoded picture, its file, or its address on the web.
        allow_private: take addresses inside the reader's own network, too.

    Raises:
        DecodeError: it can't be read.

    Example:
        >>> ask(Classifier.load(Path("RUN/model.safetensors")), "lunch.jpg")   # doctest: +SKIP
        lunch.jpg: hotdog, 97 %
    """
    data, name = _bytes(source, allow_private)
    image, view = decode_image(data, name=name), classifier.card.preprocessing
    canvas = to_canvas(image, view.resize_size, view.interpolation)
    shares = classifier.probabilities(data)
    names = classifier.card.class_names
    return Answer(
        name=name,
        image=image,
        seen=view.center_crop(canvas[None])[0],
        probabilities=dict(zip(names, shares.tolist(), strict=True)),
    )


def _bytes(source: bytes | Path | str, allow_private: bool) -> tuple[bytes, str]:
    if isinstance(source, bytes):
        return source, "your picture"
    name = str(source).rstrip("/").rpartition("/")[2] or str(source)
    if is_url(source):
        return read_url(str(source), allow_private=allow_private), name
    return read_picture(source), Path(source).name


def _figure(image: Tensor, caption: str, alt: str) -> str:
    return (
        f'<figure style="margin:0"><img style="{_PICTURE}" alt="{html.escape(alt)}" '
        f'src="data:image/webp;base64,{_webp(image)}">'
        f'<figcaption style="font-size:.85em">{html.escape(caption)}</figcaption></figure>'
    )


def _webp(image: Tensor) -> str:
    from PIL import Image

    picture = Image.fromarray(image.permute(1, 2, 0).contiguous().to(torch.uint8).cpu().numpy())
    picture.thumbnail((4 * HEIGHT, 2 * HEIGHT))
    buffer = io.BytesIO()
    picture.save(buffer, "webp", quality=85)
    return base64.b64encode(buffer.getvalue()).decode()


def _percent(share: float) -> str:
    """Whole per cent, but nothing is certain."""
    return f"{min(99, max(1, round(100 * share)))} %"
