"""Pretraining from end to end, in small."""

import json

from hotdog_lib.cli import main
from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.models import create_model, load_model, save_model
from hotdog_lib.models.weights import get_weights


def test_pretraining_writes_weights_that_can_be_a_source(tmp_path, capsys):
    out, record = tmp_path / "slim.safetensors", tmp_path / "record.json"
    counts = ["--pictures", "128", "--held-out", "121", "--epochs", "1"]
    paths = ["--out", str(out), "--record", str(record)]
    assert main(["pretrain", "--model", "resnet18_slim", *counts, *paths]) == 0
    source = get_weights("resnet18_slim", out)
    assert source.categories[source.class_index("hotdog")] == "hotdog"
    assert source.preprocessing.crop_size == 96
    told = json.loads(record.read_text())
    assert len(told["accuracy_by_class"]) == len(source.categories)
    assert told["bytes"] == out.stat().st_size <= 3_000_000


def test_pretraining_goes_on_from_weights_of_the_pantry(tmp_path, capsys):
    first, record = tmp_path / "first.safetensors", tmp_path / "record.json"
    small = ["pretrain", "--pictures", "128", "--held-out", "121", "--epochs", "1"]
    small += ["--model", "resnet18_slim", "--record", str(record)]
    assert main([*small, "--out", str(first)]) == 0
    went_on = [*small, "--start", str(first), "--lr", "0", "--out", str(tmp_path / "more")]
    assert main(went_on) == 0
    told = json.loads(record.read_text())
    assert load_model(tmp_path / "more")[1].provenance["epochs"] == 2
    assert len(told["history"]) == 2 and told["command"].endswith("--start first.safetensors")
    before, after = (
        get_weights("resnet18_slim", path).state_dict() for path in (first, tmp_path / "more")
    )
    assert before["fc.weight"].equal(after["fc.weight"]), "at a rate of 0 they stay"

    other = tmp_path / "other.safetensors"
    save_model(
        *(create_model("resnet18_slim", num_classes=2), other),
        architecture="resnet18_slim",
        class_names=["a", "b"],
        preprocessing=Preprocessing(),
    )
    capsys.readouterr()
    assert main([*small, "--start", str(other), "--out", str(tmp_path / "none")]) == 2
    assert "is no resnet18_slim that was trained on this pantry" in capsys.readouterr().err
