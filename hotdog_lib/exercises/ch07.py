"""Chapter 7, a fair comparison: tune both sides, equal time, an interval, a single pair of runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from hotdog_lib.exercises.exercise import Exercise, Wrong, expect

Run = Callable[[float, int], dict[str, float]]

#: Accuracy on validation pictures by rate, a seed each; on test pictures by rate.
_VALIDATION = {1e-4: (0.90, 0.70, 0.71), 3e-4: (0.86, 0.85, 0.84), 1e-3: (0.83, 0.92, 0.61)}
_VALIDATION |= {3e-3: (0.80, 0.79, 0.81)}
_TEST = {1e-4: 0.78, 3e-4: 0.83, 1e-3: 0.79, 3e-3: 0.86}


def _run(rate: float, seed: int) -> dict[str, float]:
    return {"validation": _VALIDATION[rate][seed], "test": _TEST[rate]}


def check_tune(tune: Callable[[Run, Sequence[float], Sequence[int]], float]) -> None:
    """The rate with the best mean over seeds on the validation pictures."""
    given = tune(_run, tuple(_VALIDATION), (0, 1, 2))
    expect(given is not None, "it returned nothing: is there a `return`?")
    expect(
        given in _VALIDATION,
        f"it returned {given!r}, which is none of the rates: return the rate, not its accuracy",
    )
    expect(
        given != 3e-3,
        "it chose the rate that is best on the test pictures. They are for the report; once you "
        "choose by them, the figure that you report is too good",
    )
    expect(
        given != 1e-4,
        "it chose by the first seed alone. That rate was lucky once: its other seeds are poor",
    )
    expect(
        given != 1e-3,
        "it chose the rate of the best single run. Take the mean over the seeds first",
    )
    shuffled = {5.0: 0.1, 7.0: 0.9, 6.0: 0.5}
    again = tune(lambda rate, seed: {"validation": shuffled[rate], "test": 0.0}, (5, 7, 6), (4, 9))
    expect(again == 7, "it is right for four rates and three seeds, but not for other ones")


TUNE = Exercise(
    id="07.1",
    answer="tune",
    cell='''
def tune(run, rates, seeds):
    """The rate to use, by runs that give {"validation": ..., "test": ...}."""
    #: solution

    def score(rate):
        return sum(run(rate, seed)["validation"] for seed in seeds) / len(seeds)

    return max(rates, key=score)
    #: stub
    # return rates[0]  # the one that came to mind
    #: end
''',
    check=check_tune,
    right="Call it once for each side, with as many rates for one as for the other.",
    hints=(
        "One number for each rate: its mean accuracy over the seeds. On which pictures?",
        '`run(rate, seed)["validation"]` is one run; add up over `seeds`, divide by `len(seeds)`.',
        "With a function `score(rate)`, the best one is `max(rates, key=score)`.",
    ),
    wrong=(
        Wrong(
            """
def tune(run, rates, seeds):
    return max(rates, key=lambda rate: sum(run(rate, seed)["test"] for seed in seeds))
""",
            "best on the test pictures",
        ),
        Wrong(
            """
def tune(run, rates, seeds):
    return max(rates, key=lambda rate: run(rate, seeds[0])["validation"])
""",
            "by the first seed alone",
        ),
        Wrong(
            """
def tune(run, rates, seeds):
    return max(rates, key=lambda rate: max(run(rate, seed)["validation"] for seed in seeds))
""",
            "best single run",
        ),
        Wrong(
            """
def tune(run, rates, seeds):
    means = [sum(run(rate, seed)["validation"] for seed in seeds) / 3 for rate in rates]
    return max(means)
""",
            "none of the rates",
        ),
    ),
)


def check_epochs_within(epochs_within: Callable[[float, float, float], int]) -> None:
    """Whole epochs that fit into what is left of the seconds after the start."""
    given = epochs_within(10.0, 1.0, 2.0)
    expect(given is not None, "it returned nothing: is there a `return`?")
    expect(
        given != 5,
        "of 10 seconds it spends 10 on epochs, and the start comes on top: that run would be late",
    )
    expect(
        given != 3,
        "it pays for the start in every epoch; it is paid once, before the first",
    )
    expect(
        given == int(given),
        f"it returned {given:g}; a part of an epoch is none: round down",
    )
    expect(
        given == 4,
        f"with 10 seconds, of which the start takes 1 and each epoch 2, it returned {given:g}; "
        "4 epochs fit, and a fifth would be late",
    )
    expect(epochs_within(3.0, 3.5, 2.0) == 0, "where even the start takes too long, it is not 0")
    expect(epochs_within(12.0, 0.5, 0.01) > 1000, "it is right for 10 seconds, but not for 12")


EPOCHS_WITHIN = Exercise(
    id="07.2",
    answer="epochs_within",
    cell='''
def epochs_within(seconds, start, epoch):
    """Whole epochs that fit; `start` seconds pass before the first."""
    #: solution
    left = max(0, seconds - start)
    return int(left // epoch)
    #: end
''',
    check=check_epochs_within,
    right="That is all there is to equal time. The rest is to measure the two costs honestly.",
    hints=(
        "Take off first what is spent before the first epoch.",
        "`a // b` says how often `b` fits wholly into `a`.",
        "When the start alone takes longer than `seconds`, no epoch fits: `max(0, ...)`.",
    ),
    wrong=(
        Wrong(
            """
def epochs_within(seconds, start, epoch):
    return int(seconds // epoch)
""",
            "the start comes on top",
        ),
        Wrong(
            """
def epochs_within(seconds, start, epoch):
    return int(seconds // (start + epoch))
""",
            "it is paid once",
        ),
        Wrong(
            """
def epochs_within(seconds, start, epoch):
    return (seconds - start) / epoch
""",
            "round down",
        ),
        Wrong(
            """
def epochs_within(seconds, start, epoch):
    return int((seconds - start) // epoch)
""",
            "even the start takes too long",
        ),
    ),
)

_FIVE = (0.80, 0.84, 0.86, 0.78, 0.82)  # mean 0.82, standard deviation 0.0316


def check_interval(interval: Callable[..., tuple[float, float]]) -> None:
    """Mean of five values and the half-width of its interval by Student's t."""
    given = interval(list(_FIVE))
    expect(given is not None, "it returned nothing: is there a `return`?")
    expect(
        isinstance(given, tuple | list) and len(given) == 2,
        "two numbers are wanted, the mean and the half-width: `return mean, half`",
    )
    mean, half = (float(value) for value in given)
    expect(abs(mean - 0.82) < 1e-6, f"the mean of those five values is 0.82, not {mean:.4g}")
    right = 2.776 * math.sqrt(0.001 / 5)
    for factor, because in _SLIPS.items():
        expect(abs(half / right - factor) > 0.004, because)
    expect(
        abs(half - right) < 1e-4,
        f"the half-width should be {right:.4f}, not {half:.4f}: it is "
        "`t * deviation / math.sqrt(n)`",
    )
    three = interval([0.1, 0.2, 0.3], t=4.303)
    expect(
        abs(float(three[1]) - 4.303 * 0.1 / math.sqrt(3)) < 1e-4,
        "it is right for five values, but not for three with a `t` of 4.303",
    )


#: How large the half-width comes out, over the right one, by a typical slip.
_SLIPS = {
    math.sqrt(4 / 5): "it divides the squares by n. The mean was made from the same five values, "
    "so that they lie nearer to it than to the truth: divide by n - 1",
    math.sqrt(5): "it says how far single runs spread. The mean of five is steadier than one: "
    "divide by the square root of n",
    1.96 / 2.776: "1.96 is for a spread that is known. Yours is a guess from five runs: use `t`",
    2.0: "it is the whole width, from end to end; the half is wanted",
    1 / math.sqrt(5): "it divides by n where it should divide by the square root of n",
}


def _slip(divisor: str, returned: str) -> str:
    """An answer that goes wrong in one of two places."""
    return f"""
def interval(values, t=2.776):
    n = len(values)
    mean = sum(values) / n
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / {divisor})
    return {returned}
"""


INTERVAL = Exercise(
    id="07.3",
    answer="interval",
    cell='''
def interval(values, t=2.776):
    """Mean, and half-width of its 95 % interval; 2.776 is for five values."""
    n = len(values)
    mean = sum(values) / n
    #: solution
    squares = sum((value - mean) ** 2 for value in values)
    deviation = math.sqrt(squares / (n - 1))  # how far single runs spread
    return mean, t * deviation / math.sqrt(n)  # how far their mean does
    #: stub
    # return mean, max(values) - mean  # no: that is the luckiest run
    #: end
''',
    check=check_interval,
    right="From here on `mean_interval` does it, with the `t` that belongs to the number of runs.",
    hints=(
        "First the deviation of a single run: the root of the mean square distance to the mean, "
        "where *mean* means to divide by `n - 1`.",
        "A mean of `n` runs is steadier than one run, by the square root of `n`.",
        "`deviation = math.sqrt(squares / (n - 1))`; then `t * deviation / math.sqrt(n)`.",
    ),
    wrong=(
        Wrong(_slip("n", "mean, t * deviation / math.sqrt(n)"), "divide by n - 1"),
        Wrong(_slip("(n - 1)", "mean, t * deviation"), "how far single runs spread"),
        Wrong(_slip("(n - 1)", "mean, 1.96 * deviation / math.sqrt(n)"), "use `t`"),
        Wrong(_slip("(n - 1)", "mean, t * deviation / n"), "by the square root of n"),
        Wrong(
            _slip("(n - 1)", "mean - t * deviation, mean + t * deviation"), "five values is 0.82"
        ),
    ),
)


def check_contrary(contrary: Callable[[Any, Any], float]) -> None:
    """Share of all pairs in which the second list's run is ahead; a tie counts half."""
    given = contrary([0.9, 0.8], [0.85, 0.7])
    expect(given is not None, "it returned nothing: is there a `return`?")
    expect(
        given != 0,
        "it compares run 1 with run 1, and run 2 with run 2. Whoever trains each once may get any "
        "run of the one and any of the other: that is four pairs",
    )
    expect(
        abs(given - 0.75) > 1e-6,
        "it counts the pairs in which the better side is ahead; the contrary was asked",
    )
    expect(
        given <= 1, f"it returned {given:g}: a share is at most 1; divide by the number of pairs"
    )
    expect(
        abs(given - 0.25) < 1e-6,
        f"of four pairs one says the contrary, 0.8 against 0.85: that is 0.25, not {given:g}",
    )
    ties = contrary([0.9, 0.8], [0.8, 0.7])
    expect(
        abs(ties - 0.125) < 1e-6,
        f"a tie leaves it to a coin and counts half; with one tie in four pairs it gave {ties:g}",
    )


CONTRARY = Exercise(
    id="07.4",
    answer="contrary",
    cell='''
def contrary(better, worse):
    """How often one run each would have said that `worse` is the better one."""
    #: solution
    pairs = [(b, w) for b in better for w in worse]
    ahead = sum(w > b for b, w in pairs) + sum(w == b for b, w in pairs) / 2
    return ahead / len(pairs)
    #: end
''',
    check=check_contrary,
    right="Five runs each make 25 pairs, and one paper made one of them.",
    hints=(
        "Who runs each side once gets some run of the one and some run of the other.",
        "`[(b, w) for b in better for w in worse]` are all pairs that could have been.",
        "Count those with `w > b`, and half of those with `w == b`; divide by their number.",
    ),
    wrong=(
        Wrong(
            """
def contrary(better, worse):
    return sum(w > b for b, w in zip(better, worse)) / len(better)
""",
            "that is four pairs",
        ),
        Wrong(
            """
def contrary(better, worse):
    pairs = [(b, w) for b in better for w in worse]
    return sum(b > w for b, w in pairs) / len(pairs)
""",
            "the contrary was asked",
        ),
        Wrong(
            """
def contrary(better, worse):
    pairs = [(b, w) for b in better for w in worse]
    return sum(w >= b for b, w in pairs) / len(pairs)
""",
            "a tie leaves it to a coin",
        ),
        Wrong(
            """
def contrary(better, worse):
    return sum(w > b for b in better for w in worse) / len(better)
""",
            "that is 0.25",
        ),
    ),
)

EXERCISES = (TUNE, EPOCHS_WITHIN, INTERVAL, CONTRARY)
