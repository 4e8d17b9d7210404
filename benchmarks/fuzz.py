"""Ten thousand wrong inputs for everything that reads what others wrote.

    python benchmarks/fuzz.py --out book/results/trust_fuzz.json
    python benchmarks/fuzz.py "decoder: GIF" --examples 100000

Each target runs in a process of its own under hypothesis, which shrinks what it finds. An input may
give a result, or an error that names what is wrong (``HotdogError``); anything else has been found:
another exception, a crash, a hang, more than ten seconds of the processor, or more than 1 GiB above
what the process had before. What was found and mended is kept in ``tests/test_trust.py`` and
``tests/test_models_hostile.py``. Needs a system that can fork.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fuzz_targets import TARGETS
from hypothesis import HealthCheck, Phase, given, seed, settings

from hotdog_lib.training.hardware import pick_hardware
from hotdog_lib.training.record import environment, write_json

SECONDS = 10  # of the processor that one input may take
HANG = 120  # seconds by the clock, after which it hangs
BYTES = 2**30  # that a process may grow by
UNIT = 1 if sys.platform == "darwin" else 1024  # bytes, of ru_maxrss


def main(arguments: list[str] | None = None) -> int:
    """Fuzz; the exit code is 1 if something was found."""
    given = _options().parse_args(arguments)
    rows = _measured(given.out)
    for name in given.targets or TARGETS:
        rows[name] = fuzz(name, given.examples, given.seed)
        print(json.dumps(rows[name]), flush=True)
        if given.out:
            write_json(given.out, _record(list(rows.values())))
    return int(any(rows[name]["found"] for name in given.targets or TARGETS))


def _measured(out: Path | None) -> dict[str, dict[str, Any]]:
    """Rows of targets that were run before, which stay as they are unless they are run again."""
    if out is None or not out.exists():
        return {}
    return {row["target"]: row for row in json.loads(out.read_text())["targets"]}


def _record(rows: list[dict[str, Any]]) -> dict[str, Any]:
    inputs, found = sum(row["inputs"] for row in rows), sum(bool(row["found"]) for row in rows)
    versions = environment()
    return {
        "title": "Fuzzing",
        "says": f"{inputs:,} wrong inputs for {len(rows)} readers: {found} found a fault.",
        "targets": rows,
        "hardware": pick_hardware("cpu").summary(),
        "date": versions["date"],
        "environment": versions,
        "command": "python benchmarks/fuzz.py",
        "edition": "pocket",
    }


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []])
    parser.add_argument("--examples", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    return parser


def fuzz(name: str, examples: int, chance: int) -> dict[str, Any]:
    """Run one target in a child process and report what it did."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        child = os.fork()
        if child == 0:
            os._exit(_child(name, examples, chance, report))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        told = json.loads(report.read_text()) if report.exists() else {}
    crash = "" if status in (0, 1) else f"the process ended with {status}"
    row = {"target": name, "inputs": 0, "read": 0, "refused": 0} | told
    return row | {"found": crash or told.get("found", "")}


def _child(name: str, examples: int, chance: int, report: Path) -> int:
    signal.signal(signal.SIGPROF, _too_slow)
    signal.signal(signal.SIGALRM, _too_slow)
    counts = {"inputs": 0, "read": 0, "refused": 0, "slowest ms": 0.0}
    with tempfile.TemporaryDirectory() as folder:
        before = _memory()
        try:
            strategy, test = TARGETS[name](Path(folder))
            before = _memory()
            _run(strategy, _counted(test, counts), examples, chance)
            found = ""
        except BaseException as error:
            found = f"{type(error).__name__}: {error}"
            sys.excepthook(*sys.exc_info())
    grown = _memory() - before
    if not found and grown > BYTES:
        found = f"it took {grown:,} bytes"
    report.write_text(json.dumps(counts | {"peak MiB": grown / 2**20, "found": found}))
    return int(bool(found))


def _run(strategy: Any, test: Callable[[Any], None], examples: int, chance: int) -> None:
    options = {
        "max_examples": examples,
        "deadline": None,
        "database": None,
        "suppress_health_check": list(HealthCheck),
        "phases": [Phase.generate, Phase.shrink],
    }

    def once(data: Any) -> None:
        test(data)

    seed(chance)(settings(**options)(given(strategy)(once)))()


def _counted(test: Callable[[Any], bool], counts: dict[str, Any]) -> Callable[[Any], None]:
    def counted(data: Any) -> None:
        counts["inputs"] += 1
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        signal.alarm(HANG)
        started = time.process_time()
        read = test(data)
        spent = 1000 * (time.process_time() - started)
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        counts["read" if read else "refused"] += 1
        counts["slowest ms"] = max(counts["slowest ms"], spent)

    return counted


def _too_slow(*_: Any) -> None:
    raise TimeoutError(f"one input took over {SECONDS} s of the processor, or {HANG} by the clock")


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT


if __name__ == "__main__":
    sys.exit(main())
