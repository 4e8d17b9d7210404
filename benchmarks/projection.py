"""What a million photographs are reckoned from: decoding, comparing and checking one, on one core.

    python benchmarks/projection.py

Processor time of one thread, so that a busy machine changes it little. Real photographs are decoded
where they are at hand (``HOTDOG_HOME``), else the kitchen's, saved as JPEG.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch

from hotdog_lib.data.decode import decode_image
from hotdog_lib.data.duplicates import Signature, near_duplicates
from hotdog_lib.data.folders import scan_folder
from hotdog_lib.data.mapped import read_shard, write_shard
from hotdog_lib.data.preprocess import to_canvas
from hotdog_lib.home import home
from hotdog_lib.lab import kitchen_pictures
from hotdog_lib.models import create_model
from hotdog_lib.training.hardware import pick_hardware
from hotdog_lib.training.record import environment, write_json

CANVAS, ROUNDS, PAIRS = 256, 5, 8192
NETWORKS = ("resnet18", "resnet50")


def processor_seconds(work: Callable[[], object]) -> float:
    """Median of five rounds, after one that is not counted."""
    taken = []
    for _ in range(ROUNDS + 1):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return median(taken[1:])


def encoded() -> tuple[str, list[bytes]]:
    """Some pictures as files hold them."""
    if (home() / "hotdog" / "train").is_dir():
        paths = scan_folder(home() / "hotdog", "train").paths[::20]
        return "photographs", [path.read_bytes() for path in paths]
    import io

    from PIL import Image

    files = []
    for image in kitchen_pictures(1, 60, CANVAS).images:
        buffer = io.BytesIO()
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(buffer, "JPEG", quality=95)
        files.append(buffer.getvalue())
    return "rendered pictures", files


def checking(folder: Path) -> float:
    """Seconds for each gigabyte of a shard's checksum."""
    images = torch.randint(0, 256, (300, 3, CANVAS, CANVAS), dtype=torch.uint8)
    about = {"key": "", "start": 0, "end": 300, "names": [""] * 300}
    write_shard(folder / "shard", images, torch.zeros(300, dtype=torch.int64), **about)
    shard = read_shard(folder / "shard")
    return processor_seconds(shard.check) / (images.nbytes / 1e9)


def main() -> None:
    torch.set_num_threads(1)
    kind, files = encoded()
    signature = Signature(torch.rand(PAIRS, 256) < 0.5, torch.randint(0, 256, (PAIRS, 3, 8, 8)))
    compared = PAIRS * (PAIRS - 1) / 2
    decoding = processor_seconds(lambda: [to_canvas(decode_image(f), CANVAS) for f in files])
    with tempfile.TemporaryDirectory() as folder:
        gigabyte = checking(Path(folder))
    numbers = [
        {"network": name, "parameters": sum(p.numel() for p in create_model(name).parameters())}
        for name in NETWORKS
    ]
    ms = 1e3 * decoding / len(files)
    record = {
        "title": "What a million photographs are reckoned from",
        "says": f"One core decodes one of the {kind} in {ms:.1f} ms.",
        "edition": "full" if kind == "photographs" else "pocket",
        "pictures": kind,
        "canvas_px": CANVAS,
        "file_kilobytes": sum(map(len, files)) / len(files) / 1e3,
        "decode_ms": ms,
        "check_seconds_a_gigabyte": gigabyte,
        "pairs_a_second": compared / processor_seconds(lambda: near_duplicates(signature)),
        "networks": numbers,
        "hardware": pick_hardware("cpu", "fp32").summary(),
        "environment": environment(),
        "command": "python benchmarks/projection.py",
        "date": time.strftime("%Y-%m-%d"),
    }
    target = Path(__file__).parent.parent / "book/results/projection.json"
    write_json(target, record)
    print(target)


if __name__ == "__main__":
    main()
