"""Chapter 13, what goes in: the batch dimension, the normalisation, height and width."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from hotdog_lib.exercises.exercise import Exercise, Wrong, expect
from hotdog_lib.models import create_model


def a_network(num_classes: int = 2) -> nn.Module:
    """The small ResNet, with weights and statistics that are all over the place."""
    net = create_model("resnet18_slim", num_classes=num_classes)
    nn.init.normal_(net.fc.weight, std=0.2)
    with torch.no_grad():
        net.train()(2 * torch.randn(8, 3, 64, 64) + 1)
    return net


def check_predict(predict: Callable[[nn.Module, Tensor], Tensor]) -> None:
    """One picture in, its probabilities out."""
    net, image = a_network(3).eval(), torch.randn(3, 64, 64)
    given = predict(net, image)
    expect(
        isinstance(given, Tensor) and given.numel() == 3,
        f"it gave {_told(given)}; for a network with three classes it should be three numbers",
    )
    expect(
        given.shape == (3,),
        f"it gave the shape {tuple(given.shape)}: the batch is still there. Take its only row out",
    )
    total = float(given.sum())
    expect(
        abs(total - 1) < 1e-3,
        f"the three probabilities add up to {total:.3g}: the softmax runs along the batch, not "
        "along the classes",
    )
    with torch.no_grad():
        wanted = net(image[None]).softmax(1)[0]
    expect(
        torch.allclose(given, wanted, atol=1e-4),
        "they add up to 1, but are not the network's answer to this picture",
    )


def _told(value: object) -> str:
    shape = getattr(value, "shape", None)
    return f"a tensor of shape {tuple(shape)}" if shape is not None else f"`{value!r}`"


PREDICT = Exercise(
    id="13.1",
    answer="predict",
    cell='''
def predict(net, image):
    """Probabilities (classes,) of one picture (3, H, W)."""
    with torch.no_grad():
        #: solution
        return net(image[None]).softmax(1)[0]
        #: stub
        # return net(image).softmax(0)
        #: end
''',
    check=check_predict,
    right="A network takes batches, and a batch of one is a batch.",
    hints=(
        "Print `image.shape`, and the shape of what the network was trained on.",
        "`image[None]` puts a dimension of size 1 in front; `image.unsqueeze(0)` is the same.",
        "The answer is a batch, too: softmax along the classes, `softmax(1)`, then its row `[0]`.",
    ),
    wrong=(
        Wrong(
            """
def predict(net, image):
    with torch.no_grad():
        return net(image[None]).softmax(1)
""",
            "the batch is still there",
        ),
        Wrong(
            """
def predict(net, image):
    with torch.no_grad():
        return net(image[None]).softmax(0)[0]
""",
            "add up to 3",
        ),
        Wrong(
            """
def predict(net, image):
    with torch.no_grad():
        return net(image.unsqueeze(1)).softmax(1)[0]
""",
            "it raised `RuntimeError",
        ),
        Wrong(
            """
def predict(net, image):
    with torch.no_grad():
        return net(image[None]).softmax(1).softmax(1)[0]
""",
            "not the network's answer",
        ),
    ),
)


def check_normalise(normalise: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    """Bytes to what the source network saw."""
    images = torch.randint(0, 256, (4, 3, 6, 5), dtype=torch.uint8)
    mean, std = torch.tensor([0.48, 0.45, 0.41]), torch.tensor([0.23, 0.22, 0.24])
    given = normalise(images.clone(), mean, std)
    m, s = mean.view(3, 1, 1), std.view(3, 1, 1)
    expect(
        isinstance(given, Tensor) and given.shape == images.shape,
        f"it gave {_told(given)} for pictures of shape {tuple(images.shape)}",
    )
    given = given.float()
    for wrong, because in (
        ((images - m) / s, "the bytes run to 255, but mean and std are on a scale from 0 to 1"),
        (images / 255, "the scale is right, but mean and std are not used at all"),
        ((images / 255 - 0.5) / 0.5, "0.5 is some other network's mean; use the one that is given"),
        ((images / 255 - s) / m, "mean and std have changed places"),
        (images / 255 - m / s, "the division binds tighter than the minus: a pair of brackets"),
    ):
        expect(not torch.allclose(given, wrong, atol=1e-3), because)
    wanted = (images / 255 - m) / s
    expect(
        not torch.allclose(given, wanted.flip(1), atol=1e-3),
        "the numbers are right, but red and blue have changed places",
    )
    worst = float((given - wanted).abs().max())
    expect(worst < 1e-3, f"it is off by up to {worst:.3g}")


NORMALISE = Exercise(
    id="13.2",
    answer="normalise",
    cell='''
def normalise(images, mean, std):
    """Bytes (B, 3, H, W), 0 to 255, as the source network saw them."""
    mean, std = mean.view(3, 1, 1), std.view(3, 1, 1)
    #: solution
    return (images / 255 - mean) / std
    #: stub
    # return (images - mean) / std
    #: end
''',
    check=check_normalise,
    right="Better still: `source.preprocessing`, which comes with the weights and cannot be "
    "mistyped.",
    hints=(
        "Look at the numbers that come out: `normalise(...).min()` and `.max()`.",
        "A normalised picture lies between about -2 and 3. Yours goes to a thousand.",
        "The mean 0.485 is that of pixels between 0 and 1. Divide by 255 first.",
    ),
    wrong=(
        Wrong(
            """
def normalise(images, mean, std):
    return images / 255
""",
            "not used at all",
        ),
        Wrong(
            """
def normalise(images, mean, std):
    mean, std = mean.view(3, 1, 1), std.view(3, 1, 1)
    return images / 255 - mean / std
""",
            "a pair of brackets",
        ),
        Wrong(
            """
def normalise(images, mean, std):
    return (images / 255 - 0.5) / 0.5
""",
            "some other network's mean",
        ),
        Wrong(
            """
def normalise(images, mean, std):
    mean, std = mean.view(3, 1, 1), std.view(3, 1, 1)
    return ((images / 255 - mean) / std).flip(1)
""",
            "red and blue",
        ),
        Wrong(
            """
def normalise(images, mean, std):
    return (images / 255 - mean) / std
""",
            "it raised `RuntimeError",
        ),
    ),
)


def check_to_tensor(to_tensor: Callable[[np.ndarray], Tensor]) -> None:
    """(H, W, 3) to (3, H, W), the picture upright."""
    pixels = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    given = to_tensor(pixels)
    expect(isinstance(given, Tensor), f"it gave a `{type(given).__name__}`, not a tensor")
    shape = tuple(given.shape)
    expect(
        shape != (3, 7, 5),
        "a picture 7 wide and 5 high came out 5 wide and 7 high: it lies on its side, mirrored",
    )
    expect(shape == (3, 5, 7), f"its shape is {shape}; (3, 5, 7) is wanted, channels first")
    wanted = torch.from_numpy(pixels).permute(2, 0, 1)
    expect(
        torch.equal(given, wanted) or not torch.equal(given.flatten(), wanted.flatten()),
        "the numbers are right, and their type is not",
    )
    expect(
        torch.equal(given, wanted),
        "the shape is right and the picture is not: `reshape` and `view` only cut the row of "
        "numbers anew, they move none of them",
    )


TO_TENSOR = Exercise(
    id="13.3",
    answer="to_tensor",
    cell='''
def to_tensor(pixels):
    """An array (H, W, 3), as Pillow gives it, to a tensor (3, H, W)."""
    #: solution
    return torch.from_numpy(pixels).permute(2, 0, 1)
    #: stub
    # return torch.from_numpy(pixels).permute(2, 1, 0)
    #: end
''',
    check=check_to_tensor,
    right="Test shapes with numbers that all differ; a square hides this one.",
    hints=(
        "Try it on an array that is not square, and print the shape.",
        "`permute(2, 1, 0)` says: first the channels, then the *columns*, then the rows.",
        "Rows are dimension 0 of the array, columns 1, channels 2.",
    ),
    wrong=(
        Wrong(
            """
def to_tensor(pixels):
    height, width, _ = pixels.shape
    return torch.from_numpy(pixels).reshape(3, height, width)
""",
            "move none of them",
        ),
        Wrong(
            """
def to_tensor(pixels):
    return torch.from_numpy(pixels.transpose())
""",
            "lies on its side",
        ),
        Wrong(
            """
def to_tensor(pixels):
    return torch.from_numpy(pixels).permute(1, 2, 0)
""",
            "channels first",
        ),
    ),
)


EXERCISES = (PREDICT, NORMALISE, TO_TENSOR)
