"""The book builds without a warning; links, pictures and buttons of its pages are sound."""

import functools
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import address
import browser_parts
import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build/html"
LOADED = {"script": "src", "img": "src", "source": "src", "iframe": "src", "video": "src"}
PROSE = ["intro", "how_to_use", "kitchen", "try_it", "results", "data_card", "model_card", "design"]


@functools.cache
def built_pages():
    """Path -> parsed page of the built book. Cells run only if something they depend on changed."""
    if not browser_parts.installed():
        pytest.skip("the pages' JavaScript is missing: run python book/browser_parts.py first")
    build = [sys.executable, "book/build.py"]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    paths = [*HTML.glob("book/*.html"), *HTML.glob("notebooks/*.html")]
    return {path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in paths}


@pytest.fixture
def pages():
    return built_pages()


def test_every_page_is_there(pages):
    names = {path.stem for path in pages}
    assert names >= {*PROSE, "glossary", "references"}
    assert names >= {path.stem for path in ROOT.glob("notebooks/*.ipynb")}


def test_every_picture_has_a_text(pages):
    bare = [
        f"{path.name}: {image['src'][:60]}"
        for path, page in pages.items()
        for image in page.find_all("img")
        if not image.get("alt", "").strip()
        or re.fullmatch(r"\S+\.(png|svg|jpg|webp)", image["alt"])
    ]
    assert not bare


def test_nothing_is_loaded_from_outside(pages):
    outside = []
    for path, page in pages.items():
        found = [tag.get(LOADED[tag.name], "") for tag in page.find_all(list(LOADED))]
        found += [
            tag["href"] for tag in page.find_all("link", rel=["stylesheet", "preload", "icon"])
        ]
        outside += [f"{path.name}: {url}" for url in found if urlsplit(url).netloc]
    assert not outside


def test_internal_links_lead_somewhere(pages):
    anchors = {path: {tag["id"] for tag in page.find_all(id=True)} for path, page in pages.items()}
    dead = []
    for path, page in pages.items():
        for link in page.find_all("a", href=True):
            url = urlsplit(link["href"])
            if url.scheme or url.netloc:
                continue
            target = (path.parent / unquote(url.path)).resolve() if url.path else path
            known = anchors.get(target)
            if not target.exists() or (
                url.fragment and known and unquote(url.fragment) not in known
            ):
                dead.append(f"{path.name}: {link['href']}")
    assert not dead


def test_colab_buttons_open_notebooks_and_only_those(pages):
    ours = address.public_address()
    for path, page in pages.items():
        links = {a["href"] for a in page.find_all("a", href=True) if "//colab." in a["href"]}
        chapter = path.parent.name == "notebooks"
        expected = {ours.colab(f"notebooks/{path.stem}.ipynb")} if chapter else set()
        assert links == expected, path.name


def test_a_second_build_runs_no_cell(pages):
    done = subprocess.run(
        [sys.executable, "book/build.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0 and "Executing notebook" not in done.stdout + done.stderr
