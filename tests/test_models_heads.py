"""Every family of torchvision: its head, its stages, its features."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torchvision import models as torchvision_models

from hotdog_lib.errors import HotdogError
from hotdog_lib.models import (
    classifier_name,
    create_model,
    forward_features,
    get_classifier,
    head_logits,
    reset_classifier,
    stages,
)

FAMILIES = {  # name: (classifier, number of stages, image side)
    "resnet18": ("fc", 6, 64),
    "resnet18_slim": ("fc", 6, 64),
    "wide_resnet50_2": ("fc", 6, 32),
    "resnext50_32x4d": ("fc", 6, 32),
    "densenet121": ("classifier", 6, 32),
    "squeezenet1_0": ("classifier.1", 5, 64),
    "squeezenet1_1": ("classifier.1", 5, 64),
    "vgg11_bn": ("classifier.6", 7, 32),
    "alexnet": ("classifier.6", 5, 64),
    "mobilenet_v2": ("classifier.1", 6, 32),
    "mobilenet_v3_small": ("classifier.3", 6, 32),
    "efficientnet_b0": ("classifier.1", 6, 32),
    "efficientnet_v2_s": ("classifier.1", 6, 32),
    "convnext_tiny": ("classifier.2", 6, 32),
    "regnet_x_400mf": ("fc", 6, 32),
    "shufflenet_v2_x0_5": ("fc", 5, 32),
    "mnasnet0_5": ("classifier.1", 6, 32),
    "googlenet": ("fc", 6, 64),
    "inception_v3": ("fc", 6, 75),
    "vit_b_32": ("heads.head", 6, 64),
    "swin_t": ("head", 6, 64),
    "swin_v2_t": ("head", 6, 64),
    "maxvit_t": ("classifier.5", 6, 224),
}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """On busy cores two threads wait for each other longer than they work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", FAMILIES)
def test_family(name: str) -> None:
    classifier, count, side = FAMILIES[name]
    model = create_model(name, num_classes=3, image_size=side)
    images = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    assert classifier_name(model) == classifier

    parts = stages(model)
    assert list(parts) == ["stem", *(f"stage{i}" for i in range(1, count - 1)), "head"]
    staged = [id(p) for units in parts.values() for unit in units for p in unit.parameters()]
    assert sorted(staged) == sorted(id(p) for p in model.parameters()), "each in exactly one stage"
    head_parameters = {id(p) for unit in parts["head"] for p in unit.parameters()}
    assert head_parameters == {id(p) for p in get_classifier(model).parameters()}

    logits, visited = _run_and_trace(model.eval(), images)
    assert logits.shape == (2, 3)
    assert visited == sorted(visited) and set(visited) == set(range(count))
    with torch.no_grad():
        features = forward_features(model, images)
        assert features.ndim == 2
        torch.testing.assert_close(head_logits(model, features), logits, rtol=1e-4, atol=1e-5)
        assert reset_classifier(model, 5) is model
        assert torch.equal(head_logits(model, features), torch.zeros(2, 5)), "no class favoured"


@torch.no_grad()
def _run_and_trace(model: nn.Module, images: Tensor) -> tuple[Tensor, list[int]]:
    """Logits, and the numbers of the stages in the order in which their units were used."""
    visited: list[int] = []
    hooks = [
        unit.register_forward_pre_hook(lambda *_, at=at: visited.append(at))
        for at, units in enumerate(stages(model).values())
        for unit in units
    ]
    logits = model(images)
    for hook in hooks:
        hook.remove()
    return logits, visited


def test_auxiliary_heads_of_a_network_made_elsewhere_go_and_are_never_taken_for_the_head() -> None:
    for name, image in (("googlenet", 64), ("inception_v3", 75)):
        model = torchvision_models.get_model(
            name, weights=None, init_weights=False, aux_logits=True
        )
        assert classifier_name(model) == "fc"
        reset_classifier(model, 2)
        assert not any("aux" in key.lower() for key in model.state_dict())
        assert isinstance(model.train()(torch.randn(2, 3, image, image)), Tensor)


# Trap 13: SqueezeNet's own head ends in a ReLU, and a head of two classes can die in it.


def test_squeezenet_head_has_no_relu_and_cannot_die() -> None:
    images, rows = torch.rand(4, 3, 64, 64), -torch.ones(2, 512)
    naive = torchvision_models.squeezenet1_1()
    naive.classifier[1] = nn.Conv2d(512, 2, kernel_size=1)
    with torch.no_grad():
        naive.classifier[1].weight.copy_(rows[:, :, None, None])
        naive.classifier[1].bias.zero_()
    naive.eval()(images).sum().backward()
    assert naive(images).min() >= 0, "what the trap is"
    assert not naive.classifier[1].weight.grad.any(), "dead: nothing to learn from"

    ours = reset_classifier(torchvision_models.squeezenet1_1(), 2, rows=rows).eval()
    ours(images).sum().backward()
    assert ours(images).max() < 0
    assert get_classifier(ours).weight.grad.any()


def test_features_of_a_head_with_relu_are_refused() -> None:
    model = create_model("squeezenet1_1")
    with pytest.raises(HotdogError, match="ends in a ReLU.*reset_classifier"):
        head_logits(model, torch.zeros(1, 512))


# Trap 12: the start of the head.


def test_starts_of_a_head() -> None:
    model = create_model("resnet18_slim")
    state = torch.get_rng_state()
    reset_classifier(model, 2, init="default", generator=torch.Generator().manual_seed(1))
    assert torch.equal(torch.get_rng_state(), state), "only the generator is drawn from"
    first = get_classifier(model).weight.clone()
    reset_classifier(model, 2, init="default", generator=torch.Generator().manual_seed(1))
    assert torch.equal(get_classifier(model).weight, first) and first.abs().max() <= 160**-0.5
    prior = torch.tensor([0.1, 0.9]).log()
    reset_classifier(model, 2, bias=prior)
    probability = model.eval()(torch.rand(1, 3, 64, 64)).softmax(1)
    torch.testing.assert_close(probability, torch.tensor([[0.1, 0.9]]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_classes": 0}, "num_classes 0"),
        ({"num_classes": 2, "init": "xavier"}, "'xavier'"),
        ({"num_classes": 2, "rows": torch.zeros(3, 160)}, r"rows has shape \(3, 160\).*\(2, 160\)"),
        ({"num_classes": 2, "bias": torch.zeros(3)}, r"bias has shape \(3,\).*\(2,\)"),
    ],
)
def test_impossible_heads_are_refused_and_the_old_one_stays(options: dict, message: str) -> None:
    model = create_model("resnet18_slim", num_classes=7)
    with pytest.raises(HotdogError, match=message):
        reset_classifier(model, **options)
    assert get_classifier(model).out_features == 7


def test_the_new_head_has_the_type_and_place_of_the_old() -> None:
    model = create_model("resnet18_slim", num_classes=7).to(torch.float64).eval()
    head = get_classifier(reset_classifier(model, 2))
    assert head.weight.dtype == torch.float64 and not head.training
    assert all(p.requires_grad for p in head.parameters())


def test_names_on_a_wrapped_network_are_those_of_the_plain_one() -> None:
    plain = create_model("resnet18_slim", num_classes=2).eval()
    images = torch.rand(1, 3, 64, 64)
    for wrapped in (torch.compile(plain), nn.DataParallel(plain)):
        assert classifier_name(wrapped) == "fc"
        assert stages(wrapped)["head"] == stages(plain)["head"]
        assert torch.equal(forward_features(wrapped, images), forward_features(plain, images))


def test_a_network_of_ones_own() -> None:
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(), nn.Conv2d(8, 8, 3, stride=2), nn.Flatten()
    )
    model.append(nn.Linear(8 * 3 * 3, 2))
    assert list(stages(model)) == ["stem", "stage1", "head"]
    images = torch.rand(2, 3, 16, 16)
    torch.testing.assert_close(head_logits(model, forward_features(model, images)), model(images))
    with pytest.raises(HotdogError, match="no Linear or Conv2d"):
        classifier_name(nn.Sequential(nn.ReLU()))
