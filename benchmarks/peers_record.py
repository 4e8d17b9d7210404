"""What the runs of ``peers.py`` amount to: the race, the passes, the sentence."""

from __future__ import annotations

import statistics
from typing import Any

from hotdog_lib.training.record import environment

Row = dict[str, Any]
PLAIN, FROZEN = "plain loop", "plain loop, frozen"
PEERS = ("fastai", "lightning")


def reached(run: Row, accuracy: float) -> Row | None:
    """The first mark of a run at which it was as good as ``accuracy``; None if it never was."""
    return next((mark for mark in run["marks"] if mark["accuracy"] >= accuracy), None)


def rival(name: str) -> str:
    """The plain loop that a contender is measured against: one with a frozen body for heads."""
    return FROZEN if "head" in name or name == FROZEN else PLAIN


def cold_and_warm(run: Row) -> list[Row]:
    """A run of ours as two: it made its pixel cache, then opened it again; each pays for one."""
    opened = [mark for mark in run["marks"] if mark["part"].endswith("cache")]
    if not opened:
        return [run]
    made, found = opened
    parts = {"cold": (made, found), "warm": ({"cpu": 0.0, "seconds": 0.0}, made)}
    runs = []
    for kind, (start, end) in parts.items():
        unpaid = {key: end[key] - start[key] for key in ("cpu", "seconds")}
        marks = [
            mark | {key: mark[key] - seconds for key, seconds in unpaid.items()}
            for mark in run["marks"]
            if mark not in opened
        ]
        runs.append(run | {"contender": f"{run['contender']}, {kind}", "marks": marks})
    return runs


def race_of(run: Row, runs: list[Row]) -> Row | None:
    """One contender in one round against the plain loop's last mark; None if that is not there."""
    pairs = [
        r for r in runs if r["contender"] == rival(run["contender"]) and r["seed"] == run["seed"]
    ]
    if not pairs:
        return None
    goal = pairs[0]["marks"][-1]
    mark = goal if run is pairs[0] else reached(run, goal["accuracy"])
    if mark is None:
        return {"faster_cpu": None, "faster_clock": None, "cpu": None, "part": None}
    return {
        "faster_cpu": goal["cpu"] / mark["cpu"],
        "faster_clock": goal["seconds"] / mark["seconds"],
        "cpu": mark["cpu"],
        "part": f"{mark['part']} {mark['epoch']}",
    }


def median(values: list[float | None]) -> float | None:
    """None counts as never, the worst there is; a median that is never is None."""
    ordered = sorted(values, key=lambda v: float("-inf") if v is None else v)
    return ordered[(len(ordered) - 1) // 2] if ordered else None


def row_of(name: str, runs: list[Row], train: int) -> Row:
    """One contender over all rounds."""
    mine = [run for run in runs if run["contender"] == name]
    races = [race for race in (race_of(run, runs) for run in mine) if race]
    passes = [m["pass"] for run in mine for m in run["marks"] if m["part"] == "everything"]
    return {
        "contender": name,
        "rounds": len(mine),
        "reached": sum(race["cpu"] is not None for race in races),
        "reached_in": ", ".join(sorted({race["part"] for race in races if race["part"]})),
        "processor_seconds": middle([race["cpu"] for race in races]),
        "times_faster": median([race["faster_cpu"] for race in races]),
        "times_faster_by_the_clock": median([race["faster_clock"] for race in races]),
        "best_accuracy": statistics.median(max(m["accuracy"] for m in r["marks"]) for r in mine),
        "last_accuracy": statistics.median(r["marks"][-1]["accuracy"] for r in mine),
        "all_processor_seconds": statistics.median(r["marks"][-1]["cpu"] for r in mine),
        "processor_seconds_a_pass": statistics.median(
            r["marks"][-1]["cpu"] / r["marks"][-1]["epoch"] for r in mine
        ),
        "images_a_second": train / statistics.median(passes) if passes else None,
        "memory_mb": statistics.median(r["memory_mb"] for r in mine),
        "import_seconds": statistics.median(r["import_seconds"] for r in mine),
    }


def middle(values: list[float | None]) -> float | None:
    """Median of seconds; a round in which the mark was never met counts as the slowest."""
    ordered = sorted(values, key=lambda v: float("inf") if v is None else v)
    return ordered[len(ordered) // 2] if ordered else None


def finding(rows: list[Row], about: Row) -> str:
    """The result in one sentence."""
    told = {row["contender"]: row["times_faster"] for row in rows}

    def times(name: str) -> str:
        value = told.get(name)
        return "did not get there" if value is None else f"{value:.1f} times as fast"

    names = [name for name in (*PEERS, "ours, cold", "ours, warm") if name in told]
    heads = [name for name in told if name.startswith("ours, head") and FROZEN in told]
    passes = {row["contender"]: row["processor_seconds_a_pass"] for row in rows}
    gains = [
        f"{n} {times(n)}, each of its passes {passes[FROZEN] / passes[n]:.0f} times" for n in heads
    ]
    return (
        f"To the plain loop's accuracy after {about['epochs']} epochs, in processor seconds: "
        + ", ".join(f"{name} {times(name)}" for name in names)
        + "".join(f"; {gain} (against a frozen body in the plain loop)" for gain in gains)
        + "."
    )


def record_of(runs: list[Row], about: Row) -> Row:
    """The whole record."""
    shown = [part for run in runs for part in cold_and_warm(run)]
    names = list(dict.fromkeys(run["contender"] for run in shown))
    rows = [row_of(name, shown, about["train"]) for name in names]
    rounds = max(row["rounds"] for row in rows)
    return {
        "title": "Photographs: against usual training loops",
        "says": finding(rows, about),
        "edition": "full",
        "command": f"python benchmarks/peers.py --rounds {rounds}",
        "hardware": f"{about['hardware']}, {about['threads']} threads, shared with other work",
        "date": environment()["date"],
        "about": about,
        "contenders": rows,
        "runs": [runs],  # a list in a list: kept, but not shown on the page of results
    }
