"""Chapter 1, small data: accuracy, when to stop, the four steps, copying a body."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from hotdog_lib.exercises.exercise import Exercise, Wrong, expect
from hotdog_lib.models import create_model


def check_accuracy(accuracy: Callable[[Tensor, Tensor], float]) -> None:
    """The share of rows whose largest logit stands where the target says."""
    logits = torch.tensor([[2.0, -1.0], [0.6, 0.9], [-3.0, -2.0], [5.0, 4.0], [1.0, 0.0]])
    targets = torch.tensor([0, 0, 1, 1, 0])  # right, wrong, right, wrong, right
    given = accuracy(logits, targets)
    expect(given is not None, "it returned nothing: is there a `return`?")
    if isinstance(given, Tensor):
        expect(
            given.numel() == 1, f"it returned {given.numel()} numbers; one is wanted, their mean"
        )
    given = float(given)
    expect(given <= 1, f"it returned {given:g} for 3 right answers of 5: a share is at most 1")
    expect(
        abs(given - 0.4) > 1e-6,
        "it returned 0.4 where 3 of 5 answers are right: it counts the wrong ones",
    )
    expect(
        abs(given - 0.6) < 1e-6,
        f"it returned {given:g} for 3 right answers of 5. A logit may be negative, or above 1: "
        "what counts is which of a row's logits is the largest",
    )
    three = torch.tensor([[0.0, 1.0, 2.0], [3.0, 1.0, 2.0]])
    expect(
        abs(float(accuracy(three, torch.tensor([2, 1]))) - 0.5) < 1e-6,
        "it is right with two classes, but not with three",
    )


ACCURACY = Exercise(
    id="01.1",
    answer="accuracy",
    cell='''
def accuracy(logits, targets):
    """Share of right answers; logits (N, classes), targets (N,)."""
    #: solution
    guesses = logits.argmax(1)  # (N,)
    return (guesses == targets).float().mean().item()
    #: end
''',
    check=check_accuracy,
    right="It never asks how sure the network was. Keep that in mind for the next exercise.",
    hints=(
        "A network's guess is the class with the largest logit of its row.",
        "`logits.argmax(1)` says, for each row, where the largest number stands.",
        "`guesses == targets` is true where the guess is right; `.float()` makes numbers of it.",
    ),
    wrong=(
        Wrong(
            """
def accuracy(logits, targets):
    return (logits.argmax(1) == targets).sum().item()
""",
            "a share is at most 1",
        ),
        Wrong(
            """
def accuracy(logits, targets):
    return (logits[:, 1].round() == targets).float().mean().item()
""",
            "which of a row's logits is the largest",
        ),
        Wrong(
            """
def accuracy(logits, targets):
    return (logits.argmax(1) != targets).float().mean().item()
""",
            "counts the wrong ones",
        ),
        Wrong(
            """
def accuracy(logits, targets):
    return (logits.argmax(1) == targets).float()
""",
            "it returned 5 numbers",
        ),
        Wrong(
            """
def accuracy(logits, targets):
    return ((logits[:, 1] > logits[:, 0]) == targets).float().mean().item()
""",
            "not with three",
        ),
    ),
)

#: Validation loss is lowest after epoch 3, accuracy highest after epoch 5.
_HISTORY = tuple(
    {
        "epoch": epoch,
        "train_loss": train_loss,
        "validation_loss": validation_loss,
        "train_accuracy": train_accuracy,
        "validation_accuracy": validation_accuracy,
    }
    for epoch, train_loss, validation_loss, train_accuracy, validation_accuracy in (
        (1, 0.66, 0.68, 0.61, 0.58),
        (2, 0.41, 0.60, 0.80, 0.66),
        (3, 0.22, 0.55, 0.93, 0.71),
        (4, 0.09, 0.63, 1.00, 0.70),
        (5, 0.03, 0.81, 1.00, 0.72),
        (6, 0.01, 0.97, 1.00, 0.71),
    )
)


def check_best_epoch(best_epoch: Callable[[list[dict[str, float]]], int]) -> None:
    """The number of the epoch with the lowest validation loss."""
    given = best_epoch([dict(row) for row in _HISTORY])
    expect(given is not None, "it returned nothing: is there a `return`?")
    expect(not isinstance(given, dict), "it returned a whole row; its `epoch` is wanted")
    expect(
        given not in (0.55, 0.01),
        f"it returned {given}, which is the loss itself; the number of the epoch is wanted",
    )
    reasons = {
        2: "it returned 2, the position in the list; epochs count from 1, so ask the row",
        5: "it returned epoch 5, where validation accuracy is highest, by 1 picture in 100. By "
        "then the loss has been rising for two epochs: the network is surer, and wrong as often",
        6: "it returned epoch 6, where the *training* loss is lowest. That one always falls",
        1: "it returned epoch 1, where validation loss is highest but for the end",
    }
    expect(given == 3, reasons.get(given, f"it returned {given!r} where epoch 3 is the one"))
    later = [{**row, "epoch": row["epoch"] + 10} for row in _HISTORY]
    expect(
        best_epoch(later) == 13,
        "for epochs 11 to 16 it is not right: read the epoch's number from its row",
    )


BEST_EPOCH = Exercise(
    id="01.2",
    answer="best_epoch",
    cell='''
def best_epoch(history):
    """Number of the epoch after which training should have stopped."""
    #: solution
    best = min(history, key=lambda row: row["validation_loss"])
    return best["epoch"]
    #: stub
    # return history[-1]["epoch"]  # the last one: too late
    #: end
''',
    check=check_best_epoch,
    right="This is called early stopping. The library does it by itself, on validation pictures.",
    hints=(
        "Which of the four numbers in a row can tell you about pictures that it never saw?",
        "Of accuracy and loss, the loss notices earlier: it asks how sure the wrong answers were.",
        '`min(history, key=lambda row: row["validation_loss"])` is a row; it knows its `"epoch"`.',
    ),
    wrong=(
        Wrong(
            """
def best_epoch(history):
    return min(history, key=lambda row: row["train_loss"])["epoch"]
""",
            "where the *training* loss is lowest",
        ),
        Wrong(
            """
def best_epoch(history):
    return max(history, key=lambda row: row["validation_accuracy"])["epoch"]
""",
            "surer, and wrong as often",
        ),
        Wrong(
            """
def best_epoch(history):
    losses = [row["validation_loss"] for row in history]
    return losses.index(min(losses))
""",
            "the position in the list",
        ),
        Wrong(
            """
def best_epoch(history):
    losses = [row["validation_loss"] for row in history]
    return losses.index(min(losses)) + 1
""",
            "for epochs 11 to 16",
        ),
        Wrong(
            """
def best_epoch(history):
    return min(row["validation_loss"] for row in history)
""",
            "which is the loss itself",
        ),
    ),
)


def check_order(order: list[str]) -> None:
    """C, A, D, B."""
    given = [str(letter).strip().upper() for letter in order]
    expect(
        sorted(given) == ["A", "B", "C", "D"],
        f"{given} is no order of A, B, C, D: each belongs there once",
    )
    place = {letter: given.index(letter) for letter in given}
    expect(
        place["C"] == 0,
        f"it starts with {given[0]}: somebody has to have learned something before it "
        "can be copied",
    )
    expect(
        place["B"] == 3,
        "B comes too early: it trains a network that has no output for your classes yet",
    )
    expect(place["A"] < place["D"], "D gives the copy a new head, and there is no copy yet")


ORDER = Exercise(
    id="01.3",
    answer="order",
    cell="""
#: solution
order = ["C", "A", "D", "B"]
#: stub
# order = []  # the four letters, first step first
#: end
""",
    check=check_order,
    right="The figure below draws it.",
    hints=(
        "What is learned first: the general, or what you care about?",
        "A copy can only be made of something that is there; a head can only go on a body.",
    ),
    wrong=(
        Wrong('order = ["A", "C", "D", "B"]', "somebody has to have learned something"),
        Wrong('order = ["C", "A", "B", "D"]', "B comes too early"),
        Wrong('order = ["C", "D", "A", "B"]', "there is no copy yet"),
        Wrong('order = ["C", "A", "D"]', "is no order of A, B, C, D"),
    ),
)


def _source_and_target() -> tuple[nn.Module, nn.Module]:
    """A source network with seven classes and statistics of its own, and a fresh one with two."""
    source, target = (create_model("resnet18_slim", num_classes=n) for n in (7, 2))
    with torch.no_grad():
        for name, buffer in source.named_buffers():
            if name.endswith("running_mean"):
                buffer += 0.5
    return source, target


def check_copy_body(copy_body: Callable[[nn.Module, nn.Module], object]) -> None:
    """All of the source's tensors but the head's are in the target, whose head is its own."""
    source, target = _source_and_target()
    before = copy.deepcopy(source.state_dict())
    head = target.fc.weight.detach().clone()
    copy_body(source, target)
    expect(
        target.fc.weight.shape == head.shape,
        f"the target's head has {len(target.fc.weight)} outputs now; it should keep its own two",
    )
    expect(
        torch.equal(target.fc.weight, head),
        "the target's head has changed; only what comes before it should be copied",
    )
    now = target.state_dict()
    missing = [k for k in before if not k.startswith("fc.") and not torch.equal(now[k], before[k])]
    first = (missing or [""])[0]
    parameters = dict(target.named_parameters())
    expect(
        not missing or any(name in parameters for name in missing),
        f"the weights are there, but {len(missing)} buffers are not, such as `{first}`. "
        "BatchNorm's statistics are no parameters, but `state_dict()` has them, too",
    )
    expect(
        not missing,
        f"{len(missing)} of the body's tensors are not the source's, such as `{first}`",
    )
    own = {id(p) for p in source.parameters()} & {id(p) for p in target.parameters()}
    expect(
        not own,
        "the two networks share their layers now: training the target would change the source. "
        "Copy numbers, not modules",
    )


COPY_BODY = Exercise(
    id="01.4",
    answer="copy_body",
    cell='''
def copy_body(source_net, net):
    """Copy all but the head from `source_net` into `net`; the heads are called `fc`."""
    #: solution
    body = {
        name: tensor
        for name, tensor in source_net.state_dict().items()
        if not name.startswith("fc.")
    }
    net.load_state_dict(body, strict=False)
    #: stub
    # net.load_state_dict(source_net.state_dict())  # fails: the heads have other shapes
    #: end
''',
    check=check_copy_body,
    right="`strict=False` lets the head be missing. It would let anything else be missing, too, so "
    "the library checks.",
    hints=(
        "`source_net.state_dict()` is a dictionary: name of a tensor -> tensor. Print its names.",
        'The head\'s two are `fc.weight` and `fc.bias`. `name.startswith("fc.")` finds them.',
        "`net.load_state_dict(body, strict=False)` takes a dictionary in which some are missing.",
    ),
    wrong=(
        Wrong(
            """
def copy_body(source_net, net):
    for mine, theirs in zip(net.parameters(), source_net.parameters()):
        if mine.shape == theirs.shape:
            mine.data.copy_(theirs)
""",
            "BatchNorm's statistics",
        ),
        Wrong(
            """
def copy_body(source_net, net):
    net.load_state_dict(source_net.state_dict(), strict=False)
""",
            "it raised `RuntimeError",
        ),
        Wrong(
            """
def copy_body(source_net, net):
    for name, layer in source_net.named_children():
        setattr(net, name, layer)
""",
            "has 7 outputs now",
        ),
        Wrong(
            """
def copy_body(source_net, net):
    for name, layer in source_net.named_children():
        if name != "fc":
            setattr(net, name, layer)
""",
            "share their layers",
        ),
        Wrong(
            """
def copy_body(source_net, net):
    net = copy.deepcopy(source_net)
""",
            "tensors are not the source's",
        ),
    ),
)

EXERCISES = (ACCURACY, BEST_EPOCH, ORDER, COPY_BODY)
