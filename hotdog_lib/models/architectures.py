"""Which networks there are, torchvision's classifiers and a slim one, and how each is built."""

from __future__ import annotations

import difflib
from functools import lru_cache
from typing import Any

import torch
import torchvision
from torch import nn
from torch.overrides import TorchFunctionMode
from torchvision.models.resnet import BasicBlock, ResNet

from hotdog_lib.errors import HotdogError

SLIM = "resnet18_slim"


class SlimResNet(ResNet):
    """ResNet-18 of torchvision's own blocks, with ``width`` channels where it has 64.

    At the default of 20 the stages have 20, 40, 80 and 160 channels and the body 1.1 million
    parameters, a tenth of ResNet-18's. Inputs of 64 pixels and more.

    Source: He et al., Deep Residual Learning for Image Recognition, 2015, arXiv 1512.03385.
    """

    def __init__(self, num_classes: int = 1000, width: int = 20) -> None:
        nn.Module.__init__(self)  # not ResNet's own: it fixes the widths
        self._norm_layer = nn.BatchNorm2d
        self.inplanes, self.dilation, self.groups, self.base_width = width, 1, 1, 64
        self.conv1 = nn.Conv2d(3, width, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._make_layer(BasicBlock, width, 2)
        self.layer2 = self._make_layer(BasicBlock, 2 * width, 2, stride=2)
        self.layer3 = self._make_layer(BasicBlock, 4 * width, 2, stride=2)
        self.layer4 = self._make_layer(BasicBlock, 8 * width, 2, stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(8 * width, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


class weightless(TorchFunctionMode):  # noqa: N801
    """Inside, networks are built without memory for their weights: shapes on ``meta``.

    Unlike ``torch.device("meta")`` it leaves alone what some networks compute while they are built.

    Example:
        >>> with weightless():
        ...     model = build_architecture("resnet18_slim", 2)
        >>> model.fc.weight.is_meta
        True
    """

    def __torch_function__(self, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        """Redirect what layers make their parameters with."""
        where = {"device": "meta"} if function in (torch.empty, torch.zeros, torch.ones) else {}
        return function(*args, **((kwargs or {}) | where))


@lru_cache(maxsize=1)
def list_models() -> tuple[str, ...]:
    """Names that :func:`create_model` knows: torchvision's classifiers and ``resnet18_slim``."""
    return tuple(sorted([*torchvision.models.list_models(module=torchvision.models), SLIM]))


def check_model_name(name: str) -> str:
    """``name`` itself if it is known, else a HotdogError that names the nearest ones."""
    if name in list_models():
        return name
    near = difflib.get_close_matches(str(name), list_models(), n=4, cutoff=0.4)
    raise HotdogError(f"there is no model {name!r}; near names: {', '.join(near) or 'none'}")


def build_architecture(name: str, num_classes: int, image_size: int | None = None) -> nn.Module:
    """The network as its own code makes it, with random weights and no auxiliary heads.

    Args:
        name: one of :func:`list_models`.
        num_classes: rows of the last layer.
        image_size: side of the input in pixels, for the networks that fix it (vision transformers);
            the others ignore it.

    Raises:
        HotdogError: an unknown name, or a size that the network cannot have.
    """
    if check_model_name(name) == SLIM:
        return SlimResNet(num_classes)
    options: dict[str, Any] = {"num_classes": num_classes}
    if name in ("googlenet", "inception_v3"):
        # transform_input rescales ImageNet's normalisation to the one that these two were trained
        # with. It is no weight, so no file would remember it: always on.
        options |= {"aux_logits": False, "transform_input": True, "init_weights": True}
    elif name.startswith("vit_") and image_size is not None:
        options["image_size"] = image_size
    try:
        return torchvision.models.get_model(name, weights=None, **options)
    except (AssertionError, ValueError, RuntimeError) as error:
        raise HotdogError(
            f"{name} cannot be built for {num_classes} classes and pictures of {image_size} pixels "
            f"({error}); give the size that it was made for"
        ) from error
