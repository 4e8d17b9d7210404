"""A run's state on disk, in one safetensors file written atomically: no pickle, no half-written
file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from hotdog_lib.errors import HotdogError
from hotdog_lib.home import atomic_write
from hotdog_lib.models import state as weights
from hotdog_lib.training.recipe import Recipe
from hotdog_lib.training.state import State, snapshot

FORMAT = 1


@dataclass(frozen=True)
class Identity:
    """What must be the same for a checkpoint to go on: the recipe, the network, the pictures."""

    recipe: dict[str, Any]
    model: str
    weights: str
    data: dict[str, str]  # fingerprints of the splits

    def choice(self) -> str:
        """A short name of all that somebody chose: the seed and the pictures are not part of it."""
        recipe = {key: value for key, value in self.recipe.items() if key != "seed"}
        chosen = json.dumps([recipe, self.model, self.weights], sort_keys=True)
        return hashlib.sha256(chosen.encode()).hexdigest()[:16]

    def check(self, saved: dict[str, Any]) -> None:
        """Raise HotdogError that lists what differs from the saved identity."""
        mine = flatten(vars(self))
        recipe = saved.get("recipe")
        if isinstance(recipe, dict):  # an older version may not have known every setting
            usual = {k: v for k, v in Recipe().to_dict().items() if k in self.recipe}
            saved = saved | {"recipe": usual | recipe}
        theirs = flatten(saved)
        differing = [k for k in mine | theirs if mine.get(k) != theirs.get(k)]
        if differing:
            told = ", ".join(f"{k} was {theirs.get(k)}, is {mine.get(k)}" for k in differing[:4])
            raise HotdogError(
                f"this run can't go on: {told}; "
                "resume with the same settings, or start in a new folder"
            )


def flatten(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested dicts as one with dotted keys; sequences as lists, as JSON gives them back."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = list(value) if isinstance(value, tuple) else value
    return flat


def save_state(path: Path, model: nn.Module, state: State, identity: Identity) -> None:
    """Write everything that a resumed run needs.

    The schedule and all random states are functions of (seed, phase, epoch), so they are not in it.
    """
    tensors = {f"model.{k}": v for k, v in snapshot(model).items()}
    tensors |= {f"best.{k}": v for k, v in state.best_weights.items()}
    for index, slots in (state.optimizer or {"state": {}})["state"].items():
        tensors |= {
            f"optimizer.{index}.{k}": v.detach().cpu().contiguous() for k, v in slots.items()
        }
    facts = {
        "format": FORMAT,
        "phase": state.phase,
        "epoch": state.epoch,
        "history": state.history,
        "best": state.best,
        "groups": None if state.optimizer is None else state.optimizer["param_groups"],
        "identity": vars(identity),
    }
    remedy = "make room there, and run again with --resume"
    with atomic_write(path, remedy) as temporary:
        save_file(tensors, temporary, metadata={"hotdog_run": json.dumps(facts)})


def load_state(path: Path, model: nn.Module, identity: Identity) -> State:
    """Read a checkpoint into ``model`` and a :class:`State`.

    Raises:
        HotdogError: when the file is no checkpoint, or belongs to another run.
    """
    facts, tensors = _read(path)
    identity.check(facts["identity"])
    weights.load_state(model, _part(tensors, "model."), str(path))
    optimizer = None
    if facts["groups"] is not None:
        optimizer = {"state": _slots(_part(tensors, "optimizer.")), "param_groups": facts["groups"]}
    return State(
        phase=facts["phase"],
        epoch=facts["epoch"],
        history=facts["history"],
        best=facts["best"],
        best_weights=_part(tensors, "best."),
        optimizer=optimizer,
    )


#: What a checkpoint says of itself, and of which type it is.
SCHEMA = {
    "format": int,
    "phase": int,
    "epoch": int,
    "history": list,
    "best": dict | None,
    "groups": list | None,
    "identity": dict,
}


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        with safe_open(path, "pt") as file:
            facts = json.loads((file.metadata() or {})["hotdog_run"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}
        wrong = [key for key, kind in SCHEMA.items() if not isinstance(facts[key], kind)]
        if wrong or facts["format"] != FORMAT:
            raise ValueError(f"its {', '.join(wrong) or 'format'} cannot be understood")
    except (OSError, SafetensorError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise HotdogError(
            f"{path} is no checkpoint that can be read ({error}); start in a new folder"
        ) from error
    return facts, tensors


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _slots(flat: dict[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    slots: dict[int, dict[str, Tensor]] = {}
    for key, value in flat.items():
        index, name = key.split(".", 1)
        slots.setdefault(int(index), {})[name] = value
    return slots
