"""Chapter 13, what is measured: the class's number, F1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import torch
from torch import Tensor

from hotdog_lib.exercises.exercise import Exercise, Wrong, expect
from hotdog_lib.models import get_weights


@lru_cache(maxsize=1)
def _category_lists() -> dict[str, tuple[str, ...]]:
    """Categories of two sources, and of one that spells and orders them otherwise."""
    imagenet = get_weights("squeezenet1_1", "IMAGENET1K_V1")
    embedded = get_weights("squeezenet1_1", "embedded")
    assert imagenet is not None and embedded is not None
    return {
        "ImageNet's": imagenet.categories,
        "the pantry's": embedded.categories,
        "a third source's": ("tabby", "sheepdog", "hotdog bun", "Hot Dog", "plate"),
    }


def check_hotdog_row(hotdog_row: Callable[[Sequence[str]], int]) -> None:
    """The row of the class called hot dog, in any source's list."""
    wanted = {
        name: [c.lower().replace(" ", "") for c in categories].index("hotdog")
        for name, categories in _category_lists().items()
    }
    for name, categories in _category_lists().items():
        row = hotdog_row(categories)
        expect(isinstance(row, int), f"it gave `{row!r}`, not the number of a row")
        expect(
            0 <= row < len(categories),
            f"{name} list has {len(categories)} rows, and you ask for row {row}: a number that "
            "was copied is right for one list only",
        )
        expect(
            row == wanted[name],
            f"row {row} of {name} list is `{categories[row]}`",
        )


HOTDOG_ROW = Exercise(
    id="13.10",
    answer="hotdog_row",
    cell='''
def hotdog_row(categories):
    """Number of the class of hot dogs in a source's list of names."""
    #: solution
    plain = [name.lower().replace(" ", "") for name in categories]
    return plain.index("hotdog")
    #: stub
    # return 713
    #: end
''',
    check=check_hotdog_row,
    right="A name is looked up, a number is copied. `source.class_index` does the same, and names "
    "the nearest where it finds none.",
    hints=(
        "What is row 713 called in the list that comes with *these* weights?",
        '`categories.index("hotdog")` finds a name; what if it is spelled `Hot Dog` there?',
        "Bring every name into one spelling first: lower case, no blanks.",
    ),
    wrong=(
        Wrong(
            """
def hotdog_row(categories):
    return 934
""",
            "right for one list only",
        ),
        Wrong(
            """
def hotdog_row(categories):
    return next(i for i, name in enumerate(categories) if "dog" in name)
""",
            "of ImageNet's list is",
        ),
        Wrong(
            """
def hotdog_row(categories):
    return categories.index("hotdog")
""",
            "it raised `ValueError",
        ),
        Wrong(
            """
def hotdog_row(categories):
    return "hotdog"
""",
            "not the number of a row",
        ),
    ),
)

Batches = Sequence[tuple[Tensor, Tensor]]


def _counts(predictions: Tensor, targets: Tensor) -> tuple[int, int, int]:
    """Hits, pictures called positive, and positives."""
    hits = int(((predictions == 1) & (targets == 1)).sum())
    return hits, int((predictions == 1).sum()), int((targets == 1).sum())


def _f1(hits: int, called: int, positives: int) -> float:
    return 2 * hits / max(called + positives, 1)


def _some_batches() -> Batches:
    """Batches of different sizes, one of them without a positive."""
    targets = [[1, 0, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0], [1, 0]]
    predictions = [[1, 1, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0], [1, 0]]
    return [(torch.tensor(p), torch.tensor(t)) for p, t in zip(predictions, targets, strict=True)]


def check_f1(f1: Callable[[Batches], float]) -> None:
    """F1 of all predictions at once."""
    batches = _some_batches()
    given = float(f1(batches))
    counts = [_counts(*batch) for batch in batches]
    each, sizes = [_f1(*c) for c in counts], [len(t) for _, t in batches]
    everything = [torch.cat(part) for part in zip(*batches, strict=True)]
    hits, called, positives = _counts(*everything)
    seen = [score for score, c in zip(each, counts, strict=True) if c[2]]
    weighted = sum(s * n for s, n in zip(each, sizes, strict=True)) / sum(sizes)
    right = float((everything[0] == everything[1]).float().mean())
    flipped = _f1(*_counts(1 - everything[0], 1 - everything[1]))
    for value, because in (
        (sum(each) / len(each), "that is still the mean of the batches' F1"),
        (weighted, "a mean of ratios stays one when the batches are weighted by their size"),
        (sum(seen) / len(seen), "batches without a positive are skipped now, and it is still a "
         "mean over batches"),
        (right, "that is the accuracy"),
        (flipped, "that is the F1 of class 0"),
    ):  # fmt: skip
        expect(abs(given - value) > 1e-6, f"it gave {given:.3f}: {because}")
    wanted = _f1(hits, called, positives)
    expect(
        abs(given - wanted) < 1e-6,
        f"it gave {given:.3f}, and {hits} hits, {called} pictures called positive and {positives} "
        f"positives make {wanted:.3f}",
    )
    nothing = [(torch.zeros(3, dtype=torch.int64), torch.zeros(3, dtype=torch.int64))]
    expect(float(f1(nothing)) == 0, "without any positive it should give 0")


F1 = Exercise(
    id="13.11",
    answer="f1",
    cell='''
def f1(batches):
    """F1 of class 1 over pairs of predictions and targets, a pair a batch."""
    #: solution
    hits = counted = 0
    for predictions, targets in batches:
        hits += int(((predictions == 1) & (targets == 1)).sum())
        counted += int((predictions == 1).sum() + (targets == 1).sum())
    return 2 * hits / max(counted, 1)
    #: stub
    # scores = []
    # for predictions, targets in batches:
    #     hits = int(((predictions == 1) & (targets == 1)).sum())
    #     counted = int((predictions == 1).sum() + (targets == 1).sum())
    #     scores.append(2 * hits / max(counted, 1))
    # return sum(scores) / len(scores)
    #: end
''',
    check=check_f1,
    right="Add up what can be added up, and divide once.",
    hints=(
        "What is the F1 of a batch without a single positive, when nothing is called one?",
        "Hits can be added over batches, and so can the pictures called positive. Ratios cannot.",
        "Move the division behind the loop.",
    ),
    wrong=(
        Wrong(
            """
def f1(batches):
    scores = [_f1(*_counts(p, t)) * len(t) for p, t in batches]
    return sum(scores) / sum(len(t) for _, t in batches)
""",
            "weighted by their size",
        ),
        Wrong(
            """
def f1(batches):
    scores = [_f1(*_counts(p, t)) for p, t in batches if (t == 1).any()]
    return sum(scores) / len(scores)
""",
            "are skipped now",
        ),
        Wrong(
            """
def f1(batches):
    pairs = [torch.cat(part) for part in zip(*batches)]
    return float((pairs[0] == pairs[1]).float().mean())
""",
            "that is the accuracy",
        ),
        Wrong(
            """
def f1(batches):
    hits = called = positives = 0
    for p, t in batches:
        more = _counts(p, t)
        hits, called, positives = hits + more[0], called + more[1], positives + more[2]
    return hits / called
""",
            "pictures called positive and",
        ),
        Wrong(
            """
def f1(batches):
    hits = counted = 0
    for p, t in batches:
        hits += int(((p == 1) & (t == 1)).sum())
        counted += int((p == 1).sum() + (t == 1).sum())
    return 2 * hits / counted
""",
            "it raised `ZeroDivisionError",
        ),
    ),
)

EXERCISES = (HOTDOG_ROW, F1)
