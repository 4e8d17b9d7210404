"""Every exercise in three states, what a learner is told, and the notebooks' cells against it."""

import json
from pathlib import Path

import exercises as cells
import pytest
import torch

from hotdog_lib import practice
from hotdog_lib.errors import HotdogError
from hotdog_lib.exercises import Exercise, expect
from hotdog_lib.exercises.exercise import find, of_chapter

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(ROOT.glob("hotdog_lib/exercises/ch*.py"))
EXERCISES = [e for path in MODULES for e in of_chapter(path.stem[2:])]
WRONG = [(e, i) for e in EXERCISES for i in range(len(e.wrong))]
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_the_stub_is_not_attempted_and_the_solution_is_right(exercise):
    stub = practice.check(exercise.id, exercise.run(exercise.stub))
    assert (stub.state, stub.message) == ("not attempted yet", f"{exercise.id}: not attempted yet.")
    solved = practice.check(exercise.id, exercise.run(exercise.solution))
    assert solved.state == "right", solved.message
    assert exercise.stub != exercise.solution and "#: " not in exercise.stub + exercise.solution


@pytest.mark.parametrize(("exercise", "index"), WRONG, ids=lambda x: getattr(x, "id", x))
def test_a_wrong_answer_hears_why(exercise, index):
    answer = exercise.wrong[index]
    result = practice.check(exercise.id, exercise.run(answer.cell))
    assert result.state == "not right", result
    assert answer.says in result.message


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_it_has_enough_wrong_answers_and_hints(exercise):
    assert len(exercise.wrong) >= 2 and len({w.says for w in exercise.wrong}) >= 2
    assert len(exercise.hints) >= 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_has_the_cells_of_its_exercises(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    remedy = f"python book/exercises.py {path.relative_to(ROOT).as_posix()}"
    assert cells.filled(notebook) == notebook, remedy
    parts = [cells.place(cell) for cell in notebook["cells"] if cells.place(cell)]
    expected = [(e.id, part) for e in of_chapter(path.name[:2]) for part in cells.PARTS]
    assert parts == expected, "each exercise has these four cells, in this order"


def answer_is_two(answer):
    expect(isinstance(answer, int), "it is no whole number")
    expect(answer == 2, f"it is {answer}")


TWO = Exercise(
    id="98.1",
    answer="answer",
    cell="#: solution\nanswer = 2\n#: stub\n# answer = ...  # a number\n#: end",
    check=answer_is_two,
    right="Well.",
    hints=("One more than one.", "`1 + 1`"),
    wrong=(),
)


@pytest.fixture
def two(monkeypatch):
    monkeypatch.setattr(practice, "find", lambda exercise_id: TWO)


@pytest.mark.parametrize(
    ("answer", "state", "says"),
    [
        (..., "not attempted yet", "98.1: not attempted yet."),
        (None, "not attempted yet", "98.1: not attempted yet."),
        (2, "right", "98.1: right. Well."),
        (3, "not right", "98.1: not right, because it is 3."),
        (torch.ones(2), "not right", "98.1: not right, because it is no whole number."),
    ],
)
def test_a_value_can_be_an_answer(two, answer, state, says):
    result = practice.check("98.1", answer)
    assert (result.state, result.message) == (state, says)
    assert says in repr(result) and says in result._repr_html_()


def test_an_error_in_the_answer_is_a_reason_with_its_line(monkeypatch):
    cell = "def answer(x):\n    #: solution\n    return 1\n    #: end"
    asks = Exercise("98.2", "answer", cell, lambda answer: answer(0), "", ("a", "b"), ())
    monkeypatch.setattr(practice, "find", lambda exercise_id: asks)
    result = practice.check("98.2", asks.run("def answer(x):\n\n    return 1 / x"))
    assert result.message.endswith("it raised `ZeroDivisionError: division by zero` in line 3 of "
                                   "your cell.")  # fmt: skip
    assert practice.check("98.2", asks.run(asks.stub)).state == "not attempted yet"
    assert practice.check("98.2", asks.run("# mine\n\n\n" + asks.stub)).state == "not attempted yet"


def test_a_check_leaves_the_random_state_alone():
    torch.manual_seed(5)
    exercise = find("05.1")
    practice.check("05.1", exercise.run(exercise.solution))
    drawn = torch.rand(3)
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.rand(3))


def test_hints_come_in_steps(two):
    assert repr(practice.hint("98.1")) == (
        'Hint 1 of 2: One more than one.\nNext: practice.hint("98.1", 2)'
    )
    assert repr(practice.hint("98.1", 2)) == "Hint 2 of 2: `1 + 1`"
    page = practice.hint("98.1")._repr_html_()
    first, second = page.index("Hint 1 of 2"), page.index("Hint 2 of 2")
    assert first < second < page.index("</details>"), "the second is folded away inside the first"
    assert "<code>1 + 1</code>" in page
    with pytest.raises(HotdogError, match="hints 1 to 2, not 3"):
        practice.hint("98.1", 3)


def test_messages_are_escaped_in_html():
    page = practice.Result("not right", "it is `a < b` & <b>bold</b>")._repr_html_()
    assert "<code>a &lt; b</code> &amp; &lt;b&gt;bold" in page and 'role="status"' in page


@pytest.mark.parametrize(
    ("prediction", "outcome", "within", "state"),
    [
        (None, True, 0, "not attempted yet"),
        (True, True, 0, "right"),
        (False, True, 0, "surprise"),
        ("head", "everything", 0, "surprise"),
        (10, 12.4, 3, "right"),
        (10, 14.0, 3, "surprise"),
    ],
)
def test_a_prediction_is_put_beside_the_outcome(prediction, outcome, within, state):
    result = practice.compare(prediction, outcome, within=within)
    assert result.state == state


def test_an_outcome_that_cannot_be_told_apart_is_right_too():
    level = ["lora", "finetune"]
    result = practice.compare("lora", "finetune", also=level)
    assert result.state == "right" and "came out as: finetune" in result.message
    assert practice.compare("head", "finetune", also=level).state == "surprise"


def test_unknown_exercises_are_named():
    with pytest.raises(HotdogError, match="05.1, 05.2"):
        practice.check("05.9", 1)
    with pytest.raises(HotdogError, match="none"):
        practice.hint("77.1")
