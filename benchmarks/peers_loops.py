"""The contenders of ``peers.py``: a usual training loop each, over the same folder of pictures.

``FOLDER/train`` and ``FOLDER/val`` hold class folders. Each contender starts from torchvision's
SqueezeNet 1.1 with the same ImageNet weights, makes ``EPOCHS`` passes over the training pictures in
batches of ``BATCH`` and looks at the validation pictures after each. Its rates are those of its own
manual, or better ones where we found them. ``mark`` is called after each look.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

#: What a contender tells: part, epoch, accuracy on validation, seconds of the training pass alone.
Mark = Callable[[str, int, float, float], None]

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
EPOCHS, BATCH, SIDE = 5, 32, 224


def source_network() -> nn.Module:
    """Torchvision's network with ImageNet weights, which ``peers.py`` has laid out for it."""
    from torchvision.models import SqueezeNet1_1_Weights, squeezenet1_1

    return squeezenet1_1(weights=SqueezeNet1_1_Weights.IMAGENET1K_V1)


def two_classes(net: nn.Module) -> nn.Module:
    """A new last convolution, and the ReLU behind it left out, as it can die (no loop needs it)."""
    net.classifier[1] = nn.Conv2d(512, 2, 1)
    net.classifier[2] = nn.Identity()
    return net


def image_folders(folder: Path, workers: int) -> tuple[Iterable[Any], Iterable[Any]]:
    """Training and validation batches as tutorials make them: decoded anew in every epoch."""
    from torch.utils.data import DataLoader
    from torchvision import transforms
    from torchvision.datasets import ImageFolder

    last = [transforms.ToTensor(), transforms.Normalize(MEAN, STD)]
    varied = [transforms.RandomResizedCrop(SIDE), transforms.RandomHorizontalFlip(), *last]
    plain = [transforms.Resize(256), transforms.CenterCrop(SIDE), *last]
    train = ImageFolder(str(folder / "train"), transforms.Compose(varied))
    held = ImageFolder(str(folder / "val"), transforms.Compose(plain))
    return (
        DataLoader(train, BATCH, shuffle=True, num_workers=workers),
        DataLoader(held, BATCH, num_workers=workers),
    )


def accuracy_of(net: nn.Module, batches: Iterable[Any]) -> float:
    """As the chapter counts it: a number read from the device for every batch."""
    net.eval()
    right = seen = 0
    with torch.no_grad():
        for images, targets in batches:
            right += (net(images).argmax(1) == targets).sum().item()
            seen += len(targets)
    return right / seen


def plain(folder: Path, seed: int, mark: Mark, *, frozen: bool = False) -> None:
    """D2L's loop: ImageFolder, float32, SGD, the head at ten times the rate, ``.item()`` a step."""
    torch.manual_seed(seed)
    net = two_classes(source_network())
    batches, held = image_folders(folder, workers=0)
    body = list(net.features.parameters())
    for parameter in body if frozen else ():
        parameter.requires_grad = False
    lr = 1e-3  # of the mean; the chapter's 5e-5 of a sum over 32 is 1.6e-3, 2.5e-3 breaks it
    groups = [{"params": net.classifier.parameters(), "lr": 10 * lr}]
    groups += [] if frozen else [{"params": body}]
    optimizer = torch.optim.SGD(groups, lr=lr, weight_decay=1e-3)
    loss_of = nn.CrossEntropyLoss()
    for epoch in range(1, EPOCHS + 1):
        started, total, right = time.perf_counter(), 0.0, 0.0
        net.train()
        for images, targets in batches:
            logits = net(images)
            loss = loss_of(logits, targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(targets)
            right += (logits.argmax(1) == targets).sum().item()
        seconds = time.perf_counter() - started
        mark("everything", epoch, accuracy_of(net, held), seconds)


def fastai(folder: Path, seed: int, mark: Mark) -> None:
    """``vision_learner(...).fine_tune``: one pass for the head, then the others for everything."""
    from fastai.callback.core import Callback
    from fastai.vision import all as vision

    class Tell(Callback):
        def before_train(self) -> None:
            self.began = time.perf_counter()

        def after_train(self) -> None:
            self.seconds = time.perf_counter() - self.began

        def after_validate(self) -> None:
            epoch = self.told = getattr(self, "told", 0) + 1
            part = "everything" if epoch > 1 else "head"
            mark(part, epoch, self.learn.recorder.metrics[0].value.item(), self.seconds)

    vision.set_seed(seed)
    loaders = vision.ImageDataLoaders.from_folder(
        folder,
        valid="val",
        bs=BATCH,
        item_tfms=vision.Resize(256),
        batch_tfms=vision.aug_transforms(size=SIDE),
    )
    learner = vision.vision_learner(loaders, vision.models.squeezenet1_1, metrics=vision.accuracy)
    with learner.no_bar(), learner.no_logging():
        learner.fine_tune(EPOCHS - 1, cbs=Tell())


def lightning(folder: Path, seed: int, mark: Mark) -> None:
    """Lightning's usual module and trainer, AdamW, the head at ten times the rate."""
    import lightning as pl
    from torch.nn.functional import cross_entropy

    class Module(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net, self.told = two_classes(source_network()), 0

        def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
            return cross_entropy(self.net(batch[0]), batch[1])

        def validation_step(self, batch: tuple[Tensor, Tensor], _: int) -> None:
            right = (self.net(batch[0]).argmax(1) == batch[1]).float().mean()
            self.log("accuracy", right, batch_size=len(batch[1]))

        def configure_optimizers(self) -> torch.optim.Optimizer:
            head = {"params": self.net.classifier.parameters(), "lr": 1e-3}
            return torch.optim.AdamW([head, {"params": self.net.features.parameters()}], lr=1e-4)

        def on_train_epoch_start(self) -> None:
            self.began = time.perf_counter()

        def on_validation_epoch_start(self) -> None:
            self.seconds = time.perf_counter() - self.began

        def on_validation_epoch_end(self) -> None:
            self.told += 1
            found = float(self.trainer.callback_metrics["accuracy"])
            mark("everything", self.told, found, self.seconds)

    pl.seed_everything(seed, verbose=False)
    trainer = pl.Trainer(
        max_epochs=EPOCHS,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(Module(), *image_folders(folder, workers=2))


def ours(folder: Path, seed: int, mark: Mark, *, strategy: str = "finetune") -> None:
    """The library's ``finetune`` and ``head``; the head's phase is told of once, at its end.

    The first two marks are those of the pixel cache: made, and found there already.
    """
    from hotdog_lib.data.cache import load_pictures
    from hotdog_lib.data.folders import scan_folder
    from hotdog_lib.models import get_weights
    from hotdog_lib.training.compare import new_model
    from hotdog_lib.training.hardware import pick_hardware
    from hotdog_lib.training.recipe import Recipe
    from hotdog_lib.training.trainer import Trainer

    source = get_weights("squeezenet1_1", "imagenet")
    assert source is not None
    view = source.preprocessing
    for part in ("cold cache", "warm cache"):
        started = time.perf_counter()
        train = load_pictures(scan_folder(folder, "train"), view.resize_size)
        held = load_pictures(scan_folder(folder, "val"), view.resize_size)
        mark(part, 0, 0.0, time.perf_counter() - started)
    epochs = EPOCHS if strategy == "finetune" else None
    recipe = Recipe(strategy=strategy, seed=seed, epochs=epochs, batch_size=BATCH)
    model = new_model("squeezenet1_1", source, recipe, ("hotdog", "not-hotdog"))

    def told(row: dict[str, Any], _: Any) -> None:
        mark(row["phase"], row["epoch"], row["validation"]["accuracy"], row["seconds"])

    Trainer(model, train, held, recipe, view, pick_hardware(), on_epoch=told).fit()


#: What each imports beyond torch, before its clock starts.
IMPORTS = {
    "plain loop": ("torchvision",),
    "fastai": ("fastai.vision.all",),
    "lightning": ("torchvision", "lightning"),
    "ours": ("hotdog_lib.training.trainer", "hotdog_lib.data.cache", "accelerate"),
}

#: Name of a contender, as it is run and as the record has it.
CONTENDERS: dict[str, Callable[[Path, int, Mark], None]] = {
    "plain loop": plain,
    "fastai": fastai,
    "lightning": lightning,
    "ours": ours,
    "plain loop, frozen": lambda *given: plain(*given, frozen=True),
    "ours, head": lambda *given: ours(*given, strategy="head"),
}
