"""The canvas and the evaluation view, held against torchvision's."""

from __future__ import annotations

import json

import pytest
import torch
from torchvision.transforms import v2
from torchvision.transforms._presets import ImageClassification

from hotdog_lib.data.preprocess import Preprocessing, resize, to_canvas
from hotdog_lib.errors import HotdogError


def smooth(height: int, width: int, seed: int = 0) -> torch.Tensor:
    """A picture with soft structure, uint8 ``(3, height, width)``."""
    noise = torch.rand(1, 3, 9, 9, generator=torch.Generator().manual_seed(seed)) * 255
    grown = torch.nn.functional.interpolate(noise, (height, width), mode="bicubic")
    return grown[0].clamp(0, 255).to(torch.uint8)


@pytest.mark.parametrize("shape", [(256, 341), (500, 333), (90, 60), (768, 768), (257, 256)])
def test_canvas_and_view_equal_torchvision_resize_and_center_crop(shape):
    image = smooth(*shape)
    wanted = ImageClassification(crop_size=224, resize_size=256)(image)
    view = Preprocessing()(to_canvas(image, 256)[None])[0]
    assert view.shape == wanted.shape == (3, 224, 224) and view.dtype == torch.float32
    assert (view - wanted).abs().mean() < 0.03  # deviations; half a source pixel of shift at most


def test_canvas_is_antialiased():
    stripes = torch.zeros(3, 512, 512, dtype=torch.uint8)
    stripes[:, :, ::2] = 255  # finer than the canvas can show: grey, not stripes
    assert to_canvas(stripes, 200)[:, :, 2:-2].float().sub(127.5).abs().max() < 20


@pytest.mark.parametrize("shape", [(1, 100_000), (100_000, 1), (1, 1), (3, 2)])
def test_canvas_of_extreme_shapes_is_square_and_cheap(shape):
    assert to_canvas(torch.full((3, *shape), 7, dtype=torch.uint8), 64).eq(7).all()


def test_canvas_keeps_the_aspect_ratio():
    image = torch.zeros(3, 200, 400, dtype=torch.uint8)
    image[:, 50:150, 150:250] = 255  # a square stays a square
    inside = to_canvas(image, 100)[0] > 127
    assert inside.any(0).sum() == inside.any(1).sum() == 50


def test_another_canvas_is_brought_to_size_first():
    image = smooth(256, 256)
    small = Preprocessing(resize_size=128, crop_size=112)
    wanted = v2.functional.center_crop(resize(image[None], 128), 112)
    assert torch.equal(small.center_crop(image[None]), wanted)


def test_normalise_bytes_and_floats_alike_and_back():
    image = smooth(32, 32)[None]
    view = Preprocessing()
    wanted = v2.functional.normalize(image / 255, view.mean, view.std)
    assert torch.allclose(view.normalise(image), wanted, atol=1e-5)
    assert torch.equal(view.normalise(image), view.normalise(image.float()))
    assert torch.allclose(view.denormalise(wanted), image.float(), atol=1e-3)


def test_normalise_lets_gradients_through_even_after_inference_mode():
    view = Preprocessing(mean=(0.11, 0.12, 0.13))  # statistics that no other test has kept
    with torch.inference_mode():
        view.normalise(torch.zeros(1, 3, 4, 4))
    pixels = torch.zeros(1, 3, 4, 4, requires_grad=True)
    view.normalise(pixels).sum().backward()
    assert pixels.grad is not None and pixels.grad.gt(0).all()


def test_json_round_trip_and_validation():
    view = Preprocessing(232, 224, (0.5, 0.5, 0.5), (0.2, 0.2, 0.2), "bicubic")
    assert Preprocessing.from_dict(json.loads(json.dumps(view.to_dict()))) == view
    for change in (
        {"crop_size": 300},
        {"std": [1, 0, 1]},
        {"mean": [1]},
        {"interpolation": "magic"},
        {"mean": "abc"},
        {"unknown": 1},
    ):
        with pytest.raises(HotdogError):
            Preprocessing.from_dict({**view.to_dict(), **change})
