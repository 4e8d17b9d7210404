"""What test_training_many.py starts in two processes; alone it gives what they must give, too."""

import json
import sys
from dataclasses import asdict

import torch
import torch.distributed as dist
from torch import nn
from torchvision.ops import StochasticDepth

from hotdog_lib.data.augment import Augmentation
from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.models.across import whole_batches
from hotdog_lib.models.create import create_model
from hotdog_lib.models.heads import reset_classifier
from hotdog_lib.training.hardware import Hardware
from hotdog_lib.training.processes import Processes
from hotdog_lib.training.recipe import Recipe
from hotdog_lib.training.state import seeded
from hotdog_lib.training.trainer import Trainer

CASES = {
    "BatchNorm, parts of 5 and 6": ("resnet18_slim", {"batch_size": 32}),
    "dropout and mixup": (
        "squeezenet1_1",
        {"batch_size": 8, "augmentation": Augmentation(mixup=0.4)},
    ),
    "frozen BatchNorm, uncached head": (
        "resnet18_slim",
        {"strategy": "head", "cache_features": False, "batch_size": 7},
    ),
}


def eleven() -> PictureSet:
    """Noisy pictures whose classes differ in brightness."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (11, 3, 64, 64), generator=generator, dtype=torch.uint8)
    targets = torch.arange(11) % 2
    images[targets == 0] //= 3
    return PictureSet(images, targets, ("hotdog", "not-hotdog"), tuple(map(str, range(11))))


def trained(case: str) -> dict:
    """History, learning rates asked for, and the sum of the weights after two epochs."""
    name, settings = CASES[case]
    with seeded(0):
        model = reset_classifier(create_model(name), 2)
    settings = {"epochs": 2, "head_epochs": 2, "optimizer": "sgd", "lr": 0.01, **settings}
    recipe, view = Recipe(**settings), Preprocessing(64, 64)
    hardware = Hardware(torch.device("cpu"), bf16=False)
    pictures, wrote = eleven(), []
    trainer = Trainer(model, pictures, pictures, recipe, view, hardware,
                      on_epoch=lambda row, state: wrote.append(row["epoch"]))  # fmt: skip
    history = trainer.fit().history
    weights = sum(float(p.double().abs().sum()) for p in model.state_dict().values())
    return {"history": history, "weights": weights, "wrote": len(wrote)}


def layers(processes: Processes) -> dict[str, list[float]]:
    """Output and gradients of layers that look at the whole batch, of five pictures."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.3), StochasticDepth(0.4, "row"),
        nn.Flatten(), nn.Linear(144, 5), nn.BatchNorm1d(5, momentum=None, affine=False),
    )  # fmt: skip
    x, y = torch.randn(5, 3, 8, 8), torch.randn(5, 5)
    x = x.to(memory_format=torch.channels_last)
    part = processes.part(5)
    with whole_batches(net, part, 5):
        out = net(x[part])
        (out * y[part]).sum().backward()
    assert "forward" not in vars(net[1])
    gradients = torch.cat([p.grad.flatten() for p in net.parameters()])
    if processes.world > 1:
        dist.all_reduce(gradients)
    out = processes.gather(out.detach(), 5, torch.device("cpu"))
    buffers = torch.cat([b.float().flatten() for b in net.buffers()])
    return {"out": out.flatten().tolist(), "gradients": gradients.tolist(),
            "buffers": buffers.tolist()}  # fmt: skip


def everything() -> dict:
    """All of it, in this process or in its part of several."""
    results = {case: trained(case) for case in CASES}
    from accelerate import PartialState

    state = PartialState()
    processes = Processes(state.process_index, state.num_processes)
    return {"layers": layers(processes), "processes": asdict(processes), **results}


if __name__ == "__main__":
    torch.set_num_threads(1)
    results = everything()
    with open(f"{sys.argv[1]}.{results['processes']['rank']}", "w") as file:
        json.dump(results, file)
