"""Several strategies with several seeds on one folder: a table, and whether its rows compare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hotdog_lib.training.compare import summarise
from hotdog_lib.training.record import write_json
from hotdog_lib.training.run import RunOptions, train_run
from hotdog_lib.training.run_folder import differing, read_record

CODE = ("environment.hotdog_lib", "environment.commit")


def compare_runs(
    options: RunOptions, strategies: Sequence[str], seeds: Sequence[int]
) -> Iterator[str]:
    """Run every strategy with every seed below ``options.out``; yield a table's lines, and write
    ``compare.json``. Runs that are there already are taken, if they are of the same settings; the
    last lines say what makes rows incomparable."""
    recipes = [options.recipe.with_strategy(s, seed) for s in strategies for seed in seeds]
    rows, folders = [], []
    for recipe in recipes:
        out = options.out / f"{recipe.strategy}-{recipe.seed}"
        finished = replace(options, recipe=recipe, out=out, resume=(out / "config.json").exists())
        metrics = train_run(finished)
        folders.append(out)
        part = "test" if "test" in metrics else "validation"
        measured = metrics[part]
        rows.append(
            {
                "strategy": recipe.strategy,
                "seed": recipe.seed,
                "split": part,
                "accuracy": measured["accuracy"],
                "f1": measured["f1"],
                "seconds": metrics["training_seconds"],
            }
        )
    summary = summarise(rows)
    faults = incomparable(folders)
    result = {"summary": summary, "records": rows, "not_comparable": faults}
    write_json(options.out / "compare.json", result)
    yield f"{'strategy':10}  {rows[0]['split']} accuracy   F1               seconds"
    for strategy, means in summary.items():
        cells = [f"{means[k]['mean']:.3f} ± {means[k]['half']:.3f}" for k in ("accuracy", "f1")]
        yield f"{strategy:10}  {cells[0]:14}  {cells[1]:14}  {means['seconds']['mean']:7.1f}"
    yield from faults


def incomparable(runs: Sequence[Path]) -> list[str]:
    """Sentences that say why figures of finished runs must not be put side by side.

    Accuracies compare when the same pictures were trained and tested on, by the same code; seconds
    compare on the same hardware with the same versions only.

    Args:
        runs: run folders.

    Raises:
        HotdogError: for a folder that holds no readable record.
    """
    records = {run: read_record(run / "config.json") or {} for run in runs}
    first, *others = records
    return [
        f"{first.name} and {other.name} do not compare in {what}: other {', '.join(facts)}"
        for other in others
        for what, facts in _faults(records[first], records[other]).items()
        if facts
    ]


def _faults(one: dict[str, Any], two: dict[str, Any]) -> dict[str, list[str]]:
    """What differs, and what it spoils: ``accuracy`` (and so everything) or ``seconds``."""
    mine, theirs = (record.get("identity", {}).get("data", {}) for record in (one, two))
    pictures = [f"{name} pictures" for name in mine | theirs if mine.get(name) != theirs.get(name)]
    facts = differing(one, two)
    code = [name for name in facts if name in CODE]
    seconds = [name for name in facts if name not in CODE]
    if "began_with" in one | two:
        seconds.append("hardware or versions in the middle of a run")
    return {"accuracy": pictures + code, "seconds": seconds}
