"""A confusion matrix of many classes is put in an order that shows its families."""

import matplotlib.pyplot as plt
import torch

from hotdog_lib.viz.confusion import confusion_map, confusion_order, share_dots


def families() -> torch.Tensor:
    """Classes 0, 2, 4 are confused with one another, and 1, 3, 5; nothing between the two."""
    matrix = torch.zeros(6, 6, dtype=torch.int64)
    for family in ((0, 2, 4), (1, 3, 5)):
        for one in family:
            for other in family:
                matrix[one, other] = 14 if one == other else 3
    return matrix


def test_families_stand_together():
    order = confusion_order(families())
    assert sorted(order) == list(range(6))
    assert {frozenset(order[:3]), frozenset(order[3:])} == {
        frozenset({0, 2, 4}),
        frozenset({1, 3, 5}),
    }


def test_order_takes_classes_without_pictures_and_a_single_one():
    assert sorted(confusion_order(torch.zeros(4, 4, dtype=torch.int64))) == [0, 1, 2, 3]
    assert confusion_order(torch.ones(1, 1)) == [0]


def test_map_writes_each_count_where_it_belongs():
    matrix = families()
    matrix[0, 2] = 7
    figure = confusion_map(matrix, list("abcdef"), [2, 0])
    axis = figure.axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["c", "a"]
    assert {(*t.get_position(), t.get_text()) for t in axis.texts} == {
        (0, 0, "14"),
        (1, 0, "3"),
        (0, 1, "7"),
        (1, 1, "14"),
    }
    plt.close(figure)


def test_dots_mark_what_differs_from_the_mean():
    figure = share_dots([0.2, 0.5], [(0.1, 0.3), (0.4, 0.6)], ["far", "near"], 0.5, "accuracy")
    lines = {line.get_marker() for line in figure.axes[0].lines}
    assert {"D", "o"} <= lines
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["far", "near"]
    plt.close(figure)
