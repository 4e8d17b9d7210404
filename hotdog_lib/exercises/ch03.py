"""Chapter 3, inside a pretrained network: a row by name, a threshold, hooks, an input gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from hotdog_lib.exercises.exercise import Exercise, NotRight, Wrong, expect
from hotdog_lib.models import create_model


def check_find_row(find_row: Callable[[Sequence[str], str], int]) -> None:
    """Found however it is spelled, whole names only, and an error where there is none."""
    lists = (
        (["bun", "corn dog", "hotdog stand", "hotdog"], "hotdog", 3),
        (["ice cream", "Hot dog", "pretzel"], "hotdog", 1),
        (["hot_dog", "French loaf", "bagel"], "Hot Dog", 0),
        (["bagel", "hot-dog"], "hotdog", 1),
    )
    for categories, name, row in lists:
        given = find_row(categories, name)
        expect(
            given == row,
            f"in {categories} it says that {name!r} is row {given}, and it is row {row}",
        )
    try:
        given = find_row(["bun", "bagel"], "hotdog")
    except Exception:  # whatever it raises: a caller has to hear of it
        return
    raise NotRight(
        f"in a list without a hot dog it gives {given} and no error: whoever uses that as a row "
        "gets some other class"
    )


FIND_ROW = Exercise(
    id="03.1",
    answer="find_row",
    cell='''
def find_row(categories, name):
    """Row of the category called `name`, however it is spelled."""
    #: solution

    def plain(text):
        return "".join(letter for letter in text.lower() if letter.isalnum())

    return [plain(category) for category in categories].index(plain(name))
    #: stub
    # return 713  # where the originals look
    #: end
''',
    check=check_find_row,
    right="Ask for a class by its name, and a network with another list of classes can't mislead "
    "you.",
    hints=(
        "What do `hotdog`, `Hot dog`, `hot_dog` and `hot-dog` have in common once you look at "
        "their letters alone?",
        "Write a small function that makes a name plain: `text.lower()`, and keep a letter only "
        "if `letter.isalnum()`.",
        "Make all the categories plain. A list's own `index` then finds the row, and raises "
        "where there is none.",
    ),
    wrong=(
        Wrong(
            """
def find_row(categories, name):
    return 934
""",
            "it says that 'hotdog' is row 934, and it is row 3",
        ),
        Wrong(
            """
def find_row(categories, name):
    return [name in category for category in categories].index(True)
""",
            "is row 2, and it is row 3",
        ),
        Wrong(
            """
def find_row(categories, name):
    plain = name.lower().replace(" ", "")
    for row, category in enumerate(categories):
        if "".join(c for c in category.lower() if c.isalnum()) == plain:
            return row
    return -1
""",
            "gives -1 and no error",
        ),
    ),
)


def check_choose_threshold(choose_threshold: Callable[[Tensor, Tensor], float]) -> None:
    """As many right as any threshold gets: tiny probabilities, few hot dogs, no clean cut."""
    rows = (
        ([0.0001, 0.0004, 0.0006, 0.0005, 0.0003], [0, 1, 1, 1, 0], 1.0, "of pictures whose "
         "probabilities are all below 0.01"),
        ([0.9, 0.8, 0.3, 0.2, 0.1, 0.05, 0.04], [1, 0, 0, 0, 0, 0, 0], 1.0, "where hot dogs are "
         "rare"),
        ([0.9, 0.8, 0.7, 0.6, 0.3, 0.2], [0, 1, 1, 1, 0, 0], 5 / 6, "where no threshold is free "
         "of mistakes"),
    )  # fmt: skip
    for probabilities, hot_dogs, possible, where in rows:
        chances, truth = torch.tensor(probabilities), torch.tensor(hot_dogs).bool()
        threshold = choose_threshold(chances, truth)
        right = float(((chances > threshold) == truth).float().mean())
        expect(
            right > possible - 1e-6,
            f"at {float(threshold):.4g} it gets {right:.0%} right {where}, and {possible:.0%} are "
            "possible",
        )


CHOOSE_THRESHOLD = Exercise(
    id="03.2",
    answer="choose_threshold",
    cell='''
def choose_threshold(probabilities, is_hotdog):
    """The t for which `probabilities > t` is right most often."""
    #: solution

    def right(threshold):
        return ((probabilities > threshold) == is_hotdog).sum()

    return max([0.0, *probabilities.tolist()], key=right)
    #: stub
    # return 0.5
    #: end
''',
    check=check_choose_threshold,
    right="The answers change only where the threshold passes one of the probabilities, so those "
    "are the only candidates.",
    hints=(
        "Which thresholds are worth trying? Between two neighbouring probabilities they all give "
        "the same answers.",
        "Write a function that counts, for one threshold, how many pictures come out right: "
        "`((probabilities > threshold) == is_hotdog).sum()`.",
        "`max(candidates, key=function)` gives the candidate for which the function is largest.",
    ),
    wrong=(
        Wrong(
            """
def choose_threshold(probabilities, is_hotdog):
    tries = torch.linspace(0, 1, 101)
    right = [((probabilities > t) == is_hotdog).sum() for t in tries]
    return float(tries[torch.stack(right).argmax()])
""",
            "of pictures whose probabilities are all below 0.01",
        ),
        Wrong(
            """
def choose_threshold(probabilities, is_hotdog):
    low, high = probabilities[~is_hotdog].mean(), probabilities[is_hotdog].mean()
    return float((low + high) / 2)
""",
            "where hot dogs are rare",
        ),
        Wrong(
            """
def choose_threshold(probabilities, is_hotdog):
    return float(probabilities[~is_hotdog].max())
""",
            "where no threshold is free of mistakes",
        ),
    ),
)


def check_outputs_of(outputs_of: Callable[..., dict[str, Tensor]]) -> None:
    """Every layer's own output, as the layer gave it, and the network as it was."""
    net = create_model("resnet18_slim", num_classes=2).eval()
    layers = {"conv1": net.conv1, "bn1": net.bn1, "layer2": net.layer2}
    images = torch.randn(2, 3, 64, 64)
    given = outputs_of(net, layers, images)
    expect(isinstance(given, dict), f"it gives a `{type(given).__name__}`, and no dictionary")
    missing = [name for name in layers if name not in given]
    expect(
        len(missing) < len(layers) - 1 or not given,
        f"only {list(given)} is there. A function that is made in a loop looks its variables up "
        "when it is called, and then the loop is over: hand the name to a function that makes it",
    )
    expect(not missing, f"nothing came from {', '.join(missing)}")
    expect(
        not any(m._forward_hooks for m in net.modules()),
        "the hooks are still in the network, and will fill memory with every picture to come: "
        "call `.remove()` on each",
    )
    with torch.no_grad():
        conv1 = net.conv1(images)
        bn1 = net.bn1(conv1)
        wanted = {"conv1": conv1, "bn1": bn1.clone()}
        wanted["layer2"] = net.layer2(net.layer1(net.maxpool(net.relu(bn1))))
    for name in layers:
        _check_output(name, given[name], wanted[name])


def _check_output(name: str, given: Tensor, wanted: Tensor) -> None:
    expect(
        not torch.allclose(given, wanted.relu(), atol=1e-4) or torch.equal(wanted, wanted.relu()),
        f"the output of {name} has no number below zero any more: the ReLU after it writes over "
        "what it is given. Keep a `.clone()`",
    )
    expect(
        given.shape == wanted.shape and torch.allclose(given, wanted, atol=1e-4),
        f"that is not what {name} gave: shape {tuple(given.shape)}, and it gave "
        f"{tuple(wanted.shape)}",
    )


OUTPUTS_OF = Exercise(
    id="03.3",
    answer="outputs_of",
    cell='''
def outputs_of(net, layers, images):
    """What some layers give for these pictures: name -> tensor.

    `layers` is a dictionary: name -> layer of `net`.
    """
    outputs = {}
    #: solution

    def keep(name):
        def hook(layer, inputs, output):
            outputs[name] = output.clone()

        return hook

    hooks = [layer.register_forward_hook(keep(name)) for name, layer in layers.items()]
    with torch.no_grad():
        net(images)
    for hook in hooks:
        hook.remove()
    #: stub
    # with torch.no_grad():
    #     net(images)
    #: end
    return outputs
''',
    check=check_outputs_of,
    right="With these few lines you can look into any network, also into one whose code you have "
    "never seen.",
    hints=(
        "`layer.register_forward_hook(f)` has `f(layer, inputs, output)` called whenever the "
        "layer has worked. It gives back a handle with a method `remove`.",
        "`f` has to know its layer's name. Write a function `keep(name)` that makes and returns "
        "such an `f`.",
        "The layer after it may change the output in place, as `nn.ReLU(inplace=True)` does. Store "
        "`output.clone()`.",
    ),
    wrong=(
        Wrong(
            """
def outputs_of(net, layers, images):
    outputs, hooks = {}, []
    for name, layer in layers.items():
        hook = lambda layer, inputs, output: outputs.update({name: output.clone()})
        hooks.append(layer.register_forward_hook(hook))
    with torch.no_grad():
        net(images)
    for hook in hooks:
        hook.remove()
    return outputs
""",
            "looks its variables up when it is called",
        ),
        Wrong(
            """
def outputs_of(net, layers, images):
    outputs = {}
    for name, layer in layers.items():
        hook = lambda layer, inputs, output, name=name: outputs.update({name: output.clone()})
        layer.register_forward_hook(hook)
    with torch.no_grad():
        net(images)
    return outputs
""",
            "still in the network",
        ),
        Wrong(
            """
def outputs_of(net, layers, images):
    outputs, hooks = {}, []
    for name, layer in layers.items():
        hook = lambda layer, inputs, output, name=name: outputs.update({name: output})
        hooks.append(layer.register_forward_hook(hook))
    with torch.no_grad():
        net(images)
    for hook in hooks:
        hook.remove()
    return outputs
""",
            "Keep a `.clone()`",
        ),
    ),
)


def check_pixel_gradient(pixel_gradient: Callable[[nn.Module, Tensor, int], Tensor]) -> None:
    """The gradient of one logit; network and pictures as they were."""
    net = create_model("resnet18_slim", num_classes=3).eval()
    images = torch.randn(2, 3, 64, 64)
    given = pixel_gradient(net, images, 1)
    expect(isinstance(given, Tensor), f"it gives a `{type(given).__name__}`, and no tensor")
    expect(
        given.shape == images.shape,
        f"its shape is {tuple(given.shape)}; every number of the pictures has a gradient of its "
        f"own, {tuple(images.shape)} of them",
    )
    expect(
        all(p.grad is None for p in net.parameters()),
        "it leaves gradients behind in the network's weights, where the next optimizer step would "
        "find them: use `torch.autograd.grad`, which hands back what you ask for and no more",
    )
    expect(
        not images.requires_grad,
        "the caller's own pictures now ask for a gradient: work on a clone of them",
    )
    inputs = images.clone().requires_grad_()
    logits = net(inputs)
    wanted, chance = (
        torch.autograd.grad(score[:, 1].sum(), inputs, retain_graph=True)[0]
        for score in (logits, logits.softmax(1))
    )
    expect(
        not torch.allclose(given, chance, atol=1e-5, rtol=1e-3),
        "that is the gradient of the class's probability, in which the other classes have a say: "
        "take the logit, before the softmax",
    )
    expect(
        torch.allclose(given, wanted, atol=1e-5, rtol=1e-3),
        "the shape is right, but not the numbers: is it the logit of this one row, with its sign?",
    )


PIXEL_GRADIENT = Exercise(
    id="03.4",
    answer="pixel_gradient",
    cell='''
def pixel_gradient(net, images, row):
    """How each number in the pictures moves the logit of `row`."""
    #: solution
    inputs = images.clone().requires_grad_()
    score = net(inputs)[:, row].sum()
    (gradient,) = torch.autograd.grad(score, inputs)
    return gradient
    #: stub
    # score = net(images)[:, row].sum()
    # return score
    #: end
''',
    check=check_pixel_gradient,
    right="The sum mixes nothing up: no picture has a say in another's logit.",
    hints=(
        "A gradient arrives only at a tensor that asked for one before the network saw it: "
        "`requires_grad_()`.",
        "Work on `images.clone()`, or the caller's tensor changes.",
        "`torch.autograd.grad(score, inputs)` gives a tuple with one tensor for each input.",
    ),
    wrong=(
        Wrong(
            """
def pixel_gradient(net, images, row):
    inputs = images.clone().requires_grad_()
    net(inputs)[:, row].sum().backward()
    return inputs.grad
""",
            "leaves gradients behind",
        ),
        Wrong(
            """
def pixel_gradient(net, images, row):
    images.requires_grad_()
    return torch.autograd.grad(net(images)[:, row].sum(), images)[0]
""",
            "the caller's own pictures",
        ),
        Wrong(
            """
def pixel_gradient(net, images, row):
    inputs = images.clone().requires_grad_()
    return torch.autograd.grad(net(inputs).softmax(1)[:, row].sum(), inputs)[0]
""",
            "before the softmax",
        ),
    ),
)

EXERCISES = (FIND_ROW, CHOOSE_THRESHOLD, OUTPUTS_OF, PIXEL_GRADIENT)
