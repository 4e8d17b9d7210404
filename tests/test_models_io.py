"""Saving and loading: traps 37, 38, 39, and files that are not what they should be."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.errors import HotdogError
from hotdog_lib.models import (
    ModelCard,
    create_model,
    get_classifier,
    get_weights,
    io,
    load_model,
    read_metadata,
    reset_classifier,
    save_model,
)
from hotdog_lib.models.card import METADATA_KEY

VIEW = Preprocessing(resize_size=72, crop_size=64, mean=(0.5, 0.4, 0.3), std=(0.2, 0.2, 0.3))
NAMES = ("hotdog", "not-hotdog")
IMAGES = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """On busy cores two threads wait for each other longer than they work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _trained(name: str = "resnet18_slim", **options: Any) -> nn.Module:
    """A network whose head and running statistics are not those of a new one."""
    torch.manual_seed(0)
    model = create_model(name, num_classes=2, **options).train()
    nn.init.normal_(get_classifier(model).weight)
    with torch.no_grad():
        model(3 * torch.randn(4, 3, 64, 64))
    return model.eval()


def _save(model: nn.Module, path: Path, architecture: str = "resnet18_slim", **options: Any):
    return save_model(
        model,
        path,
        architecture=architecture,
        class_names=NAMES,
        preprocessing=VIEW,
        **options,
    )


@pytest.mark.parametrize("name", ["resnet18_slim", "squeezenet1_1", "mnasnet0_5", "googlenet"])
def test_a_reloaded_network_predicts_bit_identically(name: str, tmp_path: Path) -> None:
    model = _trained(name)
    saved = _save(model, tmp_path / "new" / "m.safetensors", name, provenance={"seed": 1})
    loaded, card = load_model(tmp_path / "new" / "m.safetensors")
    assert card == saved == read_metadata(tmp_path / "new" / "m.safetensors")
    assert (card.architecture, card.class_names, card.preprocessing) == (name, NAMES, VIEW)
    assert card.provenance == {"seed": 1} and not loaded.training
    assert torch.equal(loaded(IMAGES), model(IMAGES))
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["m.safetensors"]


def test_the_size_of_a_vision_transformer_comes_from_its_preprocessing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Any, ...]] = []
    model = _trained()
    _save(model, tmp_path / "m.safetensors")
    monkeypatch.setattr(io, "build_architecture", lambda *a: asked.append(a) or model)
    load_model(tmp_path / "m.safetensors")
    assert set(asked) == {("resnet18_slim", 2, VIEW.crop_size)}


def test_the_sources_own_head_comes_back_with_its_relu(tmp_path: Path) -> None:
    model = create_model("squeezenet1_1").eval()
    names = [str(i) for i in range(1000)]
    path = tmp_path / "m.safetensors"
    save_model(model, path, architecture="squeezenet1_1", class_names=names, preprocessing=VIEW)
    assert torch.equal(load_model(path)[0](IMAGES), model(IMAGES))


# Trap 38: safetensors refuses channels_last and tied tensors.


def test_channels_last_and_tied_tensors_are_saved(tmp_path: Path) -> None:
    model = _trained().to(memory_format=torch.channels_last)
    model.layer1[1].bn1.weight = model.layer1[0].bn1.weight
    with pytest.raises((ValueError, RuntimeError)):
        save_file(model.state_dict(), tmp_path / "naive.safetensors")
    _save(model, tmp_path / "m.safetensors")
    loaded, _ = load_model(tmp_path / "m.safetensors")
    assert torch.equal(loaded.to(memory_format=torch.channels_last)(IMAGES), model(IMAGES))


# Trap 39: wrappers leave prefixes in the keys.


@pytest.mark.parametrize("wrap", [torch.compile, nn.DataParallel])
def test_wrapped_networks_are_saved_plain(wrap: Any, tmp_path: Path) -> None:
    model = _trained()
    wrapped = wrap(model)
    assert set(wrapped.state_dict()) != set(model.state_dict()), "what the trap is"
    _save(wrapped, tmp_path / "m.safetensors")
    assert set(load_file(tmp_path / "m.safetensors")) == set(model.state_dict())


def test_prefixes_in_a_file_are_taken_off(tmp_path: Path) -> None:
    model, path = _trained(), tmp_path / "m.safetensors"
    card = _save(model, path)
    prefixed = {f"module._orig_mod.{key}": tensor for key, tensor in load_file(path).items()}
    save_file(prefixed, path, metadata={"hotdog_lib": card.to_json()})
    assert torch.equal(load_model(path)[0](IMAGES), model(IMAGES))


# Half precision: for shipping, not for computing.


def test_half_precision_on_disk_float32_in_memory(tmp_path: Path) -> None:
    model, path = _trained(), tmp_path / "m.safetensors"
    model.layer4[0].bn1.running_var.fill_(1e6)  # beyond float16, and still a fine variance
    _save(model, path, dtype=torch.float16)
    assert path.stat().st_size < 3_000_000
    loaded, _ = load_model(path)
    assert all(p.dtype == torch.float32 for p in loaded.parameters())
    assert torch.equal(loaded.layer4[0].bn1.running_var, model.layer4[0].bn1.running_var)
    torch.testing.assert_close(loaded(IMAGES), model(IMAGES), rtol=0.02, atol=0.02)
    with torch.no_grad():
        model.conv1.weight[0, 0, 0, 0] = 1e6
    with pytest.raises(HotdogError, match="conv1.weight has values beyond.*float16"):
        _save(model, path, dtype=torch.float16)
    assert torch.equal(load_model(path)[0].conv1.weight, loaded.conv1.weight), "the old file stays"


# Errors, not tracebacks; and nothing half-written.


def test_names_must_match_logits_and_the_place_be_writable(tmp_path: Path) -> None:
    model = reset_classifier(_trained(), 3)
    with pytest.raises(HotdogError, match="2 class names for 3 logits"):
        _save(model, tmp_path / "m.safetensors")
    (tmp_path / "file").write_text("")
    with pytest.raises(HotdogError, match="cannot write .*choose another place"):
        _save(_trained(), tmp_path / "file" / "m.safetensors")
    assert os.listdir(tmp_path) == ["file"]


def test_what_is_no_file_of_ours_is_refused(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.safetensors"
    pickled = tmp_path / "pickle.safetensors"
    cut = tmp_path / "cut.safetensors"
    bare = tmp_path / "bare.safetensors"
    garbage.write_bytes(b"\xff" * 100)
    torch.save({"weight": torch.ones(2)}, pickled)
    _save(_trained(), cut)
    cut.write_bytes(cut.read_bytes()[:-1000])
    save_file({"weight": torch.ones(2)}, bare)
    for path, message in (
        (tmp_path / "none.safetensors", "there is no weights file"),
        (tmp_path, "is a folder; name the file in it"),
        (garbage, "no safetensors file"),
        (pickled, "no safetensors file"),
        (cut, "no safetensors file"),
        (bare, "does not say what it holds"),
    ):
        with pytest.raises(HotdogError, match=message):
            load_model(path)


GOOD = {
    "format": 1,
    "model": "resnet18_slim",
    "class_names": ["a", "b"],
    "preprocessing": VIEW.to_dict(),
    "provenance": {},
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "format 2, this version reads 1; update"),
        ({"format": None}, "format None"),
        ({"model": "resnet19"}, "no model 'resnet19'; near names: resnet18"),
        ({"model": ["resnet18"]}, "no model"),
        ({"class_names": []}, "class_names"),
        ({"class_names": "hotdog"}, "class_names"),
        ({"class_names": ["a", 1]}, "class_names has 1 in it"),
        ({"class_names": ["a", " "]}, "class_names has ' ' in it"),
        ({"class_names": {"a": 1}}, "class_names"),
        ({"preprocessing": None}, "preprocessing"),
        ({"preprocessing": {}}, "preprocessing"),
        ({"preprocessing": {**VIEW.to_dict(), "crop_size": 1e999}}, "preprocessing"),
        ({"preprocessing": {**VIEW.to_dict(), "resize_size": 10**9}}, "above 4096"),
        ({"preprocessing": {**VIEW.to_dict(), "mean": "abc"}}, "preprocessing"),
        ({"provenance": []}, "provenance"),
        ({"head": "x"}, "head 'x'"),
        ({"head": "kept"}, "one asks for the other"),
        ({"head": "kept", "kept": [0, 0, 2]}, "kept: give a class from 0 to 1"),
        ({"head": "kept", "kept": [0, 0, -1]}, "a class has no category"),
        ({"head": "kept", "kept": [0, 1, True]}, "kept: give a class"),
        ({"head": "kept", "kept": [0, 1, -1]}, r"missing \(fc.log_scale, fc.shift\)"),
        ({"class_names": ["a", "b", "c"]}, r"fc.weight is \(2, 160\), not \(3, 160\)"),
        ({"model": "resnet18"}, "do not fit resnet18"),
    ],
)
def test_metadata_is_checked(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    state = {key: tensor.contiguous() for key, tensor in _trained().state_dict().items()}
    save_file(state, path, metadata={"hotdog_lib": json.dumps(GOOD | change)})
    with pytest.raises(HotdogError, match=message) as caught:
        load_model(path)
    assert str(path) in str(caught.value), "the file is named"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "1" * 5000, "[" * 100_000])
def test_metadata_that_is_no_card(text: str, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_file({"weight": torch.ones(1)}, path, metadata={"hotdog_lib": text})
    with pytest.raises(HotdogError, match="its metadata"):
        read_metadata(path)


def _head_file(path: Path, digest: str | None = None, weights: str = "embedded") -> nn.Module:
    """A head alone in ``path``, as the page "Try it" writes it; returns the whole network."""
    source = get_weights("squeezenet1_1", "embedded")
    model = create_model("squeezenet1_1", weights=source, num_classes=2).eval()
    head = get_classifier(model)
    nn.init.normal_(head.weight, generator=torch.Generator().manual_seed(0))
    body = {"weights": weights, "digest": source.digest if digest is None else digest}
    card = ModelCard("squeezenet1_1", NAMES, source.preprocessing).to_json()
    tensors = {"classifier.1.weight": head.weight.detach(), "classifier.1.bias": head.bias.detach()}
    save_file(tensors, path, metadata={METADATA_KEY: json.dumps(json.loads(card) | {"body": body})})
    return model


def test_a_head_alone_finds_its_body(tmp_path: Path) -> None:
    path = tmp_path / "head.safetensors"
    model = _head_file(path)
    loaded, card = load_model(path)
    assert path.stat().st_size < 10_000 and ModelCard.from_json(card.to_json()) == card
    with torch.inference_mode():
        assert torch.equal(loaded(IMAGES), model(IMAGES))


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"digest": "0" * 64}, "taught on other embedded weights"), ({"weights": "x/y"}, "unknown")],
)
def test_a_head_without_its_body_is_told(tmp_path: Path, changes: dict, message: str) -> None:
    path = tmp_path / "head.safetensors"
    _head_file(path, **changes)
    with pytest.raises(HotdogError, match=message):
        load_model(path)
