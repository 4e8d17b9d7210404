"""The built pages in a real browser: no error, nothing from outside, no sideways scrolling."""

import functools
import shutil
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from test_book_pages import built_pages

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NAMES = ["book/intro", "book/kitchen", "book/data_card"]
NAMES += [
    path.relative_to(ROOT).with_suffix("").as_posix() for path in ROOT.glob("notebooks/*.ipynb")
]


@pytest.fixture(scope="module")
def server():
    built_pages()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    serve = functools.partial(Quiet, directory=str(ROOT / "_build/html"))
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with playwright.sync_playwright() as running:
        yield running.chromium.launch(executable_path=program, args=["--no-sandbox"])


@pytest.fixture
def visit(browser, server):
    """visit(name, width, scheme) -> the loaded page; at the end nothing may have gone wrong."""
    troubles, contexts = [], []

    def note_request(request):
        if not request.url.startswith((server, "data:", "blob:")):
            troubles.append(f"fetched from outside: {request.url}")

    def visit(name, width=1280, scheme="light"):
        viewport = {"width": width, "height": 900}
        contexts.append(browser.new_context(viewport=viewport, color_scheme=scheme))
        page = contexts[-1].new_page()
        page.on("request", note_request)
        page.on("pageerror", lambda error: troubles.append(f"script error: {error}"))
        page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
        page.goto(f"{server}/{name}.html", wait_until="networkidle")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert not troubles


@pytest.mark.parametrize("name", NAMES)
def test_wide_and_on_a_phone(visit, name):
    for width, scheme in ((1280, "light"), (390, "dark")):
        page = visit(name, width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        # The theme's script decides once it has loaded, which takes a while on a busy machine.
        page.wait_for_function(f"document.documentElement.dataset.theme == '{scheme}'")
        broken = "[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
        assert page.evaluate(broken) == []


def test_pictures_keep_their_shape_on_a_phone(visit):
    page = visit("book/kitchen", 390)
    shapes = page.evaluate(
        "[...document.querySelectorAll('.cell_output img')].map(i =>"
        " (i.width / i.height) / (i.naturalWidth / i.naturalHeight))"
    )
    assert shapes and all(abs(shape - 1) < 0.03 for shape in shapes)


def test_dark_mode_leaves_the_colours_of_pictures_alone(visit):
    page = visit("book/kitchen", scheme="dark")
    filters = page.evaluate(
        "[...document.querySelectorAll('.cell_output img')].map(i => getComputedStyle(i).filter)"
    )
    assert set(filters) == {"none"}


def test_search_finds_a_word(visit):
    page = visit("search")
    page.goto(page.url + "?q=BatchNorm", wait_until="networkidle")
    page.wait_for_selector("#search-results li a")
    assert "glossary" in page.inner_text("#search-results").lower()
