"""What each strategy trains, in which order: a strategy is a list of phases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hotdog_lib.errors import HotdogError
from hotdog_lib.models.adapters import KINDS
from hotdog_lib.models.stages import HEAD
from hotdog_lib.training.recipe import Recipe


@dataclass(frozen=True)
class Phase:
    """A stretch of training with the same layers unfrozen and an optimizer of its own (traps 8 and
    9).

    Attributes:
        name: for the history, such as ``head`` or ``everything``.
        first: the stage from which on, towards the head, everything is trained.
        epochs: passes over the pictures, or over their features.
        cached: train on the frozen body's features, computed once.
        lr: highest rate of the body's last stage; of the head alone where the body is frozen.
        head_ratio: the head's rate over ``lr``.
        fitted: of a kept head, only its scale and biases are set, at once.
        learns: what learns, too, in the frozen part: a kind of
            :data:`hotdog_lib.models.adapters.KINDS`, or None.
    """

    name: str
    first: str
    epochs: int
    cached: bool
    lr: float
    head_ratio: float
    learns: str | None = None
    fitted: bool = False


def plan(recipe: Recipe, stage_names: Sequence[str]) -> list[Phase]:
    """The phases of a recipe for a network with these stages, input to output.

    Example:
        >>> [(p.name, p.epochs) for p in plan(Recipe("gradual", epochs=4), ["stem", "a", "b",
        "head"])]
        [('head', 60), ('from b', 1), ('from a', 1), ('everything', 2)]
    """
    if recipe.strategy == "scratch":
        return [
            Phase("everything", stage_names[0], recipe.num_epochs, False, recipe.learning_rate, 1.0)
        ]
    if recipe.strategy == "head":
        return [_head_phase(recipe, recipe.num_epochs)]
    if recipe.strategy == "finetune":
        return [_head_phase(recipe, recipe.head_epochs), *_unfreeze(recipe, [stage_names[0]])]
    if recipe.strategy == "gradual":
        body = list(reversed(stage_names[:-1]))  # from the head's neighbour down to the input
        return [_head_phase(recipe, recipe.head_epochs), *_unfreeze(recipe, body)]
    if recipe.strategy in KINDS:
        return [_head_phase(recipe, recipe.head_epochs), _few_phase(recipe)]
    known = ", ".join(("scratch", "head", "finetune", "gradual", *KINDS))
    raise HotdogError(f"strategy {recipe.strategy!r} is unknown; use one of {known}")


def _head_phase(recipe: Recipe, epochs: int) -> Phase:
    """The head alone. Its inputs are fixed, and so computed once, unless BatchNorm is to follow
    the data."""
    if recipe.head == "kept":
        return Phase("head", HEAD, 1, True, 0.0, 1.0, fitted=True)
    cached = recipe.cache_features and recipe.norm == "freeze"
    return Phase("head", HEAD, epochs, cached, recipe.head_lr, 1.0)


def _few_phase(recipe: Recipe) -> Phase:
    """The head and the few numbers of a kind, at one rate."""
    return Phase(
        name=recipe.strategy,
        first=HEAD,
        epochs=recipe.num_epochs,
        cached=False,
        lr=recipe.learning_rate,
        head_ratio=1.0,
        learns=recipe.strategy,
    )


def _unfreeze(recipe: Recipe, firsts: list[str]) -> list[Phase]:
    """Share the epochs among the depths in ``firsts``; where they are too few, the shallow depths
    are left out."""
    epochs = recipe.num_epochs
    firsts = firsts[-min(epochs, len(firsts)) :]
    share, rest = divmod(epochs, len(firsts))
    return [
        Phase(
            name="everything" if i == len(firsts) - 1 else f"from {first}",
            first=first,
            epochs=share + (rest if i == len(firsts) - 1 else 0),
            cached=False,
            lr=recipe.learning_rate,
            head_ratio=recipe.head_ratio if recipe.head == "new" else 1.0,
        )
        for i, first in enumerate(firsts)
    ]
