"""What a saved network says of itself: checked JSON in the metadata of a ``.safetensors`` file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.errors import HotdogError
from hotdog_lib.models.adapters import check_kind
from hotdog_lib.models.architectures import check_model_name

METADATA_KEY = "hotdog_lib"
FORMAT = 1
NEEDED = ("model", "class_names", "preprocessing")
UPDATE = "update hotdog_lib or save the file again"
HEADS = ("linear", "torchvision", "kept")
BODIES = ("embedded", "imagenet", "file")
MAX_SIDE = 4096
MAX_MEMBERS = 10**7  # classes times rows of a kept head: a thousand by ten thousand
MAX_HEADER = 8 * 2**20  # bytes: a thousand classes and a thousand tensors take a quarter of one


@dataclass(frozen=True)
class ModelCard:
    """Architecture, classes and preprocessing of a saved network, and where it came from.

    Attributes:
        architecture: one of :func:`~hotdog_lib.models.list_models`.
        class_names: one a logit, in order.
        preprocessing: what the network expects of its input.
        provenance: anything JSON that says how it was made.
        head: ``"linear"`` (as ``reset_classifier`` makes it) or ``"torchvision"`` (as torchvision
            does, which matters for SqueezeNet, whose own head ends in a ReLU), or ``"kept"`` (as
            ``keep_head`` does).
        kept: of a kept head: for each of its rows, the class that it belongs to, or -1.
        body: of a file that holds a head or an adapter alone: the ``weights`` (``"embedded"``,
            ``"imagenet"``, or ``"file"`` for others) that it was taught on, and their ``digest``.
            None where the file holds everything.
        adapter: ``kind`` and ``rank`` of what :func:`~hotdog_lib.models.adapters.insert` put into
            the network, or None.

    Raises:
        HotdogError: on an unknown architecture, head, body or adapter, or on class names that are
            no list of non-empty strings.
    """

    architecture: str
    class_names: tuple[str, ...]
    preprocessing: Preprocessing
    provenance: Mapping[str, Any] = field(default_factory=dict)
    head: str = "linear"
    body: Mapping[str, str] | None = None
    adapter: Mapping[str, Any] | None = None
    kept: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        check_model_name(self.architecture)
        object.__setattr__(self, "class_names", _checked_names(self.class_names))
        if self.head not in HEADS:
            raise HotdogError(f"head {self.head!r} is unknown; choose from {HEADS}")
        if (self.head == "kept") != (self.kept is not None):
            raise HotdogError(f"head {self.head!r} with kept {self.kept!r}: one asks for the other")
        if self.kept is not None:
            object.__setattr__(self, "kept", _checked_kept(self.kept, len(self.class_names)))
        if not isinstance(self.provenance, Mapping):
            raise HotdogError(f"provenance is a {type(self.provenance).__name__}; give a mapping")
        if self.body is not None:
            _check_body(self.body)
        if self.adapter is not None:
            _check_adapter(self.adapter)

    def to_json(self) -> str:
        """The text that goes into the file's metadata."""
        parts = {"body": self.body, "adapter": self.adapter}
        kept = {} if self.kept is None else {"kept": list(self.kept)}
        return json.dumps(
            {
                "format": FORMAT,
                "model": self.architecture,
                "class_names": list(self.class_names),
                "preprocessing": self.preprocessing.to_dict(),
                "provenance": dict(self.provenance),
                "head": self.head,
            }
            | {name: dict(part) for name, part in parts.items() if part is not None}
            | kept
        )

    @classmethod
    def from_json(cls, text: str) -> ModelCard:
        """The inverse of :meth:`to_json`; anything else is a HotdogError that says why."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise HotdogError(f"its metadata is no readable JSON ({error})") from error
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            found = values.get("format") if isinstance(values, dict) else type(values).__name__
            raise HotdogError(
                f"its metadata has format {found!r}, this version reads {FORMAT}; {UPDATE}"
            )
        unknown = set(values) - {"format", "provenance", "head", "body", "adapter", "kept", *NEEDED}
        if unknown:
            raise HotdogError(f"its metadata has unknown entries {sorted(unknown)}; {UPDATE}")
        missing = set(NEEDED) - set(values)
        if missing or not isinstance(values["preprocessing"], dict):
            raise HotdogError(f"its metadata lacks {sorted(missing) or 'a preprocessing mapping'}")
        return cls(
            architecture=values["model"],
            class_names=values["class_names"],
            preprocessing=_checked_preprocessing(values["preprocessing"]),
            provenance=values.get("provenance", {}),
            head=values.get("head", "linear"),
            body=values.get("body"),
            adapter=values.get("adapter"),
            kept=values.get("kept"),
        )


def read_card(path: Path) -> ModelCard | None:
    """Metadata of a ``.safetensors`` file; None where it has none of ours.

    Raises:
        HotdogError: no such file, no safetensors file, or metadata that make no sense.
    """
    try:
        with open(_existing(path), "rb") as start:
            length = int.from_bytes(start.read(8), "little")
        if length > MAX_HEADER:
            raise ValueError(f"its header would have {length:,} bytes")
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(METADATA_KEY)
    except (SafetensorError, OSError, ValueError) as error:
        raise HotdogError(
            f"{path} is no safetensors file ({error}); give a model.safetensors that this library "
            "wrote, or fetch the file again"
        ) from error
    if text is None:
        return None
    try:
        return ModelCard.from_json(text)
    except HotdogError as error:
        raise HotdogError(f"cannot use {path}: {error}") from error


def _existing(path: Path) -> Path:
    if path.is_dir():
        raise HotdogError(f"{path} is a folder; name the file in it, {path / 'model.safetensors'}")
    if not path.is_file():
        raise HotdogError(f"there is no weights file {path}; check the path")
    return path


def _checked_preprocessing(values: dict[str, Any]) -> Preprocessing:
    preprocessing = Preprocessing.from_dict(values)
    if preprocessing.resize_size > MAX_SIDE:  # a hostile file must not ask for terabytes
        raise HotdogError(f"its resize_size {preprocessing.resize_size} is above {MAX_SIDE} pixels")
    return preprocessing


def _checked_names(names: Sequence[str]) -> tuple[str, ...]:
    if isinstance(names, str) or not isinstance(names, Sequence) or not names:
        raise HotdogError(f"class_names {names!r}: give a list of names, at least one")
    wrong = [name for name in names if not isinstance(name, str) or not name.strip()]
    if wrong:
        raise HotdogError(f"class_names has {wrong[0]!r} in it; give non-empty strings")
    return tuple(names)


def _checked_kept(kept: Sequence[int], count: int) -> tuple[int, ...]:
    rows = isinstance(kept, Sequence) and 0 < len(kept) * count <= MAX_MEMBERS
    if not rows or any(type(k) is not int or not -1 <= k < count for k in kept):
        raise HotdogError(f"kept: give a class from 0 to {count - 1}, or -1, for each category")
    if len({*kept} - {-1}) < count:
        raise HotdogError("kept: a class has no category")
    return tuple(kept)


def _check_body(body: Mapping[str, str]) -> None:
    if not isinstance(body, Mapping) or set(body) != {"weights", "digest"}:
        raise HotdogError(f"body {body!r}: give the weights' name and their digest")
    if not isinstance(body["digest"], str):
        raise HotdogError(f"body digest {body['digest']!r}: give it in hex")
    if body["weights"] not in BODIES:  # never a path: a file must not choose what else is read
        raise HotdogError(f"body weights {body['weights']!r} are unknown; choose from {BODIES}")


def _check_adapter(adapter: Mapping[str, Any]) -> None:
    if not isinstance(adapter, Mapping) or set(adapter) != {"kind", "rank"}:
        raise HotdogError(f"adapter {adapter!r}: give its kind and its rank")
    check_kind(adapter["kind"], adapter["rank"])
