"""The tests that matter on every Python and torch of the stated range that can be had here.

    python benchmarks/versions.py --out book/results/trust_versions.json

Takes each Python from 3.10 to 3.13 that is on the path or below pyenv, with the newest torch that
it can install, and the first of them with the oldest torch that the project supports as well. Each
pair gets an environment of its own, which is removed again; with uv the pairs share their files on
disk. The exit code is 1 if a test failed; a Python that is not here is told, not failed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hotdog_lib.training.record import environment, write_json

ROOT = Path(__file__).resolve().parent.parent
MINORS = (10, 11, 12, 13)
OLDEST = ("torch==2.10.*", "torchvision==0.25.*")
NEWEST = ("torch", "torchvision")
TOOLS = ("pytest>=8,<10", "nbval==0.11.0", "pytest-xdist>=3.6,<4", "hypothesis>=6")
ORACLES = ("scikit-learn>=1.5", "torchmetrics>=1.6", "peft>=0.17")
TESTS = ("test_data_*.py", "test_models_*.py", "test_training_*.py", "test_cli.py", "test_lab.py")
VERSIONS = (
    "import json, torch, torchvision as v; print(json.dumps([torch.__version__, v.__version__]))"
)


def main(arguments: list[str] | None = None) -> int:
    """Install, test, remove, for every pair."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pythons", type=int, nargs="*", default=list(MINORS), help="10 11 ...")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(arguments)
    found = {minor: interpreter(minor) for minor in given.pythons}
    here = {minor: path for minor, path in found.items() if path}
    pairs = [(minor, NEWEST) for minor in here] + [(minor, OLDEST) for minor in list(here)[:1]]
    rows = [check(here[minor], wanted) for minor, wanted in pairs]
    absent = ", ".join(f"3.{minor}" for minor, path in found.items() if not path)
    failed = [row for row in rows if row["failed"] or not row["passed"]]
    record = {
        "title": "Versions",
        "says": f"The tests pass with {len(rows) - len(failed)} of {len(rows)} pairs of Python and "
        f"torch.{f' Not found here: Python {absent}.' if absent else ''}",
        "pairs": rows,
        "environment": environment(),
        "command": "python benchmarks/versions.py",
        "edition": "pocket",
    }
    print(json.dumps(record, indent=1))
    if given.out:
        write_json(given.out, record | {"date": record["environment"]["date"]})
    return int(bool(failed))


def interpreter(minor: int) -> str | None:
    """A Python 3.``minor`` that runs, on the path or below pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [shutil.which(f"python3.{minor}"), *pyenv.glob(f"versions/3.{minor}.*/bin/python")]
    for candidate in filter(None, candidates):
        asked = [str(candidate), "-c", "import sys; print(*sys.version_info[:2])"]
        answer = subprocess.run(asked, capture_output=True, text=True)
        if answer.stdout.split() == ["3", str(minor)]:
            return str(candidate)
    return None


def check(python: str, wanted: tuple[str, ...]) -> dict[str, Any]:
    """Make an environment, run the tests in it, and say how many passed."""
    with tempfile.TemporaryDirectory() as folder:
        place, started = Path(folder), time.perf_counter()
        own = install(place / "venv", python, wanted)
        versions = json.loads(run([own, "-c", VERSIONS], place).stdout or '["not installed", ""]')
        tests = [str(path) for pattern in TESTS for path in sorted(ROOT.glob(f"tests/{pattern}"))]
        options = ["-q", "--no-header", "-p", "no:cacheprovider", f"--rootdir={ROOT}"]
        done = run([own, "-m", "pytest", *options, *tests], place)
        version = run([own, "-V"], place).stdout.split()[-1]
    print(done.stdout[-3000:], done.stderr[-1000:], file=sys.stderr)
    counted = {kind: _count(done.stdout, kind) for kind in ("passed", "failed", "error", "skipped")}
    return {
        "python": version,
        "torch": versions[0],
        "torchvision": versions[1],
        "passed": counted["passed"],
        "failed": counted["failed"] + counted["error"],
        "skipped": counted["skipped"],
        "minutes": (time.perf_counter() - started) / 60,
    }


def install(venv: Path, python: str, wanted: tuple[str, ...]) -> str:
    """An environment with the project in it; the path of its Python."""
    own = str(venv / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    packages = [*wanted, *TOOLS, *ORACLES, "-e", f"{ROOT}[onnx]"]
    if uv := shutil.which("uv"):
        run([uv, "venv", "--quiet", "--python", python, str(venv)], venv.parent)
        done = run([uv, "pip", "install", "--quiet", "--python", own, *packages], venv.parent)
    else:
        run([python, "-m", "venv", str(venv)], venv.parent)
        done = run([own, "-m", "pip", "install", "--quiet", *packages], venv.parent)
    print(done.stderr[-1000:], file=sys.stderr)
    return own


def run(command: list[str], place: Path) -> subprocess.CompletedProcess[str]:
    """Run something with no home of the caller's in its environment."""
    settings = {**os.environ, "HOTDOG_CACHE": str(place / "cache"), "HOTDOG_EDITION": "pocket"}
    settings.pop("PYTHONPATH", None)
    return subprocess.run(command, capture_output=True, text=True, env=settings, cwd=ROOT)


def _count(output: str, kind: str) -> int:
    found = re.findall(rf"(\d+) {kind}", output)
    return int(found[-1]) if found else 0


if __name__ == "__main__":
    sys.exit(main())
