"""What is seen inside a network is what is there, and looking changes nothing."""

import copy

import pytest
import torch
from captum.attr import LayerGradCam, Saliency
from torchvision.models import SwinTransformer, VisionTransformer, mobilenet_v3_small

from hotdog_lib.errors import HotdogError
from hotdog_lib.models import create_model, freeze, freeze_to
from hotdog_lib.viz.interpret import (
    feature_maps,
    grad_cam,
    gradients_by_stage,
    input_gradient,
    weight_change_by_stage,
    weight_gradients,
)

TARGETS = torch.tensor([0, 2])


@pytest.fixture
def net():
    torch.manual_seed(0)
    net = create_model("resnet18_slim", num_classes=3)
    torch.nn.init.normal_(net.fc.weight, std=0.1)  # a head of zeros lets no gradient through
    return net.train()


@pytest.fixture
def images():
    return torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def test_feature_maps_of_each_stage(net, images):
    maps = feature_maps(net, images)
    assert {name: tuple(m.shape) for name, m in maps.items()} == {
        "stem": (2, 20, 32, 32),
        "stage1": (2, 20, 16, 16),
        "stage2": (2, 40, 8, 8),
        "stage3": (2, 80, 4, 4),
        "stage4": (2, 160, 2, 2),
    }
    with torch.no_grad():
        logits = net.fc(maps["stage4"].mean((2, 3)))
        assert torch.allclose(logits, net.eval()(images), atol=1e-5)


@pytest.mark.parametrize(
    ("net", "shape"),
    [
        (VisionTransformer(32, 8, 4, 2, 16, 16), (1, 16, 4, 4)),
        (SwinTransformer([4, 4], 8, [1, 1], [2, 2], [2, 2]), (1, 16, 4, 4)),
    ],
)
def test_tokens_become_maps(net, shape):
    assert list(feature_maps(net, torch.zeros(1, 3, 32, 32)).values())[-1].shape == shape
    assert grad_cam(net, torch.zeros(1, 3, 32, 32), 7).shape == (1, 32, 32)


def test_looking_changes_nothing(net, images):
    before = copy.deepcopy(net.state_dict())
    feature_maps(net, images)
    gradients_by_stage(net, images, TARGETS)
    input_gradient(net, images, 1)
    grad_cam(net, images, 1)
    after = net.state_dict()
    assert all(torch.equal(after[key], before[key]) for key in before)
    assert net.bn1.training and all(p.grad is None for p in net.parameters())
    assert not any(m._forward_hooks for m in net.modules())


def test_gradients_are_those_of_backward_and_stop_where_it_is_frozen(net, images):
    found = weight_gradients(net, images, TARGETS)
    torch.nn.functional.cross_entropy(net.eval()(images), TARGETS).backward()
    assert all(torch.allclose(found[name], p.grad) for name, p in net.named_parameters())
    freeze_to(net, "stage3")
    sizes = gradients_by_stage(net, images, TARGETS)
    assert [stage for stage, size in sizes.items() if size > 0] == ["stage3", "stage4", "head"]
    head = torch.cat([found["fc.weight"].flatten(), found["fc.bias"]])
    assert sizes["head"] == pytest.approx(float(head.square().mean().sqrt()), rel=1e-4)
    assert set(gradients_by_stage(freeze(net), images, TARGETS).values()) == {0.0}


def test_weight_change_is_a_share_of_the_weights(net):
    before = copy.deepcopy(net)
    with torch.no_grad():
        for parameter in net.layer2.parameters():
            parameter.mul_(1.25)
        for parameter in before.fc.parameters():
            parameter.zero_()
    for old in (before, before.state_dict()):
        moved = weight_change_by_stage(old, net)
        assert moved["stage1"] == 0 and moved["stage2"] == pytest.approx(0.2, rel=1e-5)
        assert moved["head"] == 1
    with pytest.raises(HotdogError, match=r"fc.weight was \(5, 160\) before and is \(3, 160\)"):
        weight_change_by_stage(create_model("resnet18_slim", num_classes=5), net)


def test_input_gradient_and_grad_cam_are_captums(net, images):
    freeze(net)  # a frozen network is looked at as well
    mine = input_gradient(net, images, TARGETS)
    theirs = Saliency(net.eval()).attribute(images.clone().requires_grad_(), TARGETS, abs=False)
    assert torch.allclose(mine, theirs, atol=1e-6)
    cam = LayerGradCam(net, net.layer4)
    theirs = cam.attribute(images.clone().requires_grad_(), TARGETS, relu_attributions=True)
    theirs = torch.nn.functional.interpolate(theirs, (64, 64), mode="bilinear")[:, 0]
    assert torch.allclose(grad_cam(net, images, TARGETS), theirs, atol=1e-5)
    assert grad_cam(net, images, 0, net.layer2).shape == (2, 64, 64)


def test_grad_cam_of_a_vit_looks_where_tokens_still_count():
    torch.manual_seed(0)
    net = VisionTransformer(32, 8, 3, 2, 16, 32, num_classes=3).eval()
    torch.nn.init.normal_(net.heads.head.weight)  # it starts at zero
    images, last = torch.randn(2, 3, 32, 32), net.encoder.layers[-1]
    assert grad_cam(net, images, 1, last).abs().max() == 0  # behind the last attention
    kept = []
    hook = last.ln_1.register_forward_hook(lambda *given: kept.append(given[-1]))
    score = net(images.requires_grad_())[:, 1].sum()
    hook.remove()
    (gradient,) = torch.autograd.grad(score, kept[0])  # (2, 17, 16), the class token first
    tokens = kept[0][:, 1:] @ gradient[:, 1:].mean(1)[:, :, None]  # (2, 16, 1)
    seen = torch.nn.functional.interpolate(
        tokens.relu().view(2, 1, 4, 4), (32, 32), mode="bilinear"
    )
    assert torch.allclose(grad_cam(net, images, 1), seen[:, 0], atol=1e-6) and seen.max() > 0


def test_grad_cam_finds_the_last_map_before_hidden_layers(images):
    net = mobilenet_v3_small(num_classes=3)
    assert grad_cam(net, images, 1).equal(grad_cam(net, images, 1, net.features))


def test_a_class_that_the_head_does_not_have(net, images):
    for look in (input_gradient, grad_cam):
        with pytest.raises(HotdogError, match="rows 0 to 2, not 934"):
            look(net, images, 934)
