"""Chapter 12, your own photos: read a file as in training, find wrong labels, abstain."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from hotdog_lib.data.decode import decode_image
from hotdog_lib.data.preprocess import Preprocessing, to_canvas
from hotdog_lib.exercises.exercise import Exercise, Wrong, expect

VIEW = Preprocessing(24, 20)

__all__ = ["EXERCISES", "ImageOps"]  # ImageOps: what a learner may well use


def _file(
    folder: Path, name: str, size: tuple[int, int], turn: int = 1, holes: bool = False
) -> Path:
    """A picture file: smooth random colours, an orientation in its EXIF, or transparent holes."""
    cells = np.random.default_rng(len(name)).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    image = Image.fromarray(cells).resize(size, Image.Resampling.BICUBIC)
    if holes:
        image.putalpha(Image.fromarray(np.uint8(255 * (np.indices(size[::-1]).sum(0) % 40 < 20))))
    exif = Image.Exif()
    exif[0x0112] = turn
    image.save(folder / name, exif=exif)
    return folder / name


def check_prepare(prepare: Callable[[Path, Preprocessing], Tensor]) -> None:
    """A file comes out as training and evaluation have it: upright, on white, not mirrored."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        files = {
            "plain": _file(folder, "wide.png", (48, 30)),
            "turned": _file(folder, "a phone's.png", (48, 30), turn=6),
            "holes": _file(folder, "a sticker's.png", (30, 30), holes=True),
        }
        given = {what: prepare(path, VIEW) for what, path in files.items()}
        wanted = {what: _as_trained(path) for what, path in files.items()}
    plain = given["plain"]
    expect(isinstance(plain, Tensor), f"it gave a `{type(plain).__name__}`, not a tensor")
    expect(
        tuple(plain.shape) == (1, 3, 20, 20),
        f"its shape is {tuple(plain.shape)}; a batch of one, (1, 3, 20, 20), is wanted here",
    )
    expect(
        not _same(plain, wanted["plain"].transpose(2, 3)),
        "rows and columns are swapped: the picture lies on its side, mirrored",
    )
    expect(
        _same(plain, wanted["plain"]),
        "a plain file, without any tricks, does not come out as `view` makes it. Use `to_canvas` "
        "and `view` as they stand",
    )
    expect(
        _same(given["turned"], wanted["turned"]),
        "a phone's picture lies on its side: its file says in its EXIF block how to turn it, and "
        "nobody listens",
    )
    expect(
        _same(given["holes"], wanted["holes"]),
        "a picture with transparent parts shows what lies under them; in training they were white",
    )


def _as_trained(path: Path) -> Tensor:
    return VIEW(to_canvas(decode_image(path), VIEW.resize_size)[None])


def _same(given: Tensor, wanted: Tensor) -> bool:
    return given.shape == wanted.shape and bool((given - wanted).abs().max() < 0.05)


PREPARE = Exercise(
    id="12.2",
    answer="prepare",
    cell='''
def prepare(path, view):
    """A picture's file as the network expects it: (1, 3, S, S)."""
    #: solution
    pixels = decode_image(path)  # (3, H, W)
    #: stub
    # image = Image.open(path).convert("RGB")
    # pixels = torch.from_numpy(np.array(image)).permute(2, 1, 0)  # (3, H, W)?
    #: end
    canvas = to_canvas(pixels, view.resize_size, view.interpolation)
    return view(canvas[None])
''',
    check=check_prepare,
    right="One reader for training and for use: then they cannot come apart.",
    hints=(
        "An array of Pillow's is (rows, columns, colours). Which of them does `permute(2, 1, 0)` "
        "put where?",
        "Two more faults are in the line before it. Chapter 2 has a figure of them, with a phone's "
        "picture and a sticker.",
        "All three are gone with one call: `pixels = decode_image(path)`.",
    ),
    wrong=(
        Wrong(
            """
def prepare(path, view):
    image = Image.open(path).convert("RGB")
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)
    return view(to_canvas(pixels, view.resize_size)[None])
""",
            "in its EXIF block",
        ),
        Wrong(
            """
def prepare(path, view):
    image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)
    return view(to_canvas(pixels, view.resize_size)[None])
""",
            "transparent parts",
        ),
        Wrong(
            """
def prepare(path, view):
    pixels = decode_image(path).transpose(1, 2)
    return view(to_canvas(pixels, view.resize_size)[None])
""",
            "rows and columns are swapped",
        ),
        Wrong(
            """
def prepare(path, view):
    return view(to_canvas(decode_image(path), view.resize_size)[None])[0]
""",
            "a batch of one",
        ),
        Wrong(
            """
def prepare(path, view):
    canvas = to_canvas(decode_image(path), view.resize_size)
    return view(canvas[None] / 255)
""",
            "a plain file",
        ),
    ),
)


def check_look_again(look_again: Callable[[Tensor, Tensor, int], Sequence[int]]) -> None:
    """The pictures whose own label the network finds least likely, least likely first."""
    probabilities = torch.rand(40, 3).pow(3).add(0.01)
    probabilities /= probabilities.sum(1, keepdim=True)
    sure, labels = probabilities.max(1)
    wrong = sure.argsort(descending=True)[::3]  # of the surest answers, too, a third is wrong
    labels[wrong] = (labels[wrong] + 1) % 3
    of_label = probabilities.gather(1, labels[:, None])[:, 0]
    rows = [int(row) for row in look_again(probabilities, labels, 5)]
    expect(len(rows) == 5, f"five rows were asked for, and {len(rows)} came")
    wanted = of_label.argsort()[:5].tolist()
    expect(
        {*rows} != {*sure.argsort(descending=True)[:5].tolist()},
        "these are the answers that the network is surest of, and most of them agree with the "
        "label. Nothing is to be found there",
    )
    expect(
        {*rows} != {*sure.argsort()[:5].tolist()},
        "these are the pictures that the network cannot decide on. Look for those that it has "
        "decided on, against the label",
    )
    expect(
        {*rows} != {*of_label.argsort(descending=True)[:5].tolist()},
        "these are the pictures where network and label agree best: the order is the wrong way "
        "round",
    )
    expect(
        {*rows} == {*wanted},
        "they are not the five whose own label got the lowest probability",
    )
    expect(rows == wanted, "they are the right five, and the first should be the most suspicious")


LOOK_AGAIN = Exercise(
    id="12.1",
    answer="look_again",
    cell='''
def look_again(probabilities, labels, count):
    """Rows of the `count` pictures whose labels are most suspicious, worst first.

    Shapes: probabilities (N, classes), labels (N,), int64.
    """
    #: solution
    of_label = probabilities.gather(1, labels[:, None])[:, 0]  # (N,)
    return of_label.argsort()[:count].tolist()
    #: stub
    # sure = probabilities.max(dim=1).values  # (N,)
    # return sure.argsort(descending=True)[:count].tolist()
    #: end
''',
    check=check_look_again,
    right="Now look at the pictures. The list is where to look, not what to find.",
    hints=(
        "A label is suspicious if the network, which never saw it, thinks it very unlikely.",
        "You need one number a picture: the probability that it got for *its own* label.",
        "`probabilities.gather(1, labels[:, None])[:, 0]` is that number; lowest first.",
    ),
    wrong=(
        Wrong(
            """
def look_again(probabilities, labels, count):
    return probabilities.max(dim=1).values.argsort()[:count].tolist()
""",
            "cannot decide",
        ),
        Wrong(
            """
def look_again(probabilities, labels, count):
    wrong = (probabilities.argmax(1) != labels).nonzero().flatten()
    return wrong[:count].tolist()
""",
            "not the five",
        ),
        Wrong(
            """
def look_again(probabilities, labels, count):
    of_label = probabilities.gather(1, labels[:, None])[:, 0]
    return of_label.argsort(descending=True)[:count].tolist()
""",
            "the wrong way round",
        ),
        Wrong(
            """
def look_again(probabilities, labels, count):
    of_label = probabilities.gather(1, labels[:, None])[:, 0]
    return sorted(of_label.argsort()[:count].tolist(), reverse=True)
""",
            "most suspicious",
        ),
        Wrong(
            """
def look_again(probabilities, labels, count):
    of_label = probabilities.gather(1, labels[:, None])[:, 0]
    return (of_label < 0.1).nonzero().flatten().tolist()
""",
            "five rows were asked for",
        ),
    ),
)


def check_threshold(threshold: Callable[[Tensor, Tensor, float], float]) -> None:
    """The lowest threshold at which the answers given are right often enough."""
    sure = torch.tensor([0.99, 0.97, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.52])
    right = torch.tensor([1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1, 0], dtype=torch.bool)
    order = torch.randperm(len(sure))
    sure, right = sure[order], right[order]
    for wanted, best in ((0.88, 0.65), (0.95, 0.9), (0.7, 0.52)):
        given = float(threshold(sure, right, wanted))
        answered = sure >= given
        expect(
            bool(answered.any()), f"at {given:.2f} nothing is answered at all; that helps nobody"
        )
        share = float(right[answered].float().mean())
        expect(
            share >= wanted,
            f"of the pictures with {given:.2f} or more only {share:.0%} are right, and "
            f"{wanted:.0%} were asked for",
        )
        more = int((sure >= best).sum() - answered.sum())
        expect(
            more <= 0,
            f"{given:.2f} is safe, and too shy: {best:.2f} is safe as well, and answers {more} "
            "more",
        )


THRESHOLD = Exercise(
    id="12.3",
    answer="threshold",
    cell='''
def threshold(sure, right, wanted):
    """The lowest of the values in `sure` above which a share `wanted` of the answers is right.

    Shapes: sure (N,), the probability of the answer given; right (N,), bool.
    """
    #: solution
    sure, order = sure.sort(descending=True)
    share = right[order].float().cumsum(0) / torch.arange(1, len(sure) + 1)  # (N,)
    enough = sure[share >= wanted]
    return float(enough.min()) if len(enough) else 1.0
    #: stub
    # return wanted
    #: end
''',
    check=check_threshold,
    right="It was chosen on validation pictures, so it may be tried on the test pictures once.",
    hints=(
        "A network's 0.95 is a claim. Whether 95 of a hundred such answers are right is a "
        "measurement.",
        "Sort by `sure`, highest first. Of the first k answers, how many are right? `cumsum` tells "
        "for all k at once.",
        "Of all the k where that share is high enough, take the largest: the lowest `sure`.",
    ),
    wrong=(
        Wrong(
            """
def threshold(sure, right, wanted):
    return sure.quantile(1 - wanted)
""",
            "were asked for",
        ),
        Wrong(
            """
def threshold(sure, right, wanted):
    return sure[~right].max() + 1e-3
""",
            "too shy",
        ),
        Wrong(
            """
def threshold(sure, right, wanted):
    return 1.0
""",
            "nothing is answered",
        ),
        Wrong(
            """
def threshold(sure, right, wanted):
    return sure[right].min()
""",
            "were asked for",
        ),
    ),
)

EXERCISES = (LOOK_AGAIN, PREPARE, THRESHOLD)
