"""The benchmark of many classes: rates, recipes, and accuracy by class."""

import pytest


@pytest.fixture
def many(load_benchmark):
    return load_benchmark("many_classes")


def test_the_best_rate_is_of_the_strategy_itself(many):
    rows = [("head", 0.1, 0.9), ("scratch", 0.2, 0.3), ("scratch", 0.3, 0.4), ("scratch", 0.4, 0.2)]
    names = ("strategy", "lr", "tuning accuracy")
    assert many.best_rate("scratch", [dict(zip(names, row, strict=True)) for row in rows]) == 0.3


def test_a_head_alone_learns_at_the_rate_tried(many):
    assert many.recipe_for("head", 0.03, 0.003, 1).head_lr == 0.03
    recipe = many.recipe_for("finetune", 0.001, 0.03, 1)
    assert (recipe.lr, recipe.head_lr, recipe.epochs) == (0.001, 0.03, many.EPOCHS["finetune"])


def test_accuracy_by_class_keeps_the_seeds_apart(many):
    confusion = [[[3, 1], [0, 4]], [[4, 0], [2, 2]]]  # two seeds, two classes
    rows = many.by_class([{"strategy": "head", "confusion": confusion}], ("burger", "stubby"))
    assert [row["head"] for row in rows] == [[0.75, 1.0], [1.0, 0.5]]
    assert [row["in the source"] for row in rows] == [True, False]
