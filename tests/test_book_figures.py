"""The shared figures draw what they are given, in the book's style."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hotdog_lib.errors import HotdogError
from hotdog_lib.viz import figures, steps
from hotdog_lib.viz.style import OKABE_ITO, PALETTE, look_of, use_style


@pytest.fixture(autouse=True)
def style():
    with matplotlib.rc_context():
        use_style()
        yield
    plt.close("all")


def test_roles_are_found_however_they_are_spelled():
    for name in ("finetune", "Fine-tuned", "fine tuning"):
        assert look_of(name).color == PALETTE["finetune"]
    assert look_of("not-hotdog").color == PALETTE["not_hotdog"]
    assert look_of("resnet18", 3) != look_of("resnet18", 4)


def test_ways_to_train_differ_without_colour():
    ways = ["scratch", "zero_shot", "head", "finetune", "gradual", "lora", "adapter"]
    assert len({look_of(w).marker for w in ways}) == len({look_of(w).color for w in ways}) == 7
    assert {look_of(w).color for w in ways} <= set(OKABE_ITO.values())


def test_picture_grid_places_titles_and_marks_wrong_ones():
    images = np.zeros((5, 3, 8, 8), np.uint8)
    figure = figures.picture_grid(images, list("abcde"), columns=3, right=[True] * 4 + [False])
    assert [a.get_title() for a in figure.axes] == ["a", "b", "c", "d", "✗ e"]
    with pytest.raises(HotdogError, match="no pictures"):
        figures.picture_grid([])


def test_learning_curves_take_one_run_or_several_seeds():
    figure = figures.learning_curves({"train": [0.1, 0.2], "head": [[0.1, 0.3], [0.3, 0.5]]})
    one, several = figure.axes[0].lines
    assert list(one.get_xdata()) == [1, 2]
    assert np.allclose(several.get_ydata(), [0.2, 0.4])


def test_accuracy_by_size_and_bars_show_mean_and_interval():
    by_size = {"scratch": {50: [0.6, 0.7], 100: [0.7, 0.8]}, "finetune": {50: [0.9, 0.9]}}
    axis = figures.accuracy_by_size(by_size).axes[0]
    assert axis.get_xscale() == "log"
    assert [t.get_text() for t in axis.get_xticklabels()] == ["50", "100"]
    axis = figures.bars({"scratch": [0.6, 0.7, 0.8], "finetune": [0.9]}, start=0.5).axes[0]
    assert axis.get_xlim()[0] == 0.5 and "starts at 0.5" in axis.get_xlabel()
    assert [t.get_text() for t in axis.texts] == ["0.700", "0.900"]


def test_confusion_writes_every_count():
    axis = figures.confusion([[390, 10], [30, 1370]], ["hotdog", "not-hotdog"]).axes[0]
    assert [t.get_text() for t in axis.texts] == ["390", "10", "30", "1,370"]


def test_the_four_steps_are_drawn_with_the_networks_own_stages():
    figure = steps.transfer_steps(["stem", "stage1"], 121, ["hot dog", "not"])
    said = [[text.get_text() for text in axis.texts] for axis in figure.axes]
    assert [axis.get_title(loc="left")[0] for axis in figure.axes] == list("1234")
    assert said[0].count("stage1") == 1 and said[1].count("stage1") == 2
    assert "head: 2" not in said[1] and "head: 2" in said[2] and "head: 121" in said[3]
    assert "your pictures" in said[3]
