"""Downloads: verified, whole or not there, with a way out without a network (loopback only)."""

from __future__ import annotations

import hashlib
import io
import random
import stat
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from hotdog_lib.data import download as transfer
from hotdog_lib.data import fetch as module
from hotdog_lib.data.fetch import Download, fetch
from hotdog_lib.data.folders import scan_folder
from hotdog_lib.data.records import Record, write_records
from hotdog_lib.data.unpack import unzip
from hotdog_lib.errors import HotdogError

DEAD = "http://127.0.0.1:9"  # the discard port: nobody listens


def archive(*members: str | zipfile.ZipInfo) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for member in members:
            file.writestr(member, b"pixels")
    return buffer.getvalue()


PHOTOS = archive("hotdog/train/hotdog/1.png", "hotdog/test/hotdog/1.png")


class Server(ThreadingHTTPServer):
    """Answers with ``files``; counts requests; ``short`` answers break off half way."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.short = self.busy = self.requests = 0
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests += 1
        body = self.server.files.get(self.path)
        busy, self.server.busy = self.server.busy, max(0, self.server.busy - 1)
        if body is None or busy:
            self.send_error(503 if busy else 404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        short, self.server.short = self.server.short, max(0, self.server.short - 1)
        self.wfile.write(body[: len(body) // 2] if short else body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> Path:
    """HOTDOG_HOME, with the photographs on offer at ``server/data/hotdog.zip``."""
    monkeypatch.setenv("HOTDOG_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HOTDOG_MIRROR", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(transfer, "PAUSES", (0, 0))
    server.files["/data/hotdog.zip"] = PHOTOS
    register(monkeypatch, f"{server.url}/data/hotdog.zip")
    return tmp_path / "home"


def register(monkeypatch: pytest.MonkeyPatch, url: str, data: bytes = PHOTOS) -> None:
    digest = f"sha1:{hashlib.sha1(data).hexdigest()}"
    entry = Download(url, digest, "hotdog", module._install_photographs)
    monkeypatch.setitem(module.REGISTRY, "hotdog", entry)


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_good_then_from_disk(place, server):
    assert fetch("hotdog") == place / "hotdog"
    assert (place / "hotdog/train/hotdog/1.png").read_bytes() == b"pixels"
    assert left_in(place) == {"hotdog"}
    fetch("hotdog")
    assert server.requests == 1


@pytest.mark.parametrize("trouble", ["short", "busy"])
def test_passing_trouble_is_tried_again(place, server, trouble):
    setattr(server, trouble, 2)
    assert fetch("hotdog").is_dir() and server.requests == 3


def test_lasting_trouble_names_the_ways_out_and_leaves_nothing(place, server):
    for trouble, requests in (({"short": 9}, 3), ({"busy": 9}, 3), ({"files": {}}, 1)):
        vars(server).update({"short": 0, "busy": 0, "requests": 0, **trouble})
        with pytest.raises(HotdogError) as caught:
            fetch("hotdog")
        assert server.requests == requests
        for part in (f"{server.url}/data/hotdog.zip", "HOTDOG_MIRROR", str(place / "downloads")):
            assert part in str(caught.value)
        assert left_in(place) == set()


def test_dead_port(place, monkeypatch):
    register(monkeypatch, f"{DEAD}/hotdog.zip")
    with pytest.raises(HotdogError, match=f"{DEAD}/hotdog.zip.*HOTDOG_MIRROR"):
        fetch("hotdog")
    assert left_in(place) == set()


def test_wrong_hash_is_never_unpacked(place, server):
    server.files["/data/hotdog.zip"] = PHOTOS + b"!"
    with pytest.raises(HotdogError, match="its hash is not sha1:"):
        fetch("hotdog")
    assert left_in(place) == set() and server.requests == 1


@pytest.mark.parametrize("how", ["argument", "variable", "folder"])
def test_mirrors(place, server, monkeypatch, tmp_path, how):
    register(monkeypatch, f"{DEAD}/data/hotdog.zip")
    server.files["/m/hotdog.zip"] = PHOTOS
    if how == "argument":
        fetch("hotdog", mirror=f"{server.url}/m/")
    elif how == "variable":
        monkeypatch.setenv("HOTDOG_MIRROR", f"{server.url}/m")
        fetch("hotdog")
    else:
        (tmp_path / "hotdog.zip").write_bytes(PHOTOS)
        fetch("hotdog", mirror=str(tmp_path))
    assert (place / "hotdog/test").is_dir()


def test_a_bad_mirror_falls_back_to_the_makers(place, server):
    server.files["/m/hotdog.zip"] = b"something else"
    assert fetch("hotdog", mirror=f"{server.url}/m").is_dir()
    assert server.requests == 2


def test_a_file_placed_by_hand_needs_no_network(place, server):
    (place / "downloads").mkdir(parents=True)
    (place / "downloads/hotdog.zip").write_bytes(b"half of it")
    with pytest.raises(HotdogError, match="downloads/hotdog.zip"):
        fetch("hotdog")
    (place / "downloads/hotdog.zip").write_bytes(PHOTOS)
    assert fetch("hotdog").is_dir() and server.requests == 0


def test_a_home_that_cannot_be_written(place, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("HOTDOG_HOME", str(tmp_path / "file"))
    with pytest.raises(HotdogError, match="HOTDOG_HOME"):
        fetch("hotdog")


def test_an_archive_of_something_else(place, server, monkeypatch):
    other = archive("cats/1.png")
    server.files["/data/hotdog.zip"] = other
    register(monkeypatch, f"{server.url}/data/hotdog.zip", other)
    with pytest.raises(HotdogError, match="holds no hotdog/train"):
        fetch("hotdog")
    assert left_in(place) == set()


def test_weights_become_safetensors(place, server, monkeypatch):
    buffer = io.BytesIO()
    weight = torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last)
    torch.save({"classifier.1.weight": weight, "denselayer1.norm.1.bias": torch.ones(2)}, buffer)
    data = buffer.getvalue()
    entry = module._weights("squeezenet1_1")
    assert entry.digest == "sha256:b8a52dc0" and entry.file_name == "squeezenet1_1-b8a52dc0.pth"
    server.files["/w.pth"] = data
    digest = f"sha256:{hashlib.sha256(data).hexdigest()[:8]}"
    local = Download(f"{server.url}/w.pth", digest, entry.target, entry.install)
    monkeypatch.setattr(module, "_weights", lambda name: local)
    path = fetch("squeezenet1_1")
    assert path == place / "weights/squeezenet1_1-imagenet1k.safetensors"
    state = load_file(path)
    assert torch.equal(state["classifier.1.weight"], weight)
    assert "denselayer1.norm1.bias" in state  # what today's DenseNet calls it
    assert left_in(place / "weights") == {path.name}


def test_record_files_become_class_folders(place, server, monkeypatch, tmp_path):
    for part, label in (("train", 1.0), ("test", 0.0)):
        old = module.REGISTRY[f"deepdog-{part}"]
        pictures = [Record((label,), 0, b"\xff\xd8one"), Record((1 - label,), 1, b"\x89PNG two")]
        write_records(tmp_path / old.file_name, pictures)
        data = (tmp_path / old.file_name).read_bytes()
        digest = f"sha1:{hashlib.sha1(data).hexdigest()}"
        new = Download(f"{DEAD}/{old.file_name}", digest, old.target, old.install)
        monkeypatch.setitem(module.REGISTRY, f"deepdog-{part}", new)
    assert fetch("deepdog", mirror=str(tmp_path)) == place / "deepdog"
    files = {p.relative_to(place).as_posix(): p for p in place.rglob("*") if p.is_file()}
    assert set(files) == {
        "deepdog/train/hotdog/000000.jpg",
        "deepdog/train/not-hotdog/000001.png",
        "deepdog/test/not-hotdog/000000.jpg",
        "deepdog/test/hotdog/000001.png",
    }
    assert files["deepdog/train/hotdog/000000.jpg"].read_bytes() == b"\xff\xd8one"
    assert scan_folder(place / "deepdog", "train").class_names == ("hotdog", "not-hotdog")


def test_the_record_files_of_2017_are_named_by_their_hashes():
    for part in ("train", "test"):
        entry = module.REGISTRY[f"deepdog-{part}"]
        assert len(entry.digest) == len("sha1:") + 40
        assert entry.file_name.endswith(f"-{entry.digest[-8:]}.rec")


def test_unknown_names(place):
    with pytest.raises(HotdogError, match="'hamburger'.*hotdog.*resnet18"):
        fetch("hamburger")


def member(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize(
    "bad",
    [
        member("../out.txt"),
        member("a/../../out.txt"),
        member("/etc/out.txt"),
        member("C:out.txt"),
        member("link", stat.S_IFLNK | 0o777),
        member("device", stat.S_IFCHR | 0o666),
        member("pipe", stat.S_IFIFO | 0o666),
        member("long/" * 300 + "name"),
    ],
    ids=lambda info: info.filename[:20],
)
def test_hostile_members_stop_everything(tmp_path, bad):
    (tmp_path / "a.zip").write_bytes(archive("good.txt", bad))
    (tmp_path / "into").mkdir()
    with pytest.raises(HotdogError, match="do not use it"):
        unzip(tmp_path / "a.zip", tmp_path / "into")
    assert left_in(tmp_path / "into") == set() and left_in(tmp_path) == {"a.zip", "into"}


def test_bombs_and_broken_archives(tmp_path, monkeypatch):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("zeros", bytes(1 << 20))  # a thousand bytes from each
    with pytest.raises(HotdogError, match="more than is allowed"):
        unzip(path, tmp_path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for row in range(20):
            file.writestr(f"noise{row}", random.Random(row).randbytes(1000))
    for limit, value in (("MAX_UNPACKED", 1 << 14), ("MAX_MEMBERS", 19)):
        monkeypatch.setattr(f"hotdog_lib.data.unpack.{limit}", value)
        with pytest.raises(HotdogError, match="more than is allowed"):
            unzip(path, tmp_path)
        monkeypatch.undo()
    data = bytearray(path.read_bytes())
    data[60] ^= 255
    twice = archive("a", "a/b")  # a file that is a folder as well
    for broken in (bytes(data), bytes(data[:100]), b"", twice):
        path.write_bytes(broken)
        with pytest.raises(HotdogError, match="not a sound zip file"):
            unzip(path, tmp_path)
