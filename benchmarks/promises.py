"""How many tests hold each promise of the page "What you can rely on", and whether they pass.

    python benchmarks/promises.py --out book/results/trust_tests.json

The page also shows what kills.py, fuzz.py, limits.py, versions.py and audit.py have measured.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from hotdog_lib.training.record import environment, write_json

ROOT = Path(__file__).resolve().parent.parent
PROMISES = {
    "runs": ("test_training_run_folder.py", "test_training_trainer.py"),
    "downloads": ("test_data_fetch.py", "test_data_fetch_hostile.py"),
    "pictures": ("test_data_anywhere.py", "test_data_decode.py", "test_data_cache.py"),
    "addresses": ("test_data_web.py",),
    "model files": ("test_models_hostile.py", "test_models_io.py"),
    "leakage": ("test_training_leakage.py", "test_data_splits.py"),
}


def main() -> int:
    """Run the tests of each promise; the exit code is 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    rows = {name: count(files) for name, files in PROMISES.items()}
    passed, failed = (sum(row[kind] for row in rows.values()) for kind in ("passed", "failed"))
    record = {
        "title": "Tests of what is promised",
        "says": f"{passed} tests of what the book and the library promise pass, {failed} fail.",
        "tests": rows,
        "environment": environment(),
        "command": "python benchmarks/promises.py",
        "edition": "pocket",
    }
    print(json.dumps(record, indent=1))
    if given.out:
        write_json(given.out, record | {"date": record["environment"]["date"]})
    return int(bool(failed))


def count(files: tuple[str, ...]) -> dict[str, int]:
    """Tests that passed, failed and were left out."""
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider"]
    paths = [str(ROOT / "tests" / name) for name in files]
    environ = {**os.environ, "HOTDOG_EDITION": "pocket"}
    done = subprocess.run([*command, *paths], capture_output=True, text=True, cwd=ROOT, env=environ)
    if done.returncode:
        print(done.stdout[-3000:], file=sys.stderr)
    kinds = {kind: re.findall(rf"(\d+) {kind}", done.stdout) for kind in KINDS}
    found = {kind: int(numbers[-1]) if numbers else 0 for kind, numbers in kinds.items()}
    broken = found["failed"] + found["error"] or int(done.returncode != 0)
    return {"passed": found["passed"], "failed": broken, "skipped": found["skipped"]}


KINDS = ("passed", "failed", "error", "skipped")


if __name__ == "__main__":
    sys.exit(main())
