"""Chapter 6, fine-tuning: two rates, the rate that breaks, both sides tuned, sum against mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from hotdog_lib.exercises.exercise import Exercise, Wrong, expect
from hotdog_lib.models import create_model, freeze
from hotdog_lib.training.metrics import mean_interval  # noqa: F401 (the cells use it)


def check_two_groups(two_groups: Callable[[nn.Module, float, float], list[dict[str, Any]]]) -> None:
    """Every trainable parameter is in one group, the head's at ``ratio`` times the body's rate."""
    for ratio in (10.0, 3.0):
        net = freeze(create_model("resnet18_slim", num_classes=2), "stem")
        optimizer = torch.optim.SGD(_listed(two_groups(net, 0.02, ratio)), lr=123.0)
        held = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
        rates = {name: held.get(id(p)) for name, p in net.named_parameters()}
        frozen = {name for name, p in net.named_parameters() if not p.requires_grad}
        _check_membership(rates, frozen)
        _check_rates(rates, 0.02, ratio)


def _listed(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The groups with their parameters as lists, once it is sure that none is in two of them."""
    expect(
        isinstance(groups, list) and all(isinstance(group, dict) for group in groups),
        'an optimizer takes a list of dictionaries, `{"params": ..., "lr": ...}` each',
    )
    listed = [group | {"params": list(group["params"])} for group in groups]
    every = [id(p) for group in listed for p in group["params"]]
    twice = len(every) - len(set(every))
    expect(
        not twice,
        f"{twice} parameters are in two groups, and PyTorch refuses that: `net.parameters()` has "
        "the head's in it, too",
    )
    return listed


def _check_membership(rates: dict[str, float | None], frozen: set[str]) -> None:
    lost = [n for n, rate in rates.items() if rate is None and n not in frozen]
    expect(
        not lost,
        f"{len(lost)} trainable parameters are in no group, such as `{(lost or [''])[0]}`: they "
        "get gradients, and stay where they are",
    )
    idle = [n for n, rate in rates.items() if rate is not None and n in frozen]
    expect(
        not idle,
        f"`{(idle or [''])[0]}` is frozen and in a group all the same: ask for `requires_grad`",
    )


def _check_rates(rates: dict[str, float | None], lr: float, ratio: float) -> None:
    got = {name: rate for name, rate in rates.items() if rate is not None}
    body = {rate for name, rate in got.items() if not name.startswith("fc.")}
    expect(body == {lr}, f"the body's rate should be {lr:g}, and is {sorted(body)}")
    for name in ("fc.weight", "fc.bias"):
        expect(
            abs(got[name] - lr * ratio) < 1e-9,
            f"with a ratio of {ratio:g}, the rate of `{name}` should be {lr * ratio:g}, and is "
            f"{got[name]:g}",
        )


TWO_GROUPS = Exercise(
    id="06.1",
    answer="two_groups",
    cell='''
def two_groups(net, lr, ratio):
    """Groups for an optimizer: the body at `lr`, the head `net.fc` at `ratio` times that."""
    #: solution
    learning = [(n, p) for n, p in net.named_parameters() if p.requires_grad]
    head = [p for n, p in learning if n.startswith("fc.")]
    body = [p for n, p in learning if not n.startswith("fc.")]
    return [{"params": body, "lr": lr}, {"params": head, "lr": lr * ratio}]
    #: stub
    # return [{"params": net.parameters(), "lr": lr}]  # one rate for all
    #: end
''',
    check=check_two_groups,
    right="It holds whatever was frozen before, as long as the optimizer is made afterwards.",
    hints=(
        "The head's parameters are in `net.parameters()` as well. Each may be in one group only.",
        "`net.named_parameters()` gives names, and the head's begin with `fc.`",
        "Leave out those with `requires_grad` false, and make two lists of the rest.",
    ),
    wrong=(
        Wrong(
            """
def two_groups(net, lr, ratio):
    return [
        {"params": net.parameters(), "lr": lr},
        {"params": net.fc.parameters(), "lr": lr * ratio},
    ]
""",
            "2 parameters are in two groups",
        ),
        Wrong(
            """
def two_groups(net, lr, ratio):
    learning = [(n, p) for n, p in net.named_parameters() if p.requires_grad]
    head = [p for n, p in learning if n == "fc.weight"]
    body = [p for n, p in learning if n != "fc.weight"]
    return [{"params": body, "lr": lr}, {"params": head, "lr": lr * ratio}]
""",
            "the rate of `fc.bias` should be",
        ),
        Wrong(
            """
def two_groups(net, lr, ratio):
    body = [p for n, p in net.named_parameters() if not n.startswith("fc.")]
    return [{"params": body, "lr": lr}, {"params": net.fc.parameters(), "lr": lr * ratio}]
""",
            "`conv1.weight` is frozen",
        ),
        Wrong(
            """
def two_groups(net, lr, ratio):
    return [{"params": net.fc.parameters(), "lr": lr * ratio}]
""",
            "trainable parameters are in no group, such as `layer1.0.conv1.weight`",
        ),
        Wrong(
            """
def two_groups(net, lr, ratio):
    learning = [(n, p) for n, p in net.named_parameters() if p.requires_grad]
    head = [p for n, p in learning if n.startswith("fc.")]
    body = [p for n, p in learning if not n.startswith("fc.")]
    return [{"params": body, "lr": lr}, {"params": head, "lr": lr * 10}]
""",
            "with a ratio of 3",
        ),
    ),
)

#: Five seeds that differ much from each other, and a loss that is the same for all of them.
_SEEDS = (0.70, 0.80, 0.75, 0.85, 0.65)


def _made(*losses: float, jitter: float = 0.0) -> list[float]:
    """Accuracies of five seeds, each lower by a loss of its own, repeated from the front."""
    return [a - losses[k % len(losses)] - jitter * (k - 2) for k, a in enumerate(_SEEDS)]


def check_first_broken(
    first_broken: Callable[[dict[float, Sequence[float]]], float | None],
) -> None:
    """The lowest rate above the best that is worse on the same seeds by more than chance."""
    slow, best, chance, broken, dead = 1e-4, 1e-3, 3e-3, 1e-2, 1e-1
    by_rate = {
        dead: [0.5] * 5,
        slow: _made(0.04, jitter=0.002),
        best: _made(0.0),
        chance: _made(0.03, -0.03, 0.01),
        broken: _made(0.03, jitter=0.002),
    }
    told = first_broken(dict(by_rate))
    expect(
        told != slow,
        f"{slow:g} is worse than the best, {best:g}, and lower: too slow, but it breaks nothing",
    )
    expect(
        told != chance,
        f"{chance:g} is behind the best by a mean that its interval does not bear out: that may be "
        "chance. Compare seed by seed",
    )
    expect(
        told != dead,
        f"at {dead:g} it has long been broken. At {broken:g} every seed lost about 0.03; the seeds "
        "differ more than that from each other, so compare each with itself",
    )
    expect(
        told == broken, f"it gave {told}; at {broken:g} every seed loses about 0.03, first of all"
    )
    fine = {slow: by_rate[slow], best: by_rate[best]}
    told = first_broken(fine)
    expect(told is None, f"no rate above the best was tried, so nothing broke; it gave {told}")


FIRST_BROKEN = Exercise(
    id="06.2",
    answer="first_broken",
    cell='''
def first_broken(by_rate):
    """The lowest rate above the best one that is clearly worse; None if there is none."""
    best = max(by_rate, key=lambda rate: sum(by_rate[rate]))
    #: solution
    for rate in sorted(by_rate):
        pairs = zip(by_rate[best], by_rate[rate], strict=True)
        loss, half = mean_interval([before - after for before, after in pairs])
        if rate > best and loss > half:
            return rate
    return None
    #: stub
    # return best  # not this one, but which above it?
    #: end
''',
    check=check_first_broken,
    right="The same lines answer whether any change to a recipe did harm.",
    hints=(
        "A mean that is lower may be chance. What does `mean_interval` give besides the mean?",
        "The seeds are the same for every rate. Take differences seed by seed: what the pictures "
        "of a seed do to all rates drops out.",
        "Go through `sorted(by_rate)`; above `best`, the first whose mean loss is larger than its "
        "half-width.",
    ),
    wrong=(
        Wrong(
            """
def first_broken(by_rate):
    best = max(by_rate, key=lambda rate: sum(by_rate[rate]))
    for rate in sorted(by_rate):
        if rate > best and sum(by_rate[rate]) < sum(by_rate[best]):
            return rate
""",
            "that may be chance",
        ),
        Wrong(
            """
def first_broken(by_rate):
    best = max(by_rate, key=lambda rate: sum(by_rate[rate]))
    for rate in sorted(by_rate):
        mean, half = mean_interval(by_rate[rate])
        if rate > best and mean + half < mean_interval(by_rate[best])[0]:
            return rate
""",
            "compare each with itself",
        ),
        Wrong(
            """
def first_broken(by_rate):
    best = max(by_rate, key=lambda rate: sum(by_rate[rate]))
    for rate in sorted(by_rate):
        gaps = [b - a for b, a in zip(by_rate[best], by_rate[rate])]
        loss, half = mean_interval(gaps)
        if loss > half:
            return rate
""",
            "too slow, but it breaks nothing",
        ),
        Wrong(
            """
def first_broken(by_rate):
    return min(by_rate, key=lambda rate: sum(by_rate[rate]))
""",
            "it has long been broken",
        ),
    ),
)


def check_tuned(tuned: Callable[[list[dict[str, Any]]], dict[str, list[float]]]) -> None:
    """For each side, the test accuracies at the rate with the best mean on validation."""
    rows = [
        _row("at once", 1e-4, [0.80, 0.80], [0.71, 0.72]),
        _row("at once", 1e-3, [0.90, 0.90], [0.84, 0.85]),
        _row("at once", 1e-2, [0.98, 0.50], [0.90, 0.91]),
        _row("scratch", 1e-4, [0.60, 0.60], [0.61, 0.62]),
        _row("scratch", 1e-3, [0.65, 0.65], [0.70, 0.71]),
        _row("scratch", 1e-2, [0.70, 0.70], [0.66, 0.67]),
    ]
    right = {"at once": rows[1]["test"], "scratch": rows[5]["test"]}
    told = tuned([dict(row) for row in rows])
    expect(
        isinstance(told, dict) and set(told) == set(right),
        f"it should give a dictionary with the keys {sorted(right)}",
    )
    values = [value for value in told.values()]
    expect(
        not any(value == row["validation"] for row in rows for value in values),
        "these are validation accuracies. They were chosen for being high, so they flatter; report "
        "the test accuracies at the same rate",
    )
    expect(
        told["at once"] != rows[2]["test"] or told["scratch"] != rows[4]["test"],
        "both rates were chosen for what they do on the test pictures",
    )
    expect(
        told["at once"] != rows[2]["test"],
        "for `at once` a single lucky seed decided: take the mean over the seeds",
    )
    expect(
        told["scratch"] != rows[4]["test"],
        "both sides got the same rate. The one from scratch has a better one of its own",
    )
    expect(told == right, f"it gave {told}, and not {right}")


def _row(start: str, lr: float, validation: list[float], test: list[float]) -> dict[str, Any]:
    return {"start": start, "lr": lr, "validation": validation, "test": test}


TUNED = Exercise(
    id="06.3",
    answer="tuned",
    cell='''
def tuned(rows):
    """For each `start`, the test accuracies at the rate that is best on validation."""
    #: solution
    best = {}
    for row in sorted(rows, key=lambda row: sum(row["validation"])):
        best[row["start"]] = row["test"]  # the last one that stays is the best
    return best
    #: stub
    # return {row["start"]: row["test"] for row in rows}  # the last rate, good or not
    #: end
''',
    check=check_tuned,
    right="Tuned on one split, reported on another, and the same care for both sides.",
    hints=(
        "Two splits are in each row. One is for choosing, the other for reporting.",
        "Sort the rows by what you choose on; the sum over the seeds orders them as the mean does.",
        'With the best row last, `best[row["start"]] = row["test"]` in a loop keeps the right one.',
    ),
    wrong=(
        Wrong(
            """
def tuned(rows):
    rows = sorted(rows, key=lambda row: sum(row["test"]))
    return {row["start"]: row["test"] for row in rows}
""",
            "on the test pictures",
        ),
        Wrong(
            """
def tuned(rows):
    rows = sorted(rows, key=lambda row: max(row["validation"]))
    return {row["start"]: row["test"] for row in rows}
""",
            "a single lucky seed decided",
        ),
        Wrong(
            """
def tuned(rows):
    rows = sorted(rows, key=lambda row: sum(row["validation"]))
    return {row["start"]: row["validation"] for row in rows}
""",
            "they flatter",
        ),
        Wrong(
            """
def tuned(rows):
    best = max(rows, key=lambda row: sum(row["validation"]))["lr"]
    return {row["start"]: row["test"] for row in rows if row["lr"] == best}
""",
            "both sides got the same rate",
        ),
    ),
)


def check_translate(translate: Callable[[float, float, int], tuple[float, float]]) -> None:
    """A linear layer trained with the mean and the translated settings goes the same way."""
    for batch_size in (128, 16):
        given = translate(5e-4, 1.0, batch_size)
        expect(
            isinstance(given, tuple) and len(given) == 2,
            "it should give two numbers, the rate and the weight decay",
        )
        asked = _trained("sum", 5e-4, 1.0, batch_size)
        lr, decay = given
        wanted = 5e-4 * batch_size
        expect(
            abs(lr - wanted) < 1e-6 * wanted,
            f"with batches of {batch_size} the rate came out as {lr:g}: a step then goes "
            f"{lr / wanted:.3g} times as far as with the sum. Which gradient is the larger one?",
        )
        apart = (_trained("mean", lr, decay, batch_size) - asked).norm() / asked.norm()
        expect(
            apart < 1e-4,
            f"the rate is right, and the weights still end {apart:.1%} apart. The decay is "
            "multiplied by the rate, too, and the rate has changed",
        )


def _trained(reduction: str, lr: float, weight_decay: float, batch_size: int) -> Tensor:
    """Weights after ten steps of SGD on made-up data, the same for both reductions."""
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(2, 8, generator=generator, dtype=torch.float64).requires_grad_()
    optimizer = torch.optim.SGD([weight], lr=lr, weight_decay=weight_decay)
    for _ in range(10):
        inputs = torch.randn(batch_size, 8, generator=generator, dtype=torch.float64)
        targets = (inputs[:, 0] > 0).long()
        loss = nn.functional.cross_entropy(inputs @ weight.T, targets, reduction=reduction)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return weight.detach()


TRANSLATE = Exercise(
    id="06.4",
    answer="translate",
    cell='''
def translate(lr, weight_decay, batch_size):
    """The rate and the decay that do with the mean loss what these do with the sum (SGD)."""
    #: solution
    return lr * batch_size, weight_decay / batch_size
    #: stub
    # return lr, weight_decay
    #: end
''',
    check=check_translate,
    right="With these numbers both recipes take the same steps, to the last digits.",
    hints=(
        "A step of SGD is `w - lr * (gradient + weight_decay * w)`. Write it down for both.",
        "The sum's gradient is `batch_size` times the mean's. Which rate makes up for it?",
        "Then look at `lr * weight_decay * w`. It has to stay what it was, with the new rate.",
    ),
    wrong=(
        Wrong(
            """
def translate(lr, weight_decay, batch_size):
    return lr / batch_size, weight_decay
""",
            "Which gradient is the larger one?",
        ),
        Wrong(
            """
def translate(lr, weight_decay, batch_size):
    return lr * batch_size, weight_decay
""",
            "The decay is multiplied by the rate, too",
        ),
        Wrong(
            """
def translate(lr, weight_decay, batch_size):
    return lr * batch_size, weight_decay * batch_size
""",
            "the weights still end",
        ),
        Wrong(
            """
def translate(lr, weight_decay, batch_size):
    return lr * 128, weight_decay / 128
""",
            "with batches of 16",
        ),
    ),
)

EXERCISES = (TWO_GROUPS, FIRST_BROKEN, TUNED, TRANSLATE)
