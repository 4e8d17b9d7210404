"""The command line from the outside: a folder in, a run out, and clear words for everything that
is wrong."""

import json

import pytest
import torch
from PIL import Image
from safetensors import safe_open

from hotdog_lib.cli import main
from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.models.create import create_model
from hotdog_lib.models.io import load_model, save_model
from hotdog_lib.training.state import seeded


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HOTDOG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOTDOG_HOME", str(tmp_path / "home"))


@pytest.fixture
def photos(tmp_path):
    """train/ and test/ with red hot dogs and blue others."""
    generator = torch.Generator().manual_seed(0)
    for split, count in (("train", 10), ("test", 6)):
        for name, colour in (("hotdog", (200, 60, 40)), ("not-hotdog", (40, 60, 200))):
            folder = tmp_path / "photos" / split / name
            folder.mkdir(parents=True)
            for i in range(count):
                noise = torch.randint(0, 50, (80, 70, 3), generator=generator)
                pixels = (torch.tensor(colour) + noise).to(torch.uint8)
                Image.fromarray(pixels.numpy()).save(folder / f"{i}.png")
    return tmp_path / "photos"


@pytest.fixture
def weights(tmp_path):
    """A source file as pretraining writes it: three classes, one of them called hotdog."""
    with seeded(0):
        model = create_model("resnet18_slim", num_classes=3)
    path = tmp_path / "source.safetensors"
    save_model(
        model,
        path,
        architecture="resnet18_slim",
        class_names=("cat", "hotdog", "tree"),
        preprocessing=Preprocessing(64, 64),
    )
    return path


def train_arguments(photos, weights, out, *more):
    fixed = ["train", "--data", photos, "--model", "resnet18_slim", "--weights", weights]
    fixed += ["--out", out, "--epochs", 3, "--batch-size", 8, "--lr", 3e-3, "--validation", 0.2]
    return [str(a) for a in [*fixed, *more]]


def test_train_evaluate_predict(photos, weights, tmp_path, capsys):
    run = tmp_path / "run"
    assert main(train_arguments(photos, weights, run)) == 0
    names = {p.name for p in run.iterdir()}
    written = {"config.json", "history.jsonl", "metrics.json", "model.safetensors"}
    assert names == written | {"seen.safetensors"}
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["test"]["accuracy"] == 1.0 and metrics["test"]["n"] == 12
    assert metrics["zero_shot"]["class"] == "hotdog" and metrics["zero_shot"]["index"] == 1
    with safe_open(run / "model.safetensors", "pt") as file:
        card = json.loads(file.metadata()["hotdog_lib"])
    assert card["model"] == "resnet18_slim" and card["class_names"] == ["hotdog", "not-hotdog"]

    capsys.readouterr()
    assert main(["evaluate", str(run), "--data", str(photos)]) == 0
    told = json.loads(capsys.readouterr().out)  # one JSON object and nothing else
    assert {k: told[k] for k in metrics["test"]} == metrics["test"]
    assert told["class_names"] == ["hotdog", "not-hotdog"] and told["positive"] == "hotdog"

    good, bad = photos / "test" / "hotdog" / "0.png", tmp_path / "broken.jpg"
    bad.write_bytes(b"\xff\xd8\xff nothing more")
    assert main(["predict", str(run), str(good), str(bad), str(tmp_path / "absent.jpg")]) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows[0]["path"] == str(good) and rows[0]["label"] == "hotdog"
    assert rows[0]["probability"] > 0.5 and sum(rows[0]["probabilities"].values()) == pytest.approx(
        1
    )
    assert "broken.jpg" in rows[1]["error"] and "absent.jpg" in rows[2]["error"]


def test_the_sources_own_head_is_kept(photos, weights, tmp_path, capsys):
    run, kept = tmp_path / "run", ("--head", "kept", "--hold-statistics", "--lr", "1e-3")
    assert main(train_arguments(photos, weights, run, *kept)) == 0
    assert load_model(run / "model.safetensors")[1].kept == (1, 0, 1)
    metrics = json.loads((run / "metrics.json").read_text())
    capsys.readouterr()
    assert main(["evaluate", str(run), "--data", str(photos)]) == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] == metrics["test"]["accuracy"] > 0.9

    for split in ("train", "test"):
        (photos / split / "hotdog").rename(photos / split / "sausage")
    assert main(train_arguments(photos, weights, tmp_path / "other", *kept)) == 2
    assert "none of the classes not-hotdog, sausage is among the 3" in capsys.readouterr().err
    assert (
        main(train_arguments(photos, weights, tmp_path / "new", *kept, "--strategy", "scratch"))
        == 2
    )
    assert "from scratch" in capsys.readouterr().err


def test_a_run_stopped_between_epochs_ends_as_if_it_had_not_been(
    photos, weights, tmp_path, monkeypatch
):
    from hotdog_lib.training import run as run_module

    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    assert main(train_arguments(photos, weights, whole)) == 0
    save, calls = run_module.save_state, []

    def stop(*arguments):
        save(*arguments)
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(run_module, "save_state", stop)
    assert main(train_arguments(photos, weights, stopped)) == 130
    monkeypatch.setattr(run_module, "save_state", save)
    assert main(train_arguments(photos, weights, stopped)) == 2  # not without --resume
    assert main(train_arguments(photos, weights, stopped, "--resume", "--seed", 5)) == 2
    assert main(train_arguments(photos, weights, stopped, "--resume")) == 0
    one, _ = load_model(whole / "model.safetensors")
    two, _ = load_model(stopped / "model.safetensors")
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    assert main(train_arguments(photos, weights, stopped, "--resume")) == 0  # nothing left to do


def test_one_corrupt_photograph_is_listed_and_skipped(photos, weights, tmp_path, capsys):
    (photos / "train" / "hotdog" / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")
    run = tmp_path / "run"
    assert main(train_arguments(photos, weights, run, "--strategy", "head")) == 0
    assert "torn.jpg" in capsys.readouterr().err
    skipped = json.loads((run / "metrics.json").read_text())["skipped"]
    assert len(skipped) == 1 and "torn.jpg" in skipped[0]["path"]


def test_no_test_folder_no_test_figures(photos, weights, tmp_path):
    run = tmp_path / "run"
    arguments = train_arguments(photos / "train", weights, run, "--strategy", "head")
    assert main(arguments) == 0
    assert "test" not in json.loads((run / "metrics.json").read_text())


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda p: None, "does not exist"),
        (lambda p: [f.unlink() for f in (p / "train" / "hotdog").iterdir()], "holds no pictures"),
        (lambda p: _remove(p / "train" / "hotdog"), "hotdog"),
    ],
    ids=["wrong path", "empty class", "class missing"],
)
def test_wrong_folders(photos, weights, tmp_path, capsys, break_it, message):
    root = photos if break_it(photos) or message != "does not exist" else tmp_path / "phtoos"
    run = tmp_path / "run"
    assert main(train_arguments(root, weights, run)) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and message in error and "Traceback" not in error
    assert not run.exists()


def _remove(folder):
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()


def test_single_class(photos, weights, tmp_path, capsys):
    for split in ("train", "test"):
        _remove(photos / split / "not-hotdog")
    assert main(train_arguments(photos, weights, tmp_path / "run")) == 2
    assert "class" in capsys.readouterr().err and not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["--weights", "none"], "starts from source weights"),
        (["--weights", "nowhere.safetensors"], "nowhere.safetensors"),
        (["--model", "squeezenet1_1"], "resnet18_slim"),
        (["--model", "resnet19"], "resnet19"),
        (["--weights", "imagenet", "--model", "resnet18"], "resnet18-imagenet1k.safetensors"),
        (["--device", "cuda:9"], "cuda:9"),
        (["--lr", "-1"], "lr is -1"),
        (["--positive", "burger"], "burger"),
    ],
)
def test_wrong_options_are_told_and_leave_nothing(
    photos, weights, tmp_path, capsys, changes, message, monkeypatch
):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    if "cuda:9" in changes and torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    run = tmp_path / "run"
    assert main(train_arguments(photos, weights, run, *changes)) == 2
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error
    assert not run.exists()


def test_evaluate_and_predict_without_a_model(photos, tmp_path, capsys):
    for command in (
        ["evaluate", str(tmp_path), "--data", str(photos)],
        ["predict", str(tmp_path), "x"],
    ):
        assert main(command) == 2
        assert "holds no trained model" in capsys.readouterr().err


def test_help_shows_an_example_for_every_command(capsys):
    commands = ("train", "evaluate", "predict", "compare", "export", "fetch", "render", "pretrain")
    for command in commands:
        with pytest.raises(SystemExit) as stop:
            main([command, "--help"])
        assert stop.value.code == 0
        assert f"Example: python -m hotdog_lib {command}" in " ".join(
            capsys.readouterr().out.split()
        )


def test_the_test_split_is_looked_at_once_after_training(photos, weights, tmp_path, monkeypatch):
    from hotdog_lib.training import run as run_module
    from hotdog_lib.training.trainer import Trainer

    looks, fit = [], Trainer.fit
    monkeypatch.setattr(Trainer, "fit", lambda *a: (looks.append("fit"), fit(*a))[1])
    evaluate = run_module.evaluate

    def watched(model, pictures, *rest, **named):
        looks.append("test")
        assert len(pictures) == 12  # test/ has 12 pictures, train/ has 20
        return evaluate(model, pictures, *rest, **named)

    monkeypatch.setattr(run_module, "evaluate", watched)
    arguments = train_arguments(photos, weights, tmp_path / "run", "--strategy", "head")
    assert main(arguments) == 0
    assert looks == ["fit", "test"]
