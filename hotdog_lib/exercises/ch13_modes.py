"""Chapter 13, what stands still: BatchNorm in a frozen body, and a network that is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from hotdog_lib.exercises.ch13_inputs import a_network
from hotdog_lib.exercises.exercise import Exercise, Wrong, expect

Batches = Sequence[tuple[Tensor, Tensor]]


def _statistics(net: nn.Module) -> list[Tensor]:
    return [m.running_mean.clone() for m in net.modules() if isinstance(m, nn.BatchNorm2d)]


def _same(before: list[Tensor], after: list[Tensor]) -> bool:
    return all(torch.equal(b, a) for b, a in zip(before, after, strict=True))


def check_train_head(
    train_head: Callable[[nn.Module, Batches, torch.optim.Optimizer], object],
) -> None:
    """The head learns, the statistics of the frozen body stay, whoever is in a batch."""
    net = a_network().train()
    net.requires_grad_(False)
    net.fc.requires_grad_(True)
    optimizer = torch.optim.SGD(net.fc.parameters(), lr=0.01)
    before, head = _statistics(net), net.fc.weight.detach().clone()
    batches = [(torch.randn(4, 3, 64, 64), torch.tensor([0, 1, 1, 0])) for _ in range(2)]
    trained = _after_training_still(net, head, batches)
    train_head(net, batches, optimizer)
    expect(not torch.equal(net.fc.weight, head), "the head has not learned anything")
    expect(
        _same(before, _statistics(net)),
        "the body's weights stand still, and its running statistics have moved: two batches in "
        "training mode are enough",
    )
    expect(
        torch.allclose(net.fc.weight, trained, atol=1e-5),
        "the statistics stand still, but the head has seen other features than the frozen body "
        "gives in eval mode: each picture was normalised by those that shared its batch",
    )
    expect(
        not any(m.training for m in net.modules() if isinstance(m, nn.BatchNorm2d)),
        "it ends with the frozen body in training mode, where the next pass will move it",
    )


def _after_training_still(net: nn.Module, head: Tensor, batches: Batches) -> Tensor:
    """The head's weight after the same training on a body in eval mode."""
    twin = a_network().eval()
    twin.load_state_dict(net.state_dict())
    optimizer = torch.optim.SGD(twin.fc.parameters(), lr=0.01)
    for images, targets in batches:
        optimizer.zero_grad()
        cross_entropy(twin(images), targets).backward()
        optimizer.step()
    return twin.fc.weight.detach()


TRAIN_HEAD = Exercise(
    id="13.8",
    answer="train_head",
    cell='''
def train_head(net, batches, optimizer):
    """An epoch of the head; every weight of the body has been frozen."""
    #: solution
    net.eval()
    #: stub
    # net.train()
    #: end
    for images, targets in batches:
        loss = cross_entropy(net(images), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
''',
    check=check_train_head,
    right="Eval mode is not the opposite of learning: the head learns in it all the same. Where "
    "the head has a dropout of its own, wake that: `net.fc.train()`.",
    hints=(
        "Which numbers of a frozen BatchNorm layer are no parameters?",
        "Its running mean and variance follow every batch in training mode, and only there.",
        "The body has to be in eval mode while the head learns; gradients do not mind.",
    ),
    wrong=(
        Wrong(
            """
def train_head(net, batches, optimizer):
    net.train()
    for images, targets in batches:
        loss = cross_entropy(net(images), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    net.eval()
""",
            "its running statistics have moved",
        ),
        Wrong(
            """
def train_head(net, batches, optimizer):
    net.train()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 0.0
    for images, targets in batches:
        loss = cross_entropy(net(images), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
""",
            "those that shared its batch",
        ),
        Wrong(
            """
def train_head(net, batches, optimizer):
    net.eval()
    for images, targets in batches:
        with torch.no_grad():
            loss = cross_entropy(net(images), targets)
""",
            "has not learned anything",
        ),
        Wrong(
            """
def train_head(net, batches, optimizer):
    net.eval()
    for images, targets in batches:
        loss = cross_entropy(net(images), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    net.train()
""",
            "where the next pass will move it",
        ),
    ),
)


def check_accuracy(accuracy: Callable[[nn.Module, Tensor, Tensor], float]) -> None:
    """The share of right answers in eval mode; statistics and mode stay."""
    net, images = a_network().train(), 3 * torch.randn(16, 3, 64, 64) - 1
    twin = a_network()
    twin.load_state_dict(net.state_dict())
    with torch.no_grad():
        guesses = twin.eval()(images).argmax(1)
    targets = guesses.clone()
    targets[:4] = 1 - targets[:4]  # so that 12 of 16 are right
    before = _statistics(net)
    given = accuracy(net, images, targets)
    expect(
        _same(before, _statistics(net)),
        "measuring has changed the network: its running statistics have moved towards the test "
        "pictures. `no_grad` stops gradients and nothing else",
    )
    expect(
        isinstance(given, float) and abs(given - 0.75) < 1e-6,
        f"it gave `{given!r}`; this network is right on 12 of 16, which is 0.75",
    )
    expect(
        net.training,
        "the number is right, and the network, which was training, has been left in eval mode: "
        "from now on it trains with dropout off and BatchNorm still",
    )
    net.eval()
    accuracy(net, images, targets)
    expect(
        not net.training,
        "a network that was in eval mode has been put into training mode: leave it as it was",
    )


ACCURACY = Exercise(
    id="13.9",
    answer="accuracy",
    cell='''
def accuracy(net, images, targets):
    """Share of right answers; the network is left as it was found."""
    #: solution
    was_training = net.training
    net.eval()
    with torch.no_grad():
        logits = net(images)
    net.train(was_training)
    #: stub
    # with torch.no_grad():
    #     logits = net(images)
    #: end
    return (logits.argmax(1) == targets).float().mean().item()
''',
    check=check_accuracy,
    right="The library does it with one word, `with evaluating(net):`, and layer by layer, so that "
    "what was frozen stays so.",
    hints=(
        "Ask twice about the same picture, alone and in company. Is the answer the same?",
        "`net.eval()` before; and afterwards?",
        "`net.training` says what it was; `net.train(was_training)` puts it back, both ways.",
    ),
    wrong=(
        Wrong(
            """
def accuracy(net, images, targets):
    net.eval()
    with torch.no_grad():
        logits = net(images)
    return (logits.argmax(1) == targets).float().mean().item()
""",
            "has been left in eval mode",
        ),
        Wrong(
            """
def accuracy(net, images, targets):
    net.eval()
    with torch.no_grad():
        logits = net(images)
    net.train()
    return (logits.argmax(1) == targets).float().mean().item()
""",
            "leave it as it was",
        ),
        Wrong(
            """
def accuracy(net, images, targets):
    with torch.inference_mode():
        logits = net(images)
    return (logits.argmax(1) == targets).float().mean().item()
""",
            "`no_grad` stops gradients and nothing else",
        ),
        Wrong(
            """
def accuracy(net, images, targets):
    net.eval()
    logits = net(images)
    net.train()
    return (logits.argmax(1) == targets).float().sum().item()
""",
            "right on 12 of 16",
        ),
    ),
)

EXERCISES = (TRAIN_HEAD, ACCURACY)
