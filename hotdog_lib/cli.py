"""The command line: every command is a function here; its signature and docstring are its help."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import tyro
from tyro.conf import OmitArgPrefixes, Positional

from hotdog_lib.cli_pictures import fetch, pack, render, shard, split, unpack
from hotdog_lib.errors import HotdogError
from hotdog_lib.training.pretrain import PretrainOptions
from hotdog_lib.training.processes import launched
from hotdog_lib.training.run import RunOptions

app = tyro.extras.SubcommandApp()


@app.command
def train(options: Annotated[RunOptions, OmitArgPrefixes]) -> int:
    """Train a classifier on a folder of class folders and keep it in a run folder.

    Example: python -m hotdog_lib train --data photos --strategy finetune --out runs/first

    DATA holds one folder a class, or train/ and test/ with those in them. Without test/ nothing is
    held back but the validation share. The best epoch is chosen on validation; the test pictures
    are looked at once, at the end. OUT gets config.json, history.jsonl, metrics.json and
    model.safetensors; and seen.safetensors, by which evaluate tells what it was trained on.
    """
    from hotdog_lib.training.run import train_run

    metrics = train_run(options)
    if not metrics:  # of several processes the first one tells
        return 0
    for skipped in metrics["skipped"]:
        print(f"skipped {skipped['path']}: {skipped['reason']}", file=sys.stderr)
    print(_summary(metrics), file=sys.stderr)
    for leak in metrics["leakage"]:
        print(f"note: {leak['says']}", file=sys.stderr)
    print(options.out)
    return 0


@app.command
def evaluate(
    run: Positional[Path], data: Path, device: str = "auto", precision: str = "auto"
) -> int:
    """Measure a trained classifier: one JSON object on standard output.

    Example: python -m hotdog_lib evaluate runs/first --data photos

    Args:
        run: a run folder, or its model.safetensors.
        data: a folder of class folders; where it has test/, that alone is used.
        device: auto, cpu, cuda or cuda:N.
        precision: auto, bf16 or fp32.
    """
    from hotdog_lib.training.predict import evaluate_run
    from hotdog_lib.training.record import tidy

    print(json.dumps(tidy(evaluate_run(run, data, device=device, precision=precision))))
    return 0


@app.command
def predict(
    run: Positional[Path],
    images: Positional[tuple[str, ...]],
    device: str = "auto",
    precision: str = "auto",
    allow_private: bool = False,
) -> int:
    """Classify pictures: a JSON line each. What can't be read gets an error, and the exit code 1.

    Example: python -m hotdog_lib predict runs/first lunch.jpg https://example.org/dinner.png

    Args:
        run: a run folder, or its model.safetensors.
        images: picture files, or their http and https addresses.
        device: auto, cpu, cuda or cuda:N.
        precision: auto, bf16 or fp32.
        allow_private: take addresses inside your own network, too.
    """
    from hotdog_lib.training.predict import predict_run
    from hotdog_lib.training.record import tidy

    if not images:
        raise HotdogError("no picture to classify; give one or more files after the run")
    failed = False
    options = {"device": device, "precision": precision, "allow_private": allow_private}
    for row in predict_run(run, images, **options):
        failed |= "error" in row
        print(json.dumps(tidy(row)), flush=True)
    return int(failed)


@app.command
def compare(
    options: Annotated[RunOptions, OmitArgPrefixes],
    strategies: str = "scratch,head,finetune",
    seeds: int = 5,
) -> int:
    """Train by several strategies with several seeds: a table of means with 95 % intervals.

    Example: python -m hotdog_lib compare --data photos --strategies head,finetune --seeds 5 --out
    runs/table

    OUT gets a run folder for every strategy and seed, and compare.json. What is there already is
    not trained again.

    Args:
        options: as for train; strategy and seed are set here.
        strategies: names with commas between them.
        seeds: runs of each, with the seeds 0, 1, 2 ...
    """
    from hotdog_lib.training.compare_runs import compare_runs

    for line in compare_runs(options, strategies.split(","), range(seeds)):
        print(line)
    return 0


@app.command
def export(
    run: Positional[Path],
    out: Path,
    format: Literal["onnx"] = "onnx",
    storage: Literal["fp32", "fp16", "int8"] = "fp32",
    data: Path | None = None,
) -> int:
    """Write a trained classifier for other programs, after comparing the file with the network.

    Example: python -m hotdog_lib export runs/first --format onnx --out first.onnx

    The file takes a batch of preprocessed pictures and gives features and logits; its metadata
    hold the preprocessing, the class names and where the network comes from. One JSON object on
    standard output says how well it agrees.

    Args:
        run: a run folder, or its model.safetensors.
        out: the file.
        format: onnx.
        storage: of the weights: fp16 halves the file, int8 quarters it.
        data: a folder of class folders to compare on; the kitchen's pictures if not given.
    """
    from hotdog_lib.training.export import export_run

    print(json.dumps(export_run(run, out, storage=storage, data=data)))
    return 0


@app.command
def pretrain(options: Annotated[PretrainOptions, OmitArgPrefixes]) -> int:
    """Train a source network on the pantry's pictures and write the weights that the package ships.

    Example: python -m hotdog_lib pretrain --model resnet18_slim --epochs 20
    """
    from hotdog_lib.training.pretrain import pretrain as make

    record = make(options)
    print(json.dumps({key: record[key] for key in ("says", "accuracy", "seconds", "bytes")}))
    return 0


for command in (fetch, split, render, shard, pack, unpack):
    app.command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Errors of the user's making are one line on standard error and the exit
    code 2."""
    for stream in (sys.stdout, sys.stderr):  # names in scripts that a terminal does not know
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    one = launched()
    level = logging.INFO if one.first else logging.WARNING
    logging.basicConfig(level=level, format="%(message)s", stream=sys.stderr)
    for noisy in ("accelerate", "PIL", "torch", "onnxscript", "onnx_ir"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        if one.world > 1 and "train" not in (sys.argv[1:] if arguments is None else arguments)[:1]:
            raise HotdogError("several processes can only train; start one")
        return int(app.cli(args=arguments, prog="python -m hotdog_lib") or 0)
    except HotdogError as error:
        whose = f"process {one.rank} of {one.world}: " if one.world > 1 else ""
        print(f"{whose}error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; run again with --resume to go on", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0


def _summary(metrics: dict) -> str:
    """The run's figures in a few lines for a person."""
    best, held = metrics["best_epoch"], metrics["validation"]
    lines = [
        f"validation accuracy {held['accuracy']:.3f} "
        f"(best: {best['phase']}, epoch {best['epoch']})",
    ]
    if "test" in metrics:
        test = metrics["test"]
        lines.append(
            f"test accuracy {test['accuracy']:.3f}, F1 {test['f1']:.3f}, {test['n']} pictures"
        )
    if metrics.get("zero_shot"):
        zero = metrics["zero_shot"]
        lines.append(
            f"without any training: {zero['top1']['accuracy']:.3f} by the source's first guess, "
            f"{zero['tuned']['accuracy']:.3f} by its probability of {zero['class']!r}"
        )
    lines.append(
        f"{metrics['training_seconds']:.0f} s of training, {metrics['seconds']:.0f} s in all"
    )
    return "\n".join(lines)
