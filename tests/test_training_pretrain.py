"""Pretraining from end to end, in small."""

import json

from hotdog_lib.cli import main
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
