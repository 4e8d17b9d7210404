"""What a run leaves behind in JSON: where it ran, with what, and what came out."""

from __future__ import annotations

import json
import math
import platform
import subprocess
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

import hotdog_lib
from hotdog_lib.home import atomic_write


def environment() -> dict[str, Any]:
    """Versions, date and the project's commit, for a record that others can compare with theirs."""
    packages = ("torch", "torchvision", "pillow", "safetensors", "accelerate")
    return {
        "date": time.strftime("%Y-%m-%d"),
        "hotdog_lib": hotdog_lib.__version__,
        "commit": git_commit(),
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in packages},
        "cuda": torch.version.cuda if torch.cuda.is_available() else None,
    }


def git_commit() -> str | None:
    """Commit of the library's own checkout, or None where it is installed without one."""
    root = Path(hotdog_lib.__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def write_json(path: Path, record: Any) -> None:
    """Write one JSON document atomically; floats are rounded to six significant digits, nan
    becomes null."""
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(tidy(record), indent=1) + "\n", encoding="utf-8")


def write_json_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write one JSON object a line, atomically."""
    with atomic_write(path) as temporary:
        lines = "".join(json.dumps(tidy(row)) + "\n" for row in rows)
        temporary.write_text(lines, encoding="utf-8")


def tidy(value: Any) -> Any:
    """JSON without nan and without digits that mean nothing."""
    if isinstance(value, dict):
        return {str(k): tidy(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [tidy(v) for v in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
