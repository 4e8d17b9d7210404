"""The security report: what bandit finds in the code, and known holes in what the library needs.

    python benchmarks/audit.py --out book/results/trust_audit.json

bandit needs no network. pip-audit asks a database of advisories; where none answers, the report
says so. The exit code is 1 for a finding of high severity in the code, or for a known hole.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from hotdog_lib.training.record import environment, write_json

ROOT = Path(__file__).resolve().parent.parent
CODE = ("hotdog_lib", "book", "benchmarks")
SECONDS = 120  # for all advisories


def main(arguments: list[str] | None = None) -> int:
    """Print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(arguments)
    code, packages = bandit(), known_holes()
    asked = packages["looked up"]
    record = {
        "title": "Security report",
        "says": f"bandit: {code['high']} findings of high severity in {code['lines']:,} lines "
        f"({code['medium']} medium, {code['low']} low). pip-audit: "
        + (
            f"{packages['with a known hole']} of {asked} packages have a known hole."
            if asked
            else "no database of advisories could be asked from here."
        ),
        "code": [{"tool": "bandit", **code}],
        "packages": [{"tool": "pip-audit", **packages}],
        "environment": environment(),
        "command": "python benchmarks/audit.py",
    }
    print(record["says"], *packages["holes"], sep="\n")
    if given.out:
        write_json(given.out, record | {"date": record["environment"]["date"]})
    return int(bool(code["high"] or packages["with a known hole"]))


def bandit() -> dict[str, int]:
    """Findings in the project's own code, by severity."""
    command = [sys.executable, "-m", "bandit", "--quiet", "--recursive", "--format", "json", *CODE]
    report = json.loads(subprocess.run(command, capture_output=True, cwd=ROOT).stdout)
    counted = Counter(finding["issue_severity"] for finding in report["results"])
    for finding in report["results"]:
        if finding["issue_severity"] == "HIGH":
            print(f"{finding['filename']}:{finding['line_number']} {finding['issue_text']}")
    severities = {name: counted[name.upper()] for name in ("high", "medium", "low")}
    return {"lines": report["metrics"]["_totals"]["loc"], **severities}


def known_holes() -> dict[str, Any]:
    """Of the packages that the library needs, with their own needs: how many have a known hole."""
    names = sorted(needs("hotdog-lib") - {"hotdog-lib"})
    pinned = [f"{name}=={metadata.version(name)}" for name in names]
    found = ask(pinned[:1]) and ask(pinned)  # one first: asking in vain for all takes minutes
    holes = {package["name"]: [hole["id"] for hole in package["vulns"]] for package in found}
    return {
        "packages": len(names),
        "looked up": len(found),
        "with a known hole": sum(map(bool, holes.values())),
        "holes": [f"{name}: {', '.join(ids)}" for name, ids in holes.items() if ids],
    }


def needs(package: str) -> set[str]:
    """Names of what a package requires, without extras, and all that those require."""
    known, waiting = set(), [package]
    while waiting:
        name = waiting.pop()
        if name in known:
            continue
        try:
            waiting += _required(name)
        except metadata.PackageNotFoundError:  # required on other systems only
            continue
        known.add(name)
    return known


def _required(package: str) -> Iterator[str]:
    for line in metadata.requires(package) or []:
        if "extra ==" not in line:
            yield re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0].lower()


def ask(pinned: list[str]) -> list[dict[str, Any]]:
    """What the advisories say of some versions; nothing of those that could not be looked up."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "requirements.txt"
        file.write_text("\n".join(pinned))
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(file), "--no-deps"]
        command += ["--disable-pip", "--progress-spinner", "off", "--format", "json"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
            told = json.loads(done.stdout)["dependencies"]
        except (subprocess.TimeoutExpired, ValueError):
            return []
    return [package for package in told if "skip_reason" not in package]


if __name__ == "__main__":
    sys.exit(main())
