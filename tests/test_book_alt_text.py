"""Every picture of the book says in words what it shows."""

import json
from pathlib import Path

import pytest
from myst_nb.core.read import read_myst_markdown_notebook
from myst_parser.config.main import MdParserConfig

from hotdog_lib.errors import HotdogError
from hotdog_lib.viz.alt import missing_alt, missing_alt_in_markdown

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))
PAGES = sorted(ROOT.glob("book/*.md"))
TEXT = "Two lines that rise from 0.5 to 0.9."
IMPORTS = "import matplotlib.pyplot as plt\nfrom hotdog_lib.viz import figures\n" + (
    "from hotdog_lib.viz.figures import picture_grid, show\n"
    "from hotdog_lib.viz.frames import slider\n"
    "from hotdog_lib.viz.graph import model_graph\n"
    "from hotdog_lib.viz.style import use_style"
)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_drawing_cells_of_notebooks(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert not missing_alt(notebook)
    text = "\n\n".join(
        "".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "markdown"
    )
    assert not missing_alt_in_markdown(text)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_pictures_and_drawing_cells_of_pages(path):
    text = path.read_text(encoding="utf-8")
    assert not missing_alt_in_markdown(text)
    config = MdParserConfig(enable_extensions=["colon_fence", "deflist", "attrs_block"])
    page = read_myst_markdown_notebook(text, config) if "{code-cell}" in text else {"cells": []}
    assert not missing_alt(page)


def notebook(*sources, metadata=None):
    cells = [{"cell_type": "code", "source": s, "metadata": {}} for s in (IMPORTS, *sources)]
    cells[-1]["metadata"] = metadata or {}
    return {"cells": cells}


@pytest.mark.parametrize(
    "source",
    [
        "plt.plot([1, 2])",
        "picture_grid(pictures)",
        "figure = figures.bars(results)",
        "slider(draw, [1, 2], label='x')",
        "%matplotlib inline\nplt.imshow(x)",
        "for x in pictures:\n    picture_grid(x)",
        "fig, axis = plt.subplots()\naxis.plot([1])",
    ],
)
def test_finds_cells_that_draw(source):
    assert missing_alt(notebook(source)) == [source.split("\n")[0]]
    assert not missing_alt(notebook(source, metadata={"mystnb": {"image": {"alt": TEXT}}}))
    assert missing_alt(notebook(source, metadata={"mystnb": {"image": {"alt": "plot"}}}))
    assert not missing_alt(notebook(source, metadata={"tags": ["remove-cell"]}))


@pytest.mark.parametrize(
    "source",
    [
        "use_style()",
        "plt.rcParams.update({})",
        "model_graph(net, images)",
        "plt.style.use('x')",
        "plt.close('all')",
        "x = 1",
        "def draw():\n    plt.plot([1])",
        "show(figures.bars(results), alt=f'Bars, the longest {x}.')",
        "slider(lambda x: figures.bars(x), range(3), label='x', alt=lambda x: f'Bars of {x}.')",
    ],
)
def test_leaves_other_cells_alone(source):
    assert not missing_alt(notebook(source))


def test_finds_drawing_by_a_function_of_the_notebook_and_by_tag():
    assert missing_alt(notebook("def draw():\n    plt.plot([1])", "draw()")) == ["draw()"]
    assert not missing_alt(notebook("def draw(x):\n    show(plt.figure(), alt=x)", "draw(1)"))
    assert missing_alt(notebook("widget", metadata={"tags": ["figure"]})) == ["widget"]
    assert missing_alt(notebook("x", metadata={"mystnb": {"figure": {"caption": "c"}}})) == ["x"]


def test_finds_pictures_in_markdown():
    bad = [
        "![](a.png)",
        '<img src="a.png">',
        "```{image} a.png\n:width: 10px\n```",
        ":::{figure} a.png\nx\n:::",
    ]
    good = [
        "![A dog](a.png)",
        '<img alt="A dog" src="a.png">',
        "```{image} a.png\n:alt: A dog\n```",
    ]
    assert [len(missing_alt_in_markdown(text)) for text in bad] == [1] * 4
    assert not any(missing_alt_in_markdown(text) for text in good)


def test_show_refuses_an_empty_text():
    from hotdog_lib.viz.figures import show

    with pytest.raises(HotdogError, match="too short"):
        show(None, "a figure")
