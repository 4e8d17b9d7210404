"""A run: from a folder of pictures to a folder that holds the trained network and its record."""

from __future__ import annotations

import logging
import time
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.models.adapters import KINDS, unload, wake
from hotdog_lib.models.freezing import freeze_to
from hotdog_lib.models.io import save_adapter, save_model
from hotdog_lib.models.stages import HEAD
from hotdog_lib.models.weights import SourceWeights, get_weights
from hotdog_lib.training.checkpoint import Identity, load_state, save_state
from hotdog_lib.training.compare import new_model
from hotdog_lib.training.engine import evaluate
from hotdog_lib.training.hardware import Hardware, deterministic, pick_hardware
from hotdog_lib.training.leakage import find_leaks, note_look, save_seen
from hotdog_lib.training.metrics import choose_positive
from hotdog_lib.training.processes import Processes, own_device, together
from hotdog_lib.training.recipe import Recipe
from hotdog_lib.training.record import environment, tidy, write_json, write_json_lines
from hotdog_lib.training.run_folder import claimed, finished_metrics, note_changes
from hotdog_lib.training.run_splits import Splits, load_splits
from hotdog_lib.training.state import State
from hotdog_lib.training.trainer import Trainer
from hotdog_lib.training.zero_shot import zero_shot

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunOptions:
    """What ``train`` is asked for; the fields are the command line's."""

    data: Path
    """Folder of class folders, with train/ and test/ above them or not."""
    out: Path
    """Folder of the run; it is made."""
    model: str = "squeezenet1_1"
    """A torchvision classification network, or resnet18_slim."""
    weights: str = "imagenet"
    """imagenet, embedded, none, or a .safetensors file."""
    recipe: Recipe = field(default_factory=Recipe)
    validation: float = 0.1
    """Share of the training pictures on which the best epoch is chosen."""
    positive: str | None = None
    """The class that F1 is about. None: hotdog where there are two classes and it is one, else
    macro averages."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:N."""
    precision: str = "auto"
    """auto (bf16 where the device has it), bf16 or fp32."""
    resume: bool = False
    """Go on where a run in this folder was stopped."""
    deterministic: bool = False
    """The same bits in every run on one GPU, too, more slowly. On a CPU they always are."""
    timeout: float = 1800
    """Seconds that each of several processes waits for another one that does not answer."""


def train_run(options: RunOptions) -> dict[str, Any]:
    """Train, choose on validation, look once at the test split, and write ``options.out``.

    The folder gets ``config.json``, ``history.jsonl``, ``metrics.json``, ``model.safetensors``
    and, until the run is finished, ``checkpoint.safetensors``. Where few numbers in a frozen body
    learned, they are in ``adapter.safetensors``, too; in the model LoRA is merged.

    Started by ``torchrun`` or ``accelerate launch``, the processes train together, and the first
    one writes.

    Returns:
        What ``metrics.json`` holds; nothing in the other processes.

    Raises:
        HotdogError: for anything wrong with the options, the pictures or the weights, before
        anything is written.
    """
    started = time.perf_counter()
    with (
        together(options.device, options.timeout) as processes,
        claimed(options.out, resume=options.resume) if processes.first else nullcontext(),
        deterministic(options.deterministic),
    ):
        processes.wait()  # until the first one has the folder
        return _train(options, started, processes)


def _train(options: RunOptions, started: float, processes: Processes) -> dict[str, Any]:
    hardware = pick_hardware(own_device(options.device), options.precision)
    source = get_weights(options.model, options.weights)
    preprocessing = evaluation_view(options, source)
    splits = load_splits(
        options.data, preprocessing, options.validation, options.recipe.seed, processes
    )
    identity = _identity(options, splits, source)
    processes.check_same(tidy(vars(identity)) | {"precision": hardware.bf16})
    done = processes.share(finished_metrics(options.out, identity) if processes.first else None)
    if done is not None:
        logger.info("%s is finished: nothing to resume", options.out)
        return done if processes.first else {}
    model = new_model(options.model, source, options.recipe, splits.train.class_names)
    history = _fit(options, model, splits, preprocessing, hardware, identity, source, processes)
    about = _about(options, splits, preprocessing, source, identity)
    if source is not None and options.recipe.strategy in KINDS:
        wake(freeze_to(model, HEAD), options.recipe.strategy)  # not awake if nothing was left to do
        if processes.first:
            save_adapter(model, options.out / "adapter.safetensors", source, **about)
        unload(model)
    metrics = _final_metrics(
        options, model, splits, preprocessing, hardware, source, history, processes
    )
    if not processes.first:
        return {}
    metrics["seconds"] = time.perf_counter() - started
    _write_results(options, model, splits, metrics, identity, about)
    return metrics


#: Networks that take pictures of one size only.
FIXED_SIZE = ("vit_", "maxvit_")


def evaluation_view(options: RunOptions, source: SourceWeights | None) -> Preprocessing:
    """The source's preprocessing, widened to the whole canvas if the recipe says so and the
    network can."""
    own = source.preprocessing if source else Preprocessing()
    if options.recipe.view == "centre":
        return own
    fixed = options.model.startswith(FIXED_SIZE)
    side = own.crop_size if fixed else own.resize_size
    return replace(own, resize_size=side, crop_size=side)


def _fit(
    options: RunOptions,
    model: Any,
    splits: Splits,
    preprocessing: Preprocessing,
    hardware: Hardware,
    identity: Identity,
    source: SourceWeights | None,
    processes: Processes,
) -> State:
    out = options.out

    def on_epoch(row: dict[str, Any], state: State) -> None:
        held = row["validation"]
        logger.info(
            "%s %d/%d  loss %.3f  validation accuracy %.3f  loss %.3f  %.0f images/s",
            *(row["phase"], row["epoch"], row["epochs"], row["train_loss"]),
            *(held["accuracy"], held["loss"], row["images_per_second"]),
        )
        write_json_lines(out / "history.jsonl", state.history)
        save_state(out / "checkpoint.safetensors", trainer.model, state, identity)

    trainer = Trainer(
        model,
        splits.train,
        splits.validation,
        options.recipe,
        preprocessing,
        hardware,
        train_size=min(
            preprocessing.crop_size, (source.preprocessing if source else Preprocessing()).crop_size
        ),
        positive=options.positive,
        on_epoch=on_epoch,
    )
    state = None
    if processes.first:
        if (out / "checkpoint.safetensors").exists():
            state = load_state(out / "checkpoint.safetensors", trainer.model, identity)
            logger.info("resuming after %s", state.history[-1]["phase"])
        record = _record(options, splits, hardware, identity, processes)
        write_json(out / "config.json", note_changes(out, record) if state else record)
    state = processes.share(state)
    processes.agree(trainer.model)
    return trainer.fit(state)


def _record(
    options: RunOptions,
    splits: Splits,
    hardware: Hardware,
    identity: Identity,
    processes: Processes,
) -> dict[str, Any]:
    """What a run says of itself before it begins."""
    computed = hardware.describe() | {"deterministic": options.deterministic}
    return {
        "model": options.model,
        "weights": options.weights,
        "strategy": options.recipe.strategy,
        "data": str(options.data),
        "identity": vars(identity),
        "classes": splits.train.counts(),
        "pictures": {
            "train": len(splits.train),
            "validation": len(splits.validation),
            **({"test": len(splits.test)} if splits.test else {}),
        },
        "hardware": computed | {"processes": processes.world},
        "environment": environment(),
    }


def _identity(options: RunOptions, splits: Splits, source: SourceWeights | None) -> Identity:
    recipe = {**options.recipe.to_dict(), "validation": options.validation}
    digest = source.digest if source else "none"
    return Identity(recipe, options.model, digest, splits.fingerprints)


def _final_metrics(
    options: RunOptions,
    model: Any,
    splits: Splits,
    preprocessing: Preprocessing,
    hardware: Hardware,
    source: SourceWeights | None,
    state: State,
    processes: Processes,
) -> dict[str, Any]:
    positive = choose_positive(splits.train.class_names, options.positive)
    metrics: dict[str, Any] = {
        "strategy": options.recipe.strategy,
        "seed": options.recipe.seed,
        "validation": (state.best or state.history[-1])["validation"],
        "best_epoch": {k: (state.best or state.history[-1])[k] for k in ("phase", "epoch")},
        "training_seconds": sum(row["seconds"] for row in state.history),
        "images_per_second": max(row["images_per_second"] for row in state.history),
        "skipped": splits.skipped,
        "leakage": find_leaks(splits.train, splits.validation, splits.test, source, positive),
    }
    if splits.test is not None:
        mirror = options.recipe.mirror
        metrics["test"] = evaluate(
            *(model, splits.test, preprocessing, hardware),
            positive=positive,
            mirror=mirror,
            processes=processes,
        )
        if source is not None and positive is not None:
            metrics["zero_shot"] = zero_shot(
                source, positive, splits.validation, splits.test, hardware, mirror=mirror
            )
    return metrics


def _about(
    options: RunOptions,
    splits: Splits,
    preprocessing: Preprocessing,
    source: SourceWeights | None,
    identity: Identity,
) -> dict[str, Any]:
    """What a saved network says of itself."""
    names = splits.train.class_names
    provenance = {
        "strategy": options.recipe.strategy,
        "seed": options.recipe.seed,
        "source": source.digest if source else None,
        "data": splits.fingerprints["train"],
        "choice": identity.choice(),
        "positive": choose_positive(names, options.positive),
        "mirror": options.recipe.mirror,
    }
    return {"class_names": names, "preprocessing": preprocessing, "provenance": provenance}


def _write_results(
    options: RunOptions,
    model: Any,
    splits: Splits,
    metrics: dict[str, Any],
    identity: Identity,
    about: dict[str, Any],
) -> None:
    about["provenance"]["validation_accuracy"] = metrics["validation"]["accuracy"]
    save_model(model, options.out / "model.safetensors", architecture=options.model, **about)
    save_seen(options.out, splits.train, splits.validation)
    if splits.test is not None:
        look = note_look(splits.fingerprints["test"], identity.choice(), metrics["test"])
        metrics["leakage"] += look
    write_json(options.out / "metrics.json", metrics)
    (options.out / "checkpoint.safetensors").unlink(missing_ok=True)
