"""One GPU, all of it, within ten minutes on a bare machine: no network, no photographs needed.

    python benchmarks/gpu.py

- *Roof.* A large product of bf16 matrices, and a large copy.
- *Steady state.* The library's loop on pixels that lie on the device (a crop and a flip for each
  picture, bf16, channels_last, fused AdamW), and its ceiling: the same steps on random numbers.
  As it is, with cuDNN's own search for the fastest kernels, and compiled. Measured in turns.
- *The plain loop.* ImageFolder, a DataLoader without workers, float32, ``.item()`` in every step,
  on the same JPEG files as the next part.
- *Five epochs.* 2,000 pictures of ``HOTDOG_HOME/hotdog/train``, or as many drawn ones saved as
  JPEG: first call with decoding, second call from the cache, then five epochs of everything.

Writes ``book/results/gpu.json``. ``--device cpu --quick`` runs all of it small, as a test.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from statistics import median
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from hotdog_lib.data.augment import Augmentation, augment
from hotdog_lib.data.cache import load_pictures
from hotdog_lib.data.folders import Folder, scan_folder
from hotdog_lib.data.loader import Loader
from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.home import home
from hotdog_lib.lab import kitchen_pictures
from hotdog_lib.models import create_model
from hotdog_lib.training.engine import train_epoch
from hotdog_lib.training.hardware import Hardware, pick_hardware
from hotdog_lib.training.optim import make_optimizer, parameter_groups
from hotdog_lib.training.recipe import Recipe
from hotdog_lib.training.record import environment, write_json
from hotdog_lib.training.trainer import Trainer

RESULTS = Path(__file__).resolve().parent.parent / "book" / "results"
#: A crop and a flip: what the plain loop does, too.
POLICY = Augmentation(scale=(0.35, 1.0))
Row = dict[str, Any]


@dataclass(frozen=True)
class Size:
    """How large everything is: for a GPU, or for a test."""

    models: tuple[tuple[str, int], ...] = (("resnet18", 512), ("resnet50", 256))
    view: Preprocessing = Preprocessing()
    steps: int = 20
    rounds: int = 5
    pictures: int = 2000
    batch: int = 128
    epochs: int = 5
    matrix: int = 8192
    drawn: int = 128
    compiles: bool = True


SMALL_NUMBERS = {"steps": 2, "rounds": 2, "pictures": 16, "batch": 4, "epochs": 2, "matrix": 256}
SMALL_VIEW = Preprocessing(resize_size=40, crop_size=32)
QUICK = Size((("resnet18_slim", 4),), SMALL_VIEW, drawn=32, compiles=False, **SMALL_NUMBERS)


def seconds_of(work: Callable[[], Any], device: torch.device) -> float:
    """Seconds on the clock until the device has done it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    began = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - began


def roof(hardware: Hardware, size: Size) -> Row:
    """The most operations and the most bytes a second, the best of ten."""
    kind = torch.bfloat16 if hardware.bf16 else torch.float32
    n, device = size.matrix, hardware.device
    a = torch.randn(n, n, device=device, dtype=kind)
    b = torch.empty_like(a)
    product = min(seconds_of(lambda: a @ a, device) for _ in range(10))
    copy = min(seconds_of(lambda: b.copy_(a), device) for _ in range(10))
    return {
        "precision": "bf16" if hardware.bf16 else "fp32",
        "teraflops": 2 * n**3 / product / 1e12,
        "gigabytes_a_second": 2 * a.nbytes / copy / 1e9,
    }


def resident(count: int, side: int) -> PictureSet:
    """Random bytes in the place of pictures: speed does not ask what they show."""
    images = torch.randint(0, 256, (count, 3, side, side), dtype=torch.uint8)
    names = tuple(str(row) for row in range(count))
    return PictureSet(images, torch.arange(count) % 2, ("a", "b"), names)


class Steady:
    """One network, trained by the library's loop and, for the ceiling, on random numbers."""

    def __init__(self, model: str, batch: int, hardware: Hardware, size: Size, compiled: bool):
        self.hardware, self.size, self.batch = hardware, size, batch
        net = hardware.place(create_model(model, num_classes=2)).train()
        self.optimizer = make_optimizer(parameter_groups(net, 1e-5))
        self.net: Callable[[Tensor], Tensor] = torch.compile(net) if compiled else net
        pictures = resident(batch * size.steps, size.view.resize_size)
        device = hardware.device
        self.loader = Loader(pictures, batch, device=device, shuffle=True, drop_last=True)
        side = size.view.crop_size
        self.noise = hardware.arrange(torch.randn(batch, 3, side, side, device=device))
        self.targets = torch.zeros(batch, dtype=torch.int64, device=device)
        self.generator = torch.Generator().manual_seed(0)

    def forward(self, images: Tensor) -> Tensor:
        """In the precision that the library picks."""
        with self.hardware.autocast():
            return self.net(images)

    def train(self, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
        """The library's loop over some batches."""
        train_epoch(batches, self.forward, self.optimizer, self.objective, repeat(1.0))

    def objective(self, logits: Tensor, targets: Tensor) -> Tensor:
        """In float32."""
        return cross_entropy(logits.float(), targets)

    def loop(self) -> None:
        """From bytes on the device to updated weights."""
        view, side = self.size.view, self.size.view.crop_size
        self.train(
            (self.hardware.arrange(view.normalise(augment(x, side, POLICY, self.generator))), y)
            for x, y in self.loader
        )

    def ceiling(self) -> None:
        """The same steps on numbers that are there already."""
        self.train([(self.noise, self.targets)] * self.size.steps)

    def row(self) -> Row:
        """Pictures a second both ways, a number a round, and the seconds that the start took."""
        device, count = self.hardware.device, self.batch * self.size.steps
        warm = seconds_of(lambda: (self.ceiling(), self.loop()), device)
        loop, ceiling = [], []
        for _ in range(self.size.rounds):
            loop.append(count / seconds_of(self.loop, device))
            ceiling.append(count / seconds_of(self.ceiling, device))
        shares = [a / b for a, b in zip(loop, ceiling, strict=True)]
        return {
            "images_a_second": loop,
            "ceiling": ceiling,
            "share_of_ceiling": shares,
            "warm_up_seconds": warm - 2 * count / median(loop),
        }


def steady(hardware: Hardware, size: Size) -> list[Row]:
    """Every network as it is, with cuDNN's search, and compiled."""
    rows = []
    for model, batch in size.models:
        for way in ("as it is", "cuDNN searches", "compiled")[: 3 if size.compiles else 1]:
            torch.backends.cudnn.benchmark = way != "as it is"
            found = Steady(model, batch, hardware, size, way == "compiled").row()
            rows.append({"network": model, "way": way, "batch": batch, **found})
            logging.info("%s, %s: %.0f", model, way, median(found["images_a_second"]))
            torch.compiler.reset()
        torch.backends.cudnn.benchmark = False
    return rows


def jpegs(folder: Path, size: Size) -> tuple[Folder, str]:
    """Photographs where there are some, else drawn pictures as JPEG files; and which they are."""
    photographs = home() / "hotdog"
    if photographs.is_dir() and size.pictures >= QUICK.pictures * 2:
        return scan_folder(photographs, "train"), "photographs"
    pictures = kitchen_pictures(0, size.pictures, size.drawn)
    for row, (image, target) in enumerate(zip(pictures.images, pictures.targets, strict=True)):
        place = folder / pictures.class_names[int(target)]
        place.mkdir(exist_ok=True)
        drawn = Image.fromarray(image.permute(1, 2, 0).numpy())
        short = size.view.resize_size
        drawn.resize((short * 4 // 3, short)).save(place / f"{row}.jpg", quality=72)
    return scan_folder(folder), "drawn pictures"


def plain_loop(files: Folder, hardware: Hardware, size: Size) -> float:
    """Pictures a second of the loop of a tutorial, over as many as half a minute should take."""
    from torch.utils.data import DataLoader, Subset
    from torchvision import transforms
    from torchvision.datasets import ImageFolder

    side, device = size.view.crop_size, hardware.device
    looks = [transforms.RandomResizedCrop(side), transforms.RandomHorizontalFlip()]
    looks += [transforms.ToTensor(), transforms.Normalize(size.view.mean, size.view.std)]
    everything = ImageFolder(str(files.root), transforms.Compose(looks))
    shown = torch.randperm(len(everything))[: size.batch * 8].tolist()
    batches = DataLoader(Subset(everything, shown), size.batch, shuffle=True)
    net: nn.Module = create_model(size.models[0][0], num_classes=2).to(device).train()
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-4)

    def epoch() -> None:
        for images, targets in batches:
            loss = cross_entropy(net(images.to(device)), targets.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss.item()

    epoch()
    return len(shown) / seconds_of(epoch, device)


def five_epochs(files: Folder, kind: str, hardware: Hardware, size: Size) -> Row:
    """Decode, open again, train everything; the library's own trainer."""
    with tempfile.TemporaryDirectory() as cache:
        side = size.view.resize_size
        began = time.perf_counter()
        load_pictures(files, side, cache_dir=Path(cache))
        cold = time.perf_counter() - began
        pictures = load_pictures(files, side, cache_dir=Path(cache))
        warm = time.perf_counter() - began - cold
        recipe = Recipe("scratch", epochs=size.epochs, batch_size=size.batch, augmentation=POLICY)
        taken = []
        for _ in range(3):  # the first finds cold kernels
            net = create_model(size.models[0][0], num_classes=2)
            trainer = Trainer(net, pictures, None, recipe, size.view, hardware)
            taken.append(seconds_of(trainer.fit, hardware.device))
    return {
        "pictures": f"{len(pictures)} {kind}",
        "epochs": size.epochs,
        "decode_seconds": cold,
        "cache_seconds": warm,
        "first_seconds": taken[0],
        "training_seconds": min(taken[1:]),
    }


def finding(record: Row) -> str:
    """The result in a sentence."""
    told = [
        f"{row['network']} {row['way']} {median(row['images_a_second']):,.0f} images a second "
        f"({median(row['share_of_ceiling']):.0%} of its ceiling)"
        for row in record["steady"]
    ]
    five, first = record["five_epochs"], record["steady"][0]
    times = median(first["images_a_second"]) / record["plain_loop"]["images_a_second"]
    told.append(f"{five['pictures']}, {five['epochs']} epochs: {five['training_seconds']:.1f} s")
    return f"{'; '.join(told)}; {times:.0f} times the plain loop."


def measure(hardware: Hardware, size: Size) -> Row:
    """The whole record."""
    with tempfile.TemporaryDirectory() as folder:
        files, kind = jpegs(Path(folder), size)
        record: Row = {
            "title": "One GPU",
            "says": "",
            "edition": "both",
            "command": "python benchmarks/gpu.py",
            "hardware": hardware.summary(),
            "date": environment()["date"],
            "roof": [roof(hardware, size)],
            "steady": steady(hardware, size),
            "plain_loop": {"images_a_second": plain_loop(files, hardware, size)},
            "five_epochs": five_epochs(files, kind, hardware, size),
        }
    record["says"] = finding(record)
    return record | {"environment": environment()}


def main() -> None:
    """Measure, write, say."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--device", default="cuda")
    arguments.add_argument("--quick", action="store_true", help="small, to see that it works")
    arguments.add_argument("--out", type=Path, default=RESULTS / "gpu.json")
    given = arguments.parse_args()
    record = measure(pick_hardware(given.device), QUICK if given.quick else Size())
    write_json(given.out, record)
    logging.info(record["says"])


if __name__ == "__main__":
    main()
