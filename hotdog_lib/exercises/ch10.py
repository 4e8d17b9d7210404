"""Chapter 10, fewer parameters: merge a change, tune biases alone, keep what differs."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from hotdog_lib.exercises.exercise import Exercise, Wrong, expect
from hotdog_lib.models import create_model, freeze, insert, wake
from hotdog_lib.models.adapter_layers import LowRank

Merge = Callable[[Tensor, Tensor, Tensor], Tensor]


def check_merged(merged: Merge) -> None:
    """The weight with the change in it gives what the two thin layers add."""
    weight, a, b = torch.randn(6, 3, 5, 5), torch.randn(2, 3, 5, 5), torch.randn(6, 2)
    source = weight.clone()
    given = merged(weight, a, b)
    expect(
        torch.equal(weight, source),
        "the source's own weight has changed: no other task can start from it any more, and this "
        "one cannot be taken back. Make a new tensor",
    )
    expect(
        isinstance(given, Tensor) and given.shape == weight.shape,
        f"it gave {_told(given)}; the layer needs a weight of shape {tuple(weight.shape)}",
    )
    change = torch.einsum("or,rikl->oikl", b, a)
    expect(
        not torch.allclose(given, change, atol=1e-4),
        "that is the change alone; what the source knew is gone",
    )
    expect(
        not torch.allclose(given, weight, atol=1e-4), "that is the weight, without any change in it"
    )
    expect(
        torch.allclose(given, weight + change, atol=1e-4),
        "the shape is right and the numbers are not: `b @ a` must mix the rows of `a` as they lie, "
        "(rank, in, k, k) flattened to (rank, in * k * k)",
    )


def _told(value: object) -> str:
    shape = getattr(value, "shape", None)
    return f"a tensor of shape {tuple(shape)}" if shape is not None else f"`{value!r}`"


MERGED = Exercise(
    id="10.1",
    answer="merged",
    cell='''
def merged(weight, a, b):
    """A convolution's weight with the change `b @ a` in it.

    Shapes: weight (out, in, k, k), a (rank, in, k, k), b (out, rank).
    """
    #: solution
    change = b @ a.flatten(1)  # (out, in * k * k)
    return weight + change.view_as(weight)
    #: stub
    # return weight + b @ a
    #: end
''',
    check=check_merged,
    right="One weight, one layer, no extra time: a merged network is an ordinary one.",
    hints=(
        "A matrix product takes two matrices, and `a` has four dimensions.",
        "`a.flatten(1)` makes one row of each thin filter.",
        "The product is (out, in * k * k); `view_as(weight)` folds it back.",
    ),
    wrong=(
        Wrong(
            """
def merged(weight, a, b):
    return (b @ a.flatten(1)).view_as(weight)
""",
            "the change alone",
        ),
        Wrong(
            """
def merged(weight, a, b):
    weight += (b @ a.flatten(1)).view_as(weight)
    return weight
""",
            "the source's own weight has changed",
        ),
        Wrong(
            """
def merged(weight, a, b):
    return weight + (a.flatten(1).T @ b.T).reshape(weight.shape)
""",
            "the shape is right and the numbers are not",
        ),
        Wrong(
            """
def merged(weight, a, b):
    return weight.flatten(1) + b @ a.flatten(1)
""",
            "the layer needs a weight of shape",
        ),
        Wrong(
            """
def merged(weight, a, b):
    return weight + a @ b
""",
            "it raised `RuntimeError",
        ),
    ),
)


def check_bias_only(bias_only: Callable[[nn.Module], object]) -> None:
    """The head and every bias learn, and nothing else."""
    net = create_model("resnet18_slim", num_classes=2)
    bias_only(net)
    learning = {name for name, p in net.named_parameters() if p.requires_grad}
    expect(learning, "nothing learns any more")
    wanted = {name for name, _ in net.named_parameters() if name.endswith(".bias")}
    expect(
        "fc.weight" in learning,
        "the weight of the new head is frozen: it would stay as it began, and the biases would "
        "have to do its work",
    )
    missing = sorted(wanted - learning)
    expect(not missing, f"{len(missing)} biases are frozen, such as `{(missing or [''])[0]}`")
    more = sorted(learning - wanted - {"fc.weight"})
    expect(not more, f"{len(more)} others learn, too, such as `{(more or [''])[0]}`")


BIAS_ONLY = Exercise(
    id="10.2",
    answer="bias_only",
    cell='''
def bias_only(net):
    """Freeze everything but the head `net.fc` and every bias."""
    for name, parameter in net.named_parameters():
        #: solution
        parameter.requires_grad = name.startswith("fc.") or name.endswith(".bias")
        #: stub
        # parameter.requires_grad = name.startswith("fc.")
        #: end
''',
    check=check_bias_only,
    right="A ResNet's convolutions have no bias; the ones that learn are BatchNorm's shifts.",
    hints=(
        "Two things may learn. Print the names, and see how each of them can be told.",
        'The head: `name.startswith("fc.")`. A bias: `name.endswith(".bias")`.',
        "Join the two with `or`.",
    ),
    wrong=(
        Wrong(
            """
def bias_only(net):
    for name, parameter in net.named_parameters():
        parameter.requires_grad = name.endswith(".bias")
""",
            "the weight of the new head is frozen",
        ),
        Wrong(
            """
def bias_only(net):
    for name, parameter in net.named_parameters():
        parameter.requires_grad = name.startswith("fc.") or ".bn" in name
""",
            "biases are frozen, such as `bn1.bias`",
        ),
        Wrong(
            """
def bias_only(net):
    for name, parameter in net.named_parameters():
        parameter.requires_grad = name.startswith("fc.") or parameter.ndim == 1
""",
            "others learn, too, such as `bn1.weight`",
        ),
        Wrong(
            """
def bias_only(net):
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            module.weight.requires_grad = False
            module.bias.requires_grad = True
""",
            "it raised `AttributeError",
        ),
    ),
)


def _tuned() -> tuple[nn.Module, nn.Module]:
    """A network as its source, and the same one with LoRA, a head and statistics that moved."""
    source = insert(create_model("resnet18_slim", num_classes=2), "lora", 4)
    net = wake(freeze(copy.deepcopy(source), norm="adapt"), "lora")
    net.requires_grad_(False)  # norm="adapt" lets scales learn; here their statistics move alone
    wake(net, "lora").fc.requires_grad_(True)
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, LowRank):
                module.b.normal_()
        nn.init.normal_(net.fc.weight)
        net.train()(torch.randn(8, 3, 64, 64))
    return source.eval(), net.eval()


def check_to_keep(to_keep: Callable[[nn.Module], Iterable[str]]) -> None:
    """What differs is kept, what does not is not."""
    source, net = _tuned()
    names = set(to_keep(net))
    state, before = net.state_dict(), source.state_dict()
    expect(
        not names - state.keys(),
        f"there is nothing called `{(sorted(names - state.keys()) or [''])[0]}` in the state",
    )
    differing = {name for name in state if not torch.equal(state[name], before[name])}
    missing = differing - names
    expect(
        not any(name.startswith("fc.") for name in missing),
        "the head is not kept: the adapter would meet a new one",
    )
    buffers = {name for name, _ in net.named_buffers()}
    expect(
        not missing & buffers,
        f"{len(missing & buffers)} of BatchNorm's numbers moved, such as "
        f"`{(sorted(missing & buffers) or [''])[0]}`, and are not kept. They learn without a "
        "gradient; on a fresh source the adapter would meet the old ones",
    )
    expect(not missing, f"`{(sorted(missing) or [''])[0]}` learned, and is not kept")
    weights = {name for name in names - differing if state[name].ndim > 1 and "lora" not in name}
    expect(
        not weights,
        f"{len(weights)} weights are kept that are still the source's: the file would be as large "
        "as the network",
    )


TO_KEEP = Exercise(
    id="10.3",
    answer="to_keep",
    cell='''
def to_keep(net):
    """Names in `net.state_dict()` that an adapter file has to hold."""
    learned = {name for name, p in net.named_parameters() if p.requires_grad}
    #: solution
    counted = {name for name, _ in net.named_buffers()}
    return learned | counted
    #: stub
    # return learned
    #: end
''',
    check=check_to_keep,
    right="With its source and these numbers, the network comes back to the last bit.",
    hints=(
        "Compare `net.state_dict()` with the source's, name by name. What differs?",
        "Which numbers of a network change without a gradient? Chapter 5 has them.",
        "`net.named_buffers()` gives their names.",
    ),
    wrong=(
        Wrong(
            """
def to_keep(net):
    return set(net.state_dict())
""",
            "as large as the network",
        ),
        Wrong(
            """
def to_keep(net):
    return {name for name in net.state_dict() if "lora" in name}
""",
            "the head is not kept",
        ),
        Wrong(
            """
def to_keep(net):
    return {name for name, p in net.named_parameters() if p.requires_grad} | {"fc.weight"}
""",
            "numbers moved, such as",
        ),
        Wrong(
            """
def to_keep(net):
    return {name for name in net.state_dict() if "bn" in name or "fc" in name or "ple.1" in name}
""",
            "learned, and is not kept",
        ),
    ),
)

EXERCISES = (MERGED, BIAS_ONLY, TO_KEEP)
