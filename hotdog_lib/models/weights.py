"""Source weights that own their transforms and their categories, so that neither is typed again."""

from __future__ import annotations

import difflib
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torchvision.models import WeightsEnum, get_model_weights

from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.errors import HotdogError
from hotdog_lib.home import file_digest, home
from hotdog_lib.models.architectures import (
    SLIM,
    build_architecture,
    check_model_name,
    weightless,
)
from hotdog_lib.models.card import ModelCard, read_card
from hotdog_lib.models.state import State, clean_state, differences, read_shapes, read_state

EMBEDDED_FOLDER = Path(__file__).parent / "embedded"
_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class SourceWeights:
    """Trained weights with all that their use needs.

    Attributes:
        name: ``"imagenet"``, torchvision's own such as ``"IMAGENET1K_V1"``, ``"embedded"``, a path.
        model: the architecture that they fit.
        categories: the source task's classes, one a row of its head.
        preprocessing: what the network was trained to see.
        path: the file; None where torchvision keeps it.
        digest: SHA-256 of the file; its first 8 digits where torchvision keeps it.
        head: ``"torchvision"``, ``"linear"`` or ``"kept"``, see
            :class:`~hotdog_lib.models.ModelCard`; ``kept``, too.
    """

    name: str
    model: str
    categories: tuple[str, ...]
    preprocessing: Preprocessing
    path: Path | None
    digest: str
    head: str = "linear"
    kept: tuple[int, ...] | None = None

    def state_dict(self) -> State:
        """Tensors on the CPU, float32; those that torchvision keeps are downloaded once.

        Raises:
            HotdogError: unreadable, or no network; says which file to put where.
        """
        if self.path is not None:
            return read_state(self.path)
        return _download(self.model, _torchvision_entry(self.model, self.name))

    def class_index(self, name: str) -> int:
        """Row of the category called ``name``; case, spaces, hyphens and underscores do not matter.

        Raises:
            HotdogError: no such category, with the nearest names, or more than one.

        Example:
            >>> get_weights("squeezenet1_1", "imagenet").class_index("Hot Dog")
            934
        """
        rows = [
            i for i, category in enumerate(self.categories) if squeezed(category) == squeezed(name)
        ]
        if len(rows) == 1:
            return rows[0]
        if rows:
            raise HotdogError(
                f"{self.name} has {len(rows)} categories called {name!r}: rows {rows}"
            )
        by_plain = {squeezed(category): category for category in self.categories}
        near = difflib.get_close_matches(squeezed(name), by_plain, n=5, cutoff=0.5)
        raise HotdogError(
            f"{self.name} has no category {name!r} among its {len(self.categories)}; "
            f"near names: {', '.join(by_plain[key] for key in near) or 'none'}"
        )


def squeezed(name: str) -> str:
    """``name`` with case, spaces, hyphens and underscores taken away."""
    return re.sub(r"[\s_-]+", "", name.casefold())


def get_weights(model: str, weights: str | Path | None) -> SourceWeights | None:
    """Find source weights for ``model``; nothing is downloaded before their ``state_dict()``.

    Args:
        model: one of :func:`~hotdog_lib.models.list_models`.
        weights: ``"imagenet"`` (``HOTDOG_HOME/weights/<model>-imagenet1k.safetensors`` where it is,
            else torchvision's best), the name of a torchvision entry such as ``"IMAGENET1K_V1"``,
            ``"embedded"`` (shipped with the package), the path of a ``.safetensors`` file, or
            ``"none"``.

    Returns:
        The weights; None for ``"none"``.

    Raises:
        HotdogError: unknown model or weights, a missing file, or one of another architecture.
    """
    check_model_name(model)
    if weights is None or str(weights) == "none":
        return None
    if weights == "imagenet":
        path = imagenet_path(model)
        return _from_file(model, path, "imagenet") if path.is_file() else _from_torchvision(model)
    if weights == "embedded":
        return _from_file(model, _embedded_path(model), "embedded")
    if isinstance(weights, str) and weights in _torchvision_names(model):
        return _from_torchvision(model, weights)
    path = Path(weights).expanduser()
    if path.suffix != ".safetensors" and not path.exists():
        known = ["imagenet", "embedded", "none", *_torchvision_names(model)]
        raise HotdogError(
            f"there are no weights {str(weights)!r} for {model}; "
            f"give one of {', '.join(known)}, or the path of a .safetensors file"
        )
    return _from_file(model, path, str(path))


def imagenet_path(model: str) -> Path:
    """Where the ImageNet weights of ``model`` are looked for before torchvision is asked."""
    return home() / "weights" / f"{model}-imagenet1k.safetensors"


def _embedded_path(model: str) -> Path:
    path = EMBEDDED_FOLDER / f"{model}.safetensors"
    if not path.is_file():
        there = sorted(file.stem for file in EMBEDDED_FOLDER.glob("*.safetensors"))
        raise HotdogError(
            f"the package has no embedded weights for {model}, only for: "
            f"{', '.join(there) or 'none'}; choose one of these, "
            "or make them with: python -m hotdog_lib pretrain"
        )
    return path


def _from_file(model: str, path: Path, name: str) -> SourceWeights:
    card = read_card(path) or _bare_card(model, path)
    if card.architecture != model:
        with weightless():
            own = build_architecture(model, len(card.class_names)).state_dict()
        raise HotdogError(
            f"{path} holds weights of {card.architecture}, not of {model}: "
            f"{differences(own, read_shapes(path))}; "
            f"ask for --model {card.architecture}, or for other weights"
        )
    about = card.class_names, card.preprocessing, path, file_digest(path), card.head, card.kept
    return SourceWeights(name, model, *about)


def _bare_card(model: str, path: Path) -> ModelCard:
    """Card of a file without ours: it is taken for ImageNet's if it fits torchvision's network.

    Categories and preprocessing are then those of torchvision's default entry, which for some
    networks (ResNet-50) is the second one: give an older file a card of its own by ``save_model``.
    """
    entry = _torchvision_entry(model) if model != SLIM else None
    side = entry and _preprocessing(entry).crop_size
    with weightless():
        own = build_architecture(model, 1000, side).state_dict()
    given = {
        k: v for k, v in read_shapes(path).items() if k in own or not k.lower().startswith("aux")
    }
    if entry is None or (faults := differences(own, given)):
        raise HotdogError(
            f"{path} does not say what it holds, and it does not fit torchvision's {model} with "
            f"ImageNet's 1000 classes: {faults if entry else 'torchvision has no such network'}; "
            "give a model.safetensors that this library wrote, or weights of the same architecture"
        )
    categories = tuple(entry.meta["categories"])
    return ModelCard(model, categories, _preprocessing(entry), head="torchvision")


def _from_torchvision(model: str, member: str | None = None) -> SourceWeights:
    entry = _torchvision_entry(model, member)
    digest = re.search(r"-([0-9a-f]{8,})\.pth$", entry.url)
    return SourceWeights(
        name=member or "imagenet",
        model=model,
        categories=tuple(entry.meta["categories"]),
        preprocessing=_preprocessing(entry),
        path=None,
        digest=digest.group(1) if digest else "",
        head="torchvision",
    )


def _torchvision_names(model: str) -> list[str]:
    return [] if model == SLIM else list(get_model_weights(model).__members__)


def _torchvision_entry(model: str, member: str | None = None) -> WeightsEnum:
    if model == SLIM:
        raise HotdogError(f"torchvision has no weights for {SLIM}; use --weights embedded")
    entries = get_model_weights(model)
    return entries.DEFAULT if member in (None, "imagenet") else entries[member]


def _preprocessing(entry: WeightsEnum) -> Preprocessing:
    view = entry.transforms()
    return Preprocessing(
        resize_size=view.resize_size[0],
        crop_size=view.crop_size[0],
        mean=tuple(view.mean),
        std=tuple(view.std),
        interpolation=view.interpolation.value,
    )


def _download(model: str, entry: WeightsEnum) -> State:
    """Torchvision's own file, hash checked; from its cache where it is there."""
    file = entry.url.rsplit("/", 1)[-1]
    try:
        _check_cached(Path(torch.hub.get_dir()) / "checkpoints" / file)
        with _network_timeout():
            state = entry.get_state_dict(
                progress=sys.stderr.isatty(), check_hash=True, weights_only=True, map_location="cpu"
            )
    # No network, no such place, a wrong hash, or whatever the reader of a hostile file may raise.
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise HotdogError(
            f"cannot get the ImageNet weights of {model} ({reason}). Without a network, put either "
            f"{entry.url} at {Path(torch.hub.get_dir()) / 'checkpoints' / file}, or a safetensors "
            f"copy of it at {imagenet_path(model)} (HOTDOG_HOME chooses that folder). With one: "
            f"python -m hotdog_lib fetch {model}"
        ) from error
    versions = getattr(state, "_metadata", None)
    cleaned = clean_state(state)
    if versions is not None:
        cleaned = type(state)(cleaned)
        cleaned._metadata = versions
    return cleaned


def _check_cached(file: Path) -> None:
    """torch.hub compares the hash of what it downloads, but not of what lies there already."""
    wanted = re.search(r"-([0-9a-f]{8,})\.pth$", file.name)
    if wanted and file.is_file() and not file_digest(file).startswith(wanted.group(1)):
        raise ValueError(f"{file} has not the hash that its name says; remove it")


@contextmanager
def _network_timeout() -> Iterator[None]:
    """torch.hub opens addresses without a time limit: a silent network would hang for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_TIMEOUT_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
