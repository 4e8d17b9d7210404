"""CIFAR-10's binary files, as their makers publish them: no pickle among them.

A file is records of 3,073 bytes: the class, then 32 x 32 pixels of red, of green, of blue, row by
row (https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version").
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from hotdog_lib.errors import HotdogError

SIDE = 32
RECORD = 1 + 3 * SIDE * SIDE  # bytes
FOLDER = "cifar-10-batches-bin"
SPLIT_FILES = {"train": "data_batch_*.bin", "test": "test_batch.bin"}


def read_cifar(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """Pictures uint8 ``(N, 32, 32, 3)`` and classes uint8 ``(N,)`` of one file.

    Raises:
        HotdogError: the file is empty, or ends inside a record.
    """
    data = np.fromfile(file, dtype=np.uint8)
    if not len(data) or len(data) % RECORD:
        raise HotdogError(
            f"{file} has {len(data):,} bytes, no whole records of {RECORD}; fetch it again"
        )
    records = data.reshape(-1, RECORD)
    pixels = records[:, 1:].reshape(-1, 3, SIDE, SIDE)  # (N, 3, 32, 32)
    return pixels.transpose(0, 2, 3, 1), records[:, 0]


def unpack_cifar(source: Path, out: Path) -> None:
    """Write the pictures of a folder of binary files as ``out/<split>/<class>/NNNNN.png``.

    Args:
        source: the folder with ``batches.meta.txt``, ``data_batch_1.bin`` ... ``test_batch.bin``.
        out: a new folder.

    Raises:
        HotdogError: a file is missing or damaged, or a class has no name.
    """
    try:
        lines = (source / "batches.meta.txt").read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeError) as error:
        raise HotdogError(
            f"{source} has no list of class names ({error}); fetch it again"
        ) from error
    names = [line.strip() for line in lines if line.strip()]
    for split, pattern in SPLIT_FILES.items():
        files = sorted(source.glob(pattern))
        if not files:
            raise HotdogError(f"{source} has no {pattern}; fetch it again")
        _write_split(files, names, out / split)


def _write_split(files: list[Path], names: list[str], folder: Path) -> None:
    for name in names:
        (folder / name).mkdir(parents=True)
    number = 0
    for file in files:
        for pixels, target in zip(*read_cifar(file), strict=True):
            if target >= len(names):
                raise HotdogError(
                    f"{file} has class {target}, and there are {len(names)} names; fetch it again"
                )
            path = folder / names[target] / f"{number:05d}.png"
            Image.fromarray(np.ascontiguousarray(pixels)).save(path)
            number += 1
