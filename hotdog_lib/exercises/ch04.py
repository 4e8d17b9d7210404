"""Chapter 4, a new head: DenseNet's last layer, SqueezeNet's, the hot dog row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models import DenseNet, squeezenet1_1

from hotdog_lib.exercises.exercise import Exercise, NotRight, Wrong, expect
from hotdog_lib.models import get_classifier


def _dense() -> nn.Module:
    """A DenseNet in miniature; what its head takes in is no number that anybody knows by heart."""
    return DenseNet(8, (2, 2, 2, 2), 16, num_classes=1000).eval()


def _answers(net: nn.Module, side: int = 64) -> Tensor:
    """What two random pictures get; an error of shapes becomes a reason."""
    try:
        with torch.no_grad():
            return net(torch.randn(2, 3, side, side))
    except RuntimeError as error:
        raise NotRight(
            f"no picture gets through any more: `{error}`. What did the old layer take?"
        ) from error


def check_new_head(new_head: Callable[[nn.Module], object]) -> None:
    """The layer that makes the answers is new, takes the features, and gives two numbers."""
    net = _dense()
    old = net.classifier
    new_head(net)
    expect(
        not hasattr(net, "fc"),
        "`net.fc` is a layer that nobody calls. PyTorch lets you hang a new layer on any network, "
        "and says nothing. Print `net` to see what a DenseNet calls its last one",
    )
    given = _answers(net)
    expect(
        given.shape == (2, 2),
        f"two pictures still get answers of shape {tuple(given.shape)}, not (2, 2)",
    )
    expect(
        all(module is not old for module in net.modules()),
        "the old head is still in there: yours sees its 1000 answers, not the features behind them",
    )


NEW_HEAD = Exercise(
    id="04.1",
    answer="new_head",
    cell='''
def new_head(net):
    """Give a DenseNet a head for two classes."""
    #: solution
    net.classifier = nn.Linear(net.classifier.in_features, 2)
    #: stub
    # net.fc = nn.Linear(512, 2)
    #: end
''',
    check=check_new_head,
    right="Asking the old layer for its size works for a DenseNet of any width.",
    hints=(
        "The stub was written for a ResNet. `print(net)`, and read its last lines.",
        "The last layer is called `classifier`. It knows how many features it takes.",
        "`net.classifier.in_features` is that number.",
    ),
    wrong=(
        Wrong(
            """
def new_head(net):
    net.fc = nn.Linear(net.classifier.in_features, 2)
""",
            "a layer that nobody calls",
        ),
        Wrong(
            """
def new_head(net):
    net.classifier = nn.Linear(512, 2)
""",
            "no picture gets through",
        ),
        Wrong(
            """
def new_head(net):
    net.classifier.out_features = 2
""",
            "answers of shape (2, 1000)",
        ),
        Wrong(
            """
def new_head(net):
    net.classifier = nn.Sequential(net.classifier, nn.Linear(1000, 2))
""",
            "the old head is still in there",
        ),
    ),
)


def check_squeeze_head(squeeze_head: Callable[[nn.Module, int], object]) -> None:
    """As many answers as classes, and each of them can be negative."""
    for num_classes in (2, 5):
        net = squeezenet1_1().eval()
        squeeze_head(net, num_classes)
        given = _answers(net)
        expect(
            given.shape == (2, num_classes),
            f"for {num_classes} classes, two pictures get answers of shape {tuple(given.shape)}, "
            f"not (2, {num_classes})",
        )
    head = get_classifier(net)
    nn.init.zeros_(head.weight)
    nn.init.constant_(head.bias, -1.0)
    expect(
        (_answers(net) < 0).all(),
        "the shape is right, but no answer can fall below zero: something after the new layer "
        "cuts it off",
    )


SQUEEZE_HEAD = Exercise(
    id="04.2",
    answer="squeeze_head",
    cell='''
def squeeze_head(net, num_classes):
    """Give a SqueezeNet a head whose answers may be negative."""
    #: solution
    net.classifier[1] = nn.Conv2d(512, num_classes, kernel_size=1)
    net.classifier[2] = nn.Identity()  # was a ReLU
    #: stub
    # net.classifier[1] = nn.Linear(512, num_classes)
    #: end
''',
    check=check_squeeze_head,
    right="An `nn.Identity` does nothing, and keeps the numbers of the layers behind it.",
    hints=(
        "The layer that makes the answers is no `nn.Linear`. Which kind is it?",
        "A convolution with `kernel_size=1` is a linear layer at every place. `print(net)` shows "
        "what comes after it, too.",
        "`net.classifier[2]` is the ReLU. Something that does nothing can take its place.",
    ),
    wrong=(
        Wrong(
            """
def squeeze_head(net, num_classes):
    net.classifier[1] = nn.Linear(512, num_classes)
    net.classifier[2] = nn.Identity()
""",
            "no picture gets through",
        ),
        Wrong(
            """
def squeeze_head(net, num_classes):
    net.classifier[1] = nn.Conv2d(512, num_classes, kernel_size=1)
""",
            "no answer can fall below zero",
        ),
        Wrong(
            """
def squeeze_head(net, num_classes):
    net.classifier[1] = nn.Conv2d(512, 2, kernel_size=1)
    net.classifier[2] = nn.Identity()
""",
            "for 5 classes, two pictures get answers of shape (2, 2)",
        ),
        Wrong(
            """
def squeeze_head(net, num_classes):
    net.classifier = nn.Conv2d(512, num_classes, kernel_size=1)
""",
            "answers of shape (2, 18)",
        ),
    ),
)


def check_hot_dog_head(
    hot_dog_head: Callable[[Tensor, Tensor, int, Tensor], tuple[Tensor, Tensor]],
) -> None:
    """Row 0 is the source's, row 1 the mean of all others, and half the pictures get each."""
    for row in (0, 7):
        weight, bias = torch.randn(40, 16), torch.randn(40)
        features = torch.rand(60, 16)
        given = hot_dog_head(weight, bias, row, features)
        expect(
            isinstance(given, tuple) and [tuple(t.shape) for t in given] == [(2, 16), (2,)],
            f"it gave {_shapes(given)}, and should give `rows` of shape (2, 16) and `biases` of "
            "shape (2,)",
        )
        _check_rows(given[0], weight, row)
        share = ((features @ given[0].T + given[1]).argmax(1) == 0).float().mean().item()
        expect(
            0.4 <= share <= 0.6,
            f"the rows are right, but {share:.0%} of the pictures are called hot dogs, and half of "
            "them should be: that is what the biases are for",
        )


def _check_rows(rows: Tensor, weight: Tensor, row: int) -> None:
    others = torch.cat([weight[:row], weight[row + 1 :]]).mean(0)  # (F,)
    expect(
        not torch.allclose(rows[1], weight[row]),
        "the hot dog row came second: class 0 is `hotdog` here, class 1 `not-hotdog`",
    )
    expect(torch.allclose(rows[0], weight[row]), f"the first row is not row {row} of the source's")
    expect(
        not torch.allclose(rows[1], weight.mean(0), atol=1e-5),
        "the second row is the mean of all rows. One of them is the hot dog's own",
    )
    expect(
        torch.allclose(rows[1], others, atol=1e-5),
        "the second row is not the mean of all the source's rows but the hot dog's",
    )


def _shapes(given: Any) -> str:
    if not isinstance(given, tuple):
        return f"a `{type(given).__name__}`"
    return "shapes " + ", ".join(str(tuple(getattr(t, "shape", ()))) for t in given)


HOT_DOG_HEAD = Exercise(
    id="04.3",
    answer="hot_dog_head",
    cell='''
def hot_dog_head(weight, bias, row, features):
    """Rows (2, F) and biases (2,): the source's hot dog, and all its other classes."""
    #: solution
    others = torch.cat([weight[:row], weight[row + 1 :]])  # (C - 1, F)
    rows = torch.stack([weight[row], others.mean(0)])  # (2, F)
    lead = features @ (rows[0] - rows[1])  # (N,): by how much the hot dog is ahead
    return rows, torch.stack([-lead.median(), torch.zeros(())])
    #: stub
    # hot_dog = weight[row]  # (F,)
    # rows = torch.stack([hot_dog, torch.randn_like(hot_dog) * 0.02])  # as in 2017
    # return rows, torch.zeros(2)
    #: end
''',
    check=check_hot_dog_head,
    right="It needs no label: only the row, and that about half of the pictures are hot dogs.",
    hints=(
        "What would stand for *not a hot dog*? The source has a row for each thing that is none.",
        "`torch.cat([weight[:row], weight[row + 1 :]])` are all the other rows; take their mean.",
        "`features @ (rows[0] - rows[1])` says by how much the hot dog is ahead for each picture. "
        "Half of the pictures lie above the median of it.",
    ),
    wrong=(
        Wrong(
            """
def hot_dog_head(weight, bias, row, features):
    others = torch.cat([weight[:row], weight[row + 1 :]])
    rows = torch.stack([others.mean(0), weight[row]])
    return rows, torch.zeros(2)
""",
            "the hot dog row came second",
        ),
        Wrong(
            """
def hot_dog_head(weight, bias, row, features):
    rows = torch.stack([weight[row], weight.mean(0)])
    return rows, torch.zeros(2)
""",
            "One of them is the hot dog's own",
        ),
        Wrong(
            """
def hot_dog_head(weight, bias, row, features):
    others = torch.cat([weight[:row], weight[row + 1 :]])
    rows = torch.stack([weight[row], others.mean(0)])
    return rows, torch.tensor([100.0, 0.0])
""",
            "100% of the pictures are called hot dogs",
        ),
        Wrong(
            """
def hot_dog_head(weight, bias, row, features):
    return torch.stack([weight[713 % len(weight)], weight.mean(0)]), torch.zeros(2)
""",
            "not row 0 of the source's",
        ),
        Wrong(
            """
def hot_dog_head(weight, bias, row, features):
    return weight[row]
""",
            "it gave a `Tensor`",
        ),
    ),
)

EXERCISES = (NEW_HEAD, SQUEEZE_HEAD, HOT_DOG_HEAD)
