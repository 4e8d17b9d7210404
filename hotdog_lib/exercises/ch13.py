"""Chapter 13, what goes wrong: twelve small programs to repair."""

from hotdog_lib.exercises import (
    ch13_choosing,
    ch13_heads,
    ch13_inputs,
    ch13_learning,
    ch13_measuring,
    ch13_modes,
)

EXERCISES = (
    *ch13_inputs.EXERCISES,
    *ch13_learning.EXERCISES,
    *ch13_heads.EXERCISES,
    *ch13_modes.EXERCISES,
    *ch13_measuring.EXERCISES,
    *ch13_choosing.EXERCISES,
)
