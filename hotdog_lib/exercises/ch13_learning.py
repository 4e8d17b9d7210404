"""Chapter 13, what learns: the optimizer's list, and the gradient's way."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from hotdog_lib.exercises.exercise import Exercise, Wrong, expect
from hotdog_lib.models import create_model  # noqa: F401 (for the cells)

Step = Callable[[nn.Module, nn.Module, torch.optim.Optimizer, Tensor, Tensor], float]


def check_build(build: Callable[[int], tuple[nn.Module, torch.optim.Optimizer]]) -> None:
    """The optimizer holds the parameters of the network with its new head, all and only those."""
    net, optimizer = build(3)
    expect(net.fc.out_features == 3, f"the head has {net.fc.out_features} outputs, not 3")
    held = [p for group in optimizer.param_groups for p in group["params"]]
    own = {id(p): name for name, p in net.named_parameters()}
    missing = [name for key, name in own.items() if key not in {id(p) for p in held}]
    expect(
        not any(name.startswith("fc.") for name in missing),
        "the optimizer does not know the new head: it holds the old one, which nobody uses any "
        "more. The head will stay as it began, without an error",
    )
    expect(
        not missing,
        f"{len(missing)} parameters of the body, such as `{(missing or [''])[0]}`, are not in the "
        "optimizer: the head alone would learn",
    )
    foreign = [p for p in held if id(p) not in own]
    expect(
        not foreign,
        f"the new head is in it, and so are {len(foreign)} tensors of the old head, which is no "
        "part of the network",
    )


BUILD = Exercise(
    id="13.4",
    answer="build",
    cell='''
def build(num_classes):
    """A network with a new head, and an optimizer that trains all of it."""
    net = create_model("resnet18_slim", num_classes=10)
    #: solution
    net.fc = nn.Linear(net.fc.in_features, num_classes)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    #: stub
    # optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    # net.fc = nn.Linear(net.fc.in_features, num_classes)
    #: end
    return net, optimizer
''',
    check=check_build,
    right="First the network as it will be trained, then the optimizer.",
    hints=(
        "What does `net.parameters()` give at the moment at which it is called?",
        "An optimizer keeps the tensors that it was handed. It never looks at the network again.",
        "Change the order of two lines.",
    ),
    wrong=(
        Wrong(
            """
def build(num_classes):
    net = create_model("resnet18_slim", num_classes=10)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    net.fc = nn.Linear(net.fc.in_features, num_classes)
    optimizer.zero_grad()
    return net, optimizer
""",
            "does not know the new head",
        ),
        Wrong(
            """
def build(num_classes):
    net = create_model("resnet18_slim", num_classes=10)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    net.fc = nn.Linear(net.fc.in_features, num_classes)
    optimizer.add_param_group({"params": net.fc.parameters()})
    return net, optimizer
""",
            "tensors of the old head",
        ),
        Wrong(
            """
def build(num_classes):
    net = create_model("resnet18_slim", num_classes=10)
    net.fc = nn.Linear(net.fc.in_features, num_classes)
    return net, torch.optim.SGD(net.fc.parameters(), lr=0.1)
""",
            "the head alone would learn",
        ),
        Wrong(
            """
def build(num_classes):
    net = create_model("resnet18_slim", num_classes=10)
    return net, torch.optim.SGD(net.parameters(), lr=0.1)
""",
            "has 10 outputs",
        ),
    ),
)


def check_train_step(train_step: Step) -> None:
    """The head moves, the body gets no gradient."""
    body, head = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.Tanh()), nn.Linear(5, 2)
    before = [p.detach().clone() for p in head.parameters()]
    source = [p.detach().clone() for p in body.parameters()]
    optimizer = torch.optim.SGD(head.parameters(), lr=1.0)
    images, targets = torch.randn(8, 3, 2, 2), torch.arange(8) % 2
    wanted = cross_entropy(head(body(images)), targets).item()
    loss = train_step(body, head, optimizer, images, targets)
    moved = [not torch.equal(p, b) for p, b in zip(head.parameters(), before, strict=True)]
    expect(
        any(moved),
        "the head has not moved: its forward pass leaves no trace for `backward()` to follow, "
        "because it runs under `no_grad`. Asking the loss for a gradient afterwards only silences "
        "the error",
    )
    expect(all(moved), "half of the head moved, and half did not")
    expect(
        all(torch.equal(p, b) for p, b in zip(body.parameters(), source, strict=True)),
        "the frozen body has moved",
    )
    graded = [p for p in body.parameters() if p.grad is not None]
    expect(
        not graded,
        f"the head learns, and {len(graded)} tensors of the frozen body have gradients that nobody "
        "will use: half of the time is spent on them",
    )
    expect(
        isinstance(loss, float) and abs(loss - wanted) < 1e-4,
        f"the head learns, but it gave the loss `{loss!r}`; before the step it was {wanted:.4f}",
    )


TRAIN_STEP = Exercise(
    id="13.5",
    answer="train_step",
    cell='''
def train_step(body, head, optimizer, images, targets):
    """Train the head for one step on a frozen body; the loss before the step."""
    #: solution
    with torch.no_grad():
        features = body(images)
    loss = cross_entropy(head(features), targets)
    #: stub
    # with torch.no_grad():
    #     features = body(images)
    #     loss = cross_entropy(head(features), targets)
    # loss.requires_grad_(True)  # without it: "does not require grad"
    #: end
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
''',
    check=check_train_step,
    right="What is to learn stays outside of `no_grad`; what is frozen stays inside.",
    hints=(
        "The error said that nothing in the loss depends on a number that learns. Was it wrong?",
        "Under `no_grad` no operation is written down, not even the head's.",
        "Only the body belongs into the `with` block. Then the last line of the repair can go.",
    ),
    wrong=(
        Wrong(
            """
def train_step(body, head, optimizer, images, targets):
    loss = cross_entropy(head(body(images)), targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
""",
            "nobody will use",
        ),
        Wrong(
            """
def train_step(body, head, optimizer, images, targets):
    with torch.no_grad():
        logits = head(body(images))
    logits.requires_grad_(True)
    loss = cross_entropy(logits, targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
""",
            "only silences the error",
        ),
        Wrong(
            """
def train_step(body, head, optimizer, images, targets):
    with torch.no_grad():
        features = body(images)
    loss = cross_entropy(head(features), targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss
""",
            "it gave the loss",
        ),
        Wrong(
            """
def train_step(body, head, optimizer, images, targets):
    with torch.no_grad():
        loss = cross_entropy(head(body(images)), targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
""",
            "it raised `RuntimeError",
        ),
    ),
)


EXERCISES = (BUILD, TRAIN_STEP)
