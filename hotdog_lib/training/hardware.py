"""The device, its precision and its memory layout, chosen in one place."""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import nn

from hotdog_lib.errors import HotdogError


@dataclass(frozen=True)
class Hardware:
    """Where and how to compute: a device, bf16 autocast or not, channels_last or not."""

    device: torch.device
    bf16: bool
    channels_last: bool = True

    def autocast(self) -> AbstractContextManager[Any]:
        """Forward passes in bf16 where it pays; weights, losses and metrics stay float32 (trap
        33)."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bf16)

    def place(self, model: nn.Module) -> nn.Module:
        """Move a model to the device, in the layout that convolutions there like best."""
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        return model.to(self.device, memory_format=layout)

    def arrange(self, images: torch.Tensor) -> torch.Tensor:  # (B, 3, H, W)
        """Lay a batch out as :meth:`place` lays out the weights."""
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        return images.to(self.device, memory_format=layout)

    def summary(self) -> str:
        """The facts of :meth:`describe` in a few words."""
        facts = self.describe()
        cores = f", {facts['threads']} threads" if self.device.type == "cpu" else ""
        return f"{facts['name']}{cores}, {'bf16' if self.bf16 else 'fp32'}"

    def describe(self) -> dict[str, str | int | bool]:
        """Facts for a run's record."""
        on_gpu = self.device.type == "cuda"
        name = torch.cuda.get_device_name(self.device) if on_gpu else _cpu_name()
        return {
            "device": self.device.type,
            "name": name,
            "cores": os.cpu_count() or 1,
            "threads": torch.get_num_threads(),
            "bf16": self.bf16,
            "channels_last": self.channels_last,
        }


@contextmanager
def deterministic(on: bool) -> Iterator[None]:
    """Only kernels that give the same bits every time; on a CPU all of ours do so anyway.

    Raises:
        HotdogError: from a network that has a layer without such a kernel.
    """
    if not on:
        yield
        return
    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS reads it at its first use
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    try:
        yield
    except RuntimeError as error:
        if "deterministic" not in str(error):
            raise
        raise HotdogError(
            f"{error} Run without --deterministic, or choose another model"
        ) from error
    finally:
        torch.use_deterministic_algorithms(before[0])
        torch.backends.cudnn.benchmark = before[1]


def pick_hardware(device: str = "auto", precision: str = "auto") -> Hardware:
    """The fastest honest choice on this machine, or the one asked for by name.

    Args:
        device: ``auto`` (CUDA where there is one), ``cpu``, ``cuda`` or ``cuda:N``.
        precision: ``auto`` (bf16 where the device computes in it), ``bf16`` or ``fp32``.

    Raises:
        HotdogError: for a device that is not there, or an unknown name.
    """
    if precision not in ("auto", "bf16", "fp32"):
        raise HotdogError(f"precision {precision!r} is unknown; use auto, bf16 or fp32")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device.split(":")[0] not in ("cpu", "cuda"):
        raise HotdogError(f"device {device!r} is unknown; use auto, cpu, cuda or cuda:N")
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise HotdogError(
            f"device {device!r} was asked for, but torch finds no GPU; use --device cpu"
        )
    chosen = torch.device(device)
    if chosen.type == "cpu":
        keep_freed_memory()
    bf16 = has_fast_bf16(chosen) if precision == "auto" else precision == "bf16"
    return Hardware(chosen, bf16)


#: Names of the GNU C library's settings, from its malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3


@cache
def keep_freed_memory() -> bool:
    """Let the process keep the memory that a step frees for the next one; whether it could be told.

    The GNU C library hands a large tensor back to the system as soon as it is freed. The next step
    gets it anew, page by page, and each page is cleared first: a quarter of a training step's
    processor time. The peak stays what it is. Elsewhere, nothing happens.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library, or Windows
        return False
    kept = mallopt(M_TRIM_THRESHOLD, 2**31 - 1), mallopt(M_MMAP_THRESHOLD, 2**30)
    return all(kept)


def has_fast_bf16(device: torch.device) -> bool:
    """Whether the device multiplies bf16 matrices in hardware."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities = _cpu_capabilities()
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))


def _cpu_capabilities() -> Mapping[str, Any]:
    """What torch detects of the CPU; nothing in versions that can't tell, which then compute in
    float32."""
    return getattr(torch.cpu, "get_capabilities", dict)()


def _cpu_name() -> str:
    return str(_cpu_capabilities().get("cpu_name") or platform.processor() or "CPU")
