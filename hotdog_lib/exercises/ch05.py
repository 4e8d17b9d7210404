"""Chapter 5, freezing: freeze the features, keep BatchNorm still, cache halfway."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from hotdog_lib.exercises.exercise import Exercise, Wrong, expect
from hotdog_lib.models import create_model, freeze_to, stages


def _slim() -> nn.Module:
    """The small ResNet with random weights and two classes."""
    return create_model("resnet18_slim", num_classes=2)


def check_freeze_features(freeze_features: Callable[[nn.Module], object]) -> None:
    """Of a network with a new head, the head's two parameters learn and no others."""
    net = _slim()
    head = net.fc
    freeze_features(net)
    expect(
        net.fc is head,
        "`net.fc` is another layer now: the head that was there is gone, with all it had learned, "
        "and an optimizer would still hold it. Set its `requires_grad` instead",
    )
    learning = [name for name, p in net.named_parameters() if p.requires_grad]
    expect(
        learning,
        "the new head is frozen, too: nothing is left to learn, and `backward()` will raise",
    )
    missing = [name for name in ("fc.weight", "fc.bias") if name not in learning]
    expect(not missing, f"the head is only half awake: `{', '.join(missing)}` is frozen")
    body = [name for name in learning if not name.startswith("fc.")]
    expect(
        not body,
        f"{len(body)} parameters outside the head still learn, such as `{(body or [''])[0]}`",
    )


FREEZE_FEATURES = Exercise(
    id="05.1",
    answer="freeze_features",
    cell='''
def freeze_features(net):
    """Freeze everything but the new head `net.fc`."""
    #: solution
    for name, parameter in net.named_parameters():
        parameter.requires_grad = name.startswith("fc.")
    #: stub
    # for parameter in net.parameters():
    #     parameter.requires_grad = False
    #: end
''',
    check=check_freeze_features,
    right="The head learns, and `backward()` stops where it has nothing left to do.",
    hints=(
        "Which parameters does `net.parameters()` give you after the head was replaced?",
        "`net.named_parameters()` gives names along with them. Print a few.",
        "The head's names begin with `fc.`; `name.startswith` tells them apart.",
    ),
    wrong=(
        Wrong(
            """
def freeze_features(net):
    net.requires_grad_(False)
""",
            "is frozen, too",
        ),
        Wrong(
            """
def freeze_features(net):
    for name, parameter in net.named_parameters():
        parameter.requires_grad = name == "fc.weight"
""",
            "half awake: `fc.bias`",
        ),
        Wrong(
            """
def freeze_features(net):
    for name, parameter in net.named_parameters():
        if "conv" in name:
            parameter.requires_grad = False
""",
            "outside the head still learn, such as `bn1.weight`",
        ),
        Wrong(
            """
def freeze_features(net):
    net.requires_grad_(False)
    net.fc = nn.Linear(net.fc.in_features, 2)
""",
            "is another layer now",
        ),
        Wrong(
            """
def freeze_features(net):
    net.features.requires_grad_(False)
""",
            "it raised `AttributeError",
        ),
    ),
)


def check_train_mode(train_mode: Callable[[nn.Module], object]) -> None:
    """Frozen BatchNorm layers stand still, all others train."""
    net = _slim()
    body = [net.conv1, net.bn1, net.layer1, net.layer2, net.layer3]
    for part in body:
        part.requires_grad_(False)
    train_mode(net)
    frozen = [m for part in body for m in part.modules() if isinstance(m, nn.BatchNorm2d)]
    _check_frozen_norms(net, frozen)
    learning = [m for m in net.layer4.modules() if isinstance(m, nn.BatchNorm2d)]
    expect(
        all(m.training for m in learning) and net.training,
        "layers that learn are in eval mode, too: the weights of `net.layer4` are not frozen, so "
        "its BatchNorm layers should train",
    )


def _check_frozen_norms(net: nn.Module, frozen: list[nn.BatchNorm2d]) -> None:
    images = torch.randn(8, 3, 64, 64)
    before = [m.running_mean.clone() for m in frozen if m.running_mean is not None]
    expect(
        len(before) == len(frozen),
        "a BatchNorm layer has lost its running statistics: it will always use the batch's own, "
        "even when you evaluate",
    )
    with torch.no_grad():
        net(images)
    moved = sum(not torch.equal(b, m.running_mean) for b, m in zip(before, frozen, strict=True))
    expect(
        not moved,
        f"one batch moved the running statistics of {moved} of {len(frozen)} frozen BatchNorm "
        "layers. Is there a `net.train()` after your `.eval()`? It puts every layer back",
    )
    expect(
        not any(m.training for m in frozen),
        "the running statistics stand still, but the frozen layers are in training mode: they "
        "normalise each picture by the pictures that share its batch",
    )


TRAIN_MODE = Exercise(
    id="05.2",
    answer="train_mode",
    cell='''
def train_mode(net):
    """`net.train()`, but BatchNorm with frozen weights goes into eval mode."""
    #: solution
    net.train()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            if not module.weight.requires_grad:
                module.eval()
    #: stub
    # net.train()
    #: end
''',
    check=check_train_mode,
    right="Call it instead of `net.train()` at the start of every epoch; or let `freeze` do it, "
    "which no later `net.train()` can undo.",
    hints=(
        "Who decides whether a BatchNorm layer uses the batch: its weights, or its mode?",
        "`net.train()` reaches every layer. What you want different has to come after it.",
        "Go through `net.modules()`; for an `nn.BatchNorm2d` look at "
        "`module.weight.requires_grad`, and call `module.eval()`.",
    ),
    wrong=(
        Wrong(
            """
def train_mode(net):
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    net.train()
""",
            "after your `.eval()`",
        ),
        Wrong(
            """
def train_mode(net):
    net.eval()
""",
            "layers that learn are in eval mode",
        ),
        Wrong(
            """
def train_mode(net):
    net.train()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 0.0
""",
            "normalise each picture by the pictures that share its batch",
        ),
        Wrong(
            """
def train_mode(net):
    net.train()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.track_running_stats = False
            module.running_mean = module.running_var = None
""",
            "lost its running statistics",
        ),
    ),
)


def check_frozen_part(frozen_part: Callable[[nn.Module, str], nn.Module]) -> None:
    """What it gives is what the first module of the stage is given in a pass through the whole."""
    images = torch.randn(2, 3, 64, 64)
    for first in ("stage4", "stage2"):
        model = freeze_to(_slim(), first)
        wanted = _input_of(stages(model)[first][0], model, images)
        part = frozen_part(model, first)
        expect(
            isinstance(part, nn.Module),
            f"it returned a `{type(part).__name__}`; wrap the modules in `nn.Sequential`",
        )
        with torch.no_grad():
            given = part(images)
        expect(
            given.shape == wanted.shape,
            f"before {first} it gives {tuple(given.shape)}, but {first} expects "
            f"{tuple(wanted.shape)}: does it stop one stage too late, or too early?",
        )
        expect(
            torch.allclose(given, wanted, atol=1e-5),
            f"the shape is right, but not the values, before {first}: is every stage there, in "
            "order, and in eval mode?",
        )


def _input_of(module: nn.Module, model: nn.Module, images: Tensor) -> Tensor:
    caught: list[Tensor] = []
    hook = module.register_forward_pre_hook(lambda _, args: caught.append(args[0].clone()))
    with torch.no_grad():
        model(images)
    hook.remove()
    return caught[0]


FROZEN_PART = Exercise(
    id="05.3",
    answer="frozen_part",
    cell='''
def frozen_part(model, first):
    """A module that takes pictures to what the stage `first` gets to see."""
    parts = stages(model)  # a dictionary: name of a stage -> its modules
    #: solution
    before = list(parts)[: list(parts).index(first)]
    modules = [module for name in before for module in parts[name]]
    return nn.Sequential(*modules)
    #: stub
    # return parts[first]  # not these, but those before them
    #: end
''',
    check=check_frozen_part,
    right="Keep what it gives for every picture, and an epoch of the last stages costs only the "
    "last stages.",
    hints=(
        "`list(parts)` are the stages' names, input to output. You want those before `first`.",
        "`list(parts).index(first)` says where to cut. Collect the modules of the stages before.",
        "`nn.Sequential(*modules)` is a module that runs modules one after the other.",
    ),
    wrong=(
        Wrong(
            """
def frozen_part(model, first):
    parts = stages(model)
    names = list(parts)
    before = names[: names.index(first) + 1]
    return nn.Sequential(*(module for name in before for module in parts[name]))
""",
            "one stage too late, or too early",
        ),
        Wrong(
            """
def frozen_part(model, first):
    parts = stages(model)
    names = list(parts)
    before = names[: names.index(first)]
    return [module for name in before for module in parts[name]]
""",
            "returned a `list`",
        ),
        Wrong(
            """
def frozen_part(model, first):
    before = [modules for name, modules in stages(model).items() if name < first]
    return nn.Sequential(*(module for modules in before for module in modules))
""",
            "it raised `RuntimeError",
        ),
    ),
)

EXERCISES = (FREEZE_FEATURES, TRAIN_MODE, FROZEN_PART)
