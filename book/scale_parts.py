"""The figure and the arithmetic of the page on scale."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hotdog_lib.viz.style import FAINT, INK, OKABE_ITO, use_style

Row = dict[str, Any]

# Assumed, with round numbers; the page shows them.
N = 1_000_000  # photographs
SPEED = 2_500  # pictures a second: ResNet-50 at 224 px on one A100 (NVIDIA 2,470, timm 2,600)
DISK, NETWORK, INSIDE = 3.0, 12.5, 200.0  # GB/s: an NVMe disk, 100 Gbit/s, NVLink
CORES, PER_GPU = 16, 128
MESSAGE, NORMS = 0.05, 53  # ms of a small message; BatchNorm layers of ResNet-50
NORM_MS = 2 * NORMS * MESSAGE  # one message forward, one backward


def flatness(write: list[Row], train: list[Row]) -> Figure:
    """Highest memory, and processor time of a picture, against the pictures in a set."""
    use_style()
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.0))
    looks = {
        "writing": (write, OKABE_ITO["orange"], "^"),
        "training": (train, OKABE_ITO["blue"], "o"),
    }
    for name, (rows, colour, marker) in looks.items():
        sizes = [row["pictures"] for row in rows]
        style = {"color": colour, "marker": marker}
        left.plot(sizes, [r["all_mib"] for r in rows], label=f"{name}, mapped files too", **style)
        own = [r["own_mib"] for r in rows]
        left.plot(sizes, own, label=f"{name}, own", linestyle=(0, (2, 2)), **style)
        right.plot(sizes, [r["processor_ratio"] for r in rows], label=name, **style)
        ends = [[end(r["processor_ratios"]) for r in rows] for end in (min, max)]
        right.fill_between(sizes, *ends, color=colour, alpha=0.15, linewidth=0)
    left.axhline(2048, color=INK, linewidth=0.8)
    left.annotate("2 GiB", (1000, 2048), (0, 3), textcoords="offset points", fontsize=8)
    right.axhspan(0.8, 1.2, color=FAINT, alpha=0.5, linewidth=0)
    right.annotate("within 20 %", (1000, 1.2), (0, 3), textcoords="offset points", fontsize=8)
    left.set(ylabel="highest memory, MiB", ylim=(0, 2400))
    right.set(ylabel="cost of a picture, 1,000 = 1", ylim=(0, 1.7))
    left.legend(fontsize=8, loc="upper left", bbox_to_anchor=(-0.02, 0.87))
    right.legend(fontsize=8, loc="lower right")
    for axis in (left, right):
        _by_size(axis, [row["pictures"] for row in write])
    return figure


def _by_size(axis: Axes, sizes: list[int]) -> None:
    axis.set_xscale("log")
    axis.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axis.minorticks_off()
    axis.set_xlabel("pictures in the set")


def measured_figures(unit: Row) -> list[Row]:
    """Rows of the record ``projection`` in words."""
    rows = {
        "decode a photograph, one core": f"{unit['decode_ms']:.1f} ms",
        "check a gigabyte of shards, one core": f"{unit['check_seconds_a_gigabyte']:.2f} s",
        "compare pictures for near-duplicates, one core": (
            f"{unit['pairs_a_second'] / 1e6:.0f} million pairs a second"
        ),
        f"a million canvases of {unit['canvas_px']} px": f"{_stored(unit):,.0f} GB",
        "gradients of ResNet-50": f"{1e3 * _gradients(unit):.0f} MB",
    }
    return [{"measured": what, "figure": figure} for what, figure in rows.items()]


def assumed_figures() -> list[Row]:
    """What nobody measured here."""
    rows = {
        "ResNet-50 at 224 px trained on one A100, in bf16": f"{SPEED:,} pictures a second",
        "pictures a step on each GPU": f"{PER_GPU}",
        "a machine's cores": f"{CORES}",
        "a machine's disk": f"{DISK:g} GB a second",
        "between the GPUs of a machine": f"{INSIDE:g} GB a second",
        "between machines": f"{NETWORK:g} GB a second",
        "a small message between machines": f"{MESSAGE:g} ms",
    }
    return [{"assumed": what, "figure": figure} for what, figure in rows.items()]


def projected(unit: Row, machines: int, gpus: int) -> Row:
    """Seconds of an epoch and what bounds it: computing, sending gradients, or reading pixels."""
    world = machines * gpus
    # A ring sends the gradients nearly twice through the slowest link.
    sent = 2 * (world - 1) / world * _gradients(unit)
    times = {
        "computing": PER_GPU / SPEED,
        "sending gradients": sent / (NETWORK if machines > 1 else INSIDE),
        "reading pixels": gpus * PER_GPU / N * _stored(unit) / DISK,
    }
    computing, sending, reading = (1e3 * seconds for seconds in times.values())
    return {
        "machines": machines,
        "GPUs": world,
        "computing, ms a step": f"{computing:.0f}",
        "sending": f"{sending:.1f}",
        "reading": f"{reading:.0f}",
        "seconds an epoch": f"{max(times.values()) * N / (world * PER_GPU):.0f}",
        "bound by": max(times, key=times.get),
    }


def done_once(unit: Row) -> dict[str, float]:
    """Seconds of what is done once; gigabytes of the shards, pairs of the pictures."""
    pairs = N * (N - 1) / 2
    return {
        "gigabytes": _stored(unit),
        "decoding": unit["decode_ms"] / 1e3 * N / CORES,
        "checking": _stored(unit) * unit["check_seconds_a_gigabyte"],
        "pairs": pairs,
        "comparing": pairs / unit["pairs_a_second"],
    }


def _stored(unit: Row) -> float:
    """Gigabytes of a million decoded pictures."""
    return 3 * unit["canvas_px"] ** 2 * N / 1e9


def _gradients(unit: Row) -> float:
    """Gigabytes of ResNet-50's gradients in float32."""
    numbers = {row["network"]: row["parameters"] for row in unit["networks"]}
    return 4 * numbers["resnet50"] / 1e9
