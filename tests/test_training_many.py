"""Two processes do what one does, with eleven pictures too; and the end of one ends the other."""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import many
import pytest
import torch
from PIL import Image

from hotdog_lib.cli import main

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
SECONDS = 120  # for what takes ten: nothing may hang


def free_port() -> str:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


def launch(command, **environment):
    """Starts a command; whatever it prints is for the reader of a failed test."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", **environment}
    return subprocess.Popen([str(part) for part in command], env=environment,
                            stderr=subprocess.PIPE, text=True)  # fmt: skip


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """What one process gives, and what each of two gives."""
    out = tmp_path_factory.mktemp("many") / "result"
    script = Path(__file__).with_name("many.py")
    started = launch([*TORCHRUN, "--master-port", free_port(), script, out])
    try:
        alone = many.everything()
        said = started.communicate(timeout=SECONDS)[1]
        assert started.returncode == 0, said
    finally:
        started.kill()
    ranks = [json.loads(Path(f"{out}.{rank}").read_text()) for rank in range(2)]
    return alone, ranks


@pytest.mark.parametrize("case", many.CASES)
def test_two_processes_train_as_one(both, case):
    alone, ranks = both
    for rank in ranks:
        assert rank[case]["weights"] == pytest.approx(alone[case]["weights"], rel=1e-5)
        for one, two in zip(alone[case]["history"], rank[case]["history"], strict=True):
            assert two["train_loss"] == pytest.approx(one["train_loss"], rel=1e-4)
            for name, value in one["validation"].items():
                assert two["validation"][name] == (
                    pytest.approx(value, rel=1e-4) if isinstance(value, float) else value
                ), name
    assert ranks[0][case]["history"][0]["validation"]["n"] == 11, "none twice, none left out"


def test_one_process_writes(both):
    alone, ranks = both
    for case in many.CASES:
        assert ranks[0][case]["wrote"] == alone[case]["wrote"] > 0
        assert ranks[1][case]["wrote"] == 0


def test_layers_that_look_at_the_whole_batch_see_it(both):
    alone, ranks = both
    for rank in ranks:
        for name, values in alone["layers"].items():
            assert rank["layers"][name] == pytest.approx(values, rel=1e-4, abs=1e-5), name


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """A folder with two colours of noise, eleven pictures each, and the options of a short run."""
    monkeypatch.setenv("HOTDOG_CACHE", str(tmp_path / "cache"))
    generator = torch.Generator().manual_seed(0)
    for name, colour in (("hotdog", (200, 60, 40)), ("not-hotdog", (40, 60, 200))):
        folder = tmp_path / "photos" / name
        folder.mkdir(parents=True)
        for i in range(11):
            noise = torch.randint(0, 50, (64, 64, 3), generator=generator)
            pixels = (torch.tensor(colour) + noise).to(torch.uint8)
            Image.fromarray(pixels.numpy()).save(folder / f"{i}.png")
    return tmp_path / "photos"


OPTIONS = ["--model", "resnet18_slim", "--weights", "embedded", "--precision", "fp32"]
OPTIONS += ["--head-epochs", "2", "--validation", "0.25", "--optimizer", "sgd", "--lr", "0.003"]


def test_accelerate_trains_from_shards_as_one_process_from_files(photos, tmp_path, capsys):
    shards, one, two = (tmp_path / name for name in ("shards", "one", "two"))
    assert main(["shard", str(photos), "--out", str(shards), "--size", "96"]) == 0
    options = [*OPTIONS, "--epochs", "2", "--out"]
    # "multi_gpu" is accelerate's way that connects by torchrun; with --device cpu no GPU is used.
    many = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes"]
    many += ["2", "--num_machines", "1", "--main_process_port", free_port(), "-m", "hotdog_lib"]
    started = launch([*many, "train", "--device", "cpu", "--data", shards, *options, two])
    try:
        assert main(["train", "--data", str(photos), *options, str(one)]) == 0
        said = started.communicate(timeout=SECONDS)[1]
    finally:
        started.kill()
    assert started.returncode == 0, said
    assert said.count("everything 2/2") == 1, "one process logs"
    expected, found = (json.loads((run / "metrics.json").read_text()) for run in (one, two))
    for name, value in expected["validation"].items():
        close = pytest.approx(value, rel=1e-3) if isinstance(value, float) else value
        assert found["validation"][name] == close, name
    assert json.loads((two / "config.json").read_text())["hardware"]["processes"] == 2
    assert not (two / "checkpoint.safetensors").exists() and not (two / ".lock").exists()


@contextmanager
def two_processes(photos, out, *more):
    """The command in two processes as a launcher on two machines would start them."""
    command = [sys.executable, "-m", "hotdog_lib", "train", "--data", photos, "--out", out]
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port(), "WORLD_SIZE": "2"}
    ranks = [
        launch([*command, *OPTIONS, *more], RANK=str(rank), LOCAL_RANK=str(rank), **address)
        for rank in range(2)
    ]
    try:
        yield ranks
    finally:
        for rank in ranks:
            rank.kill()


def test_killing_one_process_ends_the_other_with_a_clear_error(photos, tmp_path):
    out = tmp_path / "run"
    with two_processes(photos, out, "--epochs", "500", "--timeout", "60") as ranks:
        deadline = time.monotonic() + SECONDS
        while not (out / "checkpoint.safetensors").exists():
            assert time.monotonic() < deadline and ranks[0].poll() is None, "it never began"
            time.sleep(0.1)
        ranks[1].kill()
        said = ranks[0].communicate(timeout=SECONDS)[1]
    assert ranks[0].returncode == 2
    assert "process 0 of 2: error: it has lost another one" in said and "--resume" in said
    assert "Traceback" not in said and not (out / ".lock").exists()


def test_what_the_first_process_refuses_ends_the_others_too(photos, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text("{}")
    with two_processes(photos, tmp_path / "run") as ranks:
        said = [rank.communicate(timeout=SECONDS)[1] for rank in ranks]
    assert [rank.returncode for rank in ranks] == [2, 2]
    assert "process 0 of 2: error:" in said[0] and "holds a run already; add --resume" in said[0]
    assert "process 1 of 2: error: it has lost another one" in said[1]
