"""The public address of the repository and its pages: [project.urls] in pyproject.toml.

Colab's badges, install cells and the README have to spell it out. After a move (a fork, a class of
your own),

    python book/address.py https://github.com/OWNER/NAME [https://pages.example.org/]

writes the new one everywhere; a test holds every copy to pyproject.toml. For a new chapter,

    python book/address.py --cells notebooks/NN_name.ipynb

prints its two opening cells.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BRANCH = "main"


@dataclass(frozen=True)
class Address:
    """Where the project is: ``repository`` on GitHub (no slash at the end), rendered ``pages``."""

    repository: str
    pages: str

    @property
    def slug(self) -> str:
        """``owner/name``, as Colab and badges want it."""
        return self.repository.removeprefix("https://github.com/")

    def colab(self, notebook: str) -> str:
        """The link that opens ``notebook``, such as notebooks/05_freezing.ipynb, in Colab."""
        return f"https://colab.research.google.com/github/{self.slug}/blob/{BRANCH}/{notebook}"


def public_address(root: Path = ROOT) -> Address:
    """Read the address from pyproject.toml."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    urls = dict(re.findall(r'^(Repository|Documentation) = "([^"]+)"', text, re.MULTILINE))
    return Address(urls["Repository"], urls["Documentation"])


def pages_of(repository: str) -> str:
    """GitHub's own address for the pages of a repository."""
    owner, name = repository.removeprefix("https://github.com/").split("/")
    return f"https://{owner.lower()}.github.io/{name}/"


def move(new: Address, root: Path = ROOT) -> list[Path]:
    """Write ``new`` over the old address wherever it is spelled out; return the changed files."""
    old = public_address(root)
    changed = []
    for path in [root / "pyproject.toml", root / "README.md", *root.glob("notebooks/*.ipynb")]:
        before = path.read_text(encoding="utf-8")
        after = before.replace(old.pages, new.pages).replace(old.slug, new.slug)
        if after != before:
            path.write_text(after, encoding="utf-8", newline="\n")
            changed.append(path)
    return changed


def first_cells(notebook: str, address: Address) -> tuple[str, str]:
    """Sources of a chapter's two opening cells: Colab's badge, the install. The page hides them."""
    badge = "https://colab.research.google.com/assets/colab-badge.svg"
    install = (
        "# Colab only: fetch the library (does nothing when it is already installed).\n"
        "import importlib.util\n"
        "import sys\n\n"
        'if "google.colab" in sys.modules and importlib.util.find_spec("hotdog_lib") is None:\n'
        f'    %pip install -q "hotdog_lib @ git+{address.repository}@{BRANCH}"'
    )
    return f"[![Open in Colab]({badge})]({address.colab(notebook)})", install


if __name__ == "__main__":
    if sys.argv[1:2] == ["--cells"] and len(sys.argv) == 3:
        sys.exit(print("\n\n".join(first_cells(sys.argv[2], public_address()))))
    if not re.fullmatch(
        r"https://github\.com/[\w.-]+/[\w.-]+", sys.argv[1] if sys.argv[1:] else ""
    ):
        sys.exit(__doc__)
    target = Address(sys.argv[1], sys.argv[2] if sys.argv[2:] else pages_of(sys.argv[1]))
    for file in move(target):
        print("changed", file.relative_to(ROOT))
