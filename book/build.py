"""Execute and render the book: python book/build.py [--all] [--serve]

Stored results of the code cells are used again as long as nothing that they depend on has changed:
the code of the cell, the library, the measured results, the requirements, the edition. The pocket
edition is the default, so that the page comes out the same everywhere; HOTDOG_EDITION=full renders
the other one.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import browser_parts
from try_it_facts import PARTS

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
HTML = BUILD / "html"
# What a cell can depend on beyond its own code. jupyter-cache looks at the code alone.
INPUTS = ["hotdog_lib/**/*", "book/results/**/*", "book/*.py", "requirements.txt"]
# What the networks and samples of the page "Try it" depend on.
PARTS_INPUTS = ["hotdog_lib/**/*", "book/try_it_parts.py", "requirements.txt"]
# Pages are rendered again when one of these changes, even if no page did.
LOOKS = [
    "book/_static/*",
    "book/_static/try_it/*",
    "book/_ext/*",
    "book/images/*",
    "_config.yml",
    "pyproject.toml",
]
JUPYTER_BOOK = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]


def digest(patterns: list[str]) -> str:
    """One hash over the names and contents of the files that match ``patterns``."""
    total = hashlib.sha256()
    for path in sorted(path for pattern in patterns for path in ROOT.glob(pattern)):
        if path.is_file() and "__pycache__" not in path.parts:
            total.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def environment() -> dict[str, str]:
    """The kernels' environment: an edition is always named, and the debugger's warning is off.

    Small networks gain nothing from a second thread, and lose much by it on a busy machine. The
    list of fonts is the book's own: one in the home folder may name fonts that are gone, and then
    matplotlib complains under every figure.
    """
    defaults = {
        "HOTDOG_EDITION": "pocket",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "MPLCONFIGDIR": str(BUILD / ".matplotlib"),
    }
    if os.environ.get("HOTDOG_EDITION", "pocket") == "pocket":
        defaults["OMP_NUM_THREADS"] = "1"
    return {**defaults, **os.environ}


def read(stamp: Path) -> str:
    """The text of a stamp file, empty if there is none."""
    return stamp.read_text() if stamp.exists() else ""


def fingerprints(env: dict[str, str]) -> tuple[str, str, str]:
    """Hashes of what cells' results, the parts of "Try it", and the pages' looks depend on."""
    where = f"{sys.version} {env['HOTDOG_EDITION']} {env.get('HOTDOG_HOME')}"
    return f"{where} {digest(INPUTS)}", f"{where} {digest(PARTS_INPUTS)}", digest(LOOKS)


def make_parts(made_from: str, env: dict[str, str]) -> bool:
    """Train and export what "Try it" carries, unless it is there already; whether it now is."""
    stamp = BUILD / ".parts-made-from"
    if PARTS.is_dir() and read(stamp) == made_from:
        return True
    code = subprocess.call([sys.executable, "book/try_it_parts.py"], cwd=ROOT, env=env)
    if code == 0:
        BUILD.mkdir(exist_ok=True)
        stamp.write_text(made_from)
    return code == 0


def build(everything: bool = False) -> int:
    """Render the book into _build/html; return 0 if there was no error and no warning."""
    if not browser_parts.installed():
        browser_parts.install()
    env = environment()
    cells, parts, looks = fingerprints(env)
    if not make_parts(parts, env):
        return 1
    executed, rendered = BUILD / ".executed-with", BUILD / ".rendered-from"
    if read(executed) != cells:
        shutil.rmtree(BUILD / ".jupyter_cache", ignore_errors=True)
        BUILD.mkdir(exist_ok=True)
        executed.write_text(cells)
    # The list of fonts is made before any chapter runs: where that is slow, matplotlib says so.
    subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], env=env, check=True)
    options = ["--toc", "book/_toc.yml", "-W", "-n", "--keep-going"]
    if everything or read(rendered) != cells + looks:
        options.append("--all")
    # Gone while at work: after a failure every page is read again, or its warnings would be
    # forgotten.
    rendered.unlink(missing_ok=True)
    code = subprocess.call([*JUPYTER_BOOK, "build", ".", *options], cwd=ROOT, env=env)
    if code == 0:
        rendered.write_text(cells + looks)
    return code


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--all", action="store_true", help="render every page again")
    parser.add_argument("--serve", action="store_true", help="then show it on port 8000")
    arguments = parser.parse_args()
    start = time.perf_counter()
    code = build(arguments.all)
    seconds = time.perf_counter() - start
    if code:
        print(f"The book has errors or warnings (above); {seconds:.0f} s.", file=sys.stderr)
        return code
    print(f"\nThe book is ready after {seconds:.0f} s: {(HTML / 'index.html').as_uri()}")
    if arguments.serve:
        where = ["--bind", "127.0.0.1", "--directory", str(HTML)]
        return subprocess.call([sys.executable, "-m", "http.server", "8000", *where])
    return 0


if __name__ == "__main__":
    sys.exit(main())
