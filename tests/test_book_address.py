"""The public address stands in pyproject.toml; every copy agrees, and a move reaches all."""

import re
import shutil
from pathlib import Path

import address

ROOT = Path(__file__).resolve().parent.parent


def test_every_copy_agrees():
    ours = address.public_address()
    assert ours.pages.endswith("/") and not ours.repository.endswith("/")
    owner, name = ours.slug.split("/")
    near = re.compile(rf"(?:github\.com|/github)/{owner}/[\w.-]+|{owner}\.github\.io/[\w.-]+")
    for path in [ROOT / "README.md", *ROOT.glob("notebooks/*.ipynb")]:
        for found in near.findall(path.read_text(encoding="utf-8")):
            assert found.split("/")[-1].removesuffix(".git") == name, f"{path.name}: {found}"


def test_configuration_and_pages_do_not_spell_it_out():
    ours = address.public_address()
    for path in [ROOT / "_config.yml", *ROOT.glob("book/*.md"), *ROOT.glob(".github/**/*.yml")]:
        text = path.read_text(encoding="utf-8")
        assert ours.slug not in text and ours.pages not in text, path.name


def test_a_move_reaches_every_copy(tmp_path: Path):
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "notebooks").mkdir()
    for path in ROOT.glob("notebooks/*.ipynb"):
        shutil.copy(path, tmp_path / "notebooks")
    old, new = address.public_address(), "https://github.com/Someone/their-fork"
    address.move(address.Address(new, address.pages_of(new)), tmp_path)
    assert address.public_address(tmp_path) == address.Address(
        new, "https://someone.github.io/their-fork/"
    )
    for path in tmp_path.rglob("*.*"):
        if path.is_file():
            assert old.slug not in path.read_text(encoding="utf-8"), path.name
