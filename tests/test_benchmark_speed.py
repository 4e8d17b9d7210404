"""The speed benchmarks work, small; no test looks at what they measure."""

from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)


def test_the_gpus_benchmark_runs_small_on_a_processor(benchmarks, tmp_path, monkeypatch):
    import gpu

    monkeypatch.setenv("HOTDOG_HOME", str(tmp_path))
    record = gpu.measure(gpu.pick_hardware("cpu"), gpu.QUICK)
    (row,) = record["steady"]
    assert len(row["images_a_second"]) == gpu.QUICK.rounds
    assert record["five_epochs"]["pictures"] == "16 drawn pictures"
    assert "times the plain loop" in record["says"]


MARKS = [
    {"part": "cold cache", "epoch": 0, "accuracy": 0.0, "pass": 4.0, "cpu": 4.0, "seconds": 5.0},
    {"part": "warm cache", "epoch": 0, "accuracy": 0.0, "pass": 1.0, "cpu": 5.0, "seconds": 6.0},
    {"part": "head", "epoch": 60, "accuracy": 0.8, "pass": 1.0, "cpu": 7.0, "seconds": 9.0},
    {"part": "everything", "epoch": 1, "accuracy": 0.9, "pass": 2.0, "cpu": 9.0, "seconds": 12.0},
]


def run_of(name, seed, marks):
    return {"contender": name, "seed": seed, "marks": marks, "memory_mb": 1, "import_seconds": 1}


def plain_run(seed, accuracy):
    spent = {"cpu": 40.0, "seconds": 60.0, "pass": 8.0}
    return run_of(
        "plain loop",
        seed,
        [{"part": "everything", "epoch": 5, "accuracy": accuracy, **spent}],
    )


def test_each_of_ours_pays_for_one_way_to_the_cache(benchmarks):
    import peers_record

    cold, warm = peers_record.cold_and_warm(run_of("ours", 0, MARKS))
    assert [mark["cpu"] for mark in cold["marks"]] == [6.0, 8.0]
    assert [mark["cpu"] for mark in warm["marks"]] == [3.0, 5.0]


@pytest.mark.parametrize(
    ("goal", "times"), [(0.75, 40 / 6), (0.8, 40 / 6), (0.85, 40 / 8), (0.95, None)]
)
def test_the_race_ends_where_the_plain_loops_accuracy_is_first_met(benchmarks, goal, times):
    import peers_record

    runs = [plain_run(0, goal), peers_record.cold_and_warm(run_of("ours", 0, MARKS))[0]]
    assert peers_record.race_of(runs[1], runs)["faster_cpu"] == times


def test_a_round_that_was_never_finished_is_no_win(benchmarks):
    import peers_record

    plain = [plain_run(0, 0.8), plain_run(1, 0.95), plain_run(2, 0.95)]
    runs = [*plain, *(run_of("ours", seed, MARKS) for seed in range(3))]
    record = peers_record.record_of(runs, {"train": 10, "epochs": 5, "hardware": "", "threads": 2})
    ours = next(row for row in record["contenders"] if row["contender"] == "ours, cold")
    assert ours["reached"] == 1 and ours["times_faster"] is None


def test_the_kitchens_benchmark_runs_small(benchmarks):
    import kitchen

    rows = kitchen.measure(["kitchen", "pantry"], [32], 8, 2)
    assert [row["drawn_by"] for row in rows] == ["kitchen", "pantry"]
    assert all(row["best_a_second"] == max(row["pictures_a_second"]) for row in rows)
    assert all(len(row["times_one_process"]) == 2 for row in rows)
    assert f"{rows[0]['best_a_second']:.0f} of 32 px" in kitchen.finding(rows, 2)
