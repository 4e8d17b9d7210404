"""The strategies that train few numbers in a frozen body: from the trainer to the saved files."""

from __future__ import annotations

import copy

import pytest
import torch
from test_cli import main, own_cache, photos, train_arguments, weights  # noqa: F401
from test_training_trainer import FP32, IDENTITY, VIEW, pictures, quick, train  # noqa: F401

from hotdog_lib.errors import HotdogError
from hotdog_lib.models.adapters import KINDS
from hotdog_lib.models.create import create_model
from hotdog_lib.models.heads import stages
from hotdog_lib.models.io import load_model, save_model
from hotdog_lib.models.weights import get_weights
from hotdog_lib.training.checkpoint import load_state, save_state
from hotdog_lib.training.compare import new_model
from hotdog_lib.training.recipe import Recipe
from hotdog_lib.training.state import seeded, snapshot
from hotdog_lib.training.strategies import plan
from hotdog_lib.training.trainer import Trainer


@pytest.fixture
def source(tmp_path):
    with seeded(0):
        model = create_model("resnet18_slim", num_classes=3)
    path = tmp_path / "weights.safetensors"
    about = {"class_names": ("a", "b", "c"), "preprocessing": VIEW}
    save_model(model, path, architecture="resnet18_slim", **about)
    return get_weights("resnet18_slim", path)


@pytest.mark.parametrize("kind", KINDS)
def test_they_learn_and_the_source_stays(kind, source, pictures):  # noqa: F811
    recipe = quick(strategy=kind, epochs=4, lr=1e-2, rank=4, select="last")
    model = new_model("resnet18_slim", source, recipe, ("hotdog", "not-hotdog"))
    before = copy.deepcopy(model.state_dict())
    history = train(pictures, recipe, model).state.history
    assert [row["phase"] for row in history] == ["head"] * 2 + [kind] * 4
    assert history[-1]["train_loss"] < 0.5
    moved = {k for k, v in model.state_dict().items() if not torch.equal(v, before[k])} - {
        "fc.weight",
        "fc.bias",
    }
    part = {"lora": "lora.", "adapter": "adapter.", "bias": "bias", "norm": ""}[kind]
    assert moved and all(part in key and "running" not in key for key in moved)


def test_their_plan():
    names = list(stages(create_model("resnet18_slim", num_classes=2)))
    head, lora = plan(Recipe("lora", epochs=3), names)
    assert head.cached and (lora.first, lora.epochs, lora.learns) == ("head", 3, "lora")
    with pytest.raises(HotdogError, match="adapter, bias, norm"):
        plan(Recipe("dora"), names)
    with pytest.raises(HotdogError, match="rank is 0"):
        Recipe("lora", rank=0)


@pytest.mark.parametrize(("kind", "stop_after"), [("lora", 1), ("lora", 2), ("adapter", 3)])
def test_a_resumed_run_ends_bit_identical(kind, stop_after, source, pictures, tmp_path):  # noqa: F811
    recipe = quick(strategy=kind, epochs=3, lr=1e-2, rank=4)

    def fresh():
        return new_model("resnet18_slim", source, recipe, ("hotdog", "not-hotdog"))

    whole = train(pictures, recipe, fresh())
    path, calls = tmp_path / "checkpoint.safetensors", []

    def stop(row, state):
        save_state(path, stopped.model, state, IDENTITY)
        calls.append(row)
        if len(calls) == stop_after:
            raise KeyboardInterrupt

    stopped = Trainer(fresh(), pictures, pictures, recipe, VIEW, FP32, on_epoch=stop)
    with pytest.raises(KeyboardInterrupt):
        stopped.fit()
    model = fresh()
    resumed = train(pictures, recipe, model, state=load_state(path, model, IDENTITY))
    expected, got = snapshot(whole.model), snapshot(resumed.model)
    assert all(torch.equal(expected[k], got[k]) for k in expected)


@pytest.mark.parametrize("kind", ["lora", "adapter"])
def test_a_run_leaves_a_model_and_an_adapter_file(kind, photos, weights, tmp_path, capsys):  # noqa: F811
    run = tmp_path / "run"
    more = ("--strategy", kind, "--rank", 4, "--lr", 1e-2)
    assert main(train_arguments(photos, weights, run, *more)) == 0
    assert (run / "adapter.safetensors").stat().st_size < weights.stat().st_size / 3
    model, card = load_model(run / "model.safetensors")
    source = get_weights("resnet18_slim", weights)
    small, _ = load_model(run / "adapter.safetensors", source=source)
    images = torch.randn(2, 3, 64, 64)
    torch.testing.assert_close(small(images), model(images), rtol=1e-3, atol=1e-4)
    plain = create_model("resnet18_slim", num_classes=2).state_dict()
    assert (card.adapter is None and set(model.state_dict()) == set(plain)) == (kind == "lora")
    capsys.readouterr()
    assert main(["evaluate", str(run), "--data", str(photos)]) == 0
    assert '"accuracy": 1.0' in capsys.readouterr().out
    assert main(train_arguments(photos, weights, run, *more, "--resume")) == 0
