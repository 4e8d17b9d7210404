"""How fast body and head may learn: their ratio, the rate at which it breaks, the schedule.

    python benchmarks/rate_ratio.py

Five seeds, each with a hundred training pictures of its own. A setting is *at once* (a new head and
the whole body from the first step), *head first* (the same after the head was trained alone), or
*scratch*. Validation pictures say how good it is after every epoch, and settings are chosen on
them; test pictures are looked at once, after the last. Writes
``book/results/rate_ratio_<pictures>.json``; what is there already is not run again.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import shlex
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.errors import HotdogError
from hotdog_lib.lab import Lab, kitchen_pictures, open_lab
from hotdog_lib.training.compare import new_model
from hotdog_lib.training.engine import evaluate
from hotdog_lib.training.metrics import mean_interval
from hotdog_lib.training.recipe import Recipe
from hotdog_lib.training.record import environment, write_json
from hotdog_lib.training.trainer import Trainer
from hotdog_lib.viz.interpret import weight_change_by_stage

RESULTS = Path(__file__).resolve().parent.parent / "book" / "results"
PICTURES, BATCH = 100, 20


@dataclass(frozen=True)
class Setting:
    """One way to train.

    Attributes:
        start: ``at once``, ``head first`` or ``scratch``.
        lr: highest rate of the body.
        ratio: the head's rate over it.
        schedule: shape of the rate over the run.
    """

    start: str
    lr: float
    ratio: float = 10.0
    schedule: str = "one_cycle"

    def recipe(self, epochs: int, seed: int) -> Recipe:
        """The library's recipe for it; everything else is the default."""
        return Recipe(
            "scratch" if self.start == "scratch" else "finetune",
            epochs=epochs,
            seed=seed,
            batch_size=BATCH,
            lr=self.lr,
            head_ratio=self.ratio,
            schedule=self.schedule,  # type: ignore[arg-type]
            mirror=False,
            select="last",
        )


def settings(given: argparse.Namespace) -> list[Setting]:
    """Every setting that was asked for, none twice."""
    middle = given.body_rates[len(given.body_rates) // 2]
    first = [Setting(s, middle, r) for s in ("at once", "head first") for r in given.ratios]
    others = [lr for lr in given.body_rates if lr != middle]
    grid = [Setting("at once", lr, ratio) for lr in others for ratio in given.ratios[::2]]
    rates = [Setting("at once", lr) for lr in given.rates]
    scratch = [Setting("scratch", lr, 1.0) for lr in given.rates]
    shapes = [
        Setting("at once", lr, schedule=shape)
        for lr in given.schedule_rates
        for shape in ("constant", "cosine", "one_cycle")
    ]
    return list(dict.fromkeys([*first, *grid, *rates, *scratch, *shapes]))


def pictures_of(lab: Lab, seed: int) -> PictureSet:
    """A hundred training pictures, others for each seed."""
    if lab.edition == "pocket":
        return kitchen_pictures(1000 + seed, PICTURES, lab.size)
    return some_of(lab.train, PICTURES, seed)


def record_path(name: str, lab: Lab) -> Path:
    """Where a record about this lab's pictures lies: ``<name>_kitchen`` or ``_photographs``."""
    return RESULTS / f"{name}_{'kitchen' if lab.edition == 'pocket' else 'photographs'}.json"


def some_of(pictures: PictureSet, count: int, seed: int) -> PictureSet:
    """``count`` of these pictures, drawn by ``seed``; all where there are fewer."""
    order = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(seed))
    return pictures.subset(order[:count])


def run(lab: Lab, setting: Setting, parts: dict[str, PictureSet], epochs: int, seed: int) -> dict:
    """One run: accuracy by epoch and on the test pictures, and how far each stage moved."""
    recipe, source = setting.recipe(epochs, seed), lab.source()
    view = source.preprocessing
    model = new_model(lab.model, source, recipe, parts["train"].class_names)
    before = copy.deepcopy(model)
    trainer = Trainer(model, parts["train"], parts["validation"], recipe, view, lab.hardware)
    if setting.start == "at once":
        trainer.phases = trainer.phases[-1:]  # without the phase of the head alone
    try:
        trainer.fit()
    except HotdogError as error:  # the loss is no number any more: that is a result here
        logging.info("%s, seed %d: %s", setting, seed, error)
    rows = [row for row in trainer.state.history if row["phase"] == "everything"]
    seen = [row["validation"]["accuracy"] for row in rows]
    end = evaluate(model, parts["validation"], view, lab.hardware)["accuracy"]
    return {
        "by_epoch": seen + [end] * (epochs - len(seen)),
        "test": evaluate(model, parts["test"], view, lab.hardware)["accuracy"],
        "moved": weight_change_by_stage(before, model),
    }


def row_of(setting: Setting, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """What the results file keeps of a setting: lists of one number a seed."""
    moved = {
        stage: [round(r["moved"][stage], 5) for r in runs] for stage in runs[0]["moved"]
    }  # stage -> one share a seed
    return {
        **asdict(setting),
        "validation": [r["by_epoch"][-1] for r in runs],
        "test": [r["test"] for r in runs],
        "by_epoch": [r["by_epoch"] for r in runs],
        "moved": moved,
    }


def finding(rows: list[dict[str, Any]]) -> str:
    """What the ratio does at the middle body rate, in one sentence."""
    middle = next((row["lr"] for row in rows if row["start"] == "head first"), rows[0]["lr"])
    told = []
    for start in ("at once", "head first"):
        found = [row for row in rows if (row["start"], row["lr"]) == (start, middle)]
        means = [(row["ratio"], *mean_interval(row["validation"])) for row in found]
        told.append(f"{start} " + ", ".join(f"{r:g}: {m:.3f} ± {h:.3f}" for r, m, h in means))
    return f"Accuracy by the head's rate over the body's, {middle:g}: {'; '.join(told)}."


def about(lab: Lab, epochs: int, validation: int, test: int) -> dict[str, Any]:
    """What every version of the results file says of itself."""
    return {
        "title": f"The head's rate over the body's: {lab.model}, {lab.edition} edition",
        "says": "",
        "edition": lab.edition,
        "command": shlex.join([f"HOTDOG_EDITION={lab.edition}", "python", *sys.argv]),
        "hardware": lab.hardware.summary(),
        "date": environment()["date"],
        "model": lab.model,
        "source": lab.source().digest[:16],
        "training pictures": PICTURES,
        "validation pictures": validation,
        "test pictures": test,
        "epochs": epochs,
    }


def parsed() -> argparse.Namespace:
    """The command line; its defaults are the pocket edition's record."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--ratios", type=float, nargs="+", default=[1, 3, 10, 30, 100])
    arguments.add_argument("--body-rates", type=float, nargs="+", default=[1e-4, 3e-4, 1e-3])
    rates = [1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2]
    arguments.add_argument("--rates", type=float, nargs="*", default=rates)
    arguments.add_argument("--schedule-rates", type=float, nargs="*", default=[3e-3, 1e-2])
    arguments.add_argument("--epochs", type=int, default=8)
    arguments.add_argument("--seeds", type=int, default=5)
    arguments.add_argument("--validation", type=int, default=200)
    arguments.add_argument("--test", type=int, default=400)
    arguments.add_argument("--out", type=Path)
    return arguments.parse_args()


def main() -> None:
    """Run what the results file does not hold yet."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    given, lab = parsed(), open_lab()
    path = given.out or record_path("rate_ratio", lab)
    held = some_of(lab.validation, given.validation, 0)
    tests = some_of(lab.test, given.test, 0)
    record = about(lab, given.epochs, len(held), len(tests))
    old = json.loads(path.read_text()) if path.exists() else {}
    same = all(old.get(k) == record[k] for k in ("source", "epochs", "validation pictures"))
    rows = old["settings"] if same else []
    done = {Setting(*(row[k] for k in ("start", "lr", "ratio", "schedule"))) for row in rows}
    trained_on = [pictures_of(lab, seed) for seed in range(given.seeds)]
    for setting in [s for s in settings(given) if s not in done]:
        parts = [{"train": t, "validation": held, "test": tests} for t in trained_on]
        rows.append(
            row_of(setting, [run(lab, setting, p, given.epochs, s) for s, p in enumerate(parts)])
        )
        record |= {"says": finding(rows), "settings": rows, "environment": environment()}
        write_json(path, record)
        logging.info("%s: %.3f ± %.3f", setting, *mean_interval(rows[-1]["validation"]))


if __name__ == "__main__":
    main()
