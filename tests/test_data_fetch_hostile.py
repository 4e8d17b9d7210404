"""Downloads from a server that breaks off, stalls, lies and sends other things: nothing wrong is
ever used, and nothing of it is kept (loopback only)."""

from __future__ import annotations

import hashlib
import io
import re
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from hotdog_lib.data import download as transfer
from hotdog_lib.data import fetch as module
from hotdog_lib.data.fetch import Download, fetch
from hotdog_lib.errors import HotdogError


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for split in ("train", "test"):
            file.writestr(f"hotdog/{split}/hotdog/1.png", bytes(range(256)) * 20)
    return buffer.getvalue()


PHOTOS = archive()
LOGIN = b"<html><form>Please log in to the hotel's network</form></html>"


class Hostile(BaseHTTPRequestHandler):
    """Does to each request what ``server.tricks`` says next; then it is honest, with ranges."""

    def do_GET(self) -> None:
        self.server.asked.append(self.headers.get("Range"))
        tricks = self.server.tricks
        trick = "login page" if self.path == "/login" else tricks.pop(0) if tricks else "honest"
        getattr(self, trick.replace(" ", "_"))()

    def answer(self, body: bytes, code: int = 200, length: int | None = None, **headers) -> None:
        self.send_response(code)
        length = len(body) if length is None else length
        for name, value in {"Content-Length": length, **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)

    def honest(self) -> None:
        start = int((re.findall(r"bytes=(\d+)-", self.headers.get("Range", "")) or ["0"])[0])
        if not start:
            return self.answer(PHOTOS)
        told = f"bytes {start}-{len(PHOTOS) - 1}/{len(PHOTOS)}"
        self.answer(PHOTOS[start:], 206, Content_Range=told)

    def breaks_off(self) -> None:
        self.answer(PHOTOS[:3000], length=len(PHOTOS))

    def wrong_file(self) -> None:
        self.answer(b"x" * len(PHOTOS))

    def one_bit_wrong(self) -> None:
        self.answer(PHOTOS[:-1] + b"!")

    def says_too_much(self) -> None:
        self.answer(PHOTOS, length=2 * len(PHOTOS))

    def says_too_little(self) -> None:
        self.answer(PHOTOS, length=len(PHOTOS) // 2)

    def says_too_much_for_any_disk(self) -> None:
        self.answer(PHOTOS, length=10**15)

    def never_ends(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(bytes(1 << 16))
        except OSError:
            self.close_connection = True

    def login_page(self) -> None:
        self.answer(LOGIN, Content_Type="text/html; charset=utf-8")

    def redirects_to_login(self) -> None:
        self.answer(b"", 302, Location="/login")

    def redirects_for_ever(self) -> None:
        self.server.tricks.append("redirects for ever")
        self.answer(b"", 302, Location=self.path)

    def redirects_to_a_file(self) -> None:
        self.answer(b"", 302, Location="file:///etc/passwd")

    def another_part(self) -> None:
        self.answer(PHOTOS[5:], 206, Content_Range=f"bytes 5-{len(PHOTOS) - 1}/{len(PHOTOS)}")

    def no_http(self) -> None:
        self.wfile.write(b"\x00\xff" * 500)

    def hangs_up(self) -> None:
        self.close_connection = True

    def stalls(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(PHOTOS)))
        self.end_headers()
        self.wfile.write(PHOTOS[:2000])
        self.server.over.wait(5)

    def drips(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(PHOTOS)))
        self.end_headers()
        self.drip(PHOTOS)

    def drips_headers(self) -> None:
        self.drip(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: yes\r\n" * 1000)

    def drip(self, data: bytes) -> None:
        try:
            for at in range(len(data)):
                if self.server.over.wait(0.02):
                    break
                self.wfile.write(data[at : at + 1])
                self.wfile.flush()
        except OSError:
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ThreadingHTTPServer]:
    """The makers' server; ``HOTDOG_HOME`` is an empty folder, and patience is short."""
    running = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    running.tricks, running.asked, running.over = [], [], threading.Event()
    monkeypatch.setenv("HOTDOG_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HOTDOG_MIRROR", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    settings = {"TIMEOUT": (1, 0.3), "PATIENCE": 0.3, "PAUSES": (0, 0)}
    settings |= {"MAX_BYTES": 1 << 20, "SLOWEST": 500}
    for name, value in settings.items():
        monkeypatch.setattr(transfer, name, value)
    url = f"http://127.0.0.1:{running.server_port}/hotdog.zip"
    digest = f"sha1:{hashlib.sha1(PHOTOS).hexdigest()}"
    entry = Download(url, digest, "hotdog", module._install_photographs)
    monkeypatch.setitem(module.REGISTRY, "hotdog", entry)
    threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
    yield running
    running.over.set()
    running.shutdown()


def kept(tmp_path: Path) -> set[str]:
    return {str(path.relative_to(tmp_path)) for path in (tmp_path / "home").rglob("*")}


LASTING = {
    "wrong file": "hash is not",
    "one bit wrong": "hash is not",
    "says too little": "hash is not",
    "says too much": "broke off|IncompleteRead|timed out",
    "says too much for any disk": "more than the 1,048,576 allowed",
    "never ends": "longer than the 1,048,576 bytes",
    "login page": "web page.*login",
    "redirects to login": "/login is a web page.*login",
    "redirects for ever": "redirects|no answer within",
    "redirects to a file": "file:",
    "no http": "hotdog.zip: ",
    "hangs up": "hotdog.zip: ",
    "stalls": "timed out|bytes in",
    "drips": "bytes in 0.3 seconds",
    "drips headers": "no answer within",
}


@pytest.mark.parametrize("trick", LASTING)
def test_nothing_wrong_is_used_or_kept(server, tmp_path, trick):
    server.tricks = [trick] * 100
    with pytest.raises(HotdogError, match=f"(?s){LASTING[trick]}"):
        fetch("hotdog")
    assert kept(tmp_path) == set() and len(server.asked) <= 100


def test_after_all_of_it_the_honest_answer_is_found(server, tmp_path):
    server.tricks = ["stalls", "hangs up", "breaks off", "another part", "breaks off"]
    assert fetch("hotdog").is_dir()
    assert "home/hotdog/train/hotdog/1.png" in kept(tmp_path)
    assert server.asked[-1] == "bytes=3000-"  # the rest, not everything again


def test_a_killed_download_goes_on_where_it_was(server, tmp_path):
    part = tmp_path / "home" / ".hotdog.download" / "hotdog.zip"
    part.parent.mkdir(parents=True)
    part.write_bytes(PHOTOS[:4000])
    (part.parent / "unpacked").mkdir()  # of a kill while it was unpacked
    assert fetch("hotdog").is_dir() and server.asked == ["bytes=4000-"]
    assert {path.name for path in (tmp_path / "home").iterdir()} == {"hotdog"}


@pytest.mark.parametrize("left", [b"y" * 4000, PHOTOS + b"y" * 10])
def test_a_part_of_something_else_is_fetched_anew(server, tmp_path, left):
    part = tmp_path / "home" / ".hotdog.download" / "hotdog.zip"
    part.parent.mkdir(parents=True)
    part.write_bytes(left)
    assert fetch("hotdog").is_dir() and server.asked[-1] is None


def test_two_at_once_fetch_it_once(server, tmp_path, monkeypatch):
    unzip = module.unzip
    monkeypatch.setattr(module, "unzip", lambda *a: (time.sleep(0.3), unzip(*a)))
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(fetch("hotdog"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == [tmp_path / "home" / "hotdog"] * 3 and len(server.asked) == 1


def test_weights_that_would_run_code_are_refused(server, tmp_path, monkeypatch):
    class Code:
        def __reduce__(self) -> tuple:
            return Path.mkdir, (tmp_path / "owned",)

    for content in ({"weight": Code()}, {"weight": 1}, ["no state"]):
        buffer = io.BytesIO()
        torch.save(content, buffer)
        file = tmp_path / "home" / "downloads" / "w.pth"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(buffer.getvalue())
        digest = f"sha256:{hashlib.sha256(buffer.getvalue()).hexdigest()[:8]}"
        entry = Download("http://127.0.0.1:9/w.pth", digest, "w", module._install_weights)
        monkeypatch.setitem(module.REGISTRY, "w", entry)
        with pytest.raises(HotdogError, match="w.pth holds no weights that can be used"):
            fetch("w")
        assert not (tmp_path / "owned").exists() and not (tmp_path / "home" / "w").exists()
