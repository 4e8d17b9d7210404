"""Few hot dogs, in the proportions of 2017."""

import pytest
import torch

from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.errors import HotdogError
from hotdog_lib.kitchen import POSITIVE_KINDS
from hotdog_lib.lab import open_lab
from hotdog_lib.rare import THINGS, _drawn, rare_parts, thinned

NAMES = ("hotdog", "not-hotdog")


def pictures(hotdogs, others):
    targets = torch.tensor([0] * hotdogs + [1] * others)
    images = torch.zeros(len(targets), 3, 8, 8, dtype=torch.uint8)
    return PictureSet(images, targets, NAMES, tuple(f"{i:03d}" for i in range(len(targets))))


def test_hot_dogs_are_thinned_out_and_every_other_picture_stays():
    few = thinned(pictures(40, 80), 1 / 9, seed=1)
    assert few.counts() == {"hotdog": 10, "not-hotdog": 80}
    assert len(set(few.names)) == 90
    assert few.names == thinned(pictures(40, 80), 1 / 9, seed=1).names
    assert few.names != thinned(pictures(40, 80), 1 / 9, seed=2).names


@pytest.mark.parametrize("share", [0.0, 1.0, 0.5])
def test_a_share_that_can_not_be_made_is_told(share):
    with pytest.raises(HotdogError, match=f"a share of {share} beside 80 negatives"):
        thinned(pictures(40, 80), share)


def test_the_kitchens_set_has_the_shape_of_2017():
    drawn = _drawn(32, 8000, 24)
    kinds = [fact["kind"] for fact in drawn.factors]
    assert drawn.counts() == {"hotdog": 3, "not-hotdog": 24}
    assert sum(kind in THINGS for kind in kinds) == 8
    for kind, target in zip(kinds, drawn.targets.tolist(), strict=True):
        assert (kind in POSITIVE_KINDS) == (target == 0)
    assert len(set(drawn.names)) == 27


def test_repetitions_share_test_pictures_and_nothing_else(monkeypatch):
    asked = []
    monkeypatch.setattr("hotdog_lib.rare._drawn", lambda *key: asked.append(key))
    lab = open_lab("pocket")
    for seed in range(5):
        rare_parts(lab, seed)
    train, validation, test = ({key[1] for key in asked[i::3]} for i in range(3))
    assert len(train) == len(validation) == 5 and len(test) == 1
    assert not train & validation and not (train | validation) & test
