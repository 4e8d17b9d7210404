"""Chapter 11, fast: Amdahl's law, a loop that does not wait, when compiling has paid."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils._python_dispatch import TorchDispatchMode

from hotdog_lib.exercises.exercise import Exercise, Wrong, expect

Batches = Sequence[tuple[Tensor, Tensor]]


def check_whole_speedup(whole_speedup: Callable[[float, float], float]) -> None:
    """Amdahl's law, and its limits."""
    given = whole_speedup(0.5, 2.0)
    expect(isinstance(given, int | float), f"it gave `{given!r}`, which is no number")
    expect(
        abs(given - 1.5) > 1e-6,
        "it took the mean of the two factors. Add up times, not factors: half of the time stays as "
        "it is, the other half is divided",
    )
    expect(
        whole_speedup(0.0, 10.0) < 1.5,
        "a part that takes no time was made faster, and the whole became faster with it",
    )
    expect(
        abs(given - 2 / 1.5) < 1e-6,
        f"half of the time, twice as fast, leaves 0.5 + 0.25 of the time; you gave {given:.3g}",
    )
    expect(
        abs(whole_speedup(0.8, 4.0) - 2.5) < 1e-6,
        f"80 % of the time, four times as fast, is 2.5 in all; you gave {whole_speedup(0.8, 4.0)}",
    )
    expect(
        whole_speedup(0.9, float("inf")) < 11,
        "even if nine tenths of the time vanish, the last tenth is still there",
    )


WHOLE_SPEEDUP = Exercise(
    id="11.1",
    answer="whole_speedup",
    cell='''
def whole_speedup(share, factor):
    """How many times faster the whole gets.

    ``share`` of its time, between 0 and 1, is spent in a part that becomes ``factor`` times faster.
    """
    #: solution
    return 1 / (1 - share + share / factor)
    #: stub
    # return factor
    #: end
''',
    check=check_whole_speedup,
    right="This is Amdahl's law. It says where to begin: with the largest share.",
    hints=(
        "Let the whole take 1 second. How long does it take afterwards?",
        "The part took `share` seconds and takes `share / factor` now. The rest took `1 - share`.",
        "The speed-up is the time before over the time after: `1 / (...)`.",
    ),
    wrong=(
        Wrong(
            """
def whole_speedup(share, factor):
    return 1 - share + share * factor
""",
            "it took the mean of the two factors",
        ),
        Wrong(
            """
def whole_speedup(share, factor):
    return 1 - share + share / factor
""",
            "you gave 0.75",
        ),
        Wrong(
            """
def whole_speedup(share, factor):
    return max(factor * 2 / 3, 1.6)
""",
            "a part that takes no time",
        ),
        Wrong(
            """
def whole_speedup(share, factor):
    print(1 / (1 - share + share / factor))
""",
            "which is no number",
        ),
    ),
)


class Reads(TorchDispatchMode):
    """Counts how often a number is read from a tensor: on a GPU, each read waits for all work.

    Example:
        >>> with Reads() as reads:
        ...     _ = torch.ones(3).sum().item()
        >>> reads.count
        1
    """

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        self.count += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


def check_train_quietly(train_quietly: Callable[..., float]) -> None:
    """The same training and the same mean, with one number read from the device at most."""
    generator = torch.Generator().manual_seed(0)
    net, batches = nn.Linear(4, 2), []
    for count in (8, 8, 3):
        inputs = torch.randn(count, 4, generator=generator)
        batches.append((inputs, torch.randint(0, 2, (count,), generator=generator)))
    wanted_net, wanted = copy.deepcopy(net), 0.0
    optimizer = torch.optim.SGD(wanted_net.parameters(), lr=0.5)
    for inputs, targets in batches:
        loss = cross_entropy(wanted_net(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        wanted += loss.item() * len(targets) / 19
    with Reads() as reads:
        given = train_quietly(net, torch.optim.SGD(net.parameters(), lr=0.5), batches)
    expect(
        torch.allclose(net.weight, wanted_net.weight, atol=1e-5),
        "the network did not learn what it learned before: only the counting should change",
    )
    expect(
        reads.count <= 1,
        f"it read a number from the device {reads.count} times for 3 batches. A GPU's work stops "
        "at each of them; read once, at the end",
    )
    expect(isinstance(given, float), f"it gave a {type(given).__name__}, not a number")
    expect(
        abs(given - wanted) < 1e-5,
        f"the mean loss of the 19 pictures is {wanted:.4f}; it gave {given:.4f}. The last batch is "
        "smaller than the others, and must count for less",
    )


TRAIN_QUIETLY = Exercise(
    id="11.2",
    answer="train_quietly",
    cell='''
def train_quietly(net, optimizer, batches):
    """One epoch; the mean loss of its pictures, read from the device once."""
    total, pictures = 0.0, 0
    for inputs, targets in batches:
        loss = cross_entropy(net(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        #: solution
        total = total + loss.detach() * len(targets)
        #: stub
        # total = total + loss.item() * len(targets)
        #: end
        pictures += len(targets)
    #: solution
    return total.item() / pictures
    #: stub
    # return total / pictures
    #: end
''',
    check=check_train_quietly,
    right="The sum stays on the device, and the loop never looks back until the epoch is over.",
    hints=(
        "What does `.item()` have to wait for?",
        "A tensor can be added to a tensor: the total may stay on the device.",
        "`loss.detach()` is the number without its graph. Call `.item()` once, behind the loop.",
    ),
    wrong=(
        Wrong(
            """
def train_quietly(net, optimizer, batches):
    total, pictures = 0.0, 0
    for inputs, targets in batches:
        loss = cross_entropy(net(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(targets)
        pictures += len(targets)
    return total / pictures
""",
            "it read a number from the device 3 times",
        ),
        Wrong(
            """
def train_quietly(net, optimizer, batches):
    losses = []
    for inputs, targets in batches:
        loss = cross_entropy(net(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses).mean().item()
""",
            "must count for less",
        ),
        Wrong(
            """
def train_quietly(net, optimizer, batches):
    total, pictures = 0.0, 0
    for inputs, targets in batches:
        loss = cross_entropy(net(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total = total + loss.detach() * len(targets)
        pictures += len(targets)
    return total / pictures
""",
            "it gave a Tensor",
        ),
        Wrong(
            """
def train_quietly(net, optimizer, batches):
    inputs = torch.cat([pair[0] for pair in batches])
    targets = torch.cat([pair[1] for pair in batches])
    loss = cross_entropy(net(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss.item()
""",
            "only the counting should change",
        ),
    ),
)


def check_break_even(break_even: Callable[[float, float, float], float]) -> None:
    """Seconds spent against seconds saved a picture."""
    given = break_even(60.0, 100.0, 150.0)
    expect(isinstance(given, int | float), f"it gave `{given!r}`, which is no number")
    expect(
        abs(given - 1.2) > 1e-6,
        "60 seconds over 50 pictures a second more is no number of pictures. How many seconds does "
        "*one* picture save?",
    )
    expect(
        abs(given - 18000) < 1,
        "a picture took 1/100 s and takes 1/150 s: it saves 1/300 s, so 60 s are back after 18,000 "
        f"pictures; you gave {given:,.0f}",
    )
    for after in (100.0, 80.0):
        try:
            never = break_even(60.0, 100.0, after)
        except ZeroDivisionError:
            never = None
        expect(
            never == float("inf"),
            f"at {after:.0f} pictures a second after, and 100 before, nothing is ever saved; you "
            f"gave {never}, not infinity",
        )


BREAK_EVEN = Exercise(
    id="11.3",
    answer="break_even",
    cell='''
def break_even(compile_seconds, before, after):
    """Pictures after which compiling has paid; infinity if it never does.

    ``before`` and ``after`` are pictures a second.
    """
    #: solution
    saved = 1 / before - 1 / after  # seconds a picture
    return compile_seconds / saved if saved > 0 else float("inf")
    #: stub
    # return compile_seconds * after
    #: end
''',
    check=check_break_even,
    right="Before you compile, you know whether it will pay: count your pictures and your epochs.",
    hints=(
        "How many seconds does one picture take before, and how many after?",
        "`1 / before - 1 / after` seconds are saved by every picture.",
        "Divide what compiling costs by that. If nothing is saved, it never pays.",
    ),
    wrong=(
        Wrong(
            """
def break_even(compile_seconds, before, after):
    return compile_seconds / (after - before)
""",
            "is no number of pictures",
        ),
        Wrong(
            """
def break_even(compile_seconds, before, after):
    return compile_seconds / (1 / before - 1 / after)
""",
            "nothing is ever saved",
        ),
        Wrong(
            """
def break_even(compile_seconds, before, after):
    return compile_seconds * before
""",
            "you gave 6,000",
        ),
    ),
)

EXERCISES = (WHOLE_SPEEDUP, TRAIN_QUIETLY, BREAK_EVEN)
