"""Chapter 13, who chooses: the split that picks the epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hotdog_lib.exercises.exercise import Exercise, Wrong, expect

History = Sequence[dict[str, float]]


def check_report(report: Callable[[History], tuple[int, float]]) -> None:
    """The epoch by validation, its test accuracy."""
    rows = [(0.80, 0.70, 0.74), (0.90, 0.78, 0.75), (0.95, 0.76, 0.80), (0.99, 0.72, 0.71)]
    names = ("train", "validation", "test")
    history = [
        {"epoch": epoch, **dict(zip(names, row, strict=True))} for epoch, row in enumerate(rows)
    ]
    given = report(history)
    expect(
        isinstance(given, tuple) and len(given) == 2,
        f"it gave `{given!r}`; an epoch and an accuracy are wanted",
    )
    epoch, accuracy = given
    expect(epoch != 2, "the test pictures still choose the epoch, and then they praise the choice")
    expect(epoch != 3, "it keeps what is best on the training pictures, or simply the last epoch")
    expect(epoch == 1, f"it keeps epoch {epoch}; validation likes another one best")
    expect(accuracy != 0.78, "it reports the validation accuracy, of the pictures that have chosen")
    expect(
        accuracy != 0.80,
        "it reports the best test accuracy of any epoch; the network that you keep has another",
    )
    expect(accuracy == 0.75, f"it reports {accuracy}; the test accuracy of that epoch is 0.75")


REPORT = Exercise(
    id="13.12",
    answer="report",
    cell='''
def report(history):
    """The epoch to keep, and its accuracy to publish.

    Each row has its `epoch`, and accuracies: `train`, `validation`, `test`.
    """
    #: solution
    best = max(history, key=lambda row: row["validation"])
    #: stub
    # best = max(history, key=lambda row: row["test"])
    #: end
    return best["epoch"], best["test"]
''',
    check=check_report,
    right="One split to learn from, one to choose with, one to look at once.",
    hints=(
        "Whoever chooses has looked. Which pictures have been looked at before the report?",
        "There is a split for choosing, and its only duty is that.",
        'Choose by `row["validation"]`; report `row["test"]`.',
    ),
    wrong=(
        Wrong(
            """
def report(history):
    best = max(history, key=lambda row: row["validation"])
    return best["epoch"], best["validation"]
""",
            "it reports the validation accuracy",
        ),
        Wrong(
            """
def report(history):
    return history[-1]["epoch"], history[-1]["test"]
""",
            "simply the last epoch",
        ),
        Wrong(
            """
def report(history):
    best = max(history, key=lambda row: row["validation"])
    return best["epoch"], max(row["test"] for row in history)
""",
            "the network that you keep has another",
        ),
        Wrong(
            """
def report(history):
    best = max(history, key=lambda row: row["validation"] + row["test"])
    return best["epoch"], best["test"]
""",
            "still choose the epoch",
        ),
    ),
)

EXERCISES = (REPORT,)
