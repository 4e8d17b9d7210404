"""Sliders: every frame is on the page with its text, and a live kernel draws when asked."""

import io

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import nbformat
import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient
from PIL import Image

from hotdog_lib.errors import HotdogError
from hotdog_lib.viz import frames
from hotdog_lib.viz.style import use_style

RATES = [0.1, 0.01, 1e-5]


def draw(rate):
    figure, axis = plt.subplots(figsize=(3, 2))
    axis.bar(["rate"], [rate])
    return figure


def say(rate):
    return f"One bar,\n   as high as <{rate}>."


@pytest.fixture(autouse=True)
def style():
    with matplotlib.rc_context():
        use_style()
        yield


@pytest.fixture
def shown(monkeypatch):
    """What ``display`` was given."""
    given = []
    monkeypatch.setattr("IPython.display.display", lambda *args, **_: given.extend(args))
    return given


def test_page_has_each_frame_with_its_text_and_shows_one(shown):
    frames.slider(draw, RATES, label="rate of the head", alt=say, start=1)
    (output,) = shown
    page = BeautifulSoup(output["text/html"], "html.parser")
    figures = page.find_all("figure")
    assert [figure.has_attr("hidden") for figure in figures] == [True, False, True]
    assert [f["data-value"] for f in figures] == ["0.1", "0.01", "1e-05"]
    for figure, rate in zip(figures, RATES, strict=True):
        text = f"One bar, as high as <{rate}>."
        assert figure.img["alt"] == figure.figcaption.text == text
        assert figure.img["src"].startswith("data:image/webp;base64,")
    assert len({figure.img["src"] for figure in figures}) == 3
    control = page.find("input", type="range")
    assert (control["max"], control["value"], control["aria-valuetext"]) == ("2", "1", "0.01")
    assert control["aria-label"] == "rate of the head" == page.label.span.text
    assert output["text/plain"] == "rate of the head: 0.01. One bar, as high as <0.01>."
    assert not plt.get_fignums()


def test_frames_keep_the_size_of_the_figure_and_take_little_room():
    frame = frames._frame(draw(0.1), 0.1, "one bar at a tenth")
    picture = Image.open(io.BytesIO(frame.webp))
    assert picture.size == (640, 440) and (frame.width, frame.height) == (320, 220)
    assert len(frame.webp) < 20_000


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"values": [1]}, "over 1 values"),
        ({"values": range(40)}, "over 40 values"),
        ({"start": 3}, "starts at 3"),
        ({"alt": str}, "too short"),
    ],
)
def test_refuses_what_a_reader_could_not_use(change, says):
    with pytest.raises(HotdogError, match=says):
        frames.slider(draw, **{"values": RATES, "label": "rate", "alt": say} | change)


def test_live_widget_draws_when_asked_and_each_frame_once(monkeypatch, shown):
    monkeypatch.setenv("HOTDOG_SLIDERS", "live")
    drawn = []
    frames.slider(
        lambda rate: drawn.append(rate) or draw(rate), RATES, label="rate", alt=say, start=2
    )
    control, picture = shown[0].children
    assert drawn == [1e-5] and "1e-05" in picture.value
    control.value = 0
    assert 'alt="One bar, as high as &lt;0.1&gt;."' in picture.value
    control.value = 2
    assert drawn == [1e-5, 0.1]


def test_who_is_there(monkeypatch):
    for name in ("HOTDOG_SLIDERS", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)
    assert not frames.reader_is_there()
    monkeypatch.setenv("JPY_SESSION_NAME", "notebooks/05_freezing.ipynb")
    assert frames.reader_is_there()
    monkeypatch.setenv("HOTDOG_SLIDERS", "frames")
    assert not frames.reader_is_there()
    monkeypatch.setenv("HOTDOG_SLIDERS", "dead")
    with pytest.raises(HotdogError, match="live or frames"):
        frames.reader_is_there()


def test_a_program_that_executes_notebooks_gets_frames():
    source = """
import matplotlib.pyplot as plt
from hotdog_lib.viz.frames import slider
draw = lambda n: plt.figure(figsize=(1, 1))
slider(draw, [1, 2], label="n", alt=lambda n: f"nothing, {n} times over")
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    NotebookClient(notebook, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs
    assert output["data"]["text/html"].count("<figure") == 2 and "widgets" not in notebook.metadata
