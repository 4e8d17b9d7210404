"""Heads that begin with what the source knows: seeded from its rows, or its own head kept."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.errors import HotdogError
from hotdog_lib.models import (
    SourceWeights,
    count_logits,
    create_model,
    forward_features,
    get_classifier,
    get_weights,
    head_logits,
    keep_head,
    load_model,
    save_model,
    seed_head_from_rows,
    stages,
)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> SourceWeights:
    """Slim weights with ten categories; "hotdog" is one of them."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("source") / "model.safetensors"
    names = ["bun", "carrot", "corn", "cat", "hotdog", "dog", "leg", "taco", "eclair", "roll"]
    model = create_model("resnet18_slim", num_classes=10)
    view = Preprocessing(resize_size=64, crop_size=64)
    save_model(model, path, architecture="resnet18_slim", class_names=names, preprocessing=view)
    return get_weights("resnet18_slim", path)


def _data() -> tuple[Tensor, Tensor]:
    """Features that lean towards the hot dog's row (0) or towards another one (1)."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(200, 160, generator=generator), torch.arange(200) % 2


def test_seeded_head_ranks_as_the_source_does(source: SourceWeights) -> None:
    weight = source.state_dict()["fc.weight"]
    features, targets = _data()
    features = features + 12 * torch.where(targets[:, None] == 0, weight[4], weight[7])
    model = create_model("resnet18_slim", weights=source)
    seed_head_from_rows(model, source, ["Hot Dog", "not-hotdog"])
    torch.testing.assert_close(get_classifier(model).weight[0], weight[4])
    assert _accuracy(model, features, targets) > 0.85, "before any training"


def test_features_set_an_even_prior_and_targets_lower_the_loss(source: SourceWeights) -> None:
    weight = source.state_dict()["fc.weight"]
    features, targets = _data()
    features = features + 12 * torch.where(targets[:, None] == 0, weight[4], weight[7])
    model, losses = create_model("resnet18_slim", weights=source), []
    for options in ({"features": features}, {"features": features, "targets": targets}):
        seed_head_from_rows(model, source, ["hotdog", "not-hotdog"], **options)
        logits = head_logits(model, features)
        losses.append(nn.functional.cross_entropy(logits, targets).item())
        torch.testing.assert_close(
            logits.softmax(1).mean(0), torch.full((2,), 0.5), atol=0.05, rtol=0
        )
    assert losses[1] < losses[0] < 0.6931


def test_seeding_when_all_or_none_of_the_classes_are_known(source: SourceWeights) -> None:
    model = create_model("resnet18_slim", weights=source)
    seed_head_from_rows(model, source, ["taco", "bun"])
    torch.testing.assert_close(
        get_classifier(model).weight, source.state_dict()["fc.weight"][[7, 0]]
    )
    with pytest.raises(HotdogError, match="none of the classes salad, soup"):
        seed_head_from_rows(model, source, ["salad", "soup"])


def _accuracy(model: nn.Module, features: Tensor, targets: Tensor) -> float:
    with torch.no_grad():
        return (head_logits(model, features).argmax(1) == targets).float().mean().item()


@pytest.mark.parametrize("name", ["resnet18_slim", "squeezenet1_1", "mobilenet_v3_small"])
def test_kept_head_adds_probabilities_up(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    names = ["bun", "carrot", "hotdog", "taco"]
    model, view = create_model(name, num_classes=4).eval(), Preprocessing(64, 64)
    save_model(
        model, tmp_path / "s.safetensors", architecture=name, class_names=names, preprocessing=view
    )
    source = get_weights(name, tmp_path / "s.safetensors")
    images = torch.randn(3, 3, 64, 64)
    before = model(images).softmax(1)  # (3, 4)
    keep_head(model, source, ["not-hotdog", "hotdog"])
    after = model(images).softmax(1)  # (3, 2)
    torch.testing.assert_close(after[:, 1], before[:, 2])
    torch.testing.assert_close(after.sum(1), torch.ones(3))
    torch.testing.assert_close(head_logits(model, forward_features(model, images)), model(images))
    assert count_logits(model) == 2 and list(stages(model))[-1] == "head"


def test_kept_head_without_a_class_for_the_rest(source: SourceWeights) -> None:
    model = create_model("resnet18_slim", weights=source).eval()
    images = torch.randn(2, 3, 64, 64)
    own = model(images)[:, [7, 0]]
    keep_head(model, source, ["taco", "bun"])
    torch.testing.assert_close(model(images), own)
    with pytest.raises(HotdogError, match="salad, soup are not among"):
        keep_head(model, source, ["hotdog", "salad", "soup"])
    with pytest.raises(HotdogError, match="none of the classes"):
        keep_head(model, source, ["salad", "soup"])
    with pytest.raises(HotdogError, match="hotdog, Hot Dog two are one"):
        keep_head(model, source, ["hotdog", "Hot Dog", "other"])
    with pytest.raises(HotdogError, match="none is left for salad"):
        keep_head(model, source, [*source.categories, "salad"])
    with pytest.raises(HotdogError, match="one of them is missing"):
        keep_head(model, source, ["hotdog", "other"], features=torch.zeros(2, 160))
    with pytest.raises(HotdogError, match="looks at 160 features, this network's at 512"):
        keep_head(create_model("resnet18", num_classes=2), source, ["hotdog", "other"])
    torch.testing.assert_close(model(images), own)  # none of them has touched it


def test_kept_head_is_fitted_to_targets(source: SourceWeights) -> None:
    features, targets = _data()
    weight = source.state_dict()["fc.weight"]
    features = features + 12 * torch.where(targets[:, None] == 0, weight[4], weight[7])
    model, losses = create_model("resnet18_slim", weights=source), []
    for options in ({}, {"features": features, "targets": targets}):
        keep_head(model, source, ["hotdog", "not-hotdog"], **options)
        losses.append(nn.functional.cross_entropy(head_logits(model, features), targets).item())
    assert losses[1] < 0.6 * losses[0]
    torch.testing.assert_close(
        head_logits(model, features).softmax(1).mean(0), torch.full((2,), 0.5), atol=0.05, rtol=0
    )


def test_kept_head_is_saved_and_is_no_source_of_rows(source: SourceWeights, tmp_path: Path) -> None:
    model = keep_head(create_model("resnet18_slim", weights=source), source, ["hotdog", "other"])
    get_classifier(model).shift.data += 1
    model.eval()
    path = tmp_path / "kept.safetensors"
    save_model(
        *(model, path),
        architecture="resnet18_slim",
        class_names=["hotdog", "other"],
        preprocessing=source.preprocessing,
    )
    images = torch.randn(2, 3, 64, 64)
    again, card = load_model(path)
    assert torch.equal(again(images), model(images)) and card.kept == (1, 1, 1, 1, 0, 1, 1, 1, 1, 1)
    kept = get_weights("resnet18_slim", path)
    assert torch.equal(create_model("resnet18_slim", weights=kept).eval()(images), model(images))
    fresh = create_model("resnet18_slim", weights=kept, num_classes=3)
    assert type(get_classifier(fresh)) is nn.Linear, "its body serves as any other"
    with pytest.raises(HotdogError, match="kept one"):
        keep_head(fresh, kept, ["hotdog", "other"])
