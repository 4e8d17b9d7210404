"""The training loop: what is frozen stays, what is chosen is chosen on validation, a resumed run
is the same run."""

import copy
import itertools
import sys

import pytest
import torch
from torch import nn

from hotdog_lib.data.augment import Augmentation
from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.errors import HotdogError
from hotdog_lib.models.create import create_model
from hotdog_lib.models.heads import reset_classifier
from hotdog_lib.models.io import save_model
from hotdog_lib.models.modes import evaluating
from hotdog_lib.models.weights import get_weights
from hotdog_lib.training.checkpoint import Identity, load_state, save_state
from hotdog_lib.training.compare import new_model
from hotdog_lib.training.engine import (
    evaluate,
    extract_features,
    predict_logits,
    train_epoch,
)
from hotdog_lib.training.hardware import Hardware
from hotdog_lib.training.optim import make_optimizer
from hotdog_lib.training.progress import bar, wants_bars
from hotdog_lib.training.recipe import Recipe
from hotdog_lib.training.state import restore_optimizer, seeded, snapshot
from hotdog_lib.training.trainer import Trainer

VIEW = Preprocessing(64, 64)
FP32 = Hardware(torch.device("cpu"), bf16=False)
IDENTITY = Identity({"seed": 0}, "resnet18_slim", "digest", {"train": "data"})


@pytest.fixture
def pictures():
    """32 noisy pictures whose classes differ in brightness."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (32, 3, 64, 64), generator=generator, dtype=torch.uint8)
    targets = torch.arange(32) % 2
    images[targets == 0] //= 3
    names = tuple(str(i) for i in range(32))
    return PictureSet(images, targets, ("hotdog", "not-hotdog"), names)


def make_model(name="resnet18_slim"):
    with seeded(0):
        return reset_classifier(create_model(name), 2)


def quick(**changes):
    plain = {"epochs": 2, "head_epochs": 2, "batch_size": 8, "mirror": False}
    return Recipe(**{**plain, "augmentation": Augmentation(), **changes})


def train(pictures, recipe, model=None, on_epoch=None, state=None, validation=None):
    trainer = Trainer(
        model or make_model(),
        pictures,
        validation or pictures,
        recipe,
        VIEW,
        FP32,
        on_epoch=on_epoch,
    )
    trainer.fit(state)
    return trainer


def test_head_strategy_leaves_every_bit_of_the_body(pictures):
    model = make_model()
    before = copy.deepcopy(model.state_dict())
    train(pictures, quick(strategy="head", lr=0.01), model)
    moved = {k for k, v in model.state_dict().items() if not torch.equal(v, before[k])}
    assert "fc.weight" in moved <= {"fc.weight", "fc.bias"}


def test_held_statistics_stay_through_every_phase_while_all_weights_learn(pictures):
    model = make_model()
    before = copy.deepcopy(model.state_dict())
    train(pictures, quick(strategy="finetune", lr=0.01, hold_statistics=True), model)
    kept = {k for k, v in model.state_dict().items() if torch.equal(v, before[k])}
    assert kept == {k for k, _ in model.named_buffers()}
    with pytest.raises(HotdogError, match="from scratch"):
        quick(strategy="scratch", hold_statistics=True)


def test_a_kept_head_is_fitted_and_then_learns_with_the_body(pictures, tmp_path):
    names = ("bun", "hotdog", "taco", "cat")
    with seeded(0):
        model = create_model("resnet18_slim", num_classes=4)
    save_model(
        *(model, tmp_path / "s.safetensors"),
        architecture="resnet18_slim",
        class_names=names,
        preprocessing=VIEW,
    )
    source = get_weights("resnet18_slim", tmp_path / "s.safetensors")
    recipe = quick(strategy="finetune", lr=1e-3, head="kept", hold_statistics=True, select="last")
    model = new_model("resnet18_slim", source, recipe, pictures.class_names)
    rows = model.fc.weight.detach().clone()
    phases = []

    def on_epoch(row, state):
        phases.append((row["phase"], row["train_loss"], torch.equal(model.fc.weight, rows)))

    trainer = train(pictures, recipe, model, on_epoch)
    assert [(name, same) for name, _, same in phases] == [
        ("head", True),
        ("everything", False),
        ("everything", False),
    ]
    assert phases[-1][1] < phases[0][1] < 0.6931, "the fit beats a coin, and fine-tuning the fit"
    assert trainer.state.best is None
    lora = quick(strategy="lora", lr=1e-2, head="kept", rank=2)
    model = new_model("resnet18_slim", source, lora, pictures.class_names)
    train(pictures, lora, model)
    assert torch.equal(model.fc.weight, rows), "few numbers learn, and not the source's rows"
    assert model.fc.shift.requires_grad
    with pytest.raises(HotdogError, match="this network's is a kept one"):
        train(pictures, quick(strategy="head"), model)
    with pytest.raises(HotdogError, match="this network's is a new one"):
        train(pictures, recipe, make_model())


def test_a_run_of_an_older_version_goes_on():
    older = {"recipe": {"seed": 0}, "model": "m", "weights": "w", "data": {}}  # it knew no heads
    Identity({"seed": 0, "head": "new"}, "m", "w", {}).check(older)
    with pytest.raises(HotdogError, match="recipe.head was new, is kept"):
        Identity({"seed": 0, "head": "kept"}, "m", "w", {}).check(older)


def test_from_scratch_a_recipe_loses_what_needs_a_source():
    recipe = quick(strategy="finetune", lr=None, head="kept", hold_statistics=True)
    assert recipe.learning_rate < quick(strategy="finetune", lr=None).learning_rate  # knows enough
    assert recipe.with_strategy("head", 3).head == "kept"
    scratch = recipe.with_strategy("scratch", 3)
    assert (scratch.head, scratch.hold_statistics, scratch.seed) == ("new", False, 3)
    with pytest.raises(HotdogError, match="from scratch"):
        quick(strategy="scratch", head="kept")
    with pytest.raises(HotdogError, match="choose one"):
        quick(strategy="finetune", norm="adapt", hold_statistics=True)


def test_naive_freezing_moves_batchnorm_statistics(pictures):
    model = make_model().requires_grad_(False).train()
    before = model.bn1.running_mean.clone()
    model(VIEW(pictures.images[:8]))
    assert not torch.equal(before, model.bn1.running_mean)


@pytest.mark.parametrize("strategy", ["scratch", "finetune", "gradual"])
def test_strategies_learn(pictures, strategy):
    trainer = train(pictures, quick(strategy=strategy, epochs=4, lr=3e-3))
    losses = [row["train_loss"] for row in trainer.state.history]
    assert losses[-1] < 0.5 < losses[0]
    assert sum(row["phase"] != "head" for row in trainer.state.history) == 4


def test_best_epoch_is_kept(pictures):
    trainer = train(pictures, quick(strategy="scratch", epochs=3, select="loss"))
    best = min(row["validation"]["loss"] for row in trainer.state.history)
    now = evaluate(trainer.model, pictures, VIEW, FP32, positive="hotdog")
    assert now["loss"] == pytest.approx(best, rel=1e-5)


def test_same_seed_same_bits_and_callers_random_state_untouched(pictures):
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    first = snapshot(train(pictures, quick()).model)
    assert torch.equal(torch.rand(1), expected)
    second = snapshot(train(pictures, quick()).model)
    other = snapshot(train(pictures, quick(seed=1)).model)
    assert all(torch.equal(first[k], second[k]) for k in first)
    assert any(not torch.equal(first[k], other[k]) for k in first)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
@pytest.mark.parametrize("stop_after", [1, 3, 4])
def test_resumed_run_ends_bit_identical(pictures, tmp_path, stop_after, optimizer):
    recipe = quick(strategy="gradual", epochs=4, optimizer=optimizer, lr=1e-3)
    whole = train(pictures, recipe, make_model("squeezenet1_1"))
    path, calls = tmp_path / "checkpoint.safetensors", []

    def stop(row, state):
        save_state(path, stopped.model, state, IDENTITY)
        calls.append(row)
        if len(calls) == stop_after:
            raise KeyboardInterrupt

    stopped = Trainer(
        make_model("squeezenet1_1"), pictures, pictures, recipe, VIEW, FP32, on_epoch=stop
    )
    with pytest.raises(KeyboardInterrupt):
        stopped.fit()
    fresh = make_model("squeezenet1_1")
    state = load_state(path, fresh, IDENTITY)
    resumed = train(pictures, recipe, fresh, state=state)
    expected, got = snapshot(whole.model), snapshot(resumed.model)
    assert all(torch.equal(expected[k], got[k]) for k in expected)
    drop = ("seconds", "images_per_second")
    strip = [{k: v for k, v in row.items() if k not in drop} for row in resumed.state.history]
    assert strip == [{k: v for k, v in r.items() if k not in drop} for r in whole.state.history]


def test_checkpoint_of_another_run_is_refused(pictures, tmp_path):
    trainer = train(pictures, quick(strategy="head"))
    path = tmp_path / "checkpoint.safetensors"
    save_state(path, trainer.model, trainer.state, IDENTITY)
    other = Identity({"seed": 1}, "resnet18_slim", "digest", {"train": "data"})
    with pytest.raises(HotdogError, match="recipe.seed was 0, is 1"):
        load_state(path, trainer.model, other)
    path.write_bytes(b"rubbish")
    with pytest.raises(HotdogError, match="no checkpoint that can be read"):
        load_state(path, trainer.model, IDENTITY)


def test_restored_optimizer_state_has_its_parameters_layout():
    conv = nn.Conv2d(8, 8, 3).to(memory_format=torch.channels_last)
    optimizer = make_optimizer([{"params": [conv.weight], "lr": 0.1, "max_lr": 0.1}])
    conv(torch.randn(1, 8, 4, 4)).sum().backward()
    optimizer.step()
    saved = copy.deepcopy(optimizer.state_dict())
    saved["state"][0]["exp_avg"] = saved["state"][0]["exp_avg"].contiguous()
    restore_optimizer(optimizer, saved)
    state = optimizer.state[conv.weight]["exp_avg"]
    assert state.stride() == conv.weight.stride()
    assert torch.equal(state, saved["state"][0]["exp_avg"])


def test_evaluation_restores_modes(pictures):
    model = make_model().train()
    model.layer1.eval()
    with evaluating(model):
        assert not any(module.training for module in model.modules())
    assert model.training and model.layer2.training and not model.layer1.training


def test_metrics_do_not_depend_on_the_batch_size(pictures):
    model = make_model()
    whole = predict_logits(model, pictures, VIEW, FP32, batch_size=32)
    parts = predict_logits(model, pictures, VIEW, FP32, batch_size=5)
    assert torch.allclose(whole, parts, atol=1e-5)


def test_mirrored_evaluation_is_blind_to_mirroring(pictures):
    model = make_model()
    flipped = PictureSet(
        pictures.images.flip(-1), pictures.targets, pictures.class_names, pictures.names
    )
    one = predict_logits(model, pictures, VIEW, FP32, mirror=True)
    two = predict_logits(model, flipped, VIEW, FP32, mirror=True)
    assert torch.allclose(one, two, atol=1e-5)


def test_cached_features_can_be_trained_on(pictures):
    features = extract_features(make_model(), pictures, VIEW, FP32, mirror=True)
    assert features.shape == (2, 32, 160) and not features.is_inference()


def test_a_rate_that_is_too_high_is_told(pictures):
    with pytest.raises(HotdogError, match="learning rate is too high"):
        train(pictures, quick(strategy="scratch", optimizer="sgd", lr=1e12, schedule="constant"))


def test_no_batch_is_told():
    with pytest.raises(HotdogError, match="no batch to train on"):
        train_epoch([], nn.Identity(), None, None, iter([]))


def test_batch_of_one_left_over_is_dropped(pictures):
    part = pictures.subset(range(17))  # 8 + 8 + 1: BatchNorm can't train on one picture
    policy = Augmentation(mixup=0.2)
    trainer = train(part, quick(strategy="scratch", epochs=1, augmentation=policy))
    assert trainer.state.history[0]["train_loss"] > 0


def test_bf16_trains_float32_weights_and_a_float32_loss(pictures):
    bf16 = Hardware(torch.device("cpu"), bf16=True)
    seen = []
    trainer = Trainer(make_model(), pictures, pictures, quick(strategy="scratch"), VIEW, bf16)
    objective = trainer.objective
    trainer.objective = lambda logits, targets: (
        seen.append(logits.dtype) or objective(logits, targets)
    )
    trainer.fit()
    assert set(seen) == {torch.bfloat16}  # autocast was on
    assert trainer.state.history[-1]["train_loss"] > 0
    assert {p.dtype for p in trainer.model.parameters()} == {torch.float32}
    assert predict_logits(trainer.model, pictures, VIEW, bf16).dtype == torch.float32


def test_the_loss_is_read_from_the_device_once_an_epoch(monkeypatch):
    reads = []
    for name in ("item", "__float__", "tolist"):
        method = getattr(torch.Tensor, name)
        monkeypatch.setattr(
            torch.Tensor, name, lambda self, method=method: reads.append(1) or method(self)
        )
    layer = nn.Linear(4, 2)
    optimizer = make_optimizer([{"params": list(layer.parameters()), "lr": 0.1, "max_lr": 0.1}])
    batches = [(torch.randn(3, 4), torch.tensor([0, 1, 1]))] * 6
    train_epoch(batches, layer, optimizer, nn.functional.cross_entropy, itertools.repeat(1.0))
    assert len(reads) == 1


def test_bars_in_a_notebook_only_where_somebody_looks(monkeypatch):
    for name in ("CI", "NBVAL", "PYTEST_CURRENT_TEST", "RANK", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert not wants_bars()
    monkeypatch.setenv("JPY_SESSION_NAME", "notebooks/12_your_own_photos.ipynb")
    assert wants_bars()


def test_no_progress_bars_under_test():
    assert not wants_bars()
    items = [1, 2]
    assert bar(items, "nothing") is items
