"""Chapter 13, what the head says: a ReLU behind it, a softmax before the loss."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torchvision  # noqa: F401 (for the cells)
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from hotdog_lib.exercises.ch13_inputs import a_network
from hotdog_lib.exercises.exercise import Exercise, Wrong, expect


def check_new_head(new_head: Callable[[int], nn.Module]) -> None:
    """Logits of any sign, one a class, and a gradient for every picture."""
    net = new_head(2).eval()
    images = torch.randn(2, 3, 64, 64)
    convolutions = [m for m in net.classifier.modules() if isinstance(m, nn.Conv2d)]
    expect(convolutions, "there is no convolution left in the classifier")
    nn.init.zeros_(convolutions[-1].weight)
    convolutions[-1].bias.data = torch.tensor([-3.0, 2.0])
    logits = net(images)
    expect(
        logits.shape == (2, 2),
        f"two pictures gave logits of the shape {tuple(logits.shape)}: something that is needed "
        "was taken out as well",
    )
    low, high = logits[0].tolist()
    expect(
        low != 0,
        "the head says -3 for a class, and the network says 0: something behind it still cuts off "
        "whatever is negative, and its gradient with it",
    )
    expect(
        abs(low + 3) < 1e-3 and abs(high - 2) < 1e-3,
        f"the head says -3 and 2, and the network makes {low:.2f} and {high:.2f} of it",
    )


NEW_HEAD = Exercise(
    id="13.6",
    answer="new_head",
    cell='''
def new_head(num_classes):
    """A SqueezeNet with a new head that can say anything."""
    net = torchvision.models.squeezenet1_1()
    net.classifier[1] = nn.Conv2d(512, num_classes, kernel_size=1)
    #: solution
    net.classifier[2] = nn.Identity()
    #: stub
    # net.num_classes = num_classes
    #: end
    return net
''',
    check=check_new_head,
    right="`reset_classifier` takes that ReLU out by itself.",
    hints=(
        "Print `net.classifier`. What comes after the convolution?",
        "A ReLU makes zero of every negative number, and passes no gradient where it did.",
        "Put something into its place that does nothing: `nn.Identity()`.",
    ),
    wrong=(
        Wrong(
            """
def new_head(num_classes):
    net = torchvision.models.squeezenet1_1(num_classes=num_classes)
    nn.init.zeros_(net.classifier[1].bias)
    return net
""",
            "still cuts off",
        ),
        Wrong(
            """
def new_head(num_classes):
    net = torchvision.models.squeezenet1_1()
    net.classifier[1] = nn.Conv2d(512, num_classes, kernel_size=1)
    net.classifier[2] = nn.LeakyReLU(0.1)
    return net
""",
            "the network makes -0.30",
        ),
        Wrong(
            """
def new_head(num_classes):
    net = torchvision.models.squeezenet1_1()
    net.classifier = nn.Sequential(nn.Conv2d(512, num_classes, kernel_size=1))
    return net
""",
            "was taken out as well",
        ),
    ),
)


def check_loss_of(loss_of: Callable[[nn.Module, Tensor, Tensor], Tensor]) -> None:
    """Cross-entropy of logits, once."""
    net, images = a_network(3).eval(), torch.randn(4, 3, 64, 64)
    targets = torch.tensor([0, 1, 2, 1])
    given = loss_of(net, images, targets)
    expect(
        isinstance(given, Tensor) and given.numel() == 1,
        "a loss is one number, and a tensor, so that it can be differentiated",
    )
    expect(given.requires_grad, "no gradient can flow from it to the network")
    logits = net(images)
    wanted = cross_entropy(logits, targets)
    twice = cross_entropy(logits.softmax(1), targets)
    expect(
        not torch.isclose(given, twice, atol=1e-4),
        "a softmax still comes before `cross_entropy`, which has one inside",
    )
    expect(given.item() >= 0, f"it gave {given.item():.3f}: `nll_loss` expects *log*-probabilities")
    expect(
        torch.isclose(given, wanted, atol=1e-4),
        f"it gave {given.item():.3f}; the cross-entropy of these logits is {wanted.item():.3f}",
    )


LOSS_OF = Exercise(
    id="13.7",
    answer="loss_of",
    cell='''
def loss_of(net, images, targets):
    """Cross-entropy of the network's answers."""
    logits = net(images)
    #: solution
    return cross_entropy(logits, targets)
    #: stub
    # return cross_entropy(logits.softmax(1), targets)
    #: end
''',
    check=check_loss_of,
    right="A network hands out logits; a softmax is for people.",
    hints=(
        "What is the smallest loss that a perfect network could reach here?",
        "The manual of `cross_entropy` says what its input should be.",
        "It takes logits, and does the softmax itself.",
    ),
    wrong=(
        Wrong(
            """
def loss_of(net, images, targets):
    return torch.nn.functional.nll_loss(net(images).softmax(1), targets)
""",
            "expects *log*-probabilities",
        ),
        Wrong(
            """
def loss_of(net, images, targets):
    return cross_entropy(net(images).softmax(1), targets, label_smoothing=0.0)
""",
            "still comes before",
        ),
        Wrong(
            """
def loss_of(net, images, targets):
    return cross_entropy(net(images), targets).item()
""",
            "can be differentiated",
        ),
        Wrong(
            """
def loss_of(net, images, targets):
    return cross_entropy(net(images), targets, reduction="sum")
""",
            "the cross-entropy of these logits is",
        ),
    ),
)

EXERCISES = (NEW_HEAD, LOSS_OF)
