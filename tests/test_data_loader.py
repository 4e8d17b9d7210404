"""Picture sets and the loader: what is in a batch, in what order, and on how many processes."""

from __future__ import annotations

import pytest
import torch

from hotdog_lib.data.loader import Loader
from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.errors import HotdogError


def numbered(count: int = 23) -> PictureSet:
    """Pictures whose every byte is their row number."""
    rows = torch.arange(count, dtype=torch.uint8)
    names = tuple(f"kitchen/0/{row}" for row in range(count))
    factors = tuple({"row": row} for row in range(count))
    images = rows.view(-1, 1, 1, 1).repeat(1, 3, 4, 4)
    classes = ("hotdog", "not-hotdog")
    return PictureSet(images, torch.arange(count) % 2, classes, names, factors=factors)


def rows(loader: Loader) -> list[list[int]]:
    return [images[:, 0, 0, 0].tolist() for images, _ in loader]


def flat(loader: Loader) -> list[int]:
    return sum(rows(loader), [])


@pytest.mark.parametrize("resident", [True, False])
def test_batches(resident):
    pictures = numbered()
    loader = Loader(pictures, 5, device="cpu", resident=resident)
    assert [len(batch) for batch in rows(loader)] == [5, 5, 5, 5, 3] and len(loader) == 5
    assert flat(loader) == list(range(23))
    shuffled = Loader(pictures, 5, device="cpu", shuffle=True, drop_last=True, resident=resident)
    assert [len(batch) for batch in rows(shuffled)] == [5, 5, 5, 5] and len(shuffled) == 4
    for images, targets in shuffled:
        assert images.dtype == torch.uint8 and images.shape == (5, 3, 4, 4)
        assert torch.equal(images[:, 0, 0, 0] % 2, targets)


def test_order_is_a_function_of_seed_and_epoch_only():
    def order(seed: int, epoch: int, resident: bool = True) -> list[int]:
        loader = Loader(numbered(), 4, device="cpu", shuffle=True, seed=seed, resident=resident)
        loader.set_epoch(epoch)
        torch.manual_seed(seed + 77)
        return flat(loader)

    assert order(0, 3) == order(0, 3) == order(0, 3, resident=False)
    assert len({tuple(order(seed, epoch)) for seed in range(3) for epoch in range(3)}) == 9
    assert sorted(order(1, 1)) == list(range(23))


def test_a_broken_off_epoch_does_not_change_the_next():
    loader = Loader(numbered(), 4, device="cpu", shuffle=True, resident=False)
    whole = rows(loader)
    for _ in loader:
        break
    assert rows(loader) == whole


def test_indices_are_used_without_copying():
    loader = Loader(numbered(), 3, device="cpu", shuffle=True, indices=[2, 4, 6, 8])
    assert sorted(flat(loader)) == [2, 4, 6, 8]


@pytest.mark.parametrize("resident", [True, False])
@pytest.mark.parametrize("drop_last", [True, False])
@pytest.mark.parametrize("world", [2, 3])
def test_processes_share_every_batch_of_one_process(world, drop_last, resident):
    options = {"device": "cpu", "shuffle": True, "drop_last": drop_last, "resident": resident}
    whole = rows(Loader(numbered(), 11, **options))
    parts = [rows(Loader(numbered(), 11, shard=(rank, world), **options)) for rank in range(world)]
    together = [sum(batch, []) for batch in zip(*parts, strict=True)]
    assert together == whole, "the last batch, of one picture, too"


def test_no_batch_is_an_error():
    with pytest.raises(HotdogError, match="23 pictures make no batch of 64.*smaller batch_size"):
        Loader(numbered(), 64, device="cpu", drop_last=True)
    with pytest.raises(HotdogError, match="batch_size 0"):
        Loader(numbered(), 0, device="cpu")


def test_subset_counts_and_fingerprint():
    pictures = numbered()
    part = pictures.subset(torch.tensor([5, 2]))
    assert part.images[:, 0, 0, 0].tolist() == [5, 2] and part.targets.tolist() == [1, 0]
    assert part.names == ("kitchen/0/5", "kitchen/0/2") and part.factors[0] == {"row": 5}
    assert part.size == 4 and pictures.counts() == {"hotdog": 12, "not-hotdog": 11}
    assert pictures.fingerprint() == numbered().fingerprint() != part.fingerprint()
    other = numbered()
    other.targets[0] = 1
    assert other.fingerprint() != pictures.fingerprint()


@pytest.mark.parametrize(
    "fault",
    [
        {"images": torch.zeros(2, 3, 4, 4)},
        {"images": torch.zeros(2, 3, 4, 5, dtype=torch.uint8)},
        {"targets": torch.tensor([0, 2])},
        {"targets": torch.tensor([0, 1], dtype=torch.int32)},
        {"names": ("a",)},
    ],
)
def test_parts_that_do_not_fit_are_refused(fault):
    good = {
        "images": torch.zeros(2, 3, 4, 4, dtype=torch.uint8),
        "targets": torch.tensor([0, 1]),
        "class_names": ("a", "b"),
        "names": ("x", "y"),
    }
    PictureSet(**good)
    with pytest.raises(HotdogError):
        PictureSet(**{**good, **fault})


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("resident", [True, False, None])
def test_batches_on_a_gpu(resident):
    loader = Loader(numbered(), 5, device="cuda", shuffle=True, resident=resident)
    assert rows(loader) == rows(Loader(numbered(), 5, device="cpu", shuffle=True))
    assert all(images.is_cuda and targets.is_cuda for images, targets in loader)
