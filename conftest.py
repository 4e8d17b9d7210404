"""For every test and every notebook: the pocket edition, no network, one thread.

Tiny networks gain nothing from more threads, and a busy machine loses much by them.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

# Before torch is imported here, and in every process that a test or nbval starts.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HOTDOG_EDITION", "pocket")
GUARD = str(Path(__file__).parent / "tests" / "offline")  # its sitecustomize.py cuts the network
if os.environ["HOTDOG_EDITION"] == "pocket":
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [GUARD, os.environ.get("PYTHONPATH", "")])
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The seconds that each chapter took, by the clock."""
    seconds: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            path = getattr(report, "nodeid", "").split("::")[0]
            if path.endswith(".ipynb"):
                seconds[path] += getattr(report, "duration", 0.0)
    if seconds:
        terminalreporter.section("seconds by chapter")
        for path, spent in sorted(seconds.items()):
            terminalreporter.line(f"{spent:6.0f}  {path}")
        terminalreporter.line(f"{seconds.total():6.0f}  together")
