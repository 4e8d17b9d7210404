"""Render the README's strip of kitchen pictures: python book/readme_picture.py"""

from pathlib import Path

import torch
from torchvision.io import write_jpeg
from torchvision.utils import make_grid

from hotdog_lib.kitchen import render_set

STRIP = Path(__file__).resolve().parent / "images/kitchen.jpg"
COLUMNS, ROWS, SIZE = 9, 2, 128


def strip() -> torch.Tensor:
    """Hot dogs and look-alikes in turn: uint8, (3, height, width)."""
    pictures = render_set(seed=2017, indices=range(COLUMNS * ROWS), size=SIZE).images
    return make_grid(pictures, nrow=COLUMNS, padding=6, pad_value=255)


if __name__ == "__main__":
    write_jpeg(strip(), str(STRIP), quality=88)
