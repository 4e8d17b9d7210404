"""The exercises of the book, a module a chapter: ``ch05.EXERCISES`` are those of chapter 5.

An exercise is written down once. Its ``cell`` is the solution, with marks that say what a learner
gets instead, so that the two can't drift apart:

    def double(x):
        #: solution
        return 2 * x
        #: stub
        # return ...  # your code
        #: end

Lines between ``solution`` and ``stub`` are the solution's alone; those between ``stub`` and
``end``, without their ``# ``, are the stub's alone. Without a ``stub`` part it gets ``...``. A cell
uses names that the chapter has imported, and that its module here imports, too.

``python book/exercises.py notebooks/05_freezing.ipynb`` writes the cells into a notebook; a test
runs every exercise as stub, as solution and as each of its ``wrong`` answers.
"""

from hotdog_lib.exercises.exercise import Exercise, NotRight, Wrong, expect, find

__all__ = ["Exercise", "NotRight", "Wrong", "expect", "find"]
