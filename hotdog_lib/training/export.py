"""A run as a file for other programs, compared with the network itself before it is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from hotdog_lib.data.cache import load_pictures
from hotdog_lib.data.folders import has_splits, scan_folder
from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.errors import HotdogError
from hotdog_lib.home import atomic_write
from hotdog_lib.kitchen.render import SIZES, render_set
from hotdog_lib.models.card import ModelCard
from hotdog_lib.models.io import load_model
from hotdog_lib.models.modes import evaluating
from hotdog_lib.models.onnx_graph import FeaturesAndLogits, compress, note, onnx_graph
from hotdog_lib.training.predict import saved_model

if TYPE_CHECKING:
    from onnx import ModelProto

#: Pictures on which a file is compared with its network. Fewer bits may change one answer in 200.
CHECKED = {"fp32": 100, "fp16": 200, "int8": 200}
TOLERANCE = 1e-3  # of features and logits, as a share of the largest where that is above 1
SAME_ANSWERS = 0.995
_DRAWN_SEED, _DRAWN_SIDE = 2017, 160
_BATCH = 16  # 100 = 6 * 16 + 4, so that two sizes of a batch are tried


def export_run(
    run: Path, out: Path, *, storage: str = "fp32", data: Path | None = None
) -> dict[str, Any]:
    """Write a run, or a saved model, as the ONNX file ``out``; see :func:`export_onnx`.

    Args:
        run: a run folder, or its model.safetensors.
        out: the file.
        storage: ``fp32``, ``fp16`` or ``int8``.
        data: pictures to compare on, a folder of class folders (its test/ where it has one); None
            draws some in the kitchen.
    """
    if out.is_dir():
        raise HotdogError(f"{out} is a folder; --out takes a file, such as {out / 'model.onnx'}")
    model, card = load_model(saved_model(run))
    images = None if data is None else _pictures_of(data, card)
    return export_onnx(model, card, out, storage=storage, images=images)


def export_onnx(
    model: nn.Module,
    card: ModelCard,
    out: Path,
    *,
    storage: str = "fp32",
    images: Tensor | None = None,
) -> dict[str, Any]:
    """Write a network as an ONNX file with the outputs ``features`` and ``logits``.

    Its input ``images`` is a batch of any size, float32 ``(B, 3, S, S)``, preprocessed as the
    metadata say. The graph must agree with torch within 1e-3 before anything is written. With
    fewer bits a weight, the answers of at least 99.5 % of the pictures must be the same: so the
    accuracy on them cannot have changed by more than half a point.

    Args:
        model: the network, on the CPU.
        card: its classes, preprocessing and provenance, which go into the metadata.
        out: the file.
        storage: of the weights, ``fp32``, ``fp16`` or ``int8``; the arithmetic stays float32.
        images: uint8 ``(N, 3, S, S)`` to compare on; None draws some in the kitchen.

    Returns:
        ``path``, ``storage``, ``bytes``, ``pictures``, ``difference`` (largest, before weights
        were shortened) and ``same_answers`` (share).

    Raises:
        HotdogError: a missing package, a network that cannot be exported, or a file that does not
            agree.
    """
    exact = onnx_graph(model, card)
    small = compress(exact, storage)
    images = _drawn(card.preprocessing, CHECKED[storage]) if images is None else images
    inputs = card.preprocessing(images[: CHECKED[storage]])  # (N, 3, h, w)
    expected = _by_torch(model, inputs)
    difference = _agree(expected, by_onnx(exact, inputs), card.architecture)
    same = 1.0 if storage == "fp32" else _same_answers(expected, by_onnx(small, inputs), storage)
    record = {
        "storage": storage,
        "pictures": len(inputs),
        "difference": difference,
        "same_answers": same,
    }
    note(small, "hotdog_lib_export", {**record, "torch": str(torch.__version__)})
    with atomic_write(out) as temporary:
        temporary.write_bytes(small.SerializeToString())
    return {"path": str(out), "bytes": out.stat().st_size, **record}


def by_onnx(model: ModelProto, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Features ``(N, F)`` and logits ``(N, C)`` of a graph, by onnxruntime on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    rows = [session.run(None, {"images": b.contiguous().numpy()}) for b in inputs.split(_BATCH)]
    features, logits = (torch.from_numpy(np.concatenate(part)) for part in zip(*rows, strict=True))
    return features, logits


def _by_torch(model: nn.Module, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """The same of the network itself."""
    with evaluating(model):
        rows = [FeaturesAndLogits(model)(batch) for batch in inputs.split(_BATCH)]
    features, logits = (torch.cat(part) for part in zip(*rows, strict=True))
    return features, logits


def _agree(
    expected: tuple[Tensor, Tensor], found: tuple[Tensor, Tensor], architecture: str
) -> float:
    """The largest difference of any feature or logit. Raises HotdogError above the tolerance."""
    worst = 0.0
    for ours, theirs in zip(expected, found, strict=True):
        worst = max(worst, float((ours - theirs).abs().max() / ours.abs().max().clamp(min=1)))
    if not worst <= TOLERANCE:  # so that nan fails, too
        raise HotdogError(
            f"the ONNX graph of {architecture} differs from torch by {worst:.2g}, more than "
            f"{TOLERANCE:g}; nothing was written. Try another version of onnxscript or torch"
        )
    return worst


def _same_answers(
    expected: tuple[Tensor, Tensor], found: tuple[Tensor, Tensor], storage: str
) -> float:
    """The share of pictures whose class stays the same. Raises HotdogError where it is too low."""
    same = float((expected[1].argmax(1) == found[1].argmax(1)).float().mean())
    if same < SAME_ANSWERS:
        wider = "fp16" if storage == "int8" else "fp32"
        raise HotdogError(
            f"stored as {storage}, the network answers differently on {1 - same:.1%} of the "
            f"pictures, more than {1 - SAME_ANSWERS:.1%}; use --storage {wider}"
        )
    return same


def _pictures_of(data: Path, card: ModelCard) -> Tensor:
    """Pictures of a folder as canvases, uint8 ``(N, 3, S, S)``, evenly over its classes."""
    folder = scan_folder(data, "test" if has_splits(data) else None)
    view = card.preprocessing
    pictures = load_pictures(folder, view.resize_size, interpolation=view.interpolation)
    order = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(0))
    return pictures.images[order]


def _drawn(view: Preprocessing, count: int) -> Tensor:
    """The kitchen's pictures, uint8 ``(count, 3, S, S)``; the preprocessing resizes them."""
    side = max(SIZES[0], min(view.resize_size, _DRAWN_SIDE))
    return render_set(_DRAWN_SEED, range(count), side).images
