"""The fair comparison's arithmetic: equal epochs, equal time, rates, pairs, and what is kept."""

import json

import pytest

COSTS = {
    "scratch": {"start": 1.0, "epoch": 2.0},
    "head": {"start": 3.0, "epoch": 0.5},
    "finetune": {"start": 7.0, "epoch": 2.0},
}


@pytest.fixture
def fair(load_benchmark):
    return load_benchmark("fair_comparison")


def test_equal_epochs_counts_the_head_phase(fair):
    for strategy in fair.STRATEGIES:
        alone, everything = fair.lengths("equal epochs", strategy, 40, COSTS)
        assert alone + everything == 40
        assert (alone == 0) == (strategy == "scratch")


@pytest.mark.parametrize(
    ("strategy", "alone", "everything"),
    [("scratch", 0, 40), ("head", 156, 0), ("finetune", 60, 37)],
)
def test_equal_time_fits_into_the_seconds_of_scratch(fair, strategy, alone, everything):
    assert fair.lengths("equal time", strategy, 40, COSTS) == (alone, everything)
    cost = COSTS[strategy]
    spent = cost["start"] + cost["epoch"] * (alone if strategy == "head" else everything)
    assert 81 - cost["epoch"] < spent <= 81


def test_the_rate_goes_where_it_belongs(fair):
    scratch = fair.recipe_of("scratch", 0, 40, 1e-3)
    head = fair.recipe_of("head", 40, 0, 3e-2, seed=4)
    fine_tuned = fair.recipe_of("finetune", 10, 30, 3e-4)
    assert (scratch.learning_rate, scratch.num_epochs) == (1e-3, 40)
    assert (head.head_lr, head.num_epochs, head.seed) == (3e-2, 40, 4)
    assert (fine_tuned.learning_rate, fine_tuned.head_epochs, fine_tuned.epochs) == (3e-4, 10, 30)
    assert {r.select for r in (scratch, head, fine_tuned)} == {"last"}


def test_cost_of_an_epoch_is_the_slope(fair):
    assert fair.cost_of(2, 5.0, 8, 17.0) == {"start": 1.0, "epoch": 2.0}


def test_best_rate_is_the_best_mean(fair):
    rows = [{"rate": 1, "accuracy": [0.9, 0.5]}, {"rate": 2, "accuracy": [0.8, 0.7]}]
    assert fair.best_rate(rows) == 2


def test_differences_are_paired_by_seed(fair):
    rows = [
        {"budget": "equal time", "strategy": "scratch", "accuracy": [0.5, 0.7]},
        {"budget": "equal time", "strategy": "finetune", "accuracy": [0.6, 0.9]},
    ]
    (row,) = fair.differences(rows)
    assert (row["budget"], row["of"], row["over"]) == ("equal time", "finetune", "scratch")
    assert row["points"] == pytest.approx([10, 20])
    told = fair.finding({"model": "net", "differences": [row]})
    assert "15.0 ± 63.5 points ahead in equal time" in told


def test_rows_of_other_pictures_or_budgets_are_made_anew(fair, tmp_path):
    path = tmp_path / "record.json"
    about = {"kitchen": "k", "source": "s", "epochs": 40, "seeds": 5}
    rows = [{"strategy": name, "accuracy": [0.5]} for name in fair.STRATEGIES]
    path.write_text(json.dumps({**about, "costs": COSTS, "tuning": rows, "accuracy": rows}))
    same = fair.resumed(path, about)
    assert same["accuracy"] == same["tuning"] == rows and same["costs"] == COSTS
    for change in ({"kitchen": "x"}, {"epochs": 8}, {"seeds": 2}):
        assert fair.resumed(path, about | change)["accuracy"] == []
    other_source = fair.resumed(path, about | {"source": "x"})
    assert [row["strategy"] for row in other_source["accuracy"]] == ["scratch"]
    assert fair.resumed(tmp_path / "none.json", about)["tuning"] == []
