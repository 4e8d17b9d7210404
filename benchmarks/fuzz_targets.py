"""What ``fuzz.py`` feeds, and to whom: a target makes a strategy and a test in a scratch folder.

A test returns True for an input that was read and False for one that was refused by a HotdogError.
A new reader needs one function here and a line in ``TARGETS``.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import struct
import sys
import zipfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from fuzz_inputs import damaged, nearly, pictures, with_metadata
from hypothesis import strategies as st
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save
from torch import nn

from hotdog_lib import cli
from hotdog_lib.data import download, web
from hotdog_lib.data.decode import decode_image
from hotdog_lib.data.preprocess import Preprocessing, to_canvas
from hotdog_lib.data.records import Record, RecordFile, write_records
from hotdog_lib.data.shards import INDEX, Source, open_shards, write_shards
from hotdog_lib.data.unpack import unzip
from hotdog_lib.data.web import read_url
from hotdog_lib.errors import HotdogError
from hotdog_lib.models.card import METADATA_KEY
from hotdog_lib.models.io import load_model, read_metadata
from hotdog_lib.training.checkpoint import Identity, load_state

Target = tuple[st.SearchStrategy, Callable[[Any], bool]]


def refused(job: Callable[[], Any]) -> bool:
    """Whether ``job`` ended in a HotdogError; any other exception goes on."""
    try:
        job()
    except HotdogError as error:
        assert str(error), "an error without a word"
        return True
    return False


# Bytes.


def decoder(form: str, _: Path) -> Target:
    """Damaged pictures of one format."""

    def read(data: bytes) -> None:
        image = decode_image(data)
        assert image.dtype == torch.uint8 and image.ndim == 3 and image.shape[0] == 3
        assert to_canvas(image, 16).shape == (3, 16, 16)

    return damaged(pictures(form)), lambda data: not refused(lambda: read(data))


def archives(folder: Path) -> Target:
    """Damaged zip files; nothing may be written outside the folder."""
    files = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as file:
            for name in ("hotdog/train/a/1.png", "hotdog/test/b/2.png", "hotdog/é.txt"):
                file.writestr(name, name * 20)
        files.append(buffer.getvalue())
    place = folder / "unpacked"

    def read(data: bytes) -> None:
        place.mkdir()
        (folder / "a.zip").write_bytes(data)
        try:
            unzip(folder / "a.zip", place)
        finally:
            shutil.rmtree(place)
            assert sorted(os.listdir(folder)) == ["a.zip"], "something was written elsewhere"

    return damaged(files), lambda data: not refused(lambda: read(data))


def records(folder: Path) -> Target:
    """Damaged RecordIO files, without an index."""
    path = folder / "r.rec"
    magic = struct.pack("<I", 0xCED7230A)
    rows = [Record((float(i),), i, bytes([i]) * i + magic * (i % 3)) for i in range(12)]
    write_records(path, [*rows, Record((1.0, 2.0), 99, b"several")])
    sound = path.read_bytes()
    path.with_suffix(".idx").unlink()

    def read(data: bytes) -> None:
        path.write_bytes(data)
        assert sum(len(record.content) for record in RecordFile(path)) <= 4 * len(data)

    return damaged([sound]), lambda data: not refused(lambda: read(data))


def shards(folder: Path) -> Target:
    """Folders of two shards: one of them damaged, or described nearly right, or a wrong index."""
    place = folder / "shards"
    items = [(f"{i}.png", i % 2, torch.full((3, 4, 4), i, dtype=torch.uint8)) for i in range(5)]
    source = Source(
        "key", ("hotdog", "not-hotdog"), 4, len(items), lambda start: iter(items[start:])
    )
    truth = write_shards(place, source, shard_bytes=3 * 3 * 4 * 4).images[:]
    first, index = place / "shard-00000.safetensors", place / INDEX
    whole, listed = first.read_bytes(), index.read_bytes()
    with safe_open(first, "pt") as file:
        about = json.loads(file.metadata()["shard"])
    described = st.builds(with_metadata(whole, "shard"), nearly(about))
    pairs = st.tuples(damaged([whole]) | described, st.just(listed))
    indices = nearly(json.loads(listed)).map(lambda value: json.dumps(value).encode())
    pairs |= st.tuples(st.just(whole), damaged([listed]) | indices)

    def read(pair: tuple[bytes, bytes]) -> None:
        first.write_bytes(pair[0])
        index.write_bytes(pair[1])
        images = open_shards(place).images[:]
        assert all((truth == image).flatten(1).all(1).any() for image in images), "a wrong picture"

    return pairs, lambda pair: not refused(lambda: read(pair))


# Metadata.


def model_files(folder: Path) -> Target:
    """Model files with nearly right metadata, and sound ones with damaged headers."""
    card = {
        "format": 1,
        "model": "resnet18_slim",
        "class_names": ["hotdog", "not-hotdog"],
        "preprocessing": Preprocessing(64, 64).to_dict(),
        "provenance": {"mirror": True},
        "head": "linear",
    }
    tensors = {"fc.weight": torch.zeros(2, 160), "fc.bias": torch.zeros(2)}
    sound = save(tensors, {METADATA_KEY: json.dumps(card)})
    files = st.builds(with_metadata(sound, METADATA_KEY), nearly(card)) | damaged([sound])
    path = folder / "model.safetensors"

    def read(data: bytes) -> None:
        path.write_bytes(data)
        read_metadata(path)
        assert refused(lambda: load_model(path)), "it has no weights but the head's"

    return files, lambda data: not refused(lambda: read(data))


def checkpoints(folder: Path) -> Target:
    """Checkpoints with nearly right facts, and damaged ones."""
    identity = Identity({"seed": 0, "lr": 0.1}, "m", "w", {"train": "d"})
    row = {"phase": "head", "epoch": 1, "validation": {"loss": 1.0}}
    facts = {
        "format": 1,
        "phase": 0,
        "epoch": 1,
        "history": [row],
        "best": row,
        "groups": [{"lr": 0.1, "params": [0, 1]}],
        "identity": vars(identity),
    }
    layer = nn.Linear(2, 2)
    tensors = {
        f"{part}.{k}": v.clone()
        for part in ("model", "best")
        for k, v in layer.state_dict().items()
    }
    tensors["optimizer.0.momentum"] = torch.zeros(2, 2)
    sound = save(tensors, {"hotdog_run": json.dumps(facts)})
    files = st.builds(with_metadata(sound, "hotdog_run"), nearly(facts)) | damaged([sound])
    path = folder / "checkpoint.safetensors"

    def read(data: bytes) -> None:
        path.write_bytes(data)
        load_state(path, layer, identity)

    return files, lambda data: not refused(lambda: read(data))


# Text: addresses and command lines.


def addresses(_: Path) -> Target:
    """Texts that look like addresses; every name is looked up in vain, and nothing is asked."""
    web.socket.getaddrinfo = _nobody
    parts = [
        "http://",
        "https://",
        "ftp://",
        "a.test",
        "[::1]",
        "127.1",
        ":80",
        ":x",
        "@",
        "/",
        "?",
    ]
    texts = st.lists(st.sampled_from(parts) | st.text(max_size=6), max_size=8).map("".join)
    return texts, lambda text: not refused(lambda: read_url(text))


def _nobody(*_: Any, **__: Any) -> Any:
    raise OSError("the fuzzer has cut the network")


VALUES = ("", "0", "1", "-1", "2", "0.5", "nan", "inf", "1e400", "\u0663", "None", "True", "auto")
VALUES += ("cpu", "cuda:99", "head", "scratch", "hotdog", "accuracy", "one_cycle", "embedded")
VALUES += ("none", "resnet18_slim", "vgg999", "9" * 30, "--", "-h", "a,b", "\x00", "\ud800", "{}")


def command_lines(folder: Path) -> Target:
    """Commands with options of their own, of others and of none; training itself is left out."""
    nothing = open(os.devnull, "w")  # noqa: SIM115
    sys.stdout = sys.stderr = nothing
    _cut_short(folder)
    places = [
        str(folder / name) for name in ("photos", "photos/train", "absent", "out", "file.txt")
    ]
    apart = st.characters(exclude_characters="/\\.~:", exclude_categories=())  # no way out of here
    value = st.sampled_from([*VALUES, *places]) | st.text(apart, max_size=6)
    flags = sorted({f for command in COMMANDS for f in _flags(command)})
    option = st.tuples(st.sampled_from(flags), value) | st.tuples(value)
    right = st.sampled_from(COMMANDS).flatmap(
        lambda command: st.lists(
            st.tuples(st.sampled_from(_flags(command)), value) | option, max_size=6
        ).map(lambda options: [command, *(word for option in options for word in option)])
    )
    lines = right | st.lists(value, max_size=4)
    return lines, lambda line: _run_line(folder, line)


COMMANDS = ("train", "evaluate", "predict", "compare", "fetch")


def _flags(command: str) -> list[str]:
    common = ["--data", "--out", "--device", "--precision", "--help"]
    recipe = ["--model", "--weights", "--strategy", "--epochs", "--seed", "--batch-size", "--lr"]
    recipe += ["--validation", "--positive", "--resume", "--augmentation.scale", "--select"]
    own = {"train": recipe, "compare": [*recipe, "--strategies", "--seeds"], "fetch": ["--mirror"]}
    return common + own.get(command, [])


def _cut_short(folder: Path) -> None:
    """A tiny folder of pictures, no network, and a trainer that never trains."""
    from hotdog_lib.training.trainer import Trainer

    def stop(*_: Any) -> None:
        raise HotdogError("the fuzzer does not train")

    Trainer.fit = stop  # type: ignore[method-assign]
    web.socket.getaddrinfo = _nobody
    download.PAUSES = (0, 0)
    os.environ |= {"HOTDOG_HOME": str(folder / "home"), "HOTDOG_CACHE": str(folder / "cache")}
    os.environ |= {"TORCH_HOME": str(folder / "torch"), "CI": "1"}
    for split in ("train", "test"):
        for name in ("hotdog", "not-hotdog"):
            place = folder / "photos" / split / name
            place.mkdir(parents=True)
            for i in range(3):
                noise = np.random.default_rng(len(name) + i).integers(0, 256, (9, 9, 3), np.uint8)
                Image.fromarray(noise).save(place / f"{i}.png")
    (folder / "file.txt").write_text("no picture")


def _run_line(folder: Path, line: Sequence[str]) -> bool:
    os.chdir(folder)  # a relative path must not lead anywhere else
    try:
        code = cli.main(list(line))
    except SystemExit as stop:
        code = stop.code
    assert code in (0, 1, 2), f"exit code {code!r}"
    return code == 0


TARGETS: dict[str, Callable[[Path], Target]] = {
    **{f"decoder: {f}": partial(decoder, f) for f in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")},
    "archives": archives,
    "RecordIO": records,
    "shards": shards,
    "model files": model_files,
    "checkpoints": checkpoints,
    "addresses": addresses,
    "command line": command_lines,
}
