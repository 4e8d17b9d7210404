"""Losses, metrics, optimizers and schedules: each test fails with the naive code that its trap
describes."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from hotdog_lib.errors import HotdogError
from hotdog_lib.models.create import create_model
from hotdog_lib.models.freezing import freeze_to
from hotdog_lib.models.heads import get_classifier, reset_classifier, stages
from hotdog_lib.training.hardware import pick_hardware
from hotdog_lib.training.losses import class_weights, cross_entropy, soft_targets
from hotdog_lib.training.metrics import (
    best_threshold,
    choose_positive,
    classification_metrics,
    confusion_matrix,
    mean_interval,
    wilson_interval,
)
from hotdog_lib.training.optim import check_optimizer, lr_factor, make_optimizer, parameter_groups
from hotdog_lib.training.recipe import Recipe
from hotdog_lib.training.strategies import plan


@pytest.fixture
def model():
    return reset_classifier(create_model("resnet18_slim"), 2)


# Losses (trap 26)


def test_weighted_loss_is_the_same_in_batches_and_over_the_set():
    torch.manual_seed(0)
    logits, targets = torch.randn(12, 2), torch.tensor([0, 0, 0] + [1] * 9)
    weights = class_weights(targets, 2)
    whole = cross_entropy(logits, targets, weights)
    parts = torch.stack(
        [cross_entropy(logits[i : i + 4], targets[i : i + 4], weights) for i in (0, 4, 8)]
    )
    assert torch.allclose(whole, parts.mean())
    naive = torch.stack(
        [F.cross_entropy(logits[i : i + 4], targets[i : i + 4], weights) for i in (0, 4, 8)]
    )
    assert not torch.allclose(whole, naive.mean(), atol=1e-2)


def test_a_batch_of_one_class_is_weighted_too():
    logits, targets = torch.randn(4, 2), torch.ones(4, dtype=torch.int64)
    weights = torch.tensor([1.8, 0.2])
    assert torch.allclose(
        F.cross_entropy(logits, targets, weights), F.cross_entropy(logits, targets)
    )
    assert torch.allclose(
        cross_entropy(logits, targets, weights), 0.2 * F.cross_entropy(logits, targets)
    )


def test_unweighted_loss_is_torchs_own():
    logits, targets = torch.randn(8, 3), torch.randint(0, 3, (8,))
    ours = cross_entropy(logits, targets, smoothing=0.1)
    assert torch.allclose(ours, F.cross_entropy(logits, targets, label_smoothing=0.1))
    assert torch.allclose(
        cross_entropy(logits, soft_targets(targets, 3)), cross_entropy(logits, targets)
    )


def test_class_without_pictures_cannot_be_weighted():
    with pytest.raises(HotdogError, match="class 1 has no training picture"):
        class_weights(torch.tensor([0, 2]), 3)


# Metrics (traps 20, 23, 28)


def test_metrics_equal_scikit_learns():
    sklearn = pytest.importorskip("sklearn.metrics")
    predictions, targets = torch.randint(0, 2, (200,)), torch.randint(0, 2, (200,))
    ours = classification_metrics(predictions, targets, ("hotdog", "not-hotdog"), "hotdog")
    reference = sklearn.precision_recall_fscore_support(
        targets, predictions, pos_label=0, average="binary"
    )
    assert [ours["precision"], ours["recall"], ours["f1"]] == pytest.approx(list(reference[:3]))
    assert ours["confusion"] == sklearn.confusion_matrix(targets, predictions).tolist()
    macro = classification_metrics(predictions, targets, ("a", "b"))
    assert macro["f1"] == pytest.approx(sklearn.f1_score(targets, predictions, average="macro"))


def test_f1_of_the_split_is_not_the_mean_of_batch_f1():
    targets = torch.tensor([0, 0, 1, 1, 1, 1, 1, 1])
    predictions = torch.tensor([0, 1, 1, 1, 0, 1, 1, 1])
    names = ("hotdog", "not-hotdog")
    whole = classification_metrics(predictions, targets, names, "hotdog")["f1"]
    halves = [
        classification_metrics(predictions[part], targets[part], names, "hotdog")["f1"]
        for part in (slice(0, 4), slice(4, 8))
    ]
    assert whole == pytest.approx(0.5)
    assert sum(halves) / 2 == pytest.approx(1 / 3)


def test_nothing_predicted_positive_counts_as_zero():
    metrics = classification_metrics(
        torch.tensor([1, 1]), torch.tensor([0, 1]), ("hotdog", "b"), "hotdog"
    )
    assert (metrics["precision"], metrics["recall"], metrics["f1"]) == (0.0, 0.0, 0.0)


def test_positive_is_chosen_by_name_and_never_by_index():
    assert choose_positive(("hotdog", "not-hotdog")) == "hotdog"
    assert choose_positive(("cat", "dog")) is None
    assert choose_positive(("a", "hotdog", "z")) is None
    with pytest.raises(HotdogError, match="'burger' is not among"):
        choose_positive(("cat", "dog"), "burger")


def test_confusion_rows_are_true_classes():
    assert confusion_matrix(torch.tensor([1]), torch.tensor([0]), 2).tolist() == [[0, 1], [0, 0]]


def test_threshold_is_the_best_of_all():
    torch.manual_seed(1)
    truth = torch.rand(101) < 0.5
    shares = (torch.rand(101) * 0.5 + truth * 0.4).clamp(0, 1)
    chosen = best_threshold(shares, truth)
    accuracy = ((shares > chosen) == truth).float().mean()
    best = max(((shares > t) == truth).float().mean() for t in torch.linspace(-0.01, 1.01, 2000))
    assert accuracy >= best


def test_intervals():
    low, high = wilson_interval(752, 800)
    assert low < 0.94 < high
    mean, half = mean_interval([1.0, 2.0, 3.0])
    assert (mean, half) == (2.0, pytest.approx(4.303 / math.sqrt(3)))
    assert math.isnan(mean_interval([1.0])[1])


# Parameter groups and optimizers (traps 6 to 10)


def test_every_trainable_parameter_is_in_exactly_one_group(model):
    groups = parameter_groups(model, 1e-3)
    held = [id(p) for g in groups for p in g["params"]]
    assert sorted(held) == sorted(id(p) for p in model.parameters())


def test_frozen_parameters_are_in_no_group(model):
    freeze_to(model, "head")
    names = {g["name"] for g in parameter_groups(model, 1e-3)}
    assert names == {"head", "head, not decayed"}


def test_head_at_ten_times_the_body_and_geometric_rates_below(model):
    rates = {
        g["name"]: g["lr"] for g in parameter_groups(model, 1e-3, head_ratio=10, stage_decay=0.5)
    }
    body = [name for name in stages(model) if name != "head"]
    assert rates["head"] == pytest.approx(1e-2)
    assert rates[body[-1]] == pytest.approx(1e-3)
    assert rates[body[-2]] == pytest.approx(5e-4)


def test_norms_and_biases_are_not_decayed(model):
    for group in parameter_groups(model, 1e-3, weight_decay=0.1):
        assert all((p.ndim > 1) == (group["weight_decay"] > 0) for p in group["params"])


def test_position_embeddings_are_not_decayed():
    from torchvision.models import VisionTransformer

    vit = VisionTransformer(32, 16, 1, 2, 16, 32, num_classes=3)
    groups = parameter_groups(vit, 1e-3, weight_decay=0.1)
    decayed = {id(p) for g in groups if g["weight_decay"] > 0 for p in g["params"]}
    assert id(vit.encoder.pos_embedding) not in decayed
    assert id(vit.class_token) not in decayed


def test_nothing_trainable_is_an_error(model):
    model.requires_grad_(False)
    with pytest.raises(HotdogError, match="every parameter is frozen"):
        parameter_groups(model, 1e-3)


def test_an_optimizer_made_before_the_head_is_caught(model):
    optimizer = make_optimizer(parameter_groups(model, 1e-3))
    reset_classifier(model, 3)
    with pytest.raises(HotdogError, match="the optimizer lacks"):
        check_optimizer(optimizer, model)


def test_an_optimizer_made_before_freezing_is_caught_and_would_move_frozen_weights(model):
    optimizer = make_optimizer(parameter_groups(model, 1e-1), "sgd")
    for _ in range(2):  # momentum builds up
        F.cross_entropy(model(torch.randn(4, 3, 64, 64)), torch.tensor([0, 1, 0, 1])).backward()
        optimizer.step()
    body = next(iter(model.parameters()))
    body.requires_grad_(False)  # the naive freeze leaves .grad
    before = body.detach().clone()
    optimizer.step()
    assert not torch.equal(before, body)
    with pytest.raises(HotdogError, match="frozen or not the model's"):
        check_optimizer(optimizer, model)


def test_unknown_names_are_told():
    with pytest.raises(HotdogError, match="'adam' is unknown"):
        make_optimizer([{"params": [nn.Parameter(torch.zeros(1))]}], "adam")
    with pytest.raises(HotdogError, match="'linear' is unknown"):
        lr_factor(0, 10, "linear")
    with pytest.raises(HotdogError, match="'tpu' is unknown"):
        pick_hardware("tpu")


def test_schedule_rises_and_falls_once():
    factors = [lr_factor(step, 100) for step in range(100)]
    peak = factors.index(max(factors))
    assert factors[peak] == pytest.approx(1.0)
    assert factors[:peak] == sorted(factors[:peak])
    assert factors[peak:] == sorted(factors[peak:], reverse=True)
    assert 0 < min(factors) < 0.01


# Recipes and plans


def test_recipe_survives_json():
    import json

    recipe = Recipe(strategy="gradual", lr=1e-4)
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


@pytest.mark.parametrize(
    "values", [{"epochs": 0}, {"lr": -1.0}, {"lr": math.nan}, {"label_smoothing": 1.0}]
)
def test_impossible_recipes_are_refused(values):
    with pytest.raises(HotdogError, match=next(iter(values))):
        Recipe(**values)


@pytest.mark.parametrize("epochs", [1, 3, 5, 12])
def test_gradual_spends_exactly_its_epochs_and_ends_with_everything(epochs):
    names = ["stem", "stage1", "stage2", "stage3", "head"]
    phases = plan(Recipe(strategy="gradual", epochs=epochs), names)
    assert sum(p.epochs for p in phases[1:]) == epochs
    assert phases[0].cached and phases[-1].first == "stem"


def test_head_is_not_cached_where_the_features_move():
    names = ["stem", "head"]
    assert plan(Recipe(strategy="head"), names)[0].cached
    assert not plan(Recipe(strategy="head", norm="adapt"), names)[0].cached
    assert not plan(Recipe(strategy="head", cache_features=False), names)[0].cached


def test_default_head_start_is_ln_2(model):
    logits = model.eval()(torch.randn(2, 3, 64, 64))
    assert cross_entropy(logits, torch.tensor([0, 1])).item() == pytest.approx(math.log(2))
    assert get_classifier(model).out_features == 2
