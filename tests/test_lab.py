"""Editions, the pocket edition's pictures and weights, and what is promised of both."""

import json
import subprocess
import sys

import pytest
import torch

from hotdog_lib.cli import main
from hotdog_lib.errors import HotdogError
from hotdog_lib.lab import kitchen_pictures, open_lab, render_folder
from hotdog_lib.models.io import load_model
from hotdog_lib.models.weights import get_weights


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOTDOG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOTDOG_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HOTDOG_EDITION", raising=False)


def test_auto_is_pocket_here_and_says_so_in_one_line(capsys):
    lab = open_lab()
    line = capsys.readouterr().out
    assert lab.edition == "pocket" and line.count("\n") == 1
    for part in ("pocket edition", "rendered pictures", "embedded", "minutes", "HOTDOG_EDITION="):
        assert part in line


def test_full_never_falls_back_in_silence(monkeypatch):
    monkeypatch.setenv("HOTDOG_EDITION", "full")
    with pytest.raises(HotdogError, match="python -m hotdog_lib fetch hotdog"):
        open_lab()


def test_full_without_weights_names_the_remedy(tmp_path):
    for split in ("train", "test"):
        (tmp_path / "home" / "hotdog" / split).mkdir(parents=True)
    with pytest.raises(HotdogError, match="fetch resnet18"):
        open_lab("full")


def test_unknown_edition(monkeypatch):
    monkeypatch.setenv("HOTDOG_EDITION", "pcoket")
    with pytest.raises(HotdogError, match="'pcoket' is unknown"):
        open_lab()


def test_pocket_splits_are_balanced_and_disjoint(monkeypatch):
    lab = open_lab("pocket")
    assert lab.train.counts() == {"hotdog": 50, "not-hotdog": 50}
    assert not set(lab.train.names) & set(kitchen_pictures(200, 5, 64).names)
    assert lab.train.size == lab.source().preprocessing.resize_size
    assert lab.train.factors is not None and "kind" in lab.train.factors[0]


@pytest.mark.parametrize("model", ["resnet18_slim", "squeezenet1_1"])
def test_embedded_weights_are_small_and_know_their_hotdog(model):
    source = get_weights(model, "embedded")
    assert source.path.stat().st_size <= 3_000_000
    assert len(source.categories) >= 60 and source.class_index("hot dog") >= 0
    loaded, card = load_model(source.path)
    assert all(torch.isfinite(p).all() for p in loaded.parameters())
    assert card.preprocessing == source.preprocessing


def test_drawn_folder_trains_and_evaluates(tmp_path, capsys):
    drawn, run = tmp_path / "drawn", tmp_path / "run"
    sizes = ["--train", "24", "--test", "10"]
    assert main(["render", "--out", str(drawn), *sizes, "--seed", "7", "--size", "96"]) == 0
    assert len(list((drawn / "train").glob("*/*.png"))) == 24
    assert len(list((drawn / "test" / "hotdog").glob("*.png"))) == 5
    arguments = ["--model", "resnet18_slim", "--weights", "embedded", "--strategy", "head"]
    assert main(["train", "--data", str(drawn), *arguments, "--out", str(run)]) == 0
    capsys.readouterr()
    assert main(["evaluate", str(run), "--data", str(drawn)]) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 10


def test_drawing_into_a_folder_with_something_in_it_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(HotdogError, match="is not empty"):
        render_folder(tmp_path, {"train": 2}, seed=0, size=64)
    with pytest.raises(HotdogError):
        render_folder(tmp_path / "new", {"train": 2}, seed=0, size=7)
    assert [p.name for p in tmp_path.iterdir() if p.name != "cache"] == ["mine.txt"]


def test_the_network_is_cut_for_tests_and_notebooks():
    """nbval runs every notebook under this guard: the pocket edition asks nobody for anything."""
    attempt = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)"
    done = subprocess.run([sys.executable, "-c", attempt], capture_output=True, text=True)
    assert "the tests have cut the network" in done.stderr
