"""A run folder: one process, a full disk, other settings, another machine; and what compares."""

import json

import pytest
import torch
from PIL import Image
from safetensors import SafetensorError

from hotdog_lib.cli import main
from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.errors import HotdogError
from hotdog_lib.home import alone, atomic_write, sweep
from hotdog_lib.models import create_model, load_model, save_model
from hotdog_lib.training import checkpoint
from hotdog_lib.training.compare_runs import incomparable
from hotdog_lib.training.hardware import deterministic
from hotdog_lib.training.state import seeded


@pytest.fixture
def train(tmp_path, monkeypatch):
    """Runs the command on two colours of noise; returns its exit code."""
    monkeypatch.setenv("HOTDOG_CACHE", str(tmp_path / "cache"))
    generator = torch.Generator().manual_seed(0)
    for name, colour in (("hotdog", (200, 60, 40)), ("not-hotdog", (40, 60, 200))):
        folder = tmp_path / "photos" / name
        folder.mkdir(parents=True)
        for i in range(8):
            noise = torch.randint(0, 50, (64, 64, 3), generator=generator)
            pixels = (torch.tensor(colour) + noise).to(torch.uint8)
            Image.fromarray(pixels.numpy()).save(folder / f"{i}.png")
    with seeded(0):
        model = create_model("resnet18_slim", num_classes=2)
    source = tmp_path / "source" / "model.safetensors"
    view = Preprocessing(64, 64)
    names = ("a", "b")
    save_model(model, source, architecture="resnet18_slim", class_names=names, preprocessing=view)

    def run(out, *more):
        fixed = ["train", "--data", tmp_path / "photos", "--model", "resnet18_slim", "--out", out]
        fixed += ["--weights", source, "--epochs", 2, "--head-epochs", 2, "--batch-size", 8]
        return main([str(a) for a in [*fixed, "--validation", 0.25, *more]])

    return run


def weights(run):
    return load_model(run / "model.safetensors")[0].state_dict()


def test_a_second_process_is_told_and_changes_nothing(train, tmp_path, capsys):
    run = tmp_path / "run"
    with alone(run / ".lock", remedy="wait"):
        for more in ((), ("--resume",)):
            assert train(run, *more) == 2
            assert "another process is at work in" in capsys.readouterr().err
        assert [path.name for path in run.iterdir()] == [".lock"]
    assert train(run, "--strategy", "head") == 0 and not (run / ".lock").exists()


@pytest.mark.parametrize("nth", [1, 3])
def test_a_full_disk_leaves_the_last_good_checkpoint(train, tmp_path, capsys, monkeypatch, nth):
    save, calls = checkpoint.save_file, []

    def full(tensors, path, metadata):
        calls.append(path)
        save(tensors, path, metadata)
        if len(calls) == nth:
            raise SafetensorError("No space left on device (os error 28)")

    monkeypatch.setattr(checkpoint, "save_file", full)
    run = tmp_path / "run"
    assert train(run) == 2
    error = capsys.readouterr().err
    assert "cannot write" in error and "No space left" in error and "--resume" in error
    assert (run / "checkpoint.safetensors").exists() == (nth > 1)
    assert list(run.glob(".*")) == [], "nothing half-written"
    monkeypatch.setattr(checkpoint, "save_file", save)
    assert train(run, "--resume") == 0 and train(tmp_path / "whole") == 0
    one, two = weights(run), weights(tmp_path / "whole")
    assert all(torch.equal(one[key], two[key]) for key in one)


def test_places_that_cannot_be_written(train, tmp_path, capsys):
    (tmp_path / "file").touch()
    for out in (tmp_path / "file", tmp_path / "file" / "run"):
        assert train(out) == 2
        assert "choose another" in capsys.readouterr().err.replace(
            "takes a folder", "choose another"
        )


def test_what_a_kill_left_half_written_is_removed(train, tmp_path):
    left = tmp_path / "run" / ".checkpoint.safetensors.x.part"
    left.mkdir(parents=True)
    (left / "checkpoint.safetensors").write_bytes(b"half")
    assert train(tmp_path / "run", "--strategy", "head", "--resume") == 0
    assert not left.exists() and (tmp_path / "run" / "model.safetensors").exists()


def test_a_finished_run_is_not_passed_off_as_another(train, tmp_path, capsys):
    run = tmp_path / "run"
    assert train(run, "--strategy", "head", "--lr", "0.000123456789") == 0
    assert train(run, "--strategy", "head", "--lr", "0.000123456789", "--resume") == 0
    assert train(run, "--strategy", "head", "--lr", "0.001", "--resume") == 2
    assert "recipe.lr was 0.000123457, is 0.001" in capsys.readouterr().err
    (tmp_path / "photos" / "hotdog" / "0.png").unlink()
    assert train(run, "--strategy", "head", "--lr", "0.000123456789", "--resume") == 2
    assert "data.train was" in capsys.readouterr().err


def test_a_run_that_moves_to_another_machine_says_so(train, tmp_path, monkeypatch, caplog):
    def stop(*arguments):
        save(*arguments)
        raise KeyboardInterrupt

    from hotdog_lib.training import run as module

    run, save = tmp_path / "run", module.save_state
    monkeypatch.setattr(module, "save_state", stop)
    assert train(run) == 130
    monkeypatch.setattr(module, "save_state", save)
    config = json.loads((run / "config.json").read_text())
    config["hardware"]["threads"] = 77
    (run / "config.json").write_text(json.dumps(config))
    with caplog.at_level("WARNING"):
        assert train(run, "--resume") == 0
    assert "other hardware.threads" in caplog.text
    assert json.loads((run / "config.json").read_text())["began_with"]["hardware"]["threads"] == 77


def test_compare_says_which_rows_do_not_compare(train, tmp_path, capsys):
    arguments = ["compare", "--data", tmp_path / "photos", "--model", "resnet18_slim"]
    arguments += ["--weights", tmp_path / "source" / "model.safetensors", "--out", tmp_path / "out"]
    arguments += ["--strategies", "head", "--seeds", 2, "--epochs", 2, "--validation", 0.25]
    assert main([str(a) for a in arguments]) == 0
    assert "do not compare" not in capsys.readouterr().out
    path = tmp_path / "out" / "head-1" / "config.json"
    config = json.loads(path.read_text())
    config["environment"]["torch"] = "1.13"
    path.write_text(json.dumps(config))
    assert main([str(a) for a in arguments]) == 0  # both are there already
    told = capsys.readouterr().out
    assert "head-0 and head-1 do not compare in seconds: other environment.torch" in told
    assert json.loads((tmp_path / "out" / "compare.json").read_text())["not_comparable"]


def test_other_pictures_or_other_code_do_not_compare_at_all(tmp_path):
    base = {"identity": {"data": {"train": "x", "test": "y"}}, "environment": {"commit": "1"}}
    changes = {
        "same": {},
        "pictures": {"identity": {"data": {"train": "x", "test": "z"}}},
        "code": {"environment": {"commit": "2"}},
        "moved": {"began_with": {"hardware": {}}},
    }
    for name, change in changes.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(json.dumps(base | change))
    runs = [tmp_path / name for name in changes]
    assert incomparable(runs) == [
        "same and pictures do not compare in accuracy: other test pictures",
        "same and code do not compare in accuracy: other environment.commit",
        "same and moved do not compare in seconds: "
        "other hardware or versions in the middle of a run",
    ]
    (tmp_path / "same" / "config.json").write_text("[")
    with pytest.raises(HotdogError, match="cannot read"):
        incomparable(runs)


def test_the_record_says_what_made_it(train, tmp_path):
    assert train(tmp_path / "run", "--strategy", "head") == 0
    record = json.loads((tmp_path / "run" / "config.json").read_text())
    assert set(record["environment"]) >= {"date", "commit", "python", "torch", "torchvision"}
    assert set(record["hardware"]) >= {"device", "name", "threads", "bf16", "deterministic"}
    assert len(record["identity"]["data"]["train"]) == 64
    assert record["identity"]["recipe"]["seed"] == 0


def test_checkpoints_that_are_none(train, tmp_path, capsys):
    run = tmp_path / "run"
    run.mkdir()
    from safetensors.torch import save_file

    for facts in ("", "[]", "{}", json.dumps({"format": 1, "phase": "x"}), "[" * 100_000):
        save_file({"a": torch.ones(1)}, run / "checkpoint.safetensors", {"hotdog_run": facts})
        assert train(run, "--resume") == 2
        assert "no checkpoint that can be read" in capsys.readouterr().err


def test_the_deterministic_switch_is_put_back():
    before = torch.backends.cudnn.benchmark
    with deterministic(True):
        assert torch.are_deterministic_algorithms_enabled()
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.backends.cudnn.benchmark == before
    with pytest.raises(HotdogError, match="without --deterministic"), deterministic(True):
        raise RuntimeError("foo_cuda does not have a deterministic implementation.")


def test_atomic_write_and_sweep(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises(HotdogError, match="cannot write .*No space.*go there.*unchanged"):
        with atomic_write(path, "go there") as temporary:
            temporary.write_text("half")
            raise OSError(28, "No space left on device")
    assert path.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["a.json"]
    ordinary = tmp_path / "ordinary"
    ordinary.touch()
    with atomic_write(path) as temporary:
        temporary.write_text("new")
        temporary.chmod(0o600)
    assert path.read_text() == "new" and path.stat().st_mode == ordinary.stat().st_mode
    for name in (".a.json.1.part", ".b.json.1.part", "c.part"):
        (tmp_path / name).mkdir()
    sweep(tmp_path, "a.json.", age=3600)
    assert (tmp_path / ".a.json.1.part").exists()
    sweep(tmp_path, "a.json.")
    assert not (tmp_path / ".a.json.1.part").exists() and (tmp_path / ".b.json.1.part").exists()
    sweep(tmp_path)
    assert not (tmp_path / ".b.json.1.part").exists() and (tmp_path / "c.part").exists()
