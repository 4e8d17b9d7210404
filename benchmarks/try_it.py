"""The page "Try it": seconds from load to the first answer, and milliseconds an answer.

    python book/build.py && python benchmarks/try_it.py

Serves the built book from this machine and opens the page in headless Chromium, each time with an
empty cache. The first answer is to a picture of the kitchen, asked for as soon as the page lets
one. Writes ``book/results/try_it.json``; ``--out`` names another file.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from hotdog_lib.training.hardware import pick_hardware
from hotdog_lib.training.metrics import mean_interval
from hotdog_lib.training.record import environment, write_json

ROOT = Path(__file__).resolve().parent.parent
ANSWERS = 40
PATIENCE = 120_000  # milliseconds
TOLD = "document.querySelector('#ti-time').textContent"


class Quiet(SimpleHTTPRequestHandler):
    """A server that keeps to itself."""

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port; yields the address."""
    handler = functools.partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def answer(page: Page, number: int) -> tuple[float, float]:
    """Ask about one of the kitchen's pictures; milliseconds in the network, and in all."""
    page.evaluate("document.querySelector('#ti-time').textContent = ''")
    page.click(f".ti-sample >> nth={number}")
    page.wait_for_function(TOLD, timeout=PATIENCE)
    network, everything = re.findall(r"([\d.]+) ms", page.evaluate(TOLD))
    return float(network), float(everything)


def visit(browser: Browser, address: str, engine: str) -> dict[str, float]:
    """Open the page afresh, ask once, and then again and again."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/book/try_it.html?engine={engine}", wait_until="commit")
    page.wait_for_selector("[data-try-it=ready]", timeout=PATIENCE)
    answer(page, 0)
    seconds = page.evaluate("performance.now()") / 1000
    sizes = "performance.getEntriesByType('resource').map(entry => entry.decodedBodySize)"
    loaded = sum(page.evaluate(sizes)) / 1e6
    times = [answer(page, i % 12) for i in range(ANSWERS)]
    context.close()
    return {
        "seconds to the first answer": seconds,
        "megabytes loaded": loaded,
        "ms in the network": median(network for network, _ in times),
        "ms in all": median(everything for _, everything in times),
    }


def measure(html: Path, engine: str, loads: int) -> dict[str, Any]:
    """One row of the table: a list of values, one a load, in each column."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    with served(html) as address, sync_playwright() as running:
        browser = running.chromium.launch(executable_path=program, args=["--no-sandbox"])
        visits = [visit(browser, address, engine) for _ in range(loads)]
        version = browser.version
        browser.close()
    columns = {key: [one[key] for one in visits] for key in visits[0]}
    return {"engine": engine, "browser": f"Chromium {version}", **columns}


def main() -> None:
    """Measure, print and write."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--engines", nargs="+", choices=("wasm", "webgpu"), default=["wasm"])
    arguments.add_argument("--loads", type=int, default=5)
    arguments.add_argument("--html", type=Path, default=ROOT / "_build/html", help="built book")
    arguments.add_argument("--out", type=Path, default=ROOT / "book/results/try_it.json")
    given = arguments.parse_args()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    rows = [measure(given.html, engine, given.loads) for engine in given.engines]
    machine, parts = pick_hardware("cpu").describe(), given.html / "_static/made/try_it/parts.json"
    first = mean_interval(rows[0]["seconds to the first answer"])[0]
    record = {
        "title": "A network in the page: how long an answer takes",
        "says": f"{first:.1f} seconds after the page was asked for, its network had answered once; "
        f"then an answer took {median(rows[0]['ms in all']):.0f} ms.",
        "edition": json.loads(parts.read_text(encoding="utf-8"))["edition"],
        "hardware": f"{machine['name']}, {machine['cores']} cores; served from the same machine",
        "command": "python benchmarks/try_it.py",
        "load average before": load,
        "rows": rows,
        "environment": environment(),
    }
    write_json(given.out, record | {"date": record["environment"]["date"]})
    print(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
