"""Chapter 2, the pictures: leaks across a split, normalising, mirroring, unpacking records."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from hotdog_lib.exercises.exercise import Exercise, Wrong, expect


def check_leaks(leaks: Callable[[Tensor, Tensor, Tensor], int]) -> None:
    """How many test pictures belong to a group of which a picture is trained on."""
    #                      row: 0  1  2  3  4  5  6  7  8  9
    groups = torch.tensor([5, 5, 5, 5, 8, 9, 9, 2, 3, 4])
    train, test = torch.tensor([0, 4, 5, 7, 9]), torch.tensor([1, 2, 3, 6, 8])
    given = leaks(groups, train, test)
    expect(given is not None, "it returned nothing: is there a `return`?")
    given = float(given) if not isinstance(given, Tensor) or given.numel() == 1 else len(given)
    reasons = {
        0.0: "it returned 0. No row is on both sides, but that is not the question: rows 0 and 1 "
        "are two copies of one picture, and they share their number in `groups`",
        2.0: "it returned 2, the number of *groups* on both sides; of the first, three copies are "
        "in the test part, and each of them is an answer known beforehand",
        0.8: "it returned a share; the number of pictures is wanted",
    }
    expect(
        given == 4,
        reasons.get(given, f"it returned {given:g}; rows 1, 2, 3 and 6 have a copy in training"),
    )
    expect(
        float(leaks(groups, test, train)) == 2,
        "with training and test part exchanged there are two: rows 0 and 5",
    )


LEAKS = Exercise(
    id="02.1",
    answer="leaks",
    cell='''
def leaks(groups, train, test):
    """How many test pictures have a copy in the training part; train and test are rows."""
    #: solution
    seen = set(groups[train].tolist())
    return sum(group in seen for group in groups[test].tolist())
    #: end
''',
    check=check_leaks,
    right="For a split by `stratified_split(..., groups=groups)` it is 0, whatever the seed.",
    hints=(
        "`groups[train]` are the group numbers that are trained on.",
        "Go through `groups[test]`, and count those that are among them.",
    ),
    wrong=(
        Wrong(
            """
def leaks(groups, train, test):
    return len(set(train.tolist()) & set(test.tolist()))
""",
            "rows 0 and 1 are two copies",
        ),
        Wrong(
            """
def leaks(groups, train, test):
    return len(set(groups[train].tolist()) & set(groups[test].tolist()))
""",
            "the number of *groups*",
        ),
        Wrong(
            """
def leaks(groups, train, test):
    seen = set(groups[train].tolist())
    return sum(group in seen for group in groups[test].tolist()) / len(test)
""",
            "it returned a share",
        ),
    ),
)

_MEAN, _STD = (0.5, 0.4, 0.3), (0.25, 0.2, 0.1)


def check_prepare(prepare: Callable[[Tensor, Sequence[float], Sequence[float]], Tensor]) -> None:
    """Bytes to 0..1, minus the channel's mean, over the channel's deviation."""
    images = torch.randint(0, 256, (4, 3, 5, 6), dtype=torch.uint8)
    before = images.clone()
    given = prepare(images, _MEAN, _STD)
    expect(isinstance(given, Tensor), f"it returned a `{type(given).__name__}`, not a tensor")
    expect(given.shape == images.shape, f"the shape became {tuple(given.shape)}")
    expect(given.is_floating_point(), "it returned bytes, which hold neither fractions nor minus")
    scale = torch.tensor(_MEAN).view(3, 1, 1), torch.tensor(_STD).view(3, 1, 1)
    wanted = (before / 255 - scale[0]) / scale[1]

    def like(other: Tensor) -> bool:
        return torch.allclose(given.float(), other.float(), atol=1e-4)

    expect(
        not like((before.float() - scale[0]) / scale[1]),
        "a white pixel comes out as "
        f"{float(((255 - scale[0]) / scale[1]).max()):,.0f}: mean and deviation are on the scale 0 "
        "to 1, and your pixels still on 0 to 255",
    )
    expect(
        not like(before / 255 - scale[0]), "the mean is gone, but nothing is divided by `std` yet"
    )
    expect(not like(before / 255), "the pixels lie between 0 and 1; mean and std are not used yet")
    same = torch.zeros(1, 3, 5, 6, dtype=torch.uint8)
    expect(
        torch.allclose(prepare(same, _MEAN, _STD), ((same / 255 - scale[0]) / scale[1])),
        "a black picture comes out otherwise than (0 - mean) / std. Do you use the mean of the "
        "pictures, instead of the one you were given? The network was trained with the latter",
    )
    expect(like(wanted), "the values are not (pixel / 255 - mean) / std, channel by channel")


PREPARE = Exercise(
    id="02.2",
    answer="prepare",
    cell='''
def prepare(images, mean, std):
    """Bytes (B, 3, H, W) to what a network expects; mean and std are three numbers each."""
    #: solution
    mean = torch.tensor(mean).view(3, 1, 1)
    std = torch.tensor(std).view(3, 1, 1)
    return (images / 255 - mean) / std
    #: stub
    # return images.float()  # bytes as numbers: not yet what it expects
    #: end
''',
    check=check_prepare,
    right="Six numbers, and they belong to the weights. Take them from there.",
    hints=(
        "On which scale are `mean` and `std`, and on which are the pixels?",
        "`torch.tensor(mean)` has the shape (3,), which would be laid along the *width*. "
        "`.view(3, 1, 1)` lays it along the channels.",
        "`(images / 255 - mean) / std`, with mean and std of shape (3, 1, 1).",
    ),
    wrong=(
        Wrong(
            """
def prepare(images, mean, std):
    mean, std = (torch.tensor(x).view(3, 1, 1) for x in (mean, std))
    return (images - mean) / std
""",
            "your pixels still on 0 to 255",
        ),
        Wrong(
            """
def prepare(images, mean, std):
    return (images / 255 - torch.tensor(mean)) / torch.tensor(std)
""",
            "it raised `RuntimeError",
        ),
        Wrong(
            """
def prepare(images, mean, std):
    pixels = images / 255
    own = pixels.mean((0, 2, 3), keepdim=True)
    return (pixels - own) / (pixels.std((0, 2, 3), keepdim=True) + 1e-6)
""",
            "The network was trained with the latter",
        ),
        Wrong(
            """
def prepare(images, mean, std):
    return images / 255
""",
            "mean and std are not used yet",
        ),
    ),
)


def check_mirror(mirror: Callable[[Tensor, Tensor], Tensor]) -> None:
    """Each chosen picture left-right, the others and the input untouched."""
    images = torch.arange(4 * 3 * 5 * 6, dtype=torch.uint8).view(4, 3, 5, 6)
    before, chosen = images.clone(), torch.tensor([True, False, False, True])
    given = mirror(images, chosen)
    expect(isinstance(given, Tensor), f"it returned a `{type(given).__name__}`, not a tensor")
    expect(
        torch.equal(images, before),
        "it changed the pictures that it was given: in the next epoch they start out mirrored. "
        "Return new ones",
    )
    expect(given.shape == before.shape, f"the shape became {tuple(given.shape)}")
    expect(
        torch.equal(given[1:3], before[1:3]),
        "pictures that were not chosen have changed, too. Did one draw decide for the whole batch?",
    )
    expect(
        not torch.equal(given[0], before[0].flip(-2)),
        "the chosen pictures stand on their heads: the last dimension runs from left to right",
    )
    expect(
        torch.equal(given[[0, 3]], before[[0, 3]].flip(-1)),
        "the chosen pictures are not their mirror images",
    )


MIRROR = Exercise(
    id="02.3",
    answer="mirror",
    cell='''
def mirror(images, chosen):
    """Mirror images (B, 3, H, W) left to right where `chosen` (B,) says so."""
    #: solution
    return torch.where(chosen[:, None, None, None], images.flip(-1), images)
    #: stub
    # return images.flip(-1)  # all of them
    #: end
''',
    check=check_mirror,
    right="`chosen` comes from `torch.rand(B) < 0.5`: a draw of its own for each picture.",
    hints=(
        "`torch.where(condition, a, b)` takes from `a` where the condition holds, else from `b`.",
        "The condition has the shape (B,), the pictures (B, 3, H, W). Give it three more "
        "dimensions: `chosen[:, None, None, None]`.",
    ),
    wrong=(
        Wrong(
            """
def mirror(images, chosen):
    return images.flip(-1) if chosen.any() else images
""",
            "decide for the whole batch",
        ),
        Wrong(
            """
def mirror(images, chosen):
    images[chosen] = images[chosen].flip(-1)
    return images
""",
            "in the next epoch they start out mirrored",
        ),
        Wrong(
            """
def mirror(images, chosen):
    return torch.where(chosen[:, None, None, None], images.flip(-2), images)
""",
            "stand on their heads",
        ),
        Wrong(
            """
def mirror(images, chosen):
    return torch.where(chosen, images.flip(-1), images)
""",
            "it raised `RuntimeError",
        ),
    ),
)


def _packed(contents: Sequence[bytes]) -> bytes:
    return b"".join(len(content).to_bytes(4, "little") + content for content in contents)


def check_unpack(unpack: Callable[[bytes], list[bytes]]) -> None:
    """What was packed, one by one."""
    contents = [b"\xff\xd8first", b"", b"a \xff\xd8 inside", bytes(range(256)) * 3]
    given = unpack(_packed(contents))
    expect(given is not None, "it returned nothing: is there a `return`?")
    given = list(given)
    expect(
        not given or isinstance(given[0], bytes),
        f"it returned a list of `{type((given or [0])[0]).__name__}`; slices of `data` are wanted",
    )
    expect(
        len(given) == len(contents),
        f"it found {len(given)} records of {len(contents)}. One of them is empty, one has the two "
        "bytes in it with which a JPEG begins, and one is longer than 255 bytes",
    )
    expect(
        [len(content) for content in given] == [len(content) for content in contents],
        f"the records have {[len(content) for content in given]} bytes instead of "
        f"{[len(content) for content in contents]}: does the length count itself?",
    )
    expect(given == contents, "the lengths are right, but not the contents: where do they begin?")


UNPACK = Exercise(
    id="02.4",
    answer="unpack",
    cell='''
def unpack(data):
    """The contents of a record file: 4 bytes of length, little end first, then the content."""
    contents, at = [], 0
    #: solution
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "little")
        contents.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    #: stub
    # while at < len(data):
    #     break  # read a length, take the content, move on
    #: end
    return contents
''',
    check=check_unpack,
    right="MXNet's RecordIO is this with a magic number, so that a damaged file can be mended. The "
    "library reads it: `RecordFile(path)`.",
    hints=(
        '`int.from_bytes(data[at : at + 4], "little")` is the length that stands at `at`.',
        "The content begins 4 bytes later. The next record begins where the content ends.",
        "`while at < len(data):` goes on until nothing is left.",
    ),
    wrong=(
        Wrong(
            r"""
def unpack(data):
    parts = data.split(b"\xff\xd8")[1:]
    return [b"\xff\xd8" + part for part in parts]
""",
            "with which a JPEG begins",
        ),
        Wrong(
            """
def unpack(data):
    contents, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        contents.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return contents
""",
            "longer than 255 bytes",
        ),
        Wrong(
            """
def unpack(data):
    contents, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "little")
        contents.append(data[at : at + 4 + length])
        at += 4 + length
    return contents
""",
            "does the length count itself",
        ),
    ),
)

EXERCISES = (LEAKS, PREPARE, MIRROR, UNPACK)
