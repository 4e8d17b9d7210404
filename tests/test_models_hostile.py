"""Model files from anywhere: no code, no unbounded memory, and a clear word for what is wrong."""

from __future__ import annotations

import ast
import json
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.errors import HotdogError
from hotdog_lib.models import io, list_models, load_model, read_metadata
from hotdog_lib.models.architectures import build_architecture, weightless
from hotdog_lib.models.heads import reset_classifier

ROOT = Path(__file__).parents[1]
CARD = {
    "format": 1,
    "model": "resnet18_slim",
    "class_names": ["a", "b"],
    "preprocessing": Preprocessing(64, 64).to_dict(),
    "provenance": {},
    "head": "linear",
}


def write(path: Path, tensors: dict[str, torch.Tensor], **changes: Any) -> Path:
    save_file(tensors, path, metadata={"hotdog_lib": json.dumps(CARD | changes)})
    return path


def raw(path: Path, header: Any, body: bytes = b"", length: int | None = None) -> Path:
    """A file whose header says anything."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + body)
    return path


@pytest.fixture
def nothing_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """No network may get memory before the file is known to fit it."""

    def build(*arguments: Any) -> torch.nn.Module:
        model = build_architecture(*arguments)
        assert all(parameter.is_meta for parameter in model.parameters()), "memory was taken"
        return model

    monkeypatch.setattr(io, "build_architecture", build)


@pytest.mark.parametrize(
    "changes",
    [
        {"class_names": [f"class {i}" for i in range(200_000)]},
        {"model": "vit_h_14", "preprocessing": Preprocessing(4096, 4088).to_dict()},
        {"model": "regnet_y_128gf"},
    ],
    ids=["classes", "vit", "regnet"],
)
def test_a_few_bytes_that_ask_for_gigabytes(tmp_path, nothing_built, changes):
    path = write(tmp_path / "m.safetensors", {"fc.weight": torch.zeros(2, 160)}, **changes)
    with pytest.raises(HotdogError, match="do not fit"):
        load_model(path)


def test_a_picture_size_that_no_patches_fill(tmp_path):
    """Found by fuzzing: torchvision asserts that a transformer's patches fill the picture."""
    view = Preprocessing(225, 225).to_dict()
    tensors = {"fc.weight": torch.zeros(2, 160)}
    path = write(tmp_path / "m.safetensors", tensors, model="vit_h_14", preprocessing=view)
    with pytest.raises(HotdogError, match="vit_h_14 cannot be built .* 225 pixels"):
        load_model(path)


def test_tensors_of_another_type(tmp_path, nothing_built):
    with torch.random.fork_rng():
        state = reset_classifier(build_architecture("resnet18_slim", 2), 2).state_dict()
    state["conv1.weight"] = state["conv1.weight"].long()
    with pytest.raises(HotdogError, match="conv1.weight is torch.int64, not torch.float32"):
        load_model(write(tmp_path / "m.safetensors", state))


def test_headers_that_lie(tmp_path):
    metadata = {"__metadata__": {"hotdog_lib": json.dumps(CARD)}}
    huge = {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 8]}
    empty = {"dtype": "F32", "shape": [0, 2**62, 2**62], "data_offsets": [0, 0]}
    outside = {"dtype": "F32", "shape": [2], "data_offsets": [10**6, 10**6 + 8]}
    backwards = {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}
    odd = {"dtype": "Q7", "shape": [2], "data_offsets": [0, 8]}
    for entry in (huge, empty, outside, backwards, odd, "rubbish", {}, None):
        path = raw(tmp_path / "m.safetensors", metadata | {"fc.weight": entry}, bytes(8))
        with pytest.raises(HotdogError, match="m.safetensors"):
            load_model(path)
    twice = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    path = raw(tmp_path / "m.safetensors", metadata | {"a": twice, "b": twice}, bytes(8))
    with pytest.raises(HotdogError, match="m.safetensors"):
        load_model(path)


@pytest.mark.parametrize("length", [0, 7, 2**27, 2**62, 2**64 - 1])
def test_header_lengths_that_lie(tmp_path, length):
    path = raw(tmp_path / "m.safetensors", {"__metadata__": {}}, b"", length)
    with pytest.raises(HotdogError, match="no safetensors file"):
        read_metadata(path)


def test_a_header_of_megabytes_is_not_read(tmp_path):
    path = raw(tmp_path / "m.safetensors", b'{"__metadata__":{"a":"' + b"x" * 2**24 + b'"}}')
    with pytest.raises(HotdogError, match="header would have 16,777"):
        read_metadata(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"surprise": 1}, "unknown entries .'surprise'.; update"),
        ({"body": {"weights": "../../secret", "digest": "0"}}, "body weights '../../secret'"),
        ({"body": {"weights": "embedded", "digest": 7}}, "body digest 7"),
        ({"preprocessing": CARD["preprocessing"] | {"crop_size": "64"}}, "whole number"),
        ({"preprocessing": CARD["preprocessing"] | {"crop_size": True}}, "whole number"),
        ({"preprocessing": CARD["preprocessing"] | {"std": [float("nan")] * 3}}, "std"),
        ({"preprocessing": CARD["preprocessing"] | {"mean": [1e400, 0, 0]}}, "mean"),
        ({"preprocessing": CARD["preprocessing"] | {"interpolation": ["x"]}}, "interpolation"),
    ],
)
def test_metadata_is_held_to_its_schema(tmp_path, changes, message):
    path = write(tmp_path / "m.safetensors", {"fc.weight": torch.zeros(2, 160)}, **changes)
    with pytest.raises(HotdogError, match=message):
        read_metadata(path)


@pytest.mark.parametrize("name", ["regnet_y_128gf", "vit_h_14", "swin_v2_b", "maxvit_t"])
def test_networks_can_be_looked_at_without_their_weights(name):
    assert name in list_models()
    with weightless():
        model = build_architecture(name, 7)
    assert all(parameter.is_meta for parameter in model.parameters())


# Nothing that runs code is used to read anything.

#: Parts of a drawing job, over a pipe between a process and its own child: nothing from outside.
OWN_PIPE = {"crew.py"}
#: Cells that a learner writes are run where the learner wrote them, and in the tests.
OWN_CELLS = {"exercise.py"}
FORBIDDEN = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
CALLS = {"eval", "exec", "compile", "__import__"}


def faults(source: str, name: str) -> list[str]:
    """Lines of one file that could run what they read."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules = {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules = {(node.module or "").split(".")[0]}
        else:
            modules = set()
        if modules & FORBIDDEN:
            found.append(f"{name}:{node.lineno} imports {modules & FORBIDDEN}")
        if isinstance(node, ast.Call) and (fault := _bad_call(node)):
            found.append(f"{name}:{node.lineno} {fault}")
    return found


def _bad_call(call: ast.Call) -> str | None:
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    text = ast.unparse(call.func)
    if text == "torch.load" and getattr(named.get("weights_only"), "value", None) is not True:
        return "calls torch.load without weights_only=True"
    if text in ("np.load", "numpy.load") and "allow_pickle" in named:
        return "lets numpy load pickles"
    if text in ("yaml.load", "os.system", "os.popen"):
        return f"calls {text}"
    if isinstance(call.func, ast.Name) and text in CALLS:
        return f"calls {text}"
    if getattr(named.get("shell"), "value", None) is True:
        return "starts a shell"
    return None


def test_the_scan_finds_what_it_looks_for():
    bad = "import pickle\nfrom dill import x\ntorch.load(p)\neval(t)\nrun(c, shell=True)\n"
    assert len(faults(bad, "bad.py")) == 5
    good = "torch.load(p, weights_only=True)\nre.compile('x')\nmodel.eval()\n"
    assert faults(good, "good.py") == []


def test_nothing_loads_pickles_or_runs_what_it_reads():
    files = [
        p for room in ("hotdog_lib", "book", "benchmarks") for p in (ROOT / room).rglob("*.py")
    ]
    assert len(files) > 60
    found = [f for p in files for f in faults(p.read_text(encoding="utf-8"), p.name)]
    excused = [f for f in found if f.split(":")[0] in OWN_PIPE | OWN_CELLS]
    assert found == excused and len(excused) == 3
