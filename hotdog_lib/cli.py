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

from hotdog_lib.errors import HotdogError
from hotdog_lib.training.pretrain import PretrainOptions
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
def fetch(name: Positional[str], mirror: str | None = None) -> int:
    """Download data or weights into HOTDOG_HOME, verified; what is there already is not fetched
    again.

    Example: python -m hotdog_lib fetch hotdog

    Args:
        name: hotdog (the D2L photographs), deepdog (the record files of 2017, 690 MB), or a
            torchvision model for its ImageNet weights.
        mirror: an address, or a folder, that holds the same files.
    """
    from hotdog_lib.data.fetch import fetch as fetch_files
    from hotdog_lib.training.progress import wants_bars

    print(fetch_files(name, mirror=mirror, progress=wants_bars()))
    return 0


@app.command
def split(data: Positional[Path], out: Path, test: float = 0.25, seed: int = 0) -> int:
    """Copy a folder of class folders to OUT/train and OUT/test, without near-duplicates across.

    Example: python -m hotdog_lib split photos --out parts --test 0.25

    Left out and named are files that can't be read, and copies of a picture with another label.

    Args:
        data: a folder of class folders; it stays as it is.
        out: a new folder.
        test: share of the pictures to test on.
        seed: of the choice.
    """
    from hotdog_lib.data.set_aside import set_aside

    parts = set_aside(data, out, test, seed=seed)
    for file in parts.unreadable:
        print(f"left out {file.path}: {file.reason}", file=sys.stderr)
    for names in parts.contradictory:
        print(f"left out {', '.join(names)}: one picture, several labels", file=sys.stderr)
    print(out)
    return 0


@app.command
def pack(
    data: Positional[Path],
    out: Path,
    resize: int | None = None,
    quality: int = 95,
    threads: int | None = None,
) -> int:
    """Pack a folder of class folders into one record file, as MXNet's im2rec does.

    Example: python -m hotdog_lib pack photos/train --out train.rec --resize 256 --quality 90

    OUT gets an .idx and a .lst beside it. Pictures that can't be read are left out and named.

    Args:
        data: a folder of class folders.
        out: the .rec file.
        resize: pixels of the short side; without it files are packed as they are.
        quality: of the JPEGs that resizing makes.
        threads: one a core if not given.
    """
    from hotdog_lib.data.folders import scan_folder
    from hotdog_lib.data.packing import pack_folder
    from hotdog_lib.training.progress import wants_bars

    how = {"resize": resize, "quality": quality, "threads": threads, "progress": wants_bars()}
    skipped = pack_folder(scan_folder(data), out, **how)
    for file in skipped:
        print(f"skipped {file.path}: {file.reason}", file=sys.stderr)
    print(out)
    return int(bool(skipped))


@app.command
def unpack(records: Positional[Path], out: Path, classes: str | None = None) -> int:
    """Unpack a record file into a folder of class folders that train and evaluate take.

    Example: python -m hotdog_lib unpack train.rec --out photos/train --classes not-hotdog,hotdog

    Args:
        records: a .rec file of MXNet's or of ours.
        out: a new folder.
        classes: names of the labels 0, 1 ... with commas; without them those in the .lst file.
    """
    from hotdog_lib.data.packing import unpack_records
    from hotdog_lib.training.progress import wants_bars

    names = classes.split(",") if classes else None
    unpack_records(records, out, names, progress=wants_bars())
    print(out)
    return 0


@app.command
def render(
    out: Path,
    train: int = 100,
    test: int = 200,
    seed: int = 0,
    size: int = 96,
    positive_share: float = 0.5,
) -> int:
    """Draw the kitchen's pictures into an image folder that train and evaluate take.

    Example: python -m hotdog_lib render --out drawn --train 100 --test 200 --seed 7

    Args:
        out: a new or empty folder; it gets train/ and test/ with hotdog/ and not-hotdog/ in each.
        train: pictures to train on.
        test: pictures to test on; never the same as those.
        seed: every picture is a function of it and its number.
        size: side in pixels, 64 to 512.
        positive_share: share of hot dogs.
    """
    from hotdog_lib.lab import render_folder

    render_folder(out, {"train": train, "test": test}, seed, size, positive_share)
    print(out)
    return 0


@app.command
def pretrain(options: Annotated[PretrainOptions, OmitArgPrefixes]) -> int:
    """Train a source network on the pantry's drawings and write the weights that the package ships.

    Example: python -m hotdog_lib pretrain --model resnet18_slim --epochs 20
    """
    from hotdog_lib.training.pretrain import pretrain as make

    record = make(options)
    print(json.dumps({key: record[key] for key in ("says", "accuracy", "seconds", "bytes")}))
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Errors of the user's making are one line on standard error and the exit
    code 2."""
    for stream in (sys.stdout, sys.stderr):  # names in scripts that a terminal does not know
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    for noisy in ("accelerate", "PIL", "torch", "onnxscript", "onnx_ir"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        return int(app.cli(args=arguments, prog="python -m hotdog_lib") or 0)
    except HotdogError as error:
        print(f"error: {error}", file=sys.stderr)
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
