"""What tests share: a server of the built pages and a browser; the scripts in ``benchmarks``."""

import functools
import importlib
import shutil
import threading
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


@pytest.fixture
def load_benchmark(monkeypatch):
    """Imports a script in ``benchmarks`` by its name."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module


@pytest.fixture(scope="module")
def server():
    from test_book_pages import built_pages

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
        yield running.chromium.launch(executable_path=program, args=FLAGS)


@contextmanager
def _visiting(browser, server):
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


@pytest.fixture(scope="module")
def visiting(browser, server):
    """``with visiting() as visit``: for pages that several tests share."""
    return functools.partial(_visiting, browser, server)


@pytest.fixture
def visit(visiting):
    """visit(name, width, scheme) -> the loaded page; at the end nothing may have gone wrong."""
    with visiting() as visit:
        yield visit
