"""Source weights own transforms and categories, and say clearly when they cannot be had."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torchvision import models as torchvision_models

from hotdog_lib.data.preprocess import Preprocessing, to_canvas
from hotdog_lib.errors import HotdogError
from hotdog_lib.models import (
    create_model,
    get_classifier,
    get_weights,
    has_head_relu,
    list_models,
    save_model,
    zero_shot_probability,
)
from hotdog_lib.models import weights as weights_module

REAL = Path(__file__).parents[2] / "shared" / "real"


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """On busy cores two threads wait for each other longer than they work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No weights at hand, and no network: any attempt to connect fails."""
    monkeypatch.setenv("HOTDOG_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))

    def refuse(*_: object, **__: object) -> None:
        raise OSError("network is unreachable")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return tmp_path / "home"


def _bare(path: Path, name: str = "squeezenet1_1") -> Path:
    """A file as ``HOTDOG_HOME/weights`` has them: torchvision's state and nothing else."""
    torch.manual_seed(0)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(torchvision_models.get_model(name, weights=None).state_dict(), path)
    return path


def _run(path: Path, architecture: str = "resnet18_slim") -> Path:
    model = create_model(architecture, num_classes=2)
    view = Preprocessing(resize_size=64, crop_size=64)
    names = ["hotdog", "not-hotdog"]
    save_model(model, path, architecture=architecture, class_names=names, preprocessing=view)
    return path


# Traps 15, 20 and 21: transforms and class indices come with the weights.


def test_each_entry_owns_its_transforms() -> None:
    first, second = (get_weights("resnet50", f"IMAGENET1K_V{n}").preprocessing for n in (1, 2))
    assert (first.resize_size, second.resize_size) == (256, 232)
    swag = get_weights("vit_b_16", "IMAGENET1K_SWAG_E2E_V1").preprocessing
    assert (swag.resize_size, swag.crop_size, swag.interpolation) == (384, 384, "bicubic")
    assert get_weights("resnet50", "imagenet").preprocessing == second, "torchvision's best"
    assert get_weights("inception_v3", "imagenet").preprocessing.crop_size == 299


def test_classes_are_found_by_name() -> None:
    source = get_weights("squeezenet1_1", "imagenet")
    for spelling in ("hotdog", "hot dog", "Hot-Dog", "HOT_DOG"):
        assert source.class_index(spelling) == 934
    assert source.categories[713] == "photocopier", "the number that old chapters typed"
    with pytest.raises(HotdogError, match="no category 'hotdgo'.*near names:.*hotdog"):
        source.class_index("hotdgo")
    twice = replace(source, categories=("crane", "hotdog", "Crane"))
    with pytest.raises(HotdogError, match=r"2 categories called 'crane': rows \[0, 2\]"):
        twice.class_index("crane")


def test_every_model_has_imagenet_weights_or_says_why_not() -> None:
    for name in list_models():
        if name == "resnet18_slim":
            with pytest.raises(HotdogError, match="--weights embedded"):
                get_weights(name, "imagenet")
        else:
            source = get_weights(name, "imagenet")
            assert len(source.categories) == 1000 and len(source.digest) >= 8
    assert get_weights("resnet18", "none") is None


# Where the weights come from.


def test_a_file_in_the_home_folder_needs_no_network(empty_home: Path) -> None:
    path = _bare(empty_home / "weights" / "squeezenet1_1-imagenet1k.safetensors")
    source = get_weights("squeezenet1_1", "imagenet")
    assert (source.name, source.path, len(source.digest)) == ("imagenet", path, 64)
    assert source.class_index("hotdog") == 934 and source.preprocessing == Preprocessing()
    own = create_model("squeezenet1_1", weights=source)
    assert len(get_classifier(own).weight) == 1000 and has_head_relu(own), "as it was trained"
    new = create_model("squeezenet1_1", weights=source, num_classes=2)
    assert not has_head_relu(new) and not get_classifier(new).weight.any()
    assert torch.equal(new.features[0].weight, source.state_dict()["features.0.weight"])


def test_without_network_the_error_names_address_file_and_folder(empty_home: Path) -> None:
    source = get_weights("resnet18", "imagenet")
    before = socket.getdefaulttimeout()
    with pytest.raises(HotdogError) as caught:
        create_model("resnet18", weights=source)
    message = str(caught.value)
    assert "https://download.pytorch.org/models/resnet18-f37072fd.pth" in message
    assert str(Path("hub") / "checkpoints" / "resnet18-f37072fd.pth") in message
    assert str(empty_home / "weights" / "resnet18-imagenet1k.safetensors") in message
    assert "HOTDOG_HOME" in message and socket.getdefaulttimeout() == before


def test_a_download_with_a_wrong_hash_or_a_pickle_in_it_is_refused(tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self) -> tuple:
            return os.mkdir, (str(tmp_path / "owned"),)

    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    file = tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth"
    torch.save({"conv1.weight": Hostile()}, file)
    with pytest.raises(HotdogError, match="cannot get the ImageNet weights of resnet18"):
        get_weights("resnet18", "imagenet").state_dict()
    assert not (tmp_path / "owned").exists()


def test_torchvisions_own_downloads_load_with_their_quirks(
    empty_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DenseNet's old names; the auxiliary heads of GoogLeNet; MNASNet's version numbers."""
    monkeypatch.setattr(torchvision_models.WeightsEnum, "get_state_dict", _old_state)
    for name in ("densenet121", "googlenet", "mnasnet0_5"):
        source = get_weights(name, "imagenet")
        model = create_model(name, weights=source, num_classes=2)
        assert len(get_classifier(model).weight) == 2
        copy = empty_home / "weights" / f"{name}-imagenet1k.safetensors"
        copy.parent.mkdir(parents=True, exist_ok=True)
        save_file(_old_state(torchvision_models.get_model_weights(name).DEFAULT), copy)
        create_model(name, weights=get_weights(name, copy), num_classes=2)


def _old_state(entry: object, **_: object) -> dict[str, torch.Tensor]:
    name = type(entry).__name__.removesuffix("_Weights").lower()
    options = {"aux_logits": True, "init_weights": False} if name == "googlenet" else {}
    state = torchvision_models.get_model(name, weights=None, **options).state_dict()
    for key in [key for key in state if "denselayer" in key]:
        old = key.replace("norm1.", "norm.1.").replace("conv2.", "conv.2.")
        state[old] = state.pop(key)
    return state


def test_a_run_is_a_source_for_the_next(tmp_path: Path) -> None:
    path = _run(tmp_path / "model.safetensors")
    source = get_weights("resnet18_slim", str(path))
    assert source.categories == ("hotdog", "not-hotdog") and source.preprocessing.crop_size == 64
    model = create_model("resnet18_slim", weights=source, num_classes=3)
    assert torch.equal(model.conv1.weight, source.state_dict()["conv1.weight"])


def test_embedded_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights_module, "EMBEDDED_FOLDER", tmp_path)
    with pytest.raises(HotdogError, match="only for: none; .*python -m hotdog_lib pretrain"):
        get_weights("squeezenet1_1", "embedded")
    _run(tmp_path / "squeezenet1_1.safetensors", "squeezenet1_1")
    source = get_weights("squeezenet1_1", "embedded")
    assert source.name == "embedded"
    assert not has_head_relu(create_model("squeezenet1_1", weights=source)), "it had none"
    with pytest.raises(HotdogError, match="only for: squeezenet1_1"):
        get_weights("resnet18", "embedded")


# Wrong weights.


def test_weights_of_another_architecture_are_refused_with_the_keys(tmp_path: Path) -> None:
    bare = _bare(tmp_path / "bare.safetensors")
    with pytest.raises(HotdogError, match=r"(?s)bare.*resnet18 .*missing \(conv1.weight, bn1"):
        get_weights("resnet18", bare)
    run = _run(tmp_path / "run.safetensors")
    with pytest.raises(
        HotdogError,
        match=r"resnet18_slim, not of squeezenet1_1: 52 missing \(features.0.weight.*"
        r"unexpected \(.*--model resnet18_slim",
    ):
        get_weights("squeezenet1_1", run)
    with pytest.raises(HotdogError, match="resnet18_slim's, not resnet18's"):
        create_model("resnet18", weights=get_weights("resnet18_slim", run))


def test_names_that_are_no_weights(tmp_path: Path) -> None:
    for name, message in (
        ("imagnet", "no weights 'imagnet'.*imagenet, embedded, none, IMAGENET1K_V1"),
        (tmp_path / "none.safetensors", "there is no weights file"),
        (tmp_path, "is a folder"),
    ):
        with pytest.raises(HotdogError, match=message):
            get_weights("resnet18", name)
    with pytest.raises(HotdogError, match="no model 'resnet 18'; near names: resnet18"):
        get_weights("resnet 18", "imagenet")


# Zero-shot.


def test_zero_shot_probability_is_the_softmax_over_all_categories(empty_home: Path) -> None:
    _bare(empty_home / "weights" / "squeezenet1_1-imagenet1k.safetensors")
    source = get_weights("squeezenet1_1", "imagenet")
    model = create_model("squeezenet1_1", weights=source)
    images = torch.randint(0, 256, (2, 3, 256, 256), dtype=torch.uint8)
    found = zero_shot_probability(model, source, images, "Hot dog")
    assert model.training, "the mode is as it was, and dropout was off meanwhile"
    expected = model.eval()(source.preprocessing(images)).softmax(1)[:, 934]
    torch.testing.assert_close(found, expected)
    new = create_model("squeezenet1_1", weights=source, num_classes=2)
    with pytest.raises(HotdogError, match="2 logits, the source 1000 categories"):
        zero_shot_probability(new, source, images, "hotdog")


@pytest.mark.skipif(not REAL.is_dir(), reason="real photographs and weights are not at hand")
def test_imagenets_hot_dog_class_on_photographs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTDOG_HOME", str(REAL))
    source = get_weights("squeezenet1_1", "imagenet")
    model = create_model("squeezenet1_1", weights=source)
    photos = {p.stem: Image.open(p).convert("RGB") for p in REAL.glob("tricky/*.jpg")}
    seen = {
        name: zero_shot_probability(model, source, _canvas(photo), "hotdog").item()
        for name, photo in photos.items()
    }
    assert seen["real_hotdog"] > 0.5 > max(seen["leg_hotdog"], seen["dog_hotdog"])


def _canvas(photo: Image.Image) -> torch.Tensor:
    pixels = torch.frombuffer(bytearray(photo.tobytes()), dtype=torch.uint8)
    return to_canvas(pixels.view(photo.height, photo.width, 3).permute(2, 0, 1), 256)[None]
