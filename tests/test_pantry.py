"""The pantry: a pure function of (seed, index, size), with every class within reach."""

import hashlib
import json
import subprocess
import sys
from collections import Counter

import pytest
import torch

from hotdog_lib.kitchen.paint import Material, rgb
from hotdog_lib.kitchen.pantry import PANTRY_CLASSES, render_pantry, render_pantry_set
from hotdog_lib.kitchen.pantry_styles import Palette
from hotdog_lib.kitchen.pantry_toys import CAST, Recast
from hotdog_lib.kitchen.shapes import Source


def digest(images: torch.Tensor) -> str:
    return hashlib.sha256(images.contiguous().numpy().tobytes()).hexdigest()


def test_class_names_are_unique_and_one_is_the_hot_dog():
    assert len(PANTRY_CLASSES) >= 64
    assert len(set(PANTRY_CLASSES)) == len(PANTRY_CLASSES)
    assert "hotdog" in PANTRY_CLASSES


def test_every_class_renders_at_its_index_and_its_factors_are_plain():
    n = len(PANTRY_CLASSES)
    pictures = render_pantry_set(3, range(n), 64, workers=1)
    assert pictures.images.shape == (n, 3, 64, 64) and pictures.images.dtype == torch.uint8
    assert pictures.targets.tolist() == list(range(n))
    assert [factors["class"] for factors in pictures.factors] == list(PANTRY_CLASSES)
    assert json.loads(json.dumps(pictures.factors)) == list(pictures.factors)
    assert (pictures.images.float().flatten(1).std(dim=1) > 3).float().mean() > 0.98


def test_a_picture_is_the_same_alone_in_a_set_and_on_two_threads():
    indices = [0, 7, 130, 999]
    together = render_pantry_set(5, indices, 96, workers=1)
    before = torch.get_num_threads()
    for threads in (1, 2):
        torch.set_num_threads(threads)
        for row, index in enumerate(indices):
            alone = render_pantry(5, index, 96)
            assert torch.equal(alone.image, together.images[row])
            assert alone.factors == together.factors[row]
        assert torch.get_num_threads() == threads
    torch.set_num_threads(before)


def test_a_picture_is_the_same_in_another_process():
    code = (
        "import hashlib\n"
        "from hotdog_lib.kitchen.pantry import render_pantry_set as render\n"
        "images = render(5, range(40, 60), 64, workers=1).images\n"
        "print(hashlib.sha256(images.numpy().tobytes()).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == digest(render_pantry_set(5, range(40, 60), 64, workers=1).images)


def test_worker_processes_make_the_same_pictures_after_threaded_work():
    torch.randn(400, 400) @ torch.randn(400, 400)  # starts torch's threads: a forked pool hangs
    shared = render_pantry_set(5, range(9), 64, workers=2)
    alone = render_pantry_set(5, range(9), 64, workers=1)
    assert torch.equal(shared.images, alone.images)
    assert torch.equal(shared.targets, alone.targets)
    assert shared.factors == alone.factors


def test_seed_and_index_both_matter():
    n = len(PANTRY_CLASSES)
    images = [render_pantry(*key, 64).image for key in ((1, 0), (2, 0), (1, n))]
    assert len({digest(image) for image in images}) == 3


@pytest.mark.parametrize("size", [64, 161, 512])
def test_any_size_is_the_same_scene(size):
    small = render_pantry(9, 2, 64).factors
    picture = render_pantry(9, 2, size)
    assert picture.image.shape == (3, size, size)
    assert picture.factors == small


def test_toys_are_of_the_classes_that_can_be_cast_and_most_of_those():
    styles = Counter((f["class"] in CAST, f["style"] == "toy") for f in drawn(300))
    assert styles[False, True] == 0 < styles[False, False]
    assert 0.7 < styles[True, True] / (styles[True, True] + styles[True, False]) < 0.9


def test_a_toy_has_one_finish_and_one_new_colour_for_each_old_one():
    old = [Material(rgb(code), gloss=0.3, bump=0.5, grain=0.2) for code in ("#e0a458", "#b5442a")]
    source = Source("a toy")
    recast = Recast(source, Palette(source))
    bun, sausage = (recast(material) for material in old)
    assert recast(old[0]).colour == bun.colour != sausage.colour != old[1].colour
    assert (bun.gloss, bun.sharp) == (sausage.gloss, sausage.sharp)
    assert bun.bump == bun.grain == bun.mottle == 0


def drawn(count: int) -> list[dict]:
    return list(render_pantry_set(11, range(count), 64, workers=1).factors)
