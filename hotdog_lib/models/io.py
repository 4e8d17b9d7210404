"""Save a network with all that is needed to use it again, and load it back, bit for bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.errors import HotdogError
from hotdog_lib.home import atomic_write
from hotdog_lib.models.adapters import adapter_keys, insert, inserted
from hotdog_lib.models.architectures import build_architecture, weightless
from hotdog_lib.models.card import BODIES, METADATA_KEY, ModelCard, read_card
from hotdog_lib.models.heads import (
    count_logits,
    get_classifier,
    has_head_relu,
    kept_layer,
    put_saved_head,
)
from hotdog_lib.models.state import (
    State,
    check_fit,
    load_state,
    portable_state,
    read_shapes,
    read_state,
)
from hotdog_lib.models.weights import SourceWeights, get_weights

__all__ = ["ModelCard", "load_model", "read_metadata", "save_adapter", "save_model"]


def save_model(
    model: nn.Module,
    path: Path | str,
    *,
    architecture: str,
    class_names: Sequence[str],
    preprocessing: Preprocessing,
    provenance: Mapping[str, Any] | None = None,
    dtype: torch.dtype | None = None,
) -> ModelCard:
    """Write weights and card to one ``.safetensors`` file, whole or not at all.

    Args:
        model: the network, wrapped (DDP, compile) or not, in any memory format, on any device.
        path: the file; its folder is made.
        architecture: one of :func:`~hotdog_lib.models.list_models`.
        class_names: one a logit, in order.
        preprocessing: what the network expects.
        provenance: anything JSON that says how it was made.
        dtype: of the stored parameters, such as ``torch.float16``; None keeps theirs.

    Returns:
        The card that the file carries.

    Raises:
        HotdogError: names and logits that do not match in number, values too large for ``dtype``,
            or a place that can not be written.
    """
    card = _card(model, architecture, class_names, preprocessing, provenance)
    return _write(path, portable_state(model, dtype), card)


def save_adapter(
    model: nn.Module,
    path: Path | str,
    source: SourceWeights,
    *,
    class_names: Sequence[str],
    preprocessing: Preprocessing,
    provenance: Mapping[str, Any] | None = None,
) -> ModelCard:
    """Write what a frozen network learned and its buffers, without the weights it came with.

    Args:
        model: the network; what learns in it is stored (:func:`~.adapters.adapter_keys`).
        path: the file; its folder is made.
        source: the weights that the network came with; :func:`load_model` asks for them again.
        class_names: one a logit, in order.
        preprocessing: what the network expects.
        provenance: anything JSON that says how it was made.

    Returns:
        The card that the file carries.

    Raises:
        HotdogError: as :func:`save_model`; or a LoRA that is merged.
    """
    body = {
        "weights": source.name if source.name in BODIES else "file",
        "digest": source.digest,
    }
    card = _card(model, source.model, class_names, preprocessing, provenance, body)
    state = portable_state(model)
    return _write(path, {key: state[key] for key in adapter_keys(model)}, card)


def _card(
    model: nn.Module,
    architecture: str,
    class_names: Sequence[str],
    preprocessing: Preprocessing,
    provenance: Mapping[str, Any] | None,
    body: Mapping[str, str] | None = None,
) -> ModelCard:
    kept = kept_layer(model)
    linear = get_classifier(model).bias is not None and not has_head_relu(model)
    card = ModelCard(
        architecture,
        tuple(class_names),
        preprocessing,
        provenance or {},
        "kept" if kept else "linear" if linear else "torchvision",
        body,
        inserted(model),
        kept.classes if kept else None,
    )
    if len(card.class_names) != count_logits(model):
        raise HotdogError(f"{len(card.class_names)} class names for {count_logits(model)} logits")
    return card


def _write(path: Path | str, state: State, card: ModelCard) -> ModelCard:
    with atomic_write(Path(path)) as temporary:
        save_file(state, temporary, metadata={METADATA_KEY: card.to_json()})
    return card


def read_metadata(path: Path | str) -> ModelCard:
    """The checked card of a saved network, without reading its weights.

    Raises:
        HotdogError: no such file, no safetensors, or no card of ours in it.
    """
    card = read_card(Path(path))
    if card is None:
        raise HotdogError(
            f"{path} does not say what it holds; give a model.safetensors that this library wrote"
        )
    return card


def load_model(
    path: Path | str, device: torch.device | str = "cpu", *, source: SourceWeights | None = None
) -> tuple[nn.Module, ModelCard]:
    """A saved network in eval mode, float32, on ``device``, and its card.

    Its logits equal those of the network that was saved, bit for bit, in the same memory format
    and on the same kind of device. A file that holds a head alone, as the book's page "Try it"
    writes it, or an adapter, gets its body from the source weights that it names, or from
    ``source`` where those came from a file.

    Raises:
        HotdogError: as :func:`read_metadata`; or weights that do not fit the architecture it
            names; or a head whose body is not here.
    """
    card = read_metadata(path)
    _check_fit(card, Path(path))
    model = _build(card)
    state = read_state(Path(path))
    if card.body:
        state = {**_body(card, path, source), **state}
    load_state(model, state, str(path))
    return model.eval().to(device), card


def _build(card: ModelCard) -> nn.Module:
    count = len(card.class_names)
    model = build_architecture(card.architecture, count, card.preprocessing.crop_size)
    put_saved_head(model, card.head, count, card.kept)
    return insert(model, **card.adapter) if card.adapter else model


def _check_fit(card: ModelCard, path: Path) -> None:
    """Compare the file's header with the network that it names, before either takes any memory: a
    few bytes could name a network, or a number of classes, that no machine can hold."""
    with weightless():
        own = _build(card).state_dict()
    given = read_shapes(path)
    if card.body:  # the rest is elsewhere
        own = {key: own[key] for key in own if key in given}
    check_fit(own, given, str(path), card.architecture)


def _body(card: ModelCard, path: Path | str, source: SourceWeights | None) -> State:
    """Tensors of the source weights that the head, or the adapter, in ``path`` was taught on."""
    weights, digest = card.body["weights"], card.body["digest"]
    if source is None and weights == "file":  # a file must not choose what else is read
        raise HotdogError(
            f"{path} was taught on the weights in a file ({digest[:8]}); load them by get_weights "
            "and hand them over as source"
        )
    source = source or get_weights(card.architecture, weights)
    if source.digest != digest:
        raise HotdogError(
            f"{path} was taught on other {weights} weights of {card.architecture} ({digest[:8]}) "
            f"than those here ({source.digest[:8]}); teach it again on these, or use the version "
            "of hotdog_lib that it comes from"
        )
    return source.state_dict()
