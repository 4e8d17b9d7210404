"""Sets with many classes: sampled, fetched and read in the form in which their makers give them."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torchvision import models

from hotdog_lib.data import fetch as module
from hotdog_lib.data.cifar import RECORD, read_cifar
from hotdog_lib.data.fetch import fetch
from hotdog_lib.data.folders import scan_folder
from hotdog_lib.data.splits import sample_per_class
from hotdog_lib.data.unpack import untar
from hotdog_lib.errors import HotdogError
from hotdog_lib.lab import open_lab
from hotdog_lib.many import MANY_KINDS, kind_pictures, open_many
from hotdog_lib.models import create_model
from hotdog_lib.training.metrics import most_confused, topk_accuracy
from hotdog_lib.training.recipe import Recipe
from hotdog_lib.training.trainer import Trainer

CALTECH = ("001.ak47", "002.american-flag", "003.backpack", "004.baseball-bat", "257.clutter")
CIFAR = "airplane automobile bird cat deer dog frog horse ship truck".split()


def jpeg(shade: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), (shade, 90, 160)).save(buffer, "JPEG")
    return buffer.getvalue()


def packed(files: dict[str, bytes | str], mode: str = "w") -> bytes:
    """A tar file of these members; a text is the target of a link."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname, content = tarfile.SYMTYPE, content, b""
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def caltech(pictures: int = 5) -> bytes:
    """256_ObjectCategories.tar in small, with the files that are no pictures."""
    files = {
        f"256_ObjectCategories/{name}/{name[:3]}_{i:04d}.jpg": jpeg(50 * k + i)
        for k, name in enumerate(CALTECH)
        for i in range(1, pictures + 1)
    }
    return packed(files | {"256_ObjectCategories/003.backpack/RENAME2": b"#!/bin/sh"})


def cifar_record(target: int, red: int) -> bytes:
    """By the specification: the class, then the red, the green and the blue pixels row by row."""
    pixels = np.zeros((3, 32, 32), np.uint8)
    pixels[0] = red
    pixels[1, 2, 5] = 200  # third row, sixth column
    noise = np.random.default_rng(red)  # zeros would pack too well to be let through
    pixels[2, 8:] = noise.integers(0, 256, (24, 32))
    return bytes([target]) + pixels.tobytes()


def cifar() -> bytes:
    folder = "cifar-10-batches-bin"
    batches = {
        f"{folder}/{name}.bin": b"".join(cifar_record(c, 10 * c + k) for c in range(10))
        for k, name in enumerate(("data_batch_1", "data_batch_2", "test_batch"))
    }
    names = "\n".join(CIFAR) + "\n\n"
    return packed(batches | {f"{folder}/batches.meta.txt": names.encode()}, "w:gz")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """HOTDOG_HOME, with both archives on a mirror that is a folder."""
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    monkeypatch.setenv("HOTDOG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOTDOG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOTDOG_MIRROR", str(mirror))
    for name, data in (("caltech256", caltech()), ("cifar10", cifar())):
        entry = module.REGISTRY[name]
        digest = f"md5:{hashlib.md5(data, usedforsecurity=False).hexdigest()}"
        monkeypatch.setitem(module.REGISTRY, name, replace(entry, digest=digest))
        (mirror / entry.file_name).write_bytes(data)
    yield tmp_path / "home"


def test_caltech_is_its_class_folders(place):
    folder = scan_folder(fetch("caltech256"))
    assert folder.class_names == CALTECH and len(folder) == 25
    assert [path.name for path in place.iterdir()] == ["caltech256"]


def test_cifar_becomes_class_folders_with_its_own_split(place):
    train, test = (scan_folder(fetch("cifar10"), split) for split in ("train", "test"))
    assert list(train.class_names) == CIFAR and (len(train), len(test)) == (20, 10)
    picture = np.asarray(Image.open(test.paths[3]))  # the cat
    assert picture.shape == (32, 32, 3)
    assert picture[2, 5].tolist() == [32, 200, 0] and picture[5, 2].tolist() == [32, 0, 0]


@pytest.mark.parametrize("data", [b"", bytes(RECORD - 1), bytes(2 * RECORD + 1)])
def test_a_cifar_file_of_no_whole_records_is_told(tmp_path, data):
    (tmp_path / "test_batch.bin").write_bytes(data)
    with pytest.raises(HotdogError, match="whole records of 3073"):
        read_cifar(tmp_path / "test_batch.bin")


def test_a_class_without_a_name_is_told_and_nothing_stays(place, monkeypatch):
    bad = cifar_record(10, 0)
    data = packed(
        {
            "cifar-10-batches-bin/batches.meta.txt": "\n".join(CIFAR).encode(),
            "cifar-10-batches-bin/data_batch_1.bin": bad,
            "cifar-10-batches-bin/test_batch.bin": bad,
        },
        "w:gz",
    )
    entry = module.REGISTRY["cifar10"]
    digest = f"md5:{hashlib.md5(data, usedforsecurity=False).hexdigest()}"
    monkeypatch.setitem(module.REGISTRY, "cifar10", replace(entry, digest=digest))
    (place.parent / "mirror" / entry.file_name).write_bytes(data)
    with pytest.raises(HotdogError, match="class 10, and there are 10 names"):
        fetch("cifar10")
    assert not list(place.iterdir())


@pytest.mark.parametrize(
    "bad",
    [
        {"../out.txt": b"x"},
        {"/etc/out.txt": b"x"},
        {"link": "/etc/passwd"},
        {"C:out.txt": b"x"},
        {"zeros": bytes(3 * 2**20)},
    ],
    ids=["up", "absolute", "link", "drive", "bomb"],
)
def test_hostile_tar_files_stop_everything(tmp_path, bad):
    (tmp_path / "a.tar.gz").write_bytes(packed({"good.txt": b"x"} | bad, "w:gz"))
    (tmp_path / "into").mkdir()
    with pytest.raises(HotdogError, match="do not use it"):
        untar(tmp_path / "a.tar.gz", tmp_path / "into")
    assert not list((tmp_path / "into").iterdir())


def test_a_cut_tar_file_is_told(tmp_path):
    (tmp_path / "a.tar").write_bytes(caltech()[:9000])
    (tmp_path / "into").mkdir()
    with pytest.raises(HotdogError, match="not a sound tar file"):
        untar(tmp_path / "a.tar", tmp_path / "into")


def test_as_many_of_each_class_whatever_their_order():
    targets = torch.tensor([2, 0, 1, 0, 2, 2, 1, 0, 0, 1, 0])
    taken, left = sample_per_class(targets, 2, seed=3)
    assert torch.bincount(targets[taken]).tolist() == [2, 2, 2]
    assert torch.cat([taken, left]).sort().values.tolist() == list(range(11))
    draws = {tuple(sample_per_class(targets, 2, seed=s)[0].tolist()) for s in range(20)}
    assert len(draws) > 5 and torch.equal(taken, sample_per_class(targets, 2, seed=3)[0])


def test_a_class_too_small_to_sample_is_named():
    with pytest.raises(HotdogError, match="class number 1 has 2"):
        sample_per_class(torch.tensor([0, 0, 0, 1, 1]), 2)


def test_top_k_and_most_confused():
    logits = torch.tensor([[0.1, 0.9, 0.5], [0.8, 0.1, 0.2], [0.2, 0.3, 0.9]])
    targets = torch.tensor([2, 0, 0])
    assert [topk_accuracy(logits, targets, k) for k in (1, 2, 3)] == pytest.approx(
        [1 / 3, 2 / 3, 1]
    )
    with pytest.raises(HotdogError, match="k is 4"):
        topk_accuracy(logits, targets, 4)
    confusion = torch.tensor([[8, 0, 2], [0, 60, 40], [3, 0, 7]])
    assert most_confused(confusion, 2) == [(2, 0, 5), (1, 2, 40)]


def test_kinds_are_classes_and_no_scene_is_shared():
    pictures = kind_pictures(3, 2, 32)
    assert pictures.counts() == dict.fromkeys(MANY_KINDS, 2)
    assert [f["kind"] for f in pictures.factors] == list(MANY_KINDS) * 2
    assert len({image.numpy().tobytes() for image in pictures.images}) == 48


@pytest.fixture
def full_home(place: Path) -> Path:
    """What the full edition needs, with random weights for ImageNet's."""
    state = {k: v.contiguous() for k, v in models.squeezenet1_1().state_dict().items()}
    (place / "weights").mkdir(parents=True)
    save_file(state, place / "weights" / "squeezenet1_1-imagenet1k.safetensors")
    for split in ("train", "test"):
        (place / "hotdog" / split).mkdir(parents=True)
    return place


def test_full_asks_for_the_sets_by_name(full_home):
    with pytest.raises(HotdogError, match="fetch caltech256"):
        open_many(open_lab("full"))


def test_full_edition_from_the_archive_to_a_trained_network(full_home):
    fetch("caltech256")
    many = replace(open_many(open_lab("full")), per_class=3)
    train, test = many.split(seed=0)
    assert many.name == "Caltech-256" and train.class_names == CALTECH[:4]  # no clutter
    assert (len(train), len(test)) == (12, 8) and not set(train.names) & set(test.names)
    source = many.lab.source()
    net = create_model(many.lab.model, weights=source, num_classes=train.num_classes)
    recipe = Recipe("head", epochs=1)
    trainer = Trainer(net, train, test, recipe, source.preprocessing, many.lab.hardware)
    assert 0 <= trainer.fit().history[-1]["validation"]["accuracy"] <= 1


def test_full_edition_keeps_the_test_split_that_cifar_has(full_home):
    fetch("cifar10")
    many = replace(open_many(open_lab("full")), per_class=1)
    train, test = many.split(seed=0)
    assert (len(train), len(test)) == (10, 10) and "test" in test.names[0]
