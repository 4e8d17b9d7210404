"""What is frozen does not move: traps 1, 2, 3, 5 and 7, each beside the naive code."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from hotdog_lib.errors import HotdogError
from hotdog_lib.models import (
    create_model,
    freeze,
    freeze_to,
    is_frozen,
    stages,
    trainable_summary,
    unfreeze,
)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """On busy cores two threads wait for each other longer than they work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def model() -> nn.Module:
    torch.manual_seed(0)
    return create_model("resnet18_slim", num_classes=2)


def _epoch(model: nn.Module, steps: int = 3) -> None:
    """A training epoch as anyone writes it: plain train(), SGD over what is trainable."""
    model.train()
    trainable = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trainable, lr=0.1, momentum=0.9, weight_decay=0.01)
    generator = torch.Generator().manual_seed(0)
    for _ in range(steps):
        images = 3 + torch.randn(4, 3, 64, 64, generator=generator)
        loss = nn.functional.cross_entropy(model(images), torch.tensor([0, 1, 0, 1]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def _state(model: nn.Module, stage: str) -> dict[str, Tensor]:
    units = stages(model)[stage]
    return {f"{i}.{k}": v.clone() for i, u in enumerate(units) for k, v in u.state_dict().items()}


def _moved(before: dict[str, Tensor], after: dict[str, Tensor]) -> set[str]:
    """Last words of the keys whose tensors are not bit-equal."""
    return {k.rsplit(".", 1)[-1] for k in before if not torch.equal(before[k], after[k])}


# Traps 1 and 2: BatchNorm drifts in a layer that is "frozen" by requires_grad alone.


def test_naive_freezing_drifts(model: nn.Module) -> None:
    before = _state(model, "stage2")
    for parameter in model.layer2.parameters():
        parameter.requires_grad_(False)
    _epoch(model)
    assert _moved(before, _state(model, "stage2")) == {
        "running_mean",
        "running_var",
        "num_batches_tracked",
    }


def test_frozen_parameters_and_buffers_are_bit_equal_after_an_epoch(model: nn.Module) -> None:
    freeze_to(model, "stage4")
    before = {name: _state(model, name) for name in stages(model)}
    _epoch(model)
    for name in ("stem", "stage1", "stage2", "stage3"):
        assert _moved(before[name], _state(model, name)) == set(), name
    assert "running_mean" in _moved(before["stage4"], _state(model, "stage4"))
    assert _moved(before["head"], _state(model, "head")) == {"weight", "bias"}


def test_a_frozen_network_says_the_same_in_training_and_in_eval(model: nn.Module) -> None:
    images = 3 + torch.randn(4, 3, 64, 64)
    naive = copy.deepcopy(model)
    for module in naive.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.track_running_stats = False  # some libraries freeze so: batch statistics instead
    nn.init.normal_(naive.fc.weight)
    assert not torch.allclose(naive.train()(images), naive.eval()(images), atol=0.1)
    freeze(model)
    nn.init.normal_(model.fc.weight)
    assert torch.equal(model.train()(images), model.eval()(images))


# Trap 3: three policies for the normalisation layers of a frozen part.


@pytest.mark.parametrize(
    ("norm", "norm_moves", "stays"),
    [
        ("freeze", set(), True),
        ("affine", {"weight", "bias"}, True),
        ("adapt", {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}, False),
    ],
)
def test_norm_policies(model: nn.Module, norm: str, norm_moves: set[str], stays: bool) -> None:
    nn.init.normal_(model.fc.weight)  # else no gradient reaches the body in the first step
    freeze_to(model, "head", norm=norm)
    norm_before = {k: v.clone() for k, v in model.layer2[0].bn1.state_dict().items()}
    convolution = model.layer2[0].conv1.weight.clone()
    _epoch(model)
    assert _moved(norm_before, model.layer2[0].bn1.state_dict()) == norm_moves
    assert torch.equal(convolution, model.layer2[0].conv1.weight)
    assert model.layer2[0].bn1.training is not stays
    freeze(model, norm="freeze")
    assert is_frozen(model), "a later policy replaces the earlier one"


def test_layer_norm_has_an_affine_policy_too() -> None:
    model = freeze(create_model("convnext_tiny", num_classes=2), "stage1", norm="affine")
    learning = {type(m) for u in stages(model)["stage1"] for m in u.modules() if _learns(m)}
    assert learning == {nn.LayerNorm}


def _learns(module: nn.Module) -> bool:
    return any(p.requires_grad for p in module.parameters(recurse=False))


# Trap 5: dropout and stochastic depth of a frozen body are off.


def test_stochastic_depth_and_dropout_of_frozen_parts_are_off() -> None:
    model = create_model("efficientnet_b0", num_classes=2)
    nn.init.normal_(model.classifier[1].weight)
    images = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    with torch.no_grad():
        model.train()
        assert not torch.equal(model(images), model(images)), "what the trap is"
        freeze(model).train()
        assert torch.equal(model(images), model(images))
        unfreeze(model, "head").train()
        assert model.classifier[0].training and not model.features[1][0].stochastic_depth.training


# Trap 7: an optimizer that still holds a frozen parameter would apply its old gradient.


def test_freezing_takes_the_gradients_away(model: nn.Module) -> None:
    nn.init.normal_(model.fc.weight)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)

    def freeze_stem() -> None:
        freeze(model, "stem")

    for freezes, stands in (
        (lambda: model.conv1.requires_grad_(False), False),
        (freeze_stem, True),
    ):
        unfreeze(model, "stem").train()(torch.randn(4, 3, 64, 64)).sum().backward()
        before = model.conv1.weight.clone()
        freezes()
        optimizer.step()
        assert torch.equal(before, model.conv1.weight) is stands


# How it behaves as a method of the network.


def test_copies_pickles_and_states_are_those_of_an_ordinary_network(model: nn.Module) -> None:
    keys, kinds = list(model.state_dict()), [type(m) for m in model.modules()]
    freeze_to(model, "head")
    assert list(model.state_dict()) == keys and [type(m) for m in model.modules()] == kinds
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        twin.train()
        assert is_frozen(twin, "stem") and not twin.bn1.training and twin.fc.training
        unfreeze(twin, "stem")
        assert twin.bn1.training and is_frozen(model, "stem"), "a copy minds itself alone"


def test_unfreeze_undoes_freeze_wherever_it_was_done(model: nn.Module) -> None:
    model.train()
    freeze(model, model.layer4)  # a container, of which the stage holds the children
    assert is_frozen(model, model.layer4) and is_frozen(model, "stage4")
    unfreeze(model, "stage4")
    assert all(module.training for block in model.layer4 for module in block.modules())
    model.eval()
    freeze(model)
    unfreeze(model)
    assert not any(module.training for module in model.modules()), "eval stays eval"
    model.train()
    assert all(module.training for module in model.modules())
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_a_transformers_class_token_belongs_to_the_stem() -> None:
    model = freeze(create_model("vit_b_32", num_classes=2, image_size=32), "stem").train()
    assert not model.class_token.requires_grad and not model.encoder.pos_embedding.requires_grad
    assert is_frozen(model, "stem") and not is_frozen(model, "stage1")


def test_freeze_to_moves_both_ways(model: nn.Module) -> None:
    for name, trainable in (("head", 1), ("stage3", 3), ("stem", 6), ("head", 1)):
        freeze_to(model, name)
        learns = [row.trainable == row.parameters for row in trainable_summary(model)[:-1]]
        assert learns == [False] * (6 - trainable) + [True] * trainable


def test_summary_counts(model: nn.Module) -> None:
    rows = {row.stage: row for row in trainable_summary(freeze_to(model, "head").train())}
    assert list(rows) == [*stages(model), "total"]
    assert rows["total"].parameters == sum(p.numel() for p in model.parameters())
    assert rows["total"].trainable == rows["head"].trainable == 160 * 2 + 2
    assert (rows["stem"].modes, rows["head"].modes, rows["total"].modes) == (
        "eval",
        "train",
        "mixed",
    )


def test_wrong_names_are_refused(model: nn.Module) -> None:
    for call in (
        lambda: freeze(model, "layer1"),
        lambda: freeze(model, ["stem", "stage9"]),
        lambda: freeze_to(model, "fc"),
    ):
        with pytest.raises(HotdogError, match="choose from stem, stage1, stage2"):
            call()
    with pytest.raises(HotdogError, match="norm 'eval' is unknown.*freeze, affine, adapt"):
        freeze(model, norm="eval")
    assert not is_frozen(model, "stem"), "an error changes nothing"
