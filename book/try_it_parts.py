"""Make what the page "Try it" carries: python book/try_it_parts.py

Three small networks as ONNX files, sheets of the kitchen's pictures, and parts.json, which tells
the page what they are. book/build.py calls this where something that they depend on has changed.
The classifier is made with the calls behind ``hotdog_lib render``, ``train`` and ``export``.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from try_it_facts import PARTS, weight

from hotdog_lib.data.augment import Augmentation
from hotdog_lib.home import home
from hotdog_lib.kitchen import NEGATIVE_KINDS, POSITIVE_KINDS, Domain, render, render_set
from hotdog_lib.lab import Lab, open_lab, render_folder
from hotdog_lib.models import (
    ModelCard,
    classifier_name,
    create_model,
    get_classifier,
    load_model,
    read_metadata,
    reset_classifier,
    save_model,
)
from hotdog_lib.training.export import export_onnx, export_run
from hotdog_lib.training.recipe import Recipe
from hotdog_lib.training.run import RunOptions, train_run
from hotdog_lib.training.state import seeded

#: The chapters' network; in the full edition the smallest of torchvision's.
MODELS = {"pocket": "resnet18_slim", "full": "squeezenet1_1"}
#: So that the three are below 5 MB: the classifier answers as in torch, features may be rougher.
STORAGES = {"classifier": "fp16", "features": "int8"}
RECIPES = {
    "pocket": Recipe(
        epochs=12, lr=1e-3, batch_size=16, augmentation=Augmentation(scale=(0.5, 1.0))
    ),
    "full": Recipe(),
}
CLASSES = ("hotdog", "not-hotdog")
#: Seeds of the pictures: other ones than any chapter's.
DRAWN_SEED, GALLERY_SEED, SHEET_SEED = 1701, 1702, 1703
GALLERY = (
    *("banana_bun", "chicago", "dachshund", "french_dog", "classic", "submarine"),
    *("kraut_dog", "legs", "eclair", "chili_cheese", "carrot_bun", "foot_long"),
)
PER_SHEET, COLUMNS = 50, 10


@dataclass(frozen=True)
class Sheet:
    """One class that the reader can take from the kitchen: its name and what is drawn for it."""

    name: str
    kinds: tuple[str, ...]

    @property
    def file(self) -> str:
        """The picture that holds all of its pictures."""
        return f"{self.name.replace(' ', '_')}.webp"


SHEETS = (
    Sheet("hot dogs", POSITIVE_KINDS),
    Sheet("other things", NEGATIVE_KINDS),
    Sheet("dachshunds", ("dachshund",)),
    Sheet("legs", ("legs",)),
    Sheet("burgers", ("burger",)),
    Sheet("pizzas", ("pizza",)),
    Sheet("doughnuts", ("doughnut",)),
    Sheet("bananas", ("banana",)),
)


def make(out: Path = PARTS) -> dict[str, Any]:
    """Write all parts to ``out``, whole or not at all; returns what parts.json holds."""
    lab = open_lab()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".try_it.", dir=out.parent) as scratch:
        made = Path(scratch) / "made"
        made.mkdir()
        parts = {
            "edition": lab.edition,
            "model": MODELS[lab.edition],
            "weights": lab.weights,
            "classifier": classifier(lab, made / "classifier.onnx", Path(scratch)),
            "source": features(lab, made / "source.onnx", trained=True),
            "random": features(lab, made / "random.onnx", trained=False),
            "gallery": gallery(lab, made / "gallery.webp"),
            "sheets": [sheet(lab, s, made / s.file) for s in SHEETS],
            "head": head_card(lab),
        }
        text = json.dumps(parts, indent=1) + "\n"
        (made / "parts.json").write_text(text, encoding="utf-8")
        shutil.rmtree(out, ignore_errors=True)
        made.rename(out)
    return parts


def classifier(lab: Lab, out: Path, scratch: Path) -> dict[str, Any]:
    """Fine-tune the source network on hot dogs, export it, and say how good it is."""
    data, run, model = home() / "hotdog", scratch / "run", MODELS[lab.edition]
    validation = 0.1
    if lab.edition == "pocket":
        data, validation = scratch / "drawn", 1 / 6  # 500 to learn from, 100 to choose the epoch
        render_folder(data, {"train": 600, "test": 400}, DRAWN_SEED, lab.size)
    options = RunOptions(data, run, model, lab.weights, RECIPES[lab.edition], validation=validation)
    metrics = train_run(options)
    saved = out.with_suffix(".safetensors")
    halve(run / "model.safetensors", saved)
    exported = export_run(saved, out, storage=STORAGES["classifier"], data=data)
    card = read_metadata(saved)
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    return {
        **about(out, exported),
        "class_names": list(card.class_names),
        "preprocessing": card.preprocessing.to_dict(),
        "mirror": bool(card.provenance["mirror"]),
        "saved": saved.name,
        "pictures": config["pictures"],
        "test": {key: metrics["test"][key] for key in ("n", "accuracy", "f1")},
    }


def halve(path: Path, out: Path) -> None:
    """Store a saved network in half as many bytes: the same one for the page and for torch."""
    model, card = load_model(path)
    save_model(
        model,
        out,
        architecture=card.architecture,
        class_names=card.class_names,
        preprocessing=card.preprocessing,
        provenance=card.provenance,
        dtype=torch.float16,
    )


def features(lab: Lab, out: Path, *, trained: bool) -> dict[str, Any]:
    """Export a network for its features: the source's, or one that has learned nothing."""
    name = MODELS[lab.edition]
    source = lab.source(name)
    with seeded(0):
        model = create_model(name, weights=source if trained else None, num_classes=2)
    reset_classifier(model, len(CLASSES))  # not used; zeros answer the same in any precision
    card = ModelCard(name, CLASSES, source.preprocessing, {"source": trained and source.digest})
    images = render_set(SHEET_SEED, range(100), lab.size).images
    exported = export_onnx(model.eval(), card, out, storage=STORAGES["features"], images=images)
    return {
        **about(out, exported),
        "preprocessing": source.preprocessing.to_dict(),
        "features": get_classifier(model).weight.shape[1],
    }


def about(out: Path, exported: dict[str, Any]) -> dict[str, Any]:
    """A network's entry: file name, size and agreement with torch."""
    kept = ("bytes", "pictures", "difference", "same_answers")
    return {"file": out.name, "checked": {key: exported[key] for key in kept}}


def head_card(lab: Lab) -> dict[str, Any]:
    """What a head taught in the page says of itself, and the names and shapes of its tensors."""
    name = MODELS[lab.edition]
    source = lab.source(name)
    body = {"weights": lab.weights, "digest": source.digest}
    card = ModelCard(name, CLASSES, source.preprocessing, body=body)
    model = create_model(name, num_classes=2)
    shape = get_classifier(model).weight.shape[1:]  # (F,) or (F, 1, 1)
    layer = classifier_name(model)
    return {"card": json.loads(card.to_json()), "layer": layer, "shape": list(shape)}


def gallery(lab: Lab, out: Path) -> dict[str, Any]:
    """Pictures to try the classifier on, half of them hot dogs, half of them nearly."""
    drawn = [render(GALLERY_SEED, i, lab.size, kind=kind) for i, kind in enumerate(GALLERY)]
    save_sheet(torch.stack([picture.image for picture in drawn]), out)
    return {
        "file": out.name,
        "size": lab.size,
        "columns": COLUMNS,
        "answers": [CLASSES[picture.target] for picture in drawn],
        "kinds": [kind.replace("_", " ") for kind in GALLERY],
    }


def sheet(lab: Lab, which: Sheet, out: Path) -> dict[str, Any]:
    """Pictures of one class to teach a head with."""
    share = 1.0 if which.kinds[0] in POSITIVE_KINDS else 0.0
    domain = Domain(kinds=which.kinds)
    offset = 1000 * SHEETS.index(which)
    indices = range(offset, offset + PER_SHEET)
    drawn = render_set(SHEET_SEED, indices, lab.size, positive_share=share, domain=domain)
    save_sheet(drawn.images, out)
    about = {"name": which.name, "file": out.name, "count": PER_SHEET}
    return {**about, "size": lab.size, "columns": COLUMNS}


def save_sheet(images: Tensor, out: Path) -> None:
    """Pictures uint8 ``(N, 3, S, S)`` side by side in one WebP file, ``COLUMNS`` a row."""
    side = images.shape[-1]
    rows = -(-len(images) // COLUMNS)
    page = Image.new("RGB", (COLUMNS * side, rows * side))
    for number, image in enumerate(images):
        corner = (number % COLUMNS * side, number // COLUMNS * side)
        page.paste(Image.fromarray(image.permute(1, 2, 0).numpy()), corner)
    page.save(out, quality=92, method=6)


if __name__ == "__main__":
    os.environ.setdefault("HOTDOG_EDITION", "pocket")
    print(f"{PARTS}: {weight(make()) / 1e6:.1f} MB of networks")
