"""Random views: their own for every picture, by torchvision's law, from the generator alone."""

from __future__ import annotations

import pytest
import torch
from torchvision.transforms import RandomResizedCrop
from torchvision.transforms.v2 import functional as V2

from hotdog_lib.data import augment as module
from hotdog_lib.data.augment import Augmentation, augment, crop_boxes, mixup
from hotdog_lib.data.preprocess import resize
from hotdog_lib.errors import HotdogError

STILL = Augmentation(scale=(1, 1), flip=0)
JITTER = Augmentation(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def images() -> torch.Tensor:
    """12 soft pictures, uint8 (12, 3, 64, 64)."""
    noise = torch.rand(12, 3, 7, 7, generator=seeded()) * 255
    grown = torch.nn.functional.interpolate(noise, (64, 64), mode="bicubic")
    return grown.clamp(0, 255).to(torch.uint8)


def test_every_picture_of_a_batch_gets_its_own_view(images):
    views = augment(images[:1].expand(8, -1, -1, -1), 32, Augmentation(), seeded())
    apart = torch.cdist(views.flatten(1), views.flatten(1)) + torch.eye(8) * 1e9
    assert apart.min() > 100  # torchvision.transforms.v2 gives 0: one draw for the batch
    flipped = augment(images[:1].expand(64, -1, -1, -1), 64, Augmentation((1, 1)), seeded())
    assert 10 < sum(torch.equal(view, images[0].float()) for view in flipped) < 54


@pytest.mark.parametrize("policy", [Augmentation(), JITTER])
def test_views_are_a_function_of_the_generator(images, policy):
    torch.manual_seed(1)
    first = augment(images, 48, policy, seeded(5))
    torch.manual_seed(2)
    assert torch.equal(first, augment(images, 48, policy, seeded(5)))
    assert not torch.equal(first, augment(images, 48, policy, seeded(6)))
    assert first.dtype == torch.float32 and first.shape == (12, 3, 48, 48)
    assert first.min() >= 0 and first.max() <= 255


def test_still_policy_is_a_plain_resize(images):
    assert torch.equal(augment(images, 64, STILL, seeded()), images.float())
    assert torch.equal(augment(images, 40, STILL, seeded()), resize(images, 40).float())


@pytest.mark.parametrize("flip", [0.0, 0.25, 1.0])
def test_flip_probability(flip):
    arrows = torch.zeros(1, 3, 4, 4, dtype=torch.uint8)
    arrows[..., :2] = 255
    policy = Augmentation(scale=(1, 1), flip=flip)
    views = augment(arrows.expand(4000, -1, -1, -1), 4, policy, seeded())
    share = views[:, 0, 0, 0].eq(0).float().mean()
    assert abs(share - flip) < 0.025


@pytest.mark.parametrize(
    ("scale", "ratio"), [((0.35, 1.0), (3 / 4, 4 / 3)), ((0.08, 0.5), (0.5, 2.0)), ((1, 1), (2, 3))]
)
def test_crops_follow_the_law_of_random_resized_crop(scale, ratio):
    ours = crop_boxes(6000, 96, Augmentation(scale=scale, ratio=ratio), seeded()).float()
    torch.manual_seed(0)
    picture = torch.zeros(1, 96, 96)
    theirs = [RandomResizedCrop.get_params(picture, list(scale), list(ratio)) for _ in range(3000)]
    theirs = torch.tensor(theirs, dtype=torch.float32)[:, [1, 0, 3, 2]]  # top, left, height, width
    for power in (1, 2):
        means = [boxes.pow(power).mean(0).pow(1 / power) for boxes in (ours, theirs)]
        assert torch.allclose(*means, atol=1.0), means
    assert (ours[:, :2] + ours[:, 2:]).max() <= 96 and ours[:, :2].min() >= 0


def test_a_view_is_torchvisions_antialiased_crop(images):
    generator = seeded(3)
    boxes = crop_boxes(12, 64, Augmentation(scale=(0.3, 0.9)), generator)
    no_flip = torch.zeros(12, dtype=torch.bool)
    for size in (
        16,
        64,
    ):  # 16: crops shrink threefold, where sampling without antialiasing is wrong
        wanted = [
            V2.resized_crop(image, top, left, height, width, [size, size], antialias=True)
            for image, (left, top, width, height) in zip(images, boxes.tolist(), strict=True)
        ]
        views = module._resample_bytes(images, size, boxes, no_flip)
        assert torch.equal(views, torch.stack(wanted).float())


@pytest.mark.parametrize("size", [20, 64, 100])
def test_the_products_used_on_a_gpu_agree_with_the_cpu(images, size):
    boxes = crop_boxes(12, 64, Augmentation(), seeded(3))
    flips = torch.arange(12) % 3 == 0
    on_cpu = module._resample_bytes(images, size, boxes, flips)
    assert (module._resample_matrix(images, size, boxes, flips) - on_cpu).abs().max() <= 1.01


def luma(views: torch.Tensor) -> torch.Tensor:
    return torch.einsum("bchw,c->bhw", views, torch.tensor(module.LUMA))


def test_colour_changes_touch_what_they_should(images):
    soft = (images // 4 + 96).to(torch.uint8)  # far from the limits: nothing is clamped
    plain = soft.float()

    def view(**colour: float) -> torch.Tensor:
        return augment(soft, 64, Augmentation((1, 1), flip=0, **colour), seeded(1))

    gains = view(brightness=0.4) / plain
    assert gains.flatten(1).std(1).max() < 1e-3 and gains.mean((1, 2, 3)).std() > 0.05
    assert (gains - 1).abs().max() < 0.4
    contrast = view(contrast=0.4)
    means = luma(plain).mean((1, 2))[:, None, None, None]
    slopes = (contrast - means) / (plain - means)
    assert torch.allclose(luma(contrast).mean((1, 2)), means.flatten(), atol=0.1)
    assert slopes.flatten(1).median(1).values.std() > 0.05
    for colour in ({"saturation": 0.5}, {"hue": 0.5}):
        changed = view(**colour)
        assert torch.allclose(luma(changed), luma(plain), atol=0.15)
        assert (changed - plain).abs().mean() > 1


def test_saturation_equals_torchvisions(images):
    soft = (images // 4 + 96).float()
    for factor in (0.0, 0.5, 1.4):
        matrix = module._colour_matrix(torch.full((12, 1, 1), factor), torch.zeros(12, 1, 1))
        ours = torch.bmm(matrix, soft.flatten(2)).view_as(soft)
        assert torch.allclose(ours, V2.adjust_saturation(soft / 255, factor) * 255, atol=0.6)


def test_mixup_mixes_pictures_and_labels_alike():
    one_hot = torch.eye(4).repeat(8, 1)  # (32, 4)
    images = one_hot[:, :3, None, None].expand(-1, -1, 5, 5) * 100
    mixed, labels = mixup(images, one_hot, 0.4, seeded())
    assert torch.allclose(labels.sum(1), torch.ones(32)) and labels.min() >= 0
    assert torch.allclose(mixed[:, :, 0, 0], labels[:, :3] * 100, atol=1e-4)
    assert labels.max(1).values.min() >= 0.5 and labels.max(1).values.std() > 0.02
    assert torch.equal(mixup(images, one_hot, 0.4, seeded())[0], mixed)
    assert mixup(images, one_hot, 0.0, seeded())[0] is images


@pytest.mark.parametrize("fault", [{"scale": (0, 1)}, {"flip": 2}, {"hue": 0.6}, {"ratio": (2, 1)}])
def test_impossible_policies_are_refused(fault):
    with pytest.raises(HotdogError, match=next(iter(fault))):
        Augmentation(**fault)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("policy", [Augmentation(), JITTER])
def test_the_same_views_on_a_gpu(images, policy):
    on_gpu = augment(images.cuda(), 40, policy, seeded(4))
    assert on_gpu.is_cuda and on_gpu.dtype == torch.float32
    assert (on_gpu.cpu() - augment(images, 40, policy, seeded(4))).abs().max() < 4
    own = augment(images.cuda(), 40, policy, torch.Generator("cuda").manual_seed(0))
    assert own.is_cuda
