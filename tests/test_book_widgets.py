"""A reader's own picture gets an answer in a live kernel; a page without one shows an example."""

import base64
import io
import sys
import threading
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType

import numpy as np
import pytest
import torch
from bs4 import BeautifulSoup
from PIL import Image

from hotdog_lib.data.decode import DecodeError
from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.errors import HotdogError
from hotdog_lib.models import ModelCard, create_model
from hotdog_lib.training.hardware import pick_hardware
from hotdog_lib.training.predict import Classifier
from hotdog_lib.viz import widgets
from hotdog_lib.viz.answers import ask

VIEW = Preprocessing(48, 32)


@pytest.fixture(scope="module")
def classifier():
    torch.manual_seed(0)
    net = create_model("resnet18_slim", num_classes=2).eval()
    torch.nn.init.normal_(net.fc.weight)
    card = ModelCard("resnet18_slim", ("hot <dog>", "other"), VIEW)
    return Classifier(net, card, pick_hardware("cpu", "fp32"))


@pytest.fixture
def file(tmp_path):
    """Lies on its side, and says so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "lunch.jpg"
    pixels = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, exif=exif)
    return path


def parsed(answer):
    return BeautifulSoup(answer._repr_html_(), "html.parser")


def test_an_answer_shows_the_picture_and_what_the_network_got(classifier, file):
    answer = ask(classifier, file)
    assert answer.image.shape == (3, 90, 60) and answer.seen.shape == (3, 32, 32)
    row = classifier.answer(file)
    assert (answer.label, answer.probabilities) == (row["label"], row["probabilities"])
    came, got = parsed(answer).find_all("img")
    assert came["alt"] == "The picture lunch.jpg" and len(got["alt"].split()) >= 4
    sizes = [
        Image.open(io.BytesIO(base64.b64decode(i["src"].partition(",")[2]))).size
        for i in (came, got)
    ]
    assert sizes == [(60, 90), (32, 32)]
    text = parsed(answer).text
    assert "60 × 90" in text and "hot <dog>" in text and "lunch.jpg: " in repr(answer)
    assert ask(classifier, file.read_bytes()).probabilities == answer.probabilities


def test_an_address_is_asked_as_a_file_is(classifier, file):
    class Lunch(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(file.read_bytes())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Lunch) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/lunch.jpg"
        answer = ask(classifier, address, allow_private=True)
        with pytest.raises(DecodeError):
            ask(classifier, address)
        server.shutdown()
    assert repr(answer) == repr(ask(classifier, file))


def test_a_page_without_a_reader_gets_the_example(classifier, file, monkeypatch):
    shown = []
    monkeypatch.setenv("HOTDOG_SLIDERS", "frames")
    monkeypatch.setattr("IPython.display.display", lambda *given: shown.extend(given))
    widgets.ask_yourself(classifier, file)
    assert repr(shown) == f"[{ask(classifier, file)!r}]"


def test_a_live_button_answers_and_says_what_is_wrong(classifier, file, monkeypatch):
    shown = []
    monkeypatch.setenv("HOTDOG_SLIDERS", "live")
    monkeypatch.setattr("IPython.display.display", lambda *given: shown.extend(given))
    widgets.ask_yourself(classifier, file)
    button, below = shown[0].children
    assert below.value == ""
    about = {"name": "x.jpg", "type": "image/jpeg", "size": 1, "last_modified": datetime.now()}
    button.value = ({**about, "content": memoryview(file.read_bytes())},)
    assert len(BeautifulSoup(below.value, "html.parser").find_all("img")) == 2
    button.value = ({**about, "content": memoryview(b"<b>no picture</b>")},)
    assert BeautifulSoup(below.value, "html.parser").p["role"] == "alert"


def test_uploads_of_both_versions_of_ipywidgets():
    assert widgets.uploaded(({"name": "a", "content": memoryview(b"12")},)) == [b"12"]
    assert widgets.uploaded({"a.jpg": {"metadata": {}, "content": b"12"}}) == [b"12"]
    assert widgets.uploaded(()) == widgets.uploaded({}) == []


@pytest.fixture
def colab(monkeypatch):
    """Modules as Colab has them; set ``eval_js`` on the last."""
    for name in ("google", "google.colab", "google.colab.output"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    return sys.modules["google.colab.output"]


def test_the_camera_is_colabs_alone(monkeypatch):
    monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    with pytest.raises(HotdogError, match="outside Colab"):
        widgets.photograph()


def test_a_refused_camera_is_told(colab):
    def refuse(_):
        raise RuntimeError("NotAllowedError: Permission denied")

    colab.eval_js = refuse
    with pytest.raises(HotdogError, match="Permission denied.*allow this page"):
        widgets.photograph()


class Page(BaseHTTPRequestHandler):
    """An empty page: cameras need an address, about:blank has none."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Colab's output</title>")

    def log_message(self, *_):
        pass


def test_the_cameras_script_gives_a_picture_and_cleans_up(browser, colab, classifier):
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_context(permissions=["camera"]).new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")

        def eval_js(script):
            page.evaluate(f"window.answer = {script}; undefined")
            page.get_by_role("button", name="Take a picture").click()
            return page.evaluate("window.answer")

        colab.eval_js = eval_js
        answer = ask(classifier, widgets.photograph())
        assert min(answer.image.shape[1:]) > 100 and answer.image.float().std() > 1
        assert page.evaluate("document.body.children.length") == 0
        page.context.close()
        server.shutdown()
