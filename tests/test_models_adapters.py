"""LoRA, adapters, bias and norm tuning: equal to peft's, exact to merge and to undo, and nothing
else in the network moves."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
import torch
from torch import nn

from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.errors import HotdogError
from hotdog_lib.models import (
    ModelCard,
    create_model,
    freeze,
    get_weights,
    load_model,
    save_model,
    stages,
)
from hotdog_lib.models.adapter_layers import Bottleneck, LowRank, attach_lora
from hotdog_lib.models.adapters import (
    KINDS,
    adapter_keys,
    insert,
    merge,
    unload,
    unmerge,
    wake,
)
from hotdog_lib.models.io import save_adapter

IMAGES = torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(0))
VIEW = Preprocessing(64, 64)
TARGETS = torch.tensor([0, 1, 1, 0])


@pytest.fixture(autouse=True)
def fixed_seed():
    torch.manual_seed(0)


def trained(model):
    """Every new number moved away from where it began."""
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, LowRank | Bottleneck):
                for parameter in module.parameters():
                    parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def tiny():
    """A convolution, a dilated one, a grouped one, a depthwise one, two linear layers."""
    layers = [nn.Conv2d(3, 12, 3, stride=2, padding=1), nn.ReLU()]
    layers += [nn.Conv2d(12, 12, 3, padding=2, dilation=2, padding_mode="reflect"), nn.ReLU()]
    layers += [nn.Conv2d(12, 24, 3, groups=3), nn.Conv2d(24, 24, 3, groups=24, bias=False)]
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(24, 30), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(30, 2))


def with_lora(model, rank=4):
    """LoRA in every layer but the last, small or not."""
    *layers, _ = [m for m in model.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    for layer in layers:
        attach_lora(layer, LowRank(layer, rank, scale=0.5))
    return model


def step(model, parameters, optimizer=torch.optim.AdamW):
    made = optimizer(parameters, lr=0.1)
    nn.functional.cross_entropy(model(IMAGES), TARGETS).backward()
    made.step()


class Plain(nn.Module):
    """What LoRA is compared in: no norm layers, whose statistics peft does not keep."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 16, 3, stride=2, padding=1)
        self.second = nn.Conv2d(16, 16, 1)
        self.third = nn.Linear(16, 32)
        self.head = nn.Linear(32, 2)

    def forward(self, images):
        maps = torch.relu(self.second(torch.relu(self.first(images))))
        return self.head(torch.relu(self.third(maps.mean((2, 3)))))


def as_peft(model, rank, alpha):
    peft = pytest.importorskip("peft")
    names = ["first", "second", "third"]
    config = peft.LoraConfig(
        r=rank, lora_alpha=alpha, target_modules=names, modules_to_save=["head"]
    )
    return peft.get_peft_model(model, config)


@pytest.mark.parametrize("optimizer", [torch.optim.AdamW, torch.optim.SGD])
def test_equal_to_peft_at_the_start_after_steps_and_merged(optimizer):
    plain = Plain()
    theirs = as_peft(copy.deepcopy(plain), rank=4, alpha=8)
    ours = with_lora(plain)
    for name in ("first", "second", "third"):
        layer, other = plain.get_submodule(name), theirs.base_model.model.get_submodule(name)
        layer.lora.scale = other.scaling["default"]
        layer.lora.a.data = other.lora_A["default"].weight.detach().clone()
        assert layer.lora.a.shape == other.lora_A["default"].weight.shape
        assert layer.lora.b.numel() == other.lora_B["default"].weight.numel()
    assert torch.equal(ours(IMAGES), theirs(IMAGES))
    wake(freeze(ours), "lora").head.requires_grad_(True)
    for _ in range(3):
        step(ours, [p for p in ours.parameters() if p.requires_grad], optimizer)
        step(theirs, [p for p in theirs.parameters() if p.requires_grad], optimizer)
    torch.testing.assert_close(ours(IMAGES), theirs(IMAGES), rtol=1e-4, atol=1e-5)
    merged = theirs.merge_and_unload()
    for name, tensor in unload(ours).state_dict().items():
        torch.testing.assert_close(tensor, merged.state_dict()[name], rtol=1e-4, atol=1e-5)


def test_a_grouped_layer_equals_pefts_with_nothing_across_groups():
    """Peft's first thin layer sees every group, so that it cannot be merged; ours can."""
    plain = nn.Sequential(nn.Conv2d(8, 12, 3, groups=2), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    peft = pytest.importorskip("peft")
    with pytest.warns(UserWarning, match="groups"):
        config = peft.LoraConfig(r=4, lora_alpha=4, target_modules=["0"])
        theirs = peft.get_peft_model(copy.deepcopy(plain), config)
    layer, other = plain[0], theirs.base_model.model[0]
    layer.lora = trained(LowRank(layer, 4))
    with torch.no_grad():
        first = other.lora_A["default"].weight.zero_()  # (4, 8, 3, 3)
        first[:2, :4], first[2:, 4:] = layer.lora.a[:2], layer.lora.a[2:]
        other.lora_B["default"].weight.copy_(layer.lora.b[:, :, None, None])
        images = torch.randn(2, 8, 9, 9)
        added = other(images) - layer(images)
        torch.testing.assert_close(layer.lora(layer, images), added, rtol=1e-4, atol=1e-5)


def test_the_change_in_the_weight_is_the_change_in_the_output():
    model = trained(with_lora(tiny())).double()
    wanted = model(IMAGES.double())
    torch.testing.assert_close(merge(model)(IMAGES.double()), wanted, rtol=1e-12, atol=1e-12)


def test_merge_unmerge_and_unload():
    model = trained(insert(create_model("resnet18_slim", num_classes=2), "lora", 4)).eval()
    model = model.to(memory_format=torch.channels_last)
    weights, outputs = copy.deepcopy(model.state_dict()), model(IMAGES)
    merged = merge(merge(model))(IMAGES)
    torch.testing.assert_close(merged, outputs, rtol=1e-3, atol=1e-4)
    assert not torch.equal(weights["layer1.0.conv1.weight"], model.layer1[0].conv1.weight)
    with pytest.raises(HotdogError, match="unmerge"):
        adapter_keys(model)
    unmerge(unmerge(model))
    assert all(torch.equal(weights[k], v) for k, v in model.state_dict().items())
    assert torch.equal(model(IMAGES), outputs)
    unload(model)
    plain = create_model("resnet18_slim", num_classes=2).eval()
    assert list(model.state_dict()) == list(plain.state_dict())
    assert torch.equal(model(IMAGES), merged)
    plain.load_state_dict(model.state_dict())
    assert torch.equal(plain.to(memory_format=torch.channels_last)(IMAGES), merged)


NETWORKS = ["resnet18_slim", "squeezenet1_1", "densenet121", "regnet_y_400mf", "vit_b_16"]


def by_stage(model):
    """Names of the modules in each stage."""
    names = {module: name for name, module in model.named_modules()}
    return {s: [names.get(unit) for unit in units] for s, units in stages(model).items()}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("kind", ["lora", "adapter"])
def test_what_is_inserted_changes_neither_outputs_nor_stages(name, kind):
    if name == "vit_b_16":  # a smaller one of the same make
        from torchvision.models import VisionTransformer

        model = VisionTransformer(64, 16, 2, 2, 32, 64, num_classes=2).eval()
    else:
        model = create_model(name, num_classes=2).eval()
    nn.init.normal_(list(model.parameters())[-2])  # the head
    outputs, parts, keys = model(IMAGES), by_stage(model), set(model.state_dict())
    insert(model, kind, 4)
    assert torch.equal(model(IMAGES), outputs) and by_stage(model) == parts
    assert keys < set(model.state_dict())
    moved = trained(model)(IMAGES)
    assert not torch.equal(moved, outputs), "what was inserted is used"
    again = pickle.loads(pickle.dumps(copy.deepcopy(model)))
    trained(model)
    assert torch.equal(again(IMAGES), moved), "a copy has numbers of its own"


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_a_kind_trains_moves(kind):
    model = create_model("resnet18_slim", num_classes=2)
    nn.init.normal_(model.fc.weight)
    wake(freeze(insert(model, kind, 4)), kind).train()
    before = copy.deepcopy(model.state_dict())
    for _ in range(2):  # LoRA's first matrix has no gradient while the second is zero
        step(model, [p for p in model.parameters() if p.requires_grad])
    moved = {k for k, v in model.state_dict().items() if not torch.equal(v, before[k])}
    part = {"lora": "lora", "adapter": "adapter", "bias": "bias", "norm": "bn"}[kind]
    assert moved and all(part in key or "downsample.1" in key for key in moved), moved
    learns = {name for name, p in model.named_parameters() if p.requires_grad}
    assert moved == learns and set(adapter_keys(model)) > learns
    assert all(key in adapter_keys(model) for key in before if "running" in key)


def test_an_adapter_with_moved_statistics_is_worth_nothing_without_them():
    """What an adapter file without buffers would lose (trap 4)."""
    source = create_model("resnet18_slim", num_classes=2)
    nn.init.normal_(source.fc.weight)
    model = trained(insert(copy.deepcopy(source), "lora", 4))
    wake(freeze(model, norm="adapt"), "lora").train()
    model(3 * IMAGES)
    model.eval()
    fresh = insert(copy.deepcopy(source), "lora", 4).eval()
    state = {key: model.state_dict()[key] for key in adapter_keys(model)}
    learned = {key: v for key, v in state.items() if "running" not in key and "num_" not in key}
    fresh.load_state_dict(learned, strict=False)
    assert not torch.allclose(fresh(IMAGES), model(IMAGES), atol=0.1)
    fresh.load_state_dict(state, strict=False)
    assert torch.equal(fresh(IMAGES), model(IMAGES))


@pytest.fixture
def source(tmp_path):
    """A file of source weights with three classes."""
    path = tmp_path / "source.safetensors"
    model = create_model("resnet18_slim", num_classes=3)
    with torch.no_grad():
        model.train()(IMAGES)  # statistics that are not a new network's
    about = {"class_names": ("a", "b", "c"), "preprocessing": VIEW}
    save_model(model, path, architecture="resnet18_slim", **about)
    return get_weights("resnet18_slim", path)


@pytest.mark.parametrize("kind", KINDS)
def test_an_adapter_file_and_its_source_give_the_network_back(kind, source, tmp_path):
    model = create_model("resnet18_slim", weights=source, num_classes=2)
    wake(freeze(insert(model, kind, 4), norm="adapt"), kind).fc.requires_grad_(True)
    for _ in range(2):
        step(model.train(), [p for p in model.parameters() if p.requires_grad])
    model.eval()
    about = {"class_names": ("hotdog", "other"), "preprocessing": VIEW}
    path = tmp_path / "adapter.safetensors"
    card = save_adapter(model, path, source, **about)
    assert card.body == {"weights": "file", "digest": source.digest}
    assert card.adapter == ({"kind": kind, "rank": 4} if kind in ("lora", "adapter") else None)
    assert path.stat().st_size < source.path.stat().st_size / 2
    loaded, read = load_model(path, source=source)
    assert torch.equal(loaded(IMAGES), model(IMAGES)) and read == card
    with pytest.raises(HotdogError, match="hand them over as source"):
        load_model(path)
    with pytest.raises(HotdogError, match="taught on other"):
        load_model(path, source=get_weights("resnet18_slim", "embedded"))
    whole = tmp_path / "model.safetensors"
    save_model(unload(model), whole, architecture="resnet18_slim", **about)
    again, card = load_model(whole)
    assert torch.equal(again(IMAGES), model(IMAGES)) and card.body is None
    assert (card.adapter is None) == (kind != "adapter"), "what was merged is an ordinary model"


@pytest.mark.parametrize("adapter", [[], {"kind": "lora"}, {"kind": "x", "rank": 1},
                                     {"kind": "lora", "rank": 10**9}])  # fmt: skip
def test_a_card_with_a_false_adapter(adapter):
    card = {"format": 1, "model": "resnet18_slim", "class_names": ["a"], "adapter": adapter}
    with pytest.raises(HotdogError, match="adapter|kind|rank"):
        ModelCard.from_json(json.dumps(card | {"preprocessing": VIEW.to_dict()}))


def test_what_is_no_use_is_left_alone_or_refused():
    depthwise = insert(create_model("mobilenet_v3_small", num_classes=2), "lora", 8)
    for layer in depthwise.modules():
        if hasattr(layer, "lora"):
            size = layer.lora.a.numel() + layer.lora.b.numel()
            assert size < layer.weight.numel()
    assert not hasattr(depthwise.classifier[-1], "lora"), "the head is trained as it is"
    slim = create_model("resnet18_slim", num_classes=2)
    for call, message in (
        (lambda: insert(slim, "dora"), "lora, adapter, bias, norm"),
        (lambda: insert(slim, "lora", 0), "rank 0"),
        (lambda: insert(slim, "lora", 4000), "lower the rank"),
        (lambda: insert(insert(slim, "lora"), "adapter"), "already"),
        (lambda: insert(create_model("alexnet", num_classes=2), "adapter"), "no blocks"),
        (lambda: wake(create_model("squeezenet1_1"), "norm"), "kind 'norm'"),
        (lambda: wake(create_model("squeezenet1_1"), "lora"), "insert them"),
        (lambda: LowRank(nn.BatchNorm2d(3), 2), "not for BatchNorm2d"),
    ):
        with pytest.raises(HotdogError, match=message):
            call()


@pytest.mark.parametrize("kind", ["lora", "adapter"])
def test_a_compiled_network_with_inserted_layers(kind):
    model = trained(insert(create_model("squeezenet1_1", num_classes=2).eval(), kind, 4))
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(IMAGES), model(IMAGES))
