"""A handful of what the benchmarks do by the thousand, and seeds of what they have found."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch

from hotdog_lib.data.mapped import read_shard, write_shard
from hotdog_lib.data.unpack import unzip
from hotdog_lib.errors import HotdogError
from hotdog_lib.training.recipe import Recipe

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


def run(script: str, *options: str) -> None:
    command = [sys.executable, str(BENCHMARKS / script), *options]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


@forks
def test_killed_runs_and_caches_end_as_if_they_had_not_been():
    run("kills.py", "--runs", "2", "--caches", "2")


@forks
def test_a_few_wrong_inputs_for_every_reader():
    run("fuzz.py", "--examples", "10")


# Found by fuzzing, and mended.


def test_an_archive_whose_members_lie_before_its_beginning(tmp_path):
    """Python's zipfile then seeks to a negative place, which is an error of the system's."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("a.txt", "text")
    data = bytearray(buffer.getvalue())
    start = data.rindex(b"PK\x05\x06") + 16  # where the end says that the directory begins
    data[start] += 5
    (tmp_path / "a.zip").write_bytes(data)
    (tmp_path / "into").mkdir()
    with pytest.raises(HotdogError, match="not a sound zip file"):
        unzip(tmp_path / "a.zip", tmp_path / "into")


def test_an_archive_with_a_member_without_a_name(tmp_path):
    """Python's zipfile then asks for the last letter of nothing."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("Q", "text")
    (tmp_path / "a.zip").write_bytes(buffer.getvalue().replace(b"Q", b"\0"))
    (tmp_path / "into").mkdir()
    with pytest.raises(HotdogError, match="not a sound zip file"):
        unzip(tmp_path / "a.zip", tmp_path / "into")


def test_a_seed_that_torch_cannot_take():
    for seed in (-1, 2**63, 10**30):
        with pytest.raises(HotdogError, match="seed is"):
            Recipe(seed=seed)


@pytest.mark.parametrize("wrong", [{"skipped": None}, {"names": [1]}, {"format": 0}, {"key": []}])
def test_a_shard_that_describes_itself_wrongly(tmp_path, wrong):
    """It was read into whatever was there, and failed later with an error that names nothing."""
    path = tmp_path / "shard-00000.safetensors"
    images = torch.zeros(1, 3, 4, 4, dtype=torch.uint8)
    about = {"key": "k", "start": 0, "end": 1, "names": ["a"], "skipped": []}
    write_shard(path, images, torch.zeros(1, dtype=torch.int64), **about)
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    described = json.loads(header["__metadata__"]["shard"]) | wrong
    header["__metadata__"]["shard"] = json.dumps(described)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])
    with pytest.raises(HotdogError, match="no sound shard"):
        read_shard(path)
