"""A saved network that classifies one picture: the same decoding and preprocessing as in
training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from hotdog_lib.data.decode import decode_image
from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.data.preprocess import to_canvas
from hotdog_lib.errors import HotdogError
from hotdog_lib.models.io import ModelCard, load_model
from hotdog_lib.training.engine import predict_logits
from hotdog_lib.training.hardware import Hardware, pick_hardware


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

    def probabilities(self, source: bytes | Path) -> Tensor:
        """Probability of each class for one encoded picture, (C,). Raises DecodeError that names
        the file."""
        size, interpolation = (
            self.card.preprocessing.resize_size,
            self.card.preprocessing.interpolation,
        )
        canvas = to_canvas(decode_image(source), size, interpolation)[None]  # (1, 3, S, S)
        pictures = PictureSet(
            canvas, torch.zeros(1, dtype=torch.int64), self.card.class_names, ("",)
        )
        mirror = bool(self.card.provenance.get("mirror"))
        logits = predict_logits(
            self.model, pictures, self.card.preprocessing, self.hardware, mirror=mirror
        )
        return logits[0].softmax(dim=0)

    def row(self, path: Path) -> dict[str, Any]:
        """The command line's answer for one file; a file that can't be read gets ``error`` instead
        of a label."""
        try:
            shares = self.probabilities(path)
        except HotdogError as error:
            return {"path": str(path), "error": str(error)}
        names = self.card.class_names
        return {
            "path": str(path),
            "label": names[int(shares.argmax())],
            "probability": float(shares.max()),
            "probabilities": dict(zip(names, shares.tolist(), strict=True)),
        }
