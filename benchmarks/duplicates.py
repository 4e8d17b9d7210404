"""How many altered copies of a picture ``near_duplicates`` finds.

    python benchmarks/duplicates.py [--data DIR --name photographs --title "2,800 photographs"]

Every fourth picture is altered, saved as a JPEG and read again, and looked for among all of them.
Without ``--data`` the pictures are the kitchen's. Writes ``book/results/duplicates_<name>.json``.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from PIL import Image, ImageEnhance, ImageOps
from torch import Tensor

from hotdog_lib.data.decode import decode_image
from hotdog_lib.data.duplicates import near_duplicates
from hotdog_lib.data.folders import has_splits, scan_folder
from hotdog_lib.data.preprocess import to_canvas
from hotdog_lib.data.report import CANVAS
from hotdog_lib.kitchen import render
from hotdog_lib.training.record import environment, write_json

RESULTS = Path(__file__).resolve().parent.parent / "book" / "results"
KITCHEN_SEED, KITCHEN_PICTURES, KITCHEN_SIZE = 600, 1000, 192
STEP = 4  # every fourth picture gets copies
QUALITY = 80  # of a copy's JPEG


def crop(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    """Cut shares of the width and height off each side."""
    width, height = image.size
    box = (width * left, height * top, width * (1 - right), height * (1 - bottom))
    return image.crop(tuple(round(edge) for edge in box))


def scaled(image: Image.Image, factor: float) -> Image.Image:
    """The same picture with other sides."""
    return image.resize([max(1, round(side * factor)) for side in image.size])


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "saved again": lambda image: image,
    "half the size": lambda image: scaled(image, 0.5),
    "20 % brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.2),
    "6 % cut off around": lambda image: crop(image, 0.03, 0.03, 0.03, 0.03),
    "10 % cut off around": lambda image: crop(image, 0.05, 0.05, 0.05, 0.05),
    "6 % cut off at one corner": lambda image: crop(image, 0.06, 0.06, 0, 0),
    "10 % cut off at one corner": lambda image: crop(image, 0.1, 0.1, 0, 0),
    "grey": lambda image: ImageOps.grayscale(image).convert("RGB"),
    "mirror image": ImageOps.mirror,
    "turned by 5 degrees": lambda image: image.rotate(5, Image.Resampling.BILINEAR),
}


def pictures(data: Path | None) -> Iterator[Image.Image]:
    """The pictures of a folder, or the kitchen's."""
    if data is None:
        images = (render(KITCHEN_SEED, i, KITCHEN_SIZE).image for i in range(KITCHEN_PICTURES))
    else:
        splits = ("train", "test") if has_splits(data) else (None,)
        images = (decode_image(path) for split in splits for path in scan_folder(data, split).paths)
    for image in images:
        yield Image.fromarray(image.permute(1, 2, 0).numpy())


def canvas(image: Image.Image, quality: int = QUALITY) -> Tensor:
    """The picture as a reader of its JPEG file gets it, uint8 (3, CANVAS, CANVAS)."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return to_canvas(decode_image(buffer.getvalue()), CANVAS)


def measure(data: Path | None) -> tuple[int, list[dict[str, Any]]]:
    """Number of pictures, and for each change the shares of copies found and of strangers."""
    originals, copies = [], {name: [] for name in CHANGES}
    for row, image in enumerate(pictures(data)):
        originals.append(canvas(image, quality=95))
        if row % STEP == 0:
            for name, change in CHANGES.items():
                copies[name].append(canvas(change(image)))
    everything = torch.stack(originals)
    rows = [
        {"change": name, **found(everything, torch.stack(altered))}
        for name, altered in copies.items()
    ]
    return len(originals), rows


def found(originals: Tensor, altered: Tensor) -> dict[str, Any]:
    """What ``near_duplicates`` says of copies whose originals are every ``STEP``-th row."""
    pairs = near_duplicates(altered, originals)
    hits = {pair.a for pair in pairs if pair.b == STEP * pair.a}
    others = sum(pair.b != STEP * pair.a for pair in pairs)
    return {
        "copies": len(altered),
        "share_found": len(hits) / len(altered),
        "other_pictures_found": others,
    }


def main() -> None:
    """Measure and write."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path)
    arguments.add_argument("--name", default="kitchen")
    arguments.add_argument("--title", default="the kitchen's pictures")
    given = arguments.parse_args()
    count, rows = measure(given.data)
    shares = {row["change"]: row["share_found"] for row in rows}
    named = ("saved again", "10 % cut off around", "6 % cut off at one corner", "grey")
    record = {
        "title": f"Near-duplicates that are found: {given.title}",
        "says": "Found: " + ", ".join(f"{name} {shares[name]:.0%}" for name in named) + ".",
        "edition": "full (D2L's layout, not that archive itself)" if given.data else "pocket",
        "command": "python benchmarks/duplicates.py"
        + (f" --data HOTDOG_HOME/hotdog --name {given.name}" if given.data else ""),
        "date": environment()["date"],
        "pictures": count,
        "changes": rows,
        "environment": environment(),
    }
    write_json(RESULTS / f"duplicates_{given.name}.json", record)


if __name__ == "__main__":
    main()
