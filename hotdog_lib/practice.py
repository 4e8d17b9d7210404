"""What a chapter's exercises say to a learner: a check, hints in steps, a prediction looked at.

Each function returns a small object that a notebook shows by itself, as the last line of a cell,
and that ``print`` shows as plain text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from hotdog_lib.errors import HotdogError
from hotdog_lib.exercises import NotRight, find
from hotdog_lib.viz.style import OKABE_ITO, PALETTE

State = Literal["not attempted yet", "not right", "right", "surprise"]
_SIGNS = {"not attempted yet": "○", "not right": "✗", "right": "✓", "surprise": "!"}
_COLORS = {
    "not attempted yet": OKABE_ITO["sky"],
    "not right": PALETTE["wrong"],
    "right": PALETTE["right"],
    "surprise": OKABE_ITO["orange"],
}


@dataclass(frozen=True)
class Result:
    """What came of a check.

    Attributes:
        state: ``not attempted yet``, ``not right`` or ``right``; of a prediction, ``surprise``.
        message: the whole sentence; code stands in backticks.
    """

    state: State
    message: str

    def __repr__(self) -> str:
        return f"{_SIGNS[self.state]} {self.message}"

    def _repr_html_(self) -> str:
        style = f"border-left:0.25rem solid {_COLORS[self.state]};padding:0.3rem 0.8rem"
        sign = f'<span aria-hidden="true">{_SIGNS[self.state]}</span>'
        return f'<div role="status" style="{style}">{sign} {_to_html(self.message)}</div>'


@dataclass(frozen=True)
class Hints:
    """Hints, each folded away inside the one before it; as plain text, the one at ``step``."""

    id: str
    hints: tuple[str, ...]
    step: int

    def __repr__(self) -> str:
        count, here = len(self.hints), f"Hint {self.step} of {len(self.hints)}: "
        more = f'\nNext: practice.hint("{self.id}", {self.step + 1})' if self.step < count else ""
        return here + self.hints[self.step - 1] + more

    def _repr_html_(self) -> str:
        folded = ""
        for number in range(len(self.hints), 0, -1):
            summary = f"<summary>Hint {number} of {len(self.hints)}</summary>"
            text = f"<p>{_to_html(self.hints[number - 1])}</p>"
            opened = " open" if number < self.step else ""
            folded = f"<details{opened}>{summary}{text}{folded}</details>"
        return folded


def check(exercise_id: str, answer: Any) -> Result:
    """Say whether ``answer`` is right, or why not, or that nothing was changed yet.

    torch's random state is left as it was.

    Raises:
        HotdogError: no such exercise.

    Example:
        >>> check("05.1", ...)
        ○ 05.1: not attempted yet.
    """
    exercise = find(exercise_id)
    if exercise.untouched(answer):
        return Result("not attempted yet", f"{exercise_id}: not attempted yet.")
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            exercise.check(answer)
    except NotRight as reason:
        return _not_right(exercise_id, str(reason))
    except Exception as error:  # the learner's code: whatever it raises is what it has to hear
        where = _line_of_answer(error)
        return _not_right(exercise_id, f"it raised `{type(error).__name__}: {error}`{where}")
    return Result("right", f"{exercise_id}: right. {exercise.right}")


def hint(exercise_id: str, step: int = 1) -> Hints:
    """The hints of an exercise: folded in a notebook, one at a time as text.

    Raises:
        HotdogError: no such exercise, or no such hint.
    """
    hints = find(exercise_id).hints
    if not 1 <= step <= len(hints):
        raise HotdogError(f"{exercise_id} has hints 1 to {len(hints)}, not {step}")
    return Hints(exercise_id, hints, step)


def compare(
    prediction: Any, outcome: Any, *, within: float = 0.0, also: Sequence[Any] = ()
) -> Result:
    """Put a prediction, made before the result was seen, beside what came out.

    Args:
        prediction: None or ``...`` where the reader made none.
        outcome: what was measured.
        within: how far off a number may be.
        also: outcomes that the measurement cannot tell from this one: right as well.
    """
    shown = f"{outcome:.3g}" if isinstance(outcome, float) else str(outcome)
    if prediction is None or prediction is ...:
        return Result("not attempted yet", f"It came out as: {shown}. You had not predicted it.")
    told = f"You predicted {prediction}; it came out as: {shown}."
    if isinstance(outcome, int | float) and not isinstance(outcome, bool):
        met = abs(prediction - outcome) <= within
    else:
        met = prediction == outcome
    if not met and prediction in also:
        return Result("right", f"{told} The runs cannot tell the two apart. Well seen.")
    return Result("right", f"{told} Well seen.") if met else Result("surprise", told)


def _not_right(exercise_id: str, reason: str) -> Result:
    stop = "" if reason.endswith((".", "?", "!")) else "."
    return Result("not right", f"{exercise_id}: not right, because {reason}{stop}")


def _line_of_answer(error: Exception) -> str:
    """Which line of the learner's own cell it came from, where that can be told."""
    trace, line = error.__traceback__, None
    while trace:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith("<") or "ipykernel" in file or "ipython" in file.lower():
            line = trace.tb_lineno
        trace = trace.tb_next
    return f" in line {line} of your cell" if line else ""


def _to_html(text: str) -> str:
    """Escaped, with `code` set as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))
