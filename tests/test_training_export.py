"""A network as an ONNX file: it answers as torch does, says what it is, and is never half right."""

import importlib.util
import json

import onnxruntime
import pytest
import torch

from hotdog_lib.cli import main
from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.errors import HotdogError
from hotdog_lib.models import ModelCard, create_model, forward_features, load_model, save_model
from hotdog_lib.models.heads import put_kept_head
from hotdog_lib.models.onnx_graph import compress, onnx_graph
from hotdog_lib.training import export
from hotdog_lib.training.state import seeded

VIEW = Preprocessing(64, 64)
NAMES = ("hotdog", "leg", "tree")


@pytest.fixture(scope="module")
def slim():
    """A network with BatchNorm statistics that matter, and its card."""
    with seeded(0):
        model = create_model("resnet18_slim", num_classes=3)
        for _ in range(3):
            model(torch.randn(8, 3, 64, 64) * 2 + 1)
    card = ModelCard("resnet18_slim", NAMES, VIEW, {"strategy": "scratch", "mirror": True})
    return model.eval(), card


@pytest.fixture(scope="module")
def graph(slim):
    return onnx_graph(*slim)


@pytest.fixture
def run(slim, tmp_path):
    """A run folder with that network."""
    model, card = slim
    path = tmp_path / "run" / "model.safetensors"
    about = {"class_names": card.class_names, "provenance": card.provenance}
    save_model(model, path, architecture=card.architecture, preprocessing=VIEW, **about)
    return path.parent


def session(path):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def test_the_command_writes_a_file_that_says_and_computes_the_same(run, tmp_path, capsys):
    out = tmp_path / "deep" / "first.onnx"
    assert main(["export", str(run), "--format", "onnx", "--out", str(out)]) == 0
    told = json.loads(capsys.readouterr().out)  # one JSON object and nothing else
    assert told["pictures"] == 100 and told["difference"] <= 1e-3 and told["same_answers"] == 1
    assert told["bytes"] == out.stat().st_size

    loaded = session(out)
    metadata = loaded.get_modelmeta().custom_metadata_map
    card = ModelCard.from_json(metadata["hotdog_lib"])
    assert card == load_model(run / "model.safetensors")[1]
    assert json.loads(metadata["hotdog_lib_export"])["storage"] == "fp32"

    model, _ = load_model(run / "model.safetensors")
    for count in (1, 5):
        images = VIEW(torch.randint(0, 256, (count, 3, 64, 64), dtype=torch.uint8))
        features, logits = loaded.run(["features", "logits"], {"images": images.numpy()})
        with torch.inference_mode():
            assert torch.allclose(torch.from_numpy(logits), model(images), atol=1e-4)
            expected = forward_features(model, images)
        assert torch.allclose(torch.from_numpy(features), expected, atol=1e-4)


def test_the_graph_tells_nothing_of_the_machine(graph):
    text = graph.SerializeToString()
    assert b"site-packages" not in text and b".py" not in text


@pytest.mark.parametrize(("storage", "share", "off"), [("fp16", 0.52, 0.01), ("int8", 0.28, 0.1)])
def test_fewer_bits_make_a_smaller_file_that_says_nearly_the_same(graph, storage, share, off):
    small = compress(graph, storage)
    assert small.ByteSize() < share * graph.ByteSize()
    inputs = VIEW(torch.randint(0, 256, (20, 3, 64, 64), dtype=torch.uint8))
    exact, stored = export.by_onnx(graph, inputs), export.by_onnx(small, inputs)
    for a, b in zip(exact, stored, strict=True):
        assert 0 < (a - b).abs().max() < off * a.abs().max()


def test_squeezenet_with_its_pooled_features(tmp_path):
    with seeded(0):
        model = create_model("squeezenet1_1", num_classes=2).eval()
    card = ModelCard("squeezenet1_1", ("hotdog", "not-hotdog"), VIEW)
    told = export.export_onnx(model, card, tmp_path / "s.onnx", storage="fp16")
    assert told["bytes"] < 1.6e6
    images = torch.zeros(2, 3, 64, 64).numpy()
    assert session(tmp_path / "s.onnx").run(["features"], {"images": images})[0].shape == (2, 512)


@pytest.mark.parametrize("name", ["resnet18_slim", "squeezenet1_1"])
def test_a_kept_head(name):
    model = put_kept_head(create_model(name, num_classes=3), [0, 1, 1]).eval()
    images = torch.randn(3, 3, 64, 64)
    graph = onnx_graph(model, ModelCard(name, ("a", "b"), VIEW, head="kept", kept=(0, 1, 1)))
    loaded = onnxruntime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (logits,) = loaded.run(["logits"], {"images": images.numpy()})
    assert torch.allclose(torch.from_numpy(logits), model(images), atol=1e-4)


def test_a_graph_that_differs_is_not_written(slim, graph, tmp_path, monkeypatch):
    other = create_model("resnet18_slim", num_classes=3).eval()
    monkeypatch.setattr(export, "onnx_graph", lambda *_: graph)
    with pytest.raises(HotdogError, match="differs from torch"):
        export.export_onnx(other, slim[1], tmp_path / "x.onnx")
    assert not (tmp_path / "x.onnx").exists()


def test_a_storage_that_changes_answers_is_not_written(slim, graph, tmp_path, monkeypatch):
    broken = compress(graph, "int8")
    weights = next(t for t in broken.graph.initializer if t.name == "model.conv1.weight.int8")
    weights.raw_data = bytes(reversed(weights.raw_data))
    monkeypatch.setattr(export, "onnx_graph", lambda *_: graph)
    monkeypatch.setattr(export, "compress", lambda *_: broken)
    with pytest.raises(HotdogError, match="--storage fp16"):
        export.export_onnx(*slim, tmp_path / "x.onnx", storage="int8")
    assert not (tmp_path / "x.onnx").exists()


def test_wrong_calls_are_told(run, graph, tmp_path, capsys, monkeypatch):
    assert main(["export", str(tmp_path), "--out", str(tmp_path / "x.onnx")]) == 2
    assert "holds no trained model" in capsys.readouterr().err
    assert main(["export", str(run), "--out", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err
    with pytest.raises(HotdogError, match="fp32, fp16, int8"):
        compress(graph, "fp8")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main(["export", str(run), "--out", str(tmp_path / "x.onnx")]) == 2
    error = capsys.readouterr().err
    assert "pip install 'hotdog_lib[onnx]'" in error and "onnxscript" in error
