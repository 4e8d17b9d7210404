"""Chapter 9, many classes: as many of each, a head on a named layer, top-k accuracy."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from hotdog_lib.exercises.exercise import Exercise, Wrong, expect


def check_some_of_each(some_of_each: Callable[[Tensor, int, int], Tensor]) -> None:
    """``per_class`` different rows of each class, drawn by the seed, wherever they stand."""
    targets = torch.tensor([0] * 9 + [2] * 30 + [1] * 14)[torch.randperm(53)]
    rows = _rows(some_of_each(targets, 4, 0), len(targets))
    counts = torch.bincount(targets[rows], minlength=3).tolist()
    expect(
        len(set(rows.tolist())) == len(rows),
        "a picture was drawn twice: it would count double in training",
    )
    expect(
        counts == [4, 4, 4],
        f"asked for 4 of each, it took {counts} of the three classes, which have 9, 14 and 30",
    )
    again = _rows(some_of_each(targets, 4, 0), len(targets))
    expect(
        torch.equal(rows.sort().values, again.sort().values),
        "the same seed gave other pictures: draw from "
        "`torch.Generator().manual_seed(seed)` and nothing else",
    )
    draws = {tuple(_rows(some_of_each(targets, 4, s), 53).sort().values.tolist()) for s in range(8)}
    expect(
        len(draws) > 1,
        "every seed gives the same pictures. The first of each class are no random sample: folders "
        "are often sorted by day or by camera",
    )


def _rows(given: object, count: int) -> Tensor:
    """The answer as row numbers."""
    rows = torch.as_tensor(given)
    whole = rows.ndim == 1 and not rows.is_floating_point() and rows.dtype != torch.bool
    expect(
        whole, f"it gave {rows.dtype} of shape {tuple(rows.shape)}; give row numbers, int64 (n,)"
    )
    inside = bool(((rows >= 0) & (rows < count)).all())
    expect(inside, f"row {int(rows.max())} does not exist; there are {count} pictures, from 0 on")
    return rows


SOME_OF_EACH = Exercise(
    id="09.1",
    answer="some_of_each",
    cell='''
def some_of_each(targets, per_class, seed):
    """Rows of `per_class` random pictures of each class, int64."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(targets), generator=generator)
    #: solution
    kept = [order[targets[order] == c][:per_class] for c in targets.unique()]
    return torch.cat(kept)
    #: stub
    # return order[: per_class * len(targets.unique())]
    #: end
''',
    check=check_some_of_each,
    right="As many of each, at random, and the same again tomorrow.",
    hints=(
        "The stub's total is right. Look at `targets[rows].bincount()` of what it takes.",
        "Go through the classes. For one class `c`, which entries of `order` belong to it?",
        "`order[targets[order] == c]` are the shuffled rows of class `c`; keep the first "
        "`per_class`, and join them with `torch.cat`.",
    ),
    wrong=(
        Wrong(
            """
def some_of_each(targets, per_class, seed):
    return torch.cat([(targets == c).nonzero().flatten()[:per_class] for c in targets.unique()])
""",
            "no random sample",
        ),
        Wrong(
            """
def some_of_each(targets, per_class, seed):
    rows = [(targets == c).nonzero().flatten() for c in targets.unique()]
    return torch.cat([r[torch.randperm(len(r))[:per_class]] for r in rows])
""",
            "the same seed gave other pictures",
        ),
        Wrong(
            """
def some_of_each(targets, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(len(targets), (3 * per_class,), generator=generator).unique()
""",
            "asked for 4 of each",
        ),
        Wrong(
            """
def some_of_each(targets, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    rows = [(targets == c).nonzero().flatten() for c in targets.unique()]
    return torch.cat([r[torch.zeros(per_class, dtype=int)] for r in rows])
""",
            "a picture was drawn twice",
        ),
        Wrong(
            """
def some_of_each(targets, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(targets), generator=generator)
    return torch.stack([order[targets[order] == c][:per_class] for c in targets.unique()])
""",
            "give row numbers",
        ),
    ),
)


def check_head_for(head_for: Callable[[Tensor, int], nn.Module]) -> None:
    """Logits of the right shape, for maps of another size, too."""
    maps = torch.randn(5, 40, 12, 12)
    head = head_for(maps, 24)
    expect(isinstance(head, nn.Module), f"it gave `{head!r}`; a head is a module, with weights")
    with torch.no_grad():
        logits = head(maps)
        expect(
            tuple(logits.shape) == (5, 24),
            f"for maps of shape (5, 40, 12, 12) the head gives {tuple(logits.shape)}; logits have "
            "one row a picture and one column a class, (5, 24)",
        )
        expect(
            not torch.allclose(logits.exp().sum(1), torch.ones(5), atol=1e-3)
            and not torch.allclose(logits.sum(1), torch.ones(5), atol=1e-3),
            "the rows sum to one: there is a softmax in the head, and `cross_entropy` applies "
            "another. Give logits",
        )
        expect(_fits(head, torch.randn(2, 40, 7, 9)), LARGER)
    learned = sum(p.numel() for p in head.parameters())
    expect(
        learned == 40 * 24 + 24,
        f"the head has {learned:,} numbers; a linear one on 40 channels has {40 * 24 + 24:,}",
    )


LARGER = (
    "it fits maps of 12 by 12 and no others: every place in the picture has weights of its own, "
    "144 times as many. Pool the maps first"
)


def _fits(head: nn.Module, maps: Tensor) -> bool:
    try:
        return head(maps).shape == (len(maps), 24)
    except RuntimeError:
        return False


HEAD_FOR = Exercise(
    id="09.2",
    answer="head_for",
    cell='''
def head_for(maps, num_classes):
    """A linear head for feature maps (B, C, H, W) of any size."""
    channels = maps.shape[1]
    #: solution
    pool = nn.AdaptiveAvgPool2d(1)  # (B, C, H, W) -> (B, C, 1, 1)
    return nn.Sequential(pool, nn.Flatten(), nn.Linear(channels, num_classes))
    #: stub
    # return nn.Linear(channels, num_classes)
    #: end
''',
    check=check_head_for,
    right="Any layer can carry a head, and pictures of any size can pass.",
    hints=(
        "A linear layer looks at the last dimension of what it gets. Which one is that here?",
        "The maps have to become one number a channel: (B, C, H, W) to (B, C).",
        "`nn.AdaptiveAvgPool2d(1)` gives (B, C, 1, 1), `nn.Flatten()` makes (B, C) of it; string "
        "them together with `nn.Sequential`.",
    ),
    wrong=(
        Wrong(
            """
def head_for(maps, num_classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(maps[0].numel(), num_classes))
""",
            "it fits maps of 12 by 12 and no others",
        ),
        Wrong(
            """
def head_for(maps, num_classes):
    return nn.Linear(maps.shape[-1], num_classes)
""",
            "one row a picture and one column a class",
        ),
        Wrong(
            """
def head_for(maps, num_classes):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Linear(maps.shape[1], num_classes))
""",
            "it raised `RuntimeError",
        ),
        Wrong(
            """
def head_for(maps, num_classes):
    parts = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(maps.shape[1], num_classes)
    return nn.Sequential(*parts, nn.Softmax(dim=1))
""",
            "the rows sum to one",
        ),
        Wrong(
            """
def head_for(maps, num_classes):
    return nn.Linear(maps.shape[1], num_classes)(maps.mean((2, 3)))
""",
            "a head is a module",
        ),
    ),
)


def check_top_k(top_k: Callable[[Tensor, Tensor, int], float]) -> None:
    """Share of pictures whose class is among the k highest logits, for k of 1 and more."""
    logits, targets = torch.randn(200, 10), torch.randint(10, (200,))
    ranks = (logits > logits.gather(1, targets[:, None])).sum(1)  # logits above the true one
    for k in (3, 5, 1):
        given, wanted = float(top_k(logits, targets, k)), float((ranks < k).double().mean())
        plain = float((ranks < 1).double().mean())
        expect(
            0 <= given <= 1,
            f"it gave {given:g}; an accuracy is a share, from 0 to 1",
        )
        expect(
            k == 1 or abs(given - plain) > 1e-4,
            f"for k = {k} it is the plain accuracy, {plain:.3f}: look at more than the first guess",
        )
        below = float((ranks >= 10 - k).double().mean())
        expect(
            abs(given - below) > 1e-4 or abs(given - wanted) < 1e-4,
            f"for k = {k} it looked at the {k} lowest logits",
        )
        expect(
            abs(given - wanted / k) > 1e-4 or k == 1,
            f"for k = {k} it is {k} times too small: a picture counts once, however many guesses "
            "it had",
        )
        expect(
            abs(given - wanted) < 1e-4,
            f"for k = {k} it should be {wanted:.3f} on these numbers, and is {given:.3f}",
        )


TOP_K = Exercise(
    id="09.3",
    answer="top_k",
    cell='''
def top_k(logits, targets, k):
    """Share of pictures whose class is among the k highest logits."""
    #: solution
    guesses = logits.topk(k, dim=1).indices  # (N, k)
    found = guesses == targets[:, None]  # (N, k)
    return found.any(dim=1).float().mean().item()
    #: stub
    # guesses = logits.argmax(dim=1)  # (N,): only the first guess
    # return (guesses == targets).float().mean().item()
    #: end
''',
    check=check_top_k,
    right="k guesses, one hit is enough. With k = 1 it is plain accuracy.",
    hints=(
        "`logits.topk(k, dim=1)` gives the highest values and their `indices`, (N, k).",
        "Compare each row of guesses with one target: `targets[:, None]` has shape (N, 1).",
        "A picture is found if `any` of its k comparisons is true.",
    ),
    wrong=(
        Wrong(
            """
def top_k(logits, targets, k):
    guesses = logits.topk(k, dim=1).indices
    return (guesses == targets[:, None]).float().mean().item()
""",
            "times too small",
        ),
        Wrong(
            """
def top_k(logits, targets, k):
    guesses = logits.argsort(dim=1)[:, :k]
    return (guesses == targets[:, None]).any(dim=1).float().mean().item()
""",
            "lowest logits",
        ),
        Wrong(
            """
def top_k(logits, targets, k):
    guesses = logits.topk(k, dim=1).indices
    return (guesses == targets[:, None]).any(dim=1).sum().item()
""",
            "an accuracy is a share",
        ),
        Wrong(
            """
def top_k(logits, targets, k):
    guesses = logits.topk(k, dim=1).indices
    return (guesses == targets).any(dim=1).float().mean().item()
""",
            "it raised `RuntimeError",
        ),
    ),
)

EXERCISES = (SOME_OF_EACH, HEAD_FOR, TOP_K)
