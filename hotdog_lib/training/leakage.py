"""What makes a test figure too good, looked for in the user's own pictures and reported.

A test picture that has a near-duplicate among the training pictures, or in the training set of the
source network, tests memory. And a test split that many settings have looked at was used to choose
one of them.
"""

from __future__ import annotations

import json
import logging
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from hotdog_lib.data.duplicates import Signature, near_duplicates
from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.errors import HotdogError
from hotdog_lib.home import atomic_write, cache_dir
from hotdog_lib.models.weights import SourceWeights

logger = logging.getLogger(__name__)

SEEN = "seen.safetensors"  # beside a model: signatures of the pictures that it was trained on
EXAMPLES = 5  # pairs that a report names

Leak = dict[str, Any]  # kind, says (a sentence); pictures, of, examples where they are counted


def find_leaks(
    train: PictureSet,
    validation: PictureSet,
    test: PictureSet | None,
    source: SourceWeights | None,
    positive: str | None,
) -> list[Leak]:
    """All that can be seen before a figure is reported; an empty list is good news.

    Args:
        train: pictures to train on.
        validation: pictures to choose on.
        test: pictures to report on; None reports on ``validation``.
        source: where the training begins.
        positive: the positive class, of which the source may have an own one.

    Example:
        >>> for leak in find_leaks(train, held, test, None, "hotdog"):   # doctest: +SKIP
        ...     print(leak["says"])
        12 of 800 test pictures (1.5 %) are near-duplicates of training pictures: ...
    """
    judged = validation if test is None else test
    mine = judged.signature
    leaks: list[Leak] = []
    if test is not None:
        for name, part in (("training", train), ("validation", validation)):
            seen = part.signature
            leaks += _duplicates("across splits", name, seen, part.names, mine, judged.names)
    if source is not None and source.path is not None:
        leaks += seen_before(source.path, judged, "the source's training")
    return leaks + _known_class(source, positive)


def seen_before(model: Path, pictures: PictureSet, whose: str = "training") -> list[Leak]:
    """Pictures that are near-duplicates of those which a saved model was trained on.

    Args:
        model: a model file; the record of what it has seen lies beside it, or nothing is found.
        pictures: those to judge it by.
        whose: training, for the report.
    """
    path = model.parent / SEEN
    if not path.is_file():
        return []
    try:
        with safe_open(path, "pt") as file:
            bits, thumbnails = file.get_tensor("bits"), file.get_tensor("thumbnails")
            names = tuple(json.loads((file.metadata() or {})["names"]))
        seen = Signature(_unpacked(bits), thumbnails)
        if not seen.bits.shape == (len(names), 256) or thumbnails.shape != (len(names), 3, 8, 8):
            raise ValueError("its parts do not fit together")
    except (SafetensorError, OSError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise HotdogError(f"cannot read {path} ({error}); remove it, or train again") from error
    return _duplicates("seen in training", whose, seen, names, pictures.signature, pictures.names)


def save_seen(folder: Path, *parts: PictureSet) -> None:
    """Put the signatures of all pictures that a run trained or chose on beside its model."""
    bits = torch.cat([part.signature.bits for part in parts])
    thumbnails = torch.cat([part.signature.thumbnails for part in parts])
    names = json.dumps([Path(name).name for part in parts for name in part.names])
    packed = torch.from_numpy(np.packbits(bits.numpy(), axis=1))  # (N, 32)
    with atomic_write(folder / SEEN) as temporary:
        save_file({"bits": packed, "thumbnails": thumbnails}, temporary, {"names": names})


def _unpacked(bits: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(np.unpackbits(bits.numpy(), axis=1)).bool()  # (N, 256)


def _duplicates(
    kind: str,
    whose: str,
    seen: Signature,
    seen_names: tuple[str, ...],
    judged: Signature,
    judged_names: tuple[str, ...],
) -> list[Leak]:
    pairs = near_duplicates(seen, judged)
    count, total = len({pair.b for pair in pairs}), len(judged_names)
    if not count:
        return []
    share = 100 * count / total
    return [
        {
            "kind": kind,
            "pictures": count,
            "of": total,
            "examples": [[seen_names[p.a], judged_names[p.b]] for p in pairs[:EXAMPLES]],
            "says": f"{count} of {total} pictures ({share:.1f} %) are near-duplicates of {whose} "
            f"pictures: the accuracy may be up to {share:.1f} points too good; remove them",
        }
    ]


def _known_class(source: SourceWeights | None, positive: str | None) -> list[Leak]:
    try:
        name = source.categories[source.class_index(positive)] if source and positive else None
    except HotdogError:
        name = None
    if source is None or name is None:
        return []
    says = (
        f"the source weights ({source.name}) were trained on a class {name!r} of their own, maybe "
        "on pictures of yours: compare with their accuracy without any training"
    )
    return [{"kind": "class known to the source", "says": says}]


def note_look(test: str, choice: str, metrics: dict[str, Any]) -> list[Leak]:
    """Remember that a setting was judged by a test split; report when several were.

    Args:
        test: fingerprint of the test pictures.
        choice: name of the setting, the same for all its seeds.
        metrics: what was measured; ``accuracy`` and ``n`` say how much chance could flatter.
    """
    path = cache_dir() / "looks" / f"{test[:32]}.txt"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "a+", encoding="ascii", errors="replace") as file:
            file.write(f"{choice}\n")
            file.seek(0)
            settings = len(set(file.read().split()))
    except OSError as error:
        logger.warning(
            "cannot count the looks at the test pictures in %s (%s)", path, error.strerror
        )
        return []
    if settings < 2:
        return []
    deviation = math.sqrt(metrics["accuracy"] * (1 - metrics["accuracy"]) / metrics["n"])
    flattery = 100 * deviation * math.sqrt(2 * math.log(settings))  # of the best of so many normals
    says = (
        f"{settings} settings have been judged by these test pictures: picking the best of them by "
        f"this figure would flatter it by up to {flattery:.1f} points; choose on validation"
    )
    return [{"kind": "choosing on test", "settings": settings, "says": says}]
