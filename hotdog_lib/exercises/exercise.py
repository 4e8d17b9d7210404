"""What an exercise is made of, and where it is found."""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from hotdog_lib.errors import HotdogError

MARK = re.compile(r"^( *)#: (solution|stub|end)$")


class NotRight(Exception):
    """Why an answer is not right; its text goes on after "Not right, because"."""


def expect(condition: object, because: str) -> None:
    """Raise :class:`NotRight` unless ``condition`` holds; checks are made of these."""
    if not condition:
        raise NotRight(because)


@dataclass(frozen=True)
class Wrong:
    """A typical wrong answer.

    Attributes:
        cell: what the learner wrote, without the call of ``check``.
        says: part of the message that must come back.
    """

    cell: str
    says: str


@dataclass(frozen=True)
class Exercise:
    """One exercise; see :mod:`hotdog_lib.exercises` for how its cell is written.

    Attributes:
        id: chapter and number, such as ``05.2``.
        answer: name of the function or variable that is checked.
        cell: the solution, with marks around what the stub has instead.
        check: takes the answer; raises :class:`NotRight` (by :func:`expect`) unless it is right.
        right: what a right answer is told: what it is good for.
        hints: from a nudge to nearly the answer.
        wrong: at least two typical wrong answers.
    """

    id: str
    answer: str
    cell: str
    check: Callable[[Any], None]
    right: str
    hints: tuple[str, ...]
    wrong: tuple[Wrong, ...]

    @property
    def stub(self) -> str:
        """What the learner starts from; it runs as it stands."""
        return "\n".join(_choose(self.cell, "stub"))

    @property
    def solution(self) -> str:
        """The cell as it should be in the end."""
        return "\n".join(_choose(self.cell, "solution"))

    def run(self, cell: str) -> Any:
        """The answer that ``cell`` gives, run with the names of the exercise's own module."""
        names = dict(self.check.__globals__)  # type: ignore[attr-defined]
        exec(compile(cell.strip("\n"), f"<exercise {self.id}>", "exec"), names)
        return names[self.answer]

    def untouched(self, answer: Any) -> bool:
        """Whether ``answer`` is still the stub's: nothing, or the same value or code."""
        if answer is None or answer is ...:
            return True
        mine, given = _content(self.run(self.stub)), _content(answer)
        try:
            return type(mine) is type(given) and bool(mine == given)
        except (RuntimeError, ValueError):  # tensors and arrays compare one by one
            return False


def find(exercise_id: str) -> Exercise:
    """The exercise ``05.2`` and the like.

    Raises:
        HotdogError: no such exercise; it names those that the chapter has.
    """
    known = {exercise.id: exercise for exercise in of_chapter(exercise_id.partition(".")[0])}
    if exercise_id not in known:
        raise HotdogError(
            f"there is no exercise {exercise_id!r}; its chapter has {', '.join(known) or 'none'}"
        )
    return known[exercise_id]


def of_chapter(number: str) -> tuple[Exercise, ...]:
    """The exercises of chapter ``05`` and the like; none where it has no module."""
    name = f"hotdog_lib.exercises.ch{number}"
    if not number.isdigit() or importlib.util.find_spec(name) is None:
        return ()
    return importlib.import_module(name).EXERCISES


def _choose(cell: str, wanted: str) -> Iterator[str]:
    """The lines of ``cell`` that are for everyone or between the mark ``wanted`` and the next."""
    part = ""
    for line in cell.strip("\n").split("\n"):
        mark = MARK.match(line)
        if mark:
            part, before = mark[2], part
            if wanted == "stub" and before == "solution" and part == "end":
                yield f"{mark[1]}..."
        elif part in ("", "end"):
            yield line
        elif part == wanted:
            yield re.sub(r"^( *)# ?", r"\1", line) if part == "stub" else line


def _content(value: Any) -> Any:
    """What makes a function or class the same one after it was defined again."""
    if isinstance(value, FunctionType):
        return _code(value.__code__)
    if isinstance(value, type):
        return {k: _content(v) for k, v in vars(value).items() if isinstance(v, FunctionType)}
    return value


def _code(code: CodeType) -> tuple[Any, ...]:
    """Instructions, names and constants; not the line numbers, nor the file."""
    constants = (_code(c) if isinstance(c, CodeType) else c for c in code.co_consts)
    return code.co_code, code.co_names, code.co_varnames, *constants
