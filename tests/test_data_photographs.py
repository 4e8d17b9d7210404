"""The data room on real photographs, where they are at hand: a small share of them, for speed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from hotdog_lib.data.cache import load_pictures
from hotdog_lib.data.decode import decode_image
from hotdog_lib.data.duplicates import near_duplicates
from hotdog_lib.data.folders import Folder, has_splits, scan_folder

ROOT = Path(__file__).parents[2] / "shared" / "real"
pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason="no photographs at hand")


def every(folder: Folder, step: int) -> Folder:
    return Folder(folder.root, folder.paths[::step], folder.targets[::step], folder.class_names)


def test_layout():
    assert has_splits(ROOT / "hotdog")
    train = scan_folder(ROOT / "hotdog", "train")
    assert train.class_names == ("hotdog", "not-hotdog") and len(train) == 2000
    assert len(scan_folder(ROOT / "hotdog", "test", train.class_names)) == 800


def test_a_share_of_the_photographs(tmp_path):
    folder = every(scan_folder(ROOT / "hotdog", "test"), 10)
    pictures = load_pictures(folder, 128, cache_dir=tmp_path)
    assert len(pictures) == 80 and pictures.skipped == ()
    assert pictures.counts() == {"hotdog": 40, "not-hotdog": 40}
    assert 80 < pictures.images.float().mean() < 150
    assert near_duplicates(pictures.images) == []


def test_pictures_of_one_scene_are_found_across_the_splits():
    """A dog dressed for Christmas, twice: found when the thresholds were chosen."""
    names = ("train/not-hotdog/0109.jpg", "test/not-hotdog/0359.jpg")
    first, second = (decode_image(ROOT / "hotdog" / name)[None] for name in names)
    assert len(near_duplicates(first, second)) == 1


def test_the_tricky_three():
    for path in sorted((ROOT / "tricky").glob("*.jpg")):
        image = decode_image(path)
        assert image.dtype == torch.uint8 and min(image.shape[1:]) > 100
