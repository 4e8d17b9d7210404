"""A saved network at work, with the decoding and preprocessing of its training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from hotdog_lib.data.decode import decode_image
from hotdog_lib.data.folders import has_splits
from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.data.preprocess import to_canvas
from hotdog_lib.data.web import is_url, read_url
from hotdog_lib.errors import HotdogError
from hotdog_lib.models.io import ModelCard, load_model
from hotdog_lib.training.engine import evaluate, predict_logits
from hotdog_lib.training.hardware import Hardware, pick_hardware
from hotdog_lib.training.leakage import note_look, seen_before
from hotdog_lib.training.metrics import choose_positive
from hotdog_lib.training.run_splits import load_split


@dataclass(frozen=True)
class Classifier:
    """A trained network with everything that prediction needs.

    Example:
        >>> Classifier.load(Path("RUN/model.safetensors")).row(Path("lunch.jpg"))   # doctest: +SKIP
        {'path': 'lunch.jpg', 'label': 'hotdog', 'probability': 0.97, ...}
    """

    model: nn.Module
    card: ModelCard
    hardware: Hardware

    @classmethod
    def load(cls, path: Path, *, device: str = "auto", precision: str = "auto") -> Classifier:
        """Read a model file written by a run."""
        model, card = load_model(path)
        hardware = pick_hardware(device, precision)
        return cls(hardware.place(model), card, hardware)

    def probabilities(self, source: bytes | Path | str, *, allow_private: bool = False) -> Tensor:
        """Probability of each class, (C,), for one picture: its encoded bytes, file or address.

        Raises:
            DecodeError: it can't be read; names the file or the address.
        """
        name = None if isinstance(source, bytes) else str(source)
        if is_url(source):
            source = read_url(str(source), allow_private=allow_private)
        size, interpolation = (
            self.card.preprocessing.resize_size,
            self.card.preprocessing.interpolation,
        )
        canvas = to_canvas(decode_image(source, name=name), size, interpolation)[
            None
        ]  # (1, 3, S, S)
        pictures = PictureSet(
            canvas, torch.zeros(1, dtype=torch.int64), self.card.class_names, ("",)
        )
        mirror = bool(self.card.provenance.get("mirror"))
        logits = predict_logits(
            self.model, pictures, self.card.preprocessing, self.hardware, mirror=mirror
        )
        return logits[0].softmax(dim=0)

    def row(self, source: Path | str, *, allow_private: bool = False) -> dict[str, Any]:
        """The command line's answer for one file or address; what can't be read gets ``error``
        instead of a label."""
        try:
            return self.answer(source, allow_private=allow_private)
        except HotdogError as error:
            return {"path": str(source), "error": str(error)}

    def answer(self, source: Path | str, *, allow_private: bool = False) -> dict[str, Any]:
        """``path``, ``label``, ``probability`` and ``probabilities``; raises as
        :meth:`probabilities`."""
        shares = self.probabilities(source, allow_private=allow_private)
        names = self.card.class_names
        return {
            "path": str(source),
            "label": names[int(shares.argmax())],
            "probability": float(shares.max()),
            "probabilities": dict(zip(names, shares.tolist(), strict=True)),
        }


def saved_model(run: Path) -> Path:
    """The model file of a run folder, or the file itself. Raises HotdogError if it is not there."""
    path = run / "model.safetensors" if run.is_dir() else run
    if not path.exists():
        raise HotdogError(
            f"{run} holds no trained model ({path.name} is missing); train first, or check the path"
        )
    return path


def evaluate_run(
    run: Path, data: Path, *, device: str = "auto", precision: str = "auto"
) -> dict[str, Any]:
    """Metrics of a saved model on ``data/test`` where that exists, else on every picture of
    ``data``."""
    model, card = load_model(saved_model(run))
    hardware = pick_hardware(device, precision)
    split = "test" if has_splits(data) else None
    pictures = load_split(data, split, card.preprocessing, card.class_names)
    metrics = evaluate(
        hardware.place(model),
        pictures,
        card.preprocessing,
        hardware,
        positive=choose_positive(card.class_names, card.provenance.get("positive")),
        mirror=bool(card.provenance.get("mirror")),
    )
    leaks = seen_before(saved_model(run), pictures)
    if has_splits(data) and "choice" in card.provenance:
        leaks += note_look(pictures.fingerprint(), str(card.provenance["choice"]), metrics)
    return {**metrics, "leakage": leaks, "skipped": [vars(s) for s in pictures.skipped]}


def predict_run(
    run: Path,
    images: Sequence[Path | str],
    *,
    device: str = "auto",
    precision: str = "auto",
    allow_private: bool = False,
) -> Iterator[dict[str, Any]]:
    """One row a picture: ``path``, ``label``, ``probability``, ``probabilities``; or ``path`` and
    ``error``."""
    classifier = Classifier.load(saved_model(run), device=device, precision=precision)
    for source in images:
        yield classifier.row(source, allow_private=allow_private)


def classify_hotdog(
    source: Path | str,
    model: Classifier | Path | str,
    *,
    allow_private: bool = False,
) -> dict[str, Any]:
    """Is it a hot dog? For a file, or for an address on the web.

    Args:
        source: a picture file; or the http or https address of a picture, of at most 32 MiB, which
            must arrive within 20 seconds.
        model: a run folder, its model.safetensors, or a classifier that is loaded already.
        allow_private: take addresses inside the reader's own network, too.

    Returns:
        ``path``, ``label``, ``probability`` (of the label) and ``probabilities`` (of each class).

    Raises:
        HotdogError: no such model, or a picture that can't be read.

    Example:
        >>> classify_hotdog("https://example.org/lunch.jpg", "runs/first")   # doctest: +SKIP
        {'path': 'https://example.org/lunch.jpg', 'label': 'hotdog', 'probability': 0.97, ...}
    """
    known = isinstance(model, Classifier)
    classifier = model if known else Classifier.load(saved_model(Path(model)))
    return classifier.answer(source, allow_private=allow_private)
