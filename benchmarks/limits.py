"""What the largest pictures that are taken cost: memory and time, format by format.

    python benchmarks/limits.py --out book/results/trust_limits.json

Each picture has as many pixels as the library takes of its format, and is decoded in a process of
its own: ``peak MiB`` is by how much that process grew. Needs a system that can fork.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image

from hotdog_lib.data.decode import MAX_PIXELS, MAX_WEBP_PIXELS, decode_image
from hotdog_lib.training.hardware import pick_hardware
from hotdog_lib.training.record import environment, write_json

UNIT = 1 if sys.platform == "darwin" else 1024  # bytes, of ru_maxrss
TURNED = Image.Exif()
TURNED[0x0112] = 6

#: What is drawn: name, mode, format, and how it is written.
PICTURES: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("JPEG", "RGB", "JPEG", {}),
    ("JPEG, progressive, turned", "RGB", "JPEG", {"progressive": True, "exif": TURNED}),
    ("JPEG, CMYK, progressive", "CMYK", "JPEG", {"progressive": True, "subsampling": 0}),
    ("PNG", "RGB", "PNG", {"compress_level": 1}),
    ("PNG, transparent", "RGBA", "PNG", {"compress_level": 1}),
    ("PNG, 16 bits", "I;16", "PNG", {"compress_level": 1}),
    ("WebP, transparent", "RGBA", "WEBP", {"lossless": True, "quality": 0, "method": 0}),
    ("GIF, transparent", "P", "GIF", {"transparency": 0}),
    ("BMP", "RGB", "BMP", {}),
    ("TIFF, transparent, in one strip", "RGBA", "TIFF", {"compression": "tiff_deflate"}),
)


def main() -> int:
    """Measure; the exit code is 1 if a picture took more than 1 GiB."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    rows = [measure(*picture) for picture in PICTURES]
    most = max(row["peak MiB"] for row in rows)
    record = {
        "title": "The largest pictures",
        "says": f"The largest pictures that are taken cost at most {most:.0f} MiB to decode.",
        "pictures": rows,
        "hardware": pick_hardware("cpu").summary(),
        "environment": environment(),
        "command": "python benchmarks/limits.py",
        "edition": "pocket",
    }
    print(json.dumps(record, indent=1))
    if given.out:
        write_json(given.out, record | {"date": record["environment"]["date"]})
    return int(most > 1024)


def measure(name: str, mode: str, form: str, options: dict[str, Any]) -> dict[str, Any]:
    """Write one picture in one process, decode it in another."""
    width = 8000
    height = (MAX_WEBP_PIXELS if form == "WEBP" else MAX_PIXELS) // width
    with tempfile.TemporaryDirectory() as folder:
        file, report = Path(folder) / "picture", Path(folder) / "report"
        _in_child(lambda: Image.new(mode, (width, height)).save(file, form, **options))
        _in_child(lambda: report.write_text(json.dumps(_decode(file))))
        told = json.loads(report.read_text())
    return {"picture": name, "megapixels": width * height / 1e6, **told}


def _decode(file: Path) -> dict[str, float]:
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    image = decode_image(file)
    seconds = time.perf_counter() - started
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert image.shape[0] == 3
    return {"file MiB": file.stat().st_size / 2**20, "peak MiB": grown * UNIT / 2**20, "s": seconds}


def _in_child(job: Any) -> None:
    child = os.fork()
    if child == 0:
        try:
            job()
            os._exit(0)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
    if os.waitpid(child, 0)[1]:
        raise SystemExit("a picture could not be written or decoded; see above")


if __name__ == "__main__":
    sys.exit(main())
