"""Near-duplicates are found, and a split keeps them, and every class's share, where they belong."""

from __future__ import annotations

import io
import json
from functools import lru_cache

import numpy as np
import pytest
import torch
from PIL import Image

from hotdog_lib.data.decode import decode_image
from hotdog_lib.data.duplicates import difference_hash, duplicate_groups, near_duplicates
from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.data.preprocess import to_canvas
from hotdog_lib.data.report import describe
from hotdog_lib.data.splits import stratified_split
from hotdog_lib.errors import HotdogError


@lru_cache
def scene(seed: int, size: int = 160) -> Image.Image:
    """Coloured blobs of several sizes: structured like a photograph, and unlike any other seed."""
    generator = torch.Generator().manual_seed(seed)
    total = torch.zeros(1, 3, size, size)
    for cells, weight in ((3, 90), (7, 50), (21, 25)):
        noise = torch.rand(1, 3, cells, cells, generator=generator) - 0.5
        total += weight * torch.nn.functional.interpolate(noise, (size, size), mode="bicubic")
    return Image.fromarray((total[0] * 2 + 128).clamp(0, 255).byte().permute(1, 2, 0).numpy())


def jpeg(image: Image.Image, quality: int = 80) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


COPIES = {
    "re-encoded": lambda image: jpeg(image, 30),
    "half the size": lambda image: jpeg(image.resize((80, 80))),
    "cropped by 4 %": lambda image: jpeg(image.crop((3, 3, 157, 157))),
    "brighter": lambda image: jpeg(image.point(lambda value: value * 1.2)),
    "another format": lambda image: _png(image),
}


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def canvases(files: list[bytes], size: int = 64) -> torch.Tensor:
    return torch.stack([to_canvas(decode_image(file), size) for file in files])


@pytest.mark.parametrize("change", COPIES)
def test_copies_are_found_and_nothing_else(change):
    originals = canvases([jpeg(scene(seed), 90) for seed in range(18)])
    copies = canvases([COPIES[change](scene(seed)) for seed in range(0, 18, 3)], size=96)
    found = near_duplicates(originals, copies)
    assert [(pair.a, pair.b) for pair in found] == [(3 * row, row) for row in range(6)]
    assert near_duplicates(originals) == []


def test_pairs_across_blocks_and_within_a_set(monkeypatch):
    monkeypatch.setattr("hotdog_lib.data.duplicates.BLOCK", 4)
    files = [jpeg(scene(seed)) for seed in range(11)]
    images = canvases([*files, jpeg(scene(2), 40), jpeg(scene(9), 40)])
    assert [(pair.a, pair.b) for pair in near_duplicates(images)] == [(2, 11), (9, 12)]
    assert near_duplicates(images[:0]) == []


def test_smooth_pictures_are_not_all_the_same():
    """Flat pictures and gradients have equal hashes: the hash alone would call them all one."""
    greys = torch.arange(0, 250, 10, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 3, 32, 32)
    ramp = torch.linspace(60, 200, 32).expand(32, 32)
    tints = torch.tensor([[1.2, 0.4, 0.3], [0.3, 1.2, 0.4], [0.4, 0.3, 1.2]])
    ramps = (ramp * tints[:, :, None, None]).to(torch.uint8)
    bits = difference_hash(torch.cat([greys, ramps]))
    assert bits.shape == (28, 256) and not bits[:25].any() and bits[25:].all()
    assert near_duplicates(greys) == [] and near_duplicates(ramps) == []
    assert len(near_duplicates(greys[:1], greys[:1])) == 1  # but the same flat picture is the same


def test_groups_join_chains():
    files = [jpeg(scene(seed)) for seed in (0, 1, 0, 2, 1)]
    pictures = PictureSet(
        canvases(files), torch.tensor([0, 1, 0, 1, 1]), ("a", "b"), tuple("vwxyz")
    )
    assert duplicate_groups(pictures).tolist() == [0, 1, 0, 2, 1]
    assert duplicate_groups(pictures.subset([1, 0])).tolist() == [0, 1]


def test_shares_are_exact_and_seeded():
    targets = torch.tensor([0] * 70 + [1] * 30)
    train, held = stratified_split(targets, 0.2, seed=1)
    assert torch.bincount(targets[held]).tolist() == [14, 6]
    assert sorted([*train.tolist(), *held.tolist()]) == list(range(100))
    assert torch.equal(held, stratified_split(targets, 0.2, seed=1)[1])
    assert not torch.equal(held, stratified_split(targets, 0.2, seed=2)[1])
    assert held.tolist() == sorted(held.tolist()) != list(range(14))


def test_tiny_classes_are_on_both_sides():
    targets = torch.tensor([0] * 50 + [1] * 2)
    for fraction in (0.05, 0.9):
        train, held = stratified_split(targets, fraction)
        assert 1 in targets[train] and 1 in targets[held]


@pytest.mark.parametrize("seed", range(5))
def test_groups_stay_together_and_counts_stay_exact(seed):
    random = np.random.default_rng(seed)
    sizes = [1] * 60 + [2] * 15 + [5] * 4
    groups = torch.tensor(np.repeat(np.arange(len(sizes)), sizes))
    targets = torch.tensor(np.repeat(random.integers(0, 2, len(sizes)), sizes))
    mix = torch.randperm(len(groups), generator=torch.Generator().manual_seed(seed))
    groups, targets = groups[mix] * 7 + 3, targets[mix]  # any numbers, in any order
    train, held = stratified_split(targets, 0.25, groups=groups, seed=seed)
    assert not set(groups[train].tolist()) & set(groups[held].tolist())
    wanted = [int(count * 0.25 + 0.5) for count in torch.bincount(targets)]
    assert torch.bincount(targets[held]).tolist() == wanted


def test_large_groups_do_not_spoil_the_count():
    groups = torch.tensor([0] * 5 + list(range(1, 8)))
    for seed in range(8):
        assert len(stratified_split(torch.zeros(12).long(), 0.25, groups=groups, seed=seed)[1]) == 3


def test_groups_that_overshoot_are_taken_when_that_is_nearer():
    targets = torch.tensor([0] * 8)
    held = stratified_split(targets, 0.45, groups=torch.arange(8) // 4)[1]
    assert len(held) == 4  # 4 of 8 is nearer to 3.6 than none is


@pytest.mark.parametrize("fraction", [0.0, 1.0, -1, 2])
def test_impossible_fractions(fraction):
    with pytest.raises(HotdogError, match="between 0 and 1"):
        stratified_split(torch.tensor([0, 0, 1, 1]), fraction)


def test_classes_that_cannot_be_split():
    with pytest.raises(HotdogError, match=r"held out of class number \[1\]"):
        stratified_split(torch.tensor([0, 0, 0, 1]), 0.3)
    with pytest.raises(HotdogError, match="near-duplicates"):
        groups = torch.tensor([0, 1, 2, 2])
        stratified_split(torch.tensor([0, 0, 1, 1]), 0.5, groups=groups)


def test_report(tmp_path):
    layout = {
        "train": {"hotdog": [0, 1, 2, 1], "not-hotdog": [3, 0]},
        "test": {"hotdog": [4, 2], "not-hotdog": [5]},
    }
    for split, classes in layout.items():
        for name, seeds in classes.items():
            folder = tmp_path / split / name
            folder.mkdir(parents=True)
            for row, seed in enumerate(seeds):
                (folder / f"{row}.jpg").write_bytes(COPIES["re-encoded"](scene(seed)))
    scene(6, 90).save(tmp_path / "test" / "hotdog" / "9.png")
    (tmp_path / "train" / "hotdog" / "bad.jpg").write_bytes(b"not a picture")
    report = json.loads(json.dumps(describe(tmp_path).to_dict()))
    train, test = report["splits"]["train"], report["splits"]["test"]
    assert train["pictures"] == 6 and train["imbalance"] == 2.0
    assert train["classes"] == {"hotdog": 4, "not-hotdog": 2}
    assert test["formats"] == {"JPEG": 3, "PNG": 1}
    assert test["width"] == {"min": 90, "median": 160, "max": 160}
    assert [file["path"] for file in train["unreadable"]] == ["train/hotdog/bad.jpg"]
    assert "convert it" in train["unreadable"][0]["reason"]
    within = [(pair["a"][6:], pair["b"][6:], pair["same_class"]) for pair in train["duplicates"]]
    assert within == [
        ("hotdog/0.jpg", "not-hotdog/1.jpg", False),
        ("hotdog/1.jpg", "hotdog/3.jpg", True),
    ]
    (across,) = report["duplicates_across"]
    assert (across["a"], across["b"]) == ("train/hotdog/2.jpg", "test/hotdog/1.jpg")
    assert list(describe(tmp_path / "train").splits) == ["all"]
