"""Chapter 8, rare hot dogs: F1 by hand, a threshold for a recall, a weight taken apart."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from hotdog_lib.exercises.exercise import Exercise, Wrong, expect

F1 = Callable[[int, int, int], float]
Choice = Callable[[Tensor, Tensor, float], float]
Apart = Callable[[Tensor, Tensor], tuple[float, Tensor]]


def check_f1(f1: F1) -> None:
    """The harmonic mean, from counts, and 0 where nothing is there to divide by."""
    hits, false_alarms, missed = 6, 2, 10  # precision 0.75, recall 0.375
    given = f1(hits, false_alarms, missed)
    expect(isinstance(given, int | float), f"it gave `{given!r}`; a number is wanted")
    for value, because in (
        ((0.75 + 0.375) / 2, "that is the plain mean of precision and recall; F1 is the harmonic"),
        (0.75, "that is the precision"),
        (0.375, "that is the recall"),
        (6 / 18, "that divides the hits by all pictures in question; count the hits twice, above "
         "and below"),
    ):  # fmt: skip
        expect(not math.isclose(given, value, abs_tol=1e-6), because)
    expect(
        math.isclose(given, 0.5, abs_tol=1e-6),
        f"6 hits, 2 false alarms and 10 missed give {given:.3f}; they should give 0.5",
    )
    for counts in ((0, 3, 5), (0, 3, 0), (0, 0, 5), (0, 0, 0)):
        found = f1(*counts)
        expect(
            found == 0,
            f"{counts[0]} hits, {counts[1]} false alarms and {counts[2]} missed gave {found}; "
            "where nothing was hit the book says 0, as scikit-learn does",
        )


F1_BY_HAND = Exercise(
    id="08.1",
    answer="f1",
    cell='''
def f1(hits, false_alarms, missed):
    """F1 from three counts; 0 where there is nothing to divide by."""
    #: solution
    both = 2 * hits + false_alarms + missed
    return 2 * hits / both if both else 0.0
    #: stub
    # precision = hits / (hits + false_alarms)
    # recall = hits / (hits + missed)
    # return (precision + recall) / 2
    #: end
''',
    check=check_f1,
    right="One fraction, one question of zero, and no right rejection anywhere in it.",
    hints=(
        "Two things are wrong with the stub: its mean, and what happens when nothing is called.",
        "The harmonic mean of p and r is 2 p r / (p + r).",
        "Put the counts in and it becomes 2 hits / (2 hits + false alarms + missed).",
    ),
    wrong=(
        Wrong(
            """
def f1(hits, false_alarms, missed):
    return ((hits / (hits + false_alarms)) + hits / (hits + missed)) / 2
""",
            "the plain mean of precision and recall",
        ),
        Wrong(
            """
def f1(hits, false_alarms, missed):
    precision, recall = hits / (hits + false_alarms), hits / (hits + missed)
    return 2 * precision * recall / (precision + recall)
""",
            "it raised `ZeroDivisionError",
        ),
        Wrong(
            """
def f1(hits, false_alarms, missed):
    both = 2 * hits + false_alarms + missed
    return 2 * hits / both if both else 1.0
""",
            "0 hits, 0 false alarms and 0 missed gave 1.0",
        ),
        Wrong(
            """
def f1(hits, false_alarms, missed):
    return hits / max(hits + false_alarms + missed, 1)
""",
            "count the hits twice",
        ),
    ),
)


def check_threshold(threshold_for: Choice) -> None:
    """The recall is reached, and no higher threshold reaches it."""
    generator = torch.Generator().manual_seed(8)
    is_positive = torch.rand(400, generator=generator) < 1 / 9
    scores = (torch.randn(400, generator=generator) + 2 * is_positive - 1).sigmoid()
    positives = scores[is_positive].sort(descending=True).values
    for wanted in (0.5, 0.8, 1.0):
        given = float(threshold_for(scores.clone(), is_positive.clone(), wanted))
        recall = float((positives >= given).float().mean())
        tight = float(positives[math.ceil(wanted * len(positives) - 1e-6) - 1])
        expect(
            recall >= wanted - 1e-6,
            f"asked for a recall of {wanted}, it chose {given:.3f}, which has a recall of "
            f"{recall:.3f}: too high",
        )
        lower = scores[is_positive & (scores < tight)]
        floor = float(lower.max()) if len(lower) else -1.0
        expect(
            given > floor,
            f"asked for a recall of {wanted}, it chose {given:.3f}; {tight:.3f} would do as well, "
            "with fewer false alarms: the highest that keeps the promise is wanted",
        )


THRESHOLD = Exercise(
    id="08.2",
    answer="threshold_for",
    cell='''
def threshold_for(probabilities, is_positive, recall):
    """The highest threshold at which at least this share of the positives is called.

    A picture is called from the threshold on: probability >= threshold.
    """
    #: solution
    ranked = probabilities[is_positive].sort(descending=True).values
    needed = math.ceil(recall * len(ranked))
    return float(ranked[needed - 1])
    #: stub
    # return float(probabilities.quantile(1 - recall))
    #: end
''',
    check=check_threshold,
    right="It keeps its promise on the pictures it was chosen on. Others owe it nothing: use test "
    "pictures to see what is left of it.",
    hints=(
        "Recall asks about the positives alone: `probabilities[is_positive]`.",
        "Sort them, the highest first. To call three of them, where must the threshold be?",
        "`math.ceil(recall * len(ranked))` of them have to be called; the last one sets the "
        "threshold.",
    ),
    wrong=(
        Wrong(
            """
def threshold_for(probabilities, is_positive, recall):
    return float(probabilities[is_positive].quantile(1 - recall)) + 0.01
""",
            "too high",
        ),
        Wrong(
            """
def threshold_for(probabilities, is_positive, recall):
    return float(probabilities.quantile(1 - recall))
""",
            "with fewer false alarms",
        ),
        Wrong(
            """
def threshold_for(probabilities, is_positive, recall):
    return 0.0
""",
            "the highest that keeps the promise",
        ),
        Wrong(
            """
def threshold_for(probabilities, is_positive, recall):
    ranked = probabilities[is_positive].sort(descending=True).values
    return float(ranked[int(recall * len(ranked))])
""",
            "it raised `IndexError",
        ),
    ),
)


def check_apart(taken_apart: Apart) -> None:
    """A factor on the rate, and weights whose mean over the pictures is 1."""
    weights, counts = torch.tensor([5.0, 1.0]), torch.tensor([50, 400])
    given = taken_apart(weights.clone(), counts.clone())
    expect(
        isinstance(given, tuple) and len(given) == 2,
        f"it gave `{given!r}`; a factor and the weights are wanted",
    )
    factor, normalised = float(given[0]), torch.as_tensor(given[1])
    mean = float((weights * counts).sum() / counts.sum())  # 1.444
    expect(
        normalised.shape == weights.shape,
        f"the weights have the shape {tuple(normalised.shape)}; one for each class is wanted",
    )
    expect(
        not math.isclose(factor, 3.0, rel_tol=1e-4),
        "3 is the mean of the two classes. Eight of nine pictures have the weight 1, so the mean "
        "of the pictures is closer to 1",
    )
    expect(
        not math.isclose(factor, 1 / mean, rel_tol=1e-4),
        "that is one over the factor: a loss 1.44 times as large takes steps 1.44 times as large",
    )
    expect(
        math.isclose(factor, mean, rel_tol=1e-4),
        f"the factor is {factor:.3f}; the mean weight of these 450 pictures is {mean:.3f}",
    )
    expect(
        torch.allclose(factor * normalised, weights, rtol=1e-4),
        "factor times weights should be what you were given: nothing may be lost",
    )


APART = Exercise(
    id="08.3",
    answer="taken_apart",
    cell='''
def taken_apart(weights, counts):
    """What class weights do to the learning rate, and what they do to the classes.

    weights: (C,), one a class. counts: (C,), training pictures of each class.
    Gives the factor that the loss grows by, and weights whose mean over the pictures is 1.
    """
    #: solution
    factor = float((weights * counts).sum() / counts.sum())
    #: stub
    # factor = float(weights.mean())
    #: end
    return factor, weights / factor
''',
    check=check_apart,
    right="One knob for the classes, one for the rate. Now each can be turned alone.",
    hints=(
        "`weights.mean()` is the mean of the classes. How many pictures has each?",
        "Sum the weights of all pictures: 50 times 5, and 400 times 1.",
        "`(weights * counts).sum() / counts.sum()`.",
    ),
    wrong=(
        Wrong(
            """
def taken_apart(weights, counts):
    factor = float(weights.mean())
    return factor, weights / factor
""",
            "3 is the mean of the two classes",
        ),
        Wrong(
            """
def taken_apart(weights, counts):
    factor = float(counts.sum() / (weights * counts).sum())
    return factor, weights * factor
""",
            "one over the factor",
        ),
        Wrong(
            """
def taken_apart(weights, counts):
    factor = float((weights * counts).sum() / counts.sum())
    return factor, weights
""",
            "nothing may be lost",
        ),
        Wrong(
            """
def taken_apart(weights, counts):
    return weights / weights.sum()
""",
            "a factor and the weights are wanted",
        ),
    ),
)

EXERCISES = (F1_BY_HAND, THRESHOLD, APART)
