"""Leakage: what makes a test figure too good is found in the user's own pictures."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from hotdog_lib.cli import main
from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.errors import HotdogError
from hotdog_lib.models import get_weights
from hotdog_lib.training.leakage import SEEN, find_leaks, note_look, save_seen, seen_before


def scenes(seeds, name="p"):
    """Pictures of soft random blobs: those of one seed are alike, of two are not."""
    images = []
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        coarse = torch.rand(1, 3, 6, 6, generator=generator) * 255
        smooth = torch.nn.functional.interpolate(coarse, (64, 64), mode="bicubic")
        images.append(smooth[0].clamp(0, 255).to(torch.uint8))
    targets = torch.tensor([seed % 2 for seed in seeds])
    names = tuple(f"{name}/{seed}.png" for seed in seeds)
    return PictureSet(torch.stack(images), targets, ("hotdog", "not-hotdog"), names)


def brighter(pictures):
    return replace(pictures, images=(pictures.images.float() * 0.9 + 20).to(torch.uint8))


def test_copies_across_splits_are_counted_and_named():
    train, held = scenes(range(10)), scenes(range(10, 14), "v")
    test = brighter(scenes([3, 20, 21, 12], "t"))
    leaks = find_leaks(train, held, test, None, None)
    assert [leak["pictures"] for leak in leaks] == [1, 1]
    assert leaks[0]["examples"] == [["p/3.png", "t/3.png"]]
    assert leaks[1]["examples"] == [["v/12.png", "t/12.png"]]
    assert "1 of 4 pictures (25.0 %) are near-duplicates of training pictures" in leaks[0]["says"]
    assert find_leaks(train, held, scenes(range(30, 34)), None, None) == []


def test_pictures_that_the_source_was_trained_on(tmp_path):
    save_seen(tmp_path, scenes(range(10)), scenes(range(10, 12)))
    test = brighter(scenes([2, 11, 30]))
    (leak,) = seen_before(tmp_path / "model.safetensors", test)
    assert (leak["pictures"], leak["of"]) == (2, 3) and leak["examples"][0] == ["2.png", "p/2.png"]
    source = replace(get_weights("resnet18_slim", "embedded"), path=tmp_path / "model.safetensors")
    kinds = {k["kind"]: k for k in find_leaks(scenes([40, 41]), scenes([42]), test, source, None)}
    assert "the source's training pictures" in kinds["seen in training"]["says"]
    assert seen_before(tmp_path / "elsewhere" / "model.safetensors", test) == []
    for rubbish in (b"", b"rubbish" * 100):
        (tmp_path / SEEN).write_bytes(rubbish)
        with pytest.raises(HotdogError, match="cannot read .*seen.safetensors"):
            seen_before(tmp_path / "model.safetensors", test)


def test_a_source_that_knows_the_class():
    source = get_weights("squeezenet1_1", "imagenet")
    leaks = find_leaks(scenes([0, 1]), scenes([2, 3]), None, source, "hotdog")
    assert [leak["kind"] for leak in leaks] == ["class known to the source"]
    assert "'hotdog'" in leaks[0]["says"]
    assert find_leaks(scenes([0, 1]), scenes([2, 3]), None, source, "no such class") == []


def test_looks_at_a_test_split_are_counted_by_setting(tmp_path, monkeypatch):
    monkeypatch.setenv("HOTDOG_CACHE", str(tmp_path))
    measured = {"accuracy": 0.9, "n": 100}
    assert note_look("a" * 64, "one", measured) == []
    assert note_look("a" * 64, "one", measured) == [], "another seed of it, or the same again"
    assert note_look("b" * 64, "two", measured) == [], "other pictures"
    (leak,) = note_look("a" * 64, "two", measured)
    assert leak["settings"] == 2
    flattery = 100 * math.sqrt(0.9 * 0.1 / 100) * math.sqrt(2 * math.log(2))
    assert f"by up to {flattery:.1f} points" in leak["says"]
    (tmp_path / "looks" / ("c" * 32 + ".txt")).mkdir()
    assert note_look("c" * 64, "one", measured) == [], "no reason to lose a run"


def test_the_commands_report_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOTDOG_CACHE", str(tmp_path / "cache"))
    for split, seeds in (("train", range(16)), ("test", [0, 1, 100, 101])):
        pictures = scenes(seeds)
        for image, target, seed in zip(pictures.images, pictures.targets, seeds, strict=True):
            folder = tmp_path / "photos" / split / pictures.class_names[int(target)]
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image.permute(1, 2, 0).numpy()).save(folder / f"{seed}.png")
    run = tmp_path / "run"
    arguments = ["train", "--data", tmp_path / "photos", "--model", "resnet18_slim", "--out", run]
    arguments += ["--weights", "embedded", "--strategy", "head", "--epochs", 2]
    assert main([str(a) for a in [*arguments, "--batch-size", 4, "--validation", 0.25]]) == 0
    assert "note: " in capsys.readouterr().err
    kinds = [leak["kind"] for leak in json.loads((run / "metrics.json").read_text())["leakage"]]
    assert "across splits" in kinds
    assert main(["evaluate", str(run), "--data", str(tmp_path / "photos" / "train")]) == 0
    (leak,) = json.loads(capsys.readouterr().out)["leakage"]
    assert (leak["kind"], leak["pictures"]) == ("seen in training", 16)
    assert Path(leak["examples"][0][1]).parent.parent.name == "train"


def test_a_subset_takes_its_signature_along():
    pictures = scenes(range(6))
    fresh = pictures.subset([4, 1]).signature
    assert pictures.signature.bits.shape == (6, 256)
    taken = pictures.subset([4, 1])
    assert torch.equal(taken.signature.bits, fresh.bits)
    assert torch.equal(taken.signature.thumbnails, fresh.thumbnails)
    assert replace(taken, images=taken.images.flip(0)).signature.bits.equal(fresh.bits.flip(0))
