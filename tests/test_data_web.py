"""A picture from an address: http and https only, bounded, and never from inside the network."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image

from hotdog_lib.cli import main
from hotdog_lib.data import web
from hotdog_lib.data.decode import DecodeError
from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.data.web import is_public, is_url, read_url
from hotdog_lib.errors import HotdogError
from hotdog_lib.models import create_model, save_model
from hotdog_lib.training.predict import classify_hotdog

BUFFER = io.BytesIO()
Image.new("RGB", (70, 60), "red").save(BUFFER, "PNG")
PICTURE = BUFFER.getvalue()


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked.append((self.headers["Host"], self.path))
        body, headers = PICTURE, {"Content-Type": "image/png"}
        if self.path.startswith("/to/"):
            headers = {"Location": self.path[4:], "Content-Length": "0"}
            return self.answer(302, b"", headers)
        if self.path == "/page":
            headers, body = {"Content-Type": "text/html"}, b"<img src=lunch.png>"
        elif self.path == "/long":
            headers["Content-Length"] = str(10**12)
        elif self.path == "/endless":
            body = bytes(5000)
        elif self.path == "/drip":
            return self.drip()
        elif self.path == "/gone":
            return self.answer(404, b"", headers)
        elif self.path == "/half":
            headers["Content-Length"], body = str(len(PICTURE)), PICTURE[:50]
        self.answer(200, body, headers)

    def answer(self, code: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def drip(self) -> None:
        try:
            while not self.server.over.wait(0.02):
                self.wfile.write(b"H")
        except OSError:
            self.server.dropped.set()
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    running = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    running.asked, running.over, running.dropped = [], threading.Event(), threading.Event()
    running.url = f"http://127.0.0.1:{running.server_port}"
    monkeypatch.setattr(web, "MAX_BYTES", 4000)
    threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
    yield running
    running.over.set()
    running.shutdown()


def open_to_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if 127.0.0.1 were a machine in the open internet, and 10.x were not."""
    monkeypatch.setattr(web, "is_public", lambda ip: ip == "127.0.0.1")


def test_a_picture_and_redirects_to_it(server, monkeypatch):
    open_to_loopback(monkeypatch)
    assert read_url(f"{server.url}/lunch.png") == PICTURE
    assert read_url(f"{server.url}/to//lunch%20break.png?size=1") == PICTURE
    assert read_url(f"{server.url}/to/{server.url}/mittag\u00e4.png") == PICTURE
    assert server.asked[-1][1] == "/mittag%C3%A4.png"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "0",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "[::1]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
    ],
)
def test_private_addresses_are_not_asked(server, monkeypatch, host):
    connects = []
    monkeypatch.setattr(socket.socket, "connect", lambda self, to: connects.append(to))
    with pytest.raises(DecodeError, match="inside this network|check the address"):
        read_url(f"http://{host}:{server.server_port}/lunch.png")
    assert connects == []


def test_unless_told_otherwise(server):
    assert read_url(f"{server.url}/lunch.png", allow_private=True) == PICTURE


def test_addresses_by_kind():
    public = ("93.184.215.14", "2606:2800:21f:cb07::1", "64:ff9b::5db8:d70e")
    private = ("127.0.0.1", "0.0.0.0", "fe80::1%eth0", "::", "ff02::1", "255.255.255.255")
    assert all(map(is_public, public)) and not any(map(is_public, private))


@pytest.mark.parametrize(
    "to", ["http://10.1.2.3/x.png", "file:///etc/passwd", "ftp://a/b", "//10.0.0.1/"]
)
def test_redirects_are_checked_too(server, monkeypatch, to):
    open_to_loopback(monkeypatch)
    with pytest.raises(DecodeError, match="inside this network|is not taken"):
        read_url(f"{server.url}/to/{to}")
    assert len(server.asked) == 1


def test_a_name_that_is_looked_up_twice_is_not_trusted_twice(server, monkeypatch):
    """DNS rebinding: a first answer that passes, then one inside the network."""
    answers = iter(["127.0.0.1", "10.9.9.9", "10.9.9.9"])
    found = lambda host, port, **_: [(2, 1, 6, "", (next(answers), port))]  # noqa: E731
    monkeypatch.setattr(socket, "getaddrinfo", found)
    open_to_loopback(monkeypatch)
    assert read_url(f"http://rebind.test:{server.server_port}/lunch.png") == PICTURE
    assert server.asked == [(f"rebind.test:{server.server_port}", "/lunch.png")]
    with pytest.raises(DecodeError, match="rebind.test is 10.9.9.9"):
        read_url(f"http://rebind.test:{server.server_port}/lunch.png")


def test_a_name_with_one_public_and_one_private_address(monkeypatch):
    both = [(2, 1, 6, "", (ip, 80)) for ip in ("93.184.215.14", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with pytest.raises(DecodeError, match="is 10.0.0.1"):
        read_url("http://two.test/x.png")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/page", "it is a web page; give the address of the picture"),
        ("/long", "longer than 4,000 bytes"),
        ("/endless", "longer than 4,000 bytes"),
        ("/gone", "answers 404"),
        ("/to//to//to//to//to//to//lunch.png", "redirects more than 5 times"),
    ],
)
def test_what_is_no_picture_is_told(server, path, message):
    with pytest.raises(DecodeError, match=message) as caught:
        read_url(server.url + path, allow_private=True)
    assert caught.value.name == server.url + path


def test_a_server_that_drips_is_left(server, monkeypatch):
    monkeypatch.setattr(web, "SECONDS", 0.4)
    with pytest.raises(DecodeError, match="no answer within 0.4 seconds"):
        read_url(f"{server.url}/drip", allow_private=True)
    assert server.dropped.wait(10), "the connection stayed open"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/x.png",
        "file:///etc/passwd",
        "javascript://x",
        "http://",
        "http:///x.png",
        "http://a:99999/x",
        "http://a:b@example.org/x.png",
        "http://[::1/x",
        "http://exa mple.org/x",
        "http://" + "a" * 300 + "/x",
        "http://.../x",
        "https://\u2603\ud83d/x",
    ],
)
def test_addresses_that_are_none(url):
    assert is_url(url)
    with pytest.raises(DecodeError) as caught:
        read_url(url)
    assert "Traceback" not in str(caught.value) and caught.value.name == url


def test_classify_hotdog(server, tmp_path: Path, capsys):
    names, view = ("hotdog", "not-hotdog"), Preprocessing(64, 64)
    path, model = tmp_path / "m.safetensors", create_model("resnet18_slim", num_classes=2)
    save_model(model, path, architecture="resnet18_slim", class_names=names, preprocessing=view)
    (tmp_path / "lunch.png").write_bytes(PICTURE)
    here = classify_hotdog(tmp_path / "lunch.png", path)
    there = classify_hotdog(f"{server.url}/lunch.png", str(path), allow_private=True)
    assert here["label"] in names and here["probability"] == there["probability"]
    for wrong in (f"{server.url}/lunch.png", "http:/typo.png", tmp_path / "absent.png"):
        with pytest.raises(HotdogError, match="cannot read the picture"):
            classify_hotdog(wrong, path)
    with pytest.raises(HotdogError, match="cannot read the picture .*/half"):
        classify_hotdog(f"{server.url}/half", path, allow_private=True)
    asked = [str(path), f"{server.url}/lunch.png", str(tmp_path / "lunch.png"), "--device", "cpu"]
    assert main(["predict", *asked]) == 1 and "inside this network" in capsys.readouterr().out
    assert main(["predict", *asked, "--allow-private"]) == 0
