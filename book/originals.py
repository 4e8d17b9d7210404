"""The tables of the page "What the originals got wrong": fault, figure, and where it is shown.

Every figure is read from ``book/results/*.json``, or computed here while the book is built.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import faults
import measured
from IPython.display import Markdown

from hotdog_lib.recorded import recorded, row_of
from hotdog_lib.training.metrics import mean_interval, wilson_interval

DRAWN, PHOTOGRAPHS = "drawn pictures", "photographs"


@dataclass(frozen=True)
class Fault:
    """One row: what an original does, what came out when it was measured, and the section of a
    chapter (its notebook's name, its heading) that shows it."""

    what: str
    figure: Callable[[], str]
    notebook: str
    section: str

    @property
    def link(self) -> str:
        """To the heading, on the rendered page."""
        number = int(self.notebook[:2])
        anchor = re.sub(r"[^a-z0-9]+", "-", self.section.lower()).strip("-")
        return f"[{number} · {self.section}](../notebooks/{self.notebook}.html#{anchor})"


def points(values: list[float]) -> str:
    """A difference in points with its interval."""
    mean, half = mean_interval([100 * value for value in values])
    return f"{mean:+.1f} ± {half:.1f} points"


def share(values: list[float]) -> str:
    """A share with its interval."""
    mean, half = mean_interval(values)
    return f"{mean:.3f} ± {half:.3f}"


def swapped() -> str:
    """A first guess with height and width exchanged."""
    record = recorded("inside_photographs")
    row = row_of(record, "asked_wrongly", what_is_off="height and width swapped")
    kept, count = row["same_first_guess"], record["test_pictures"]
    return f"{kept:.0%} of SqueezeNet's first guesses on {count} {PHOTOGRAPHS} stay the same"


def row_beside_noise() -> str:
    """The hot dog row beside random numbers, before any training."""
    rows = recorded("hot_dog_row_photographs")
    start = {
        name: row_of(rows, "heads", start=name, rate="gentle")["step 0"]
        for name in ("row as in 2017", "hot dog row")
    }
    return (
        f"right before training: {share(start['row as in 2017'])}; with the row, a row for the "
        f"rest, and a fitted threshold: {share(start['hot dog row'])} ({PHOTOGRAPHS})"
    )


def weight_of_five() -> str:
    """What the positive class weight is worth where the threshold may be chosen."""
    record = recorded("imbalance_photographs")
    f1 = {
        name: row_of(record, "settings", setting=name)["f1_chosen"]
        for name in ("plain", "weight 5, as in 2017")
    }
    more = [w - p for w, p in zip(f1["weight 5, as in 2017"], f1["plain"], strict=True)]
    return f"F1 over no weight, each with its own threshold: {points(more)} ({PHOTOGRAPHS})"


def fair_lead() -> str:
    """Fine-tuning over scratch when both are tuned."""
    record = recorded("fair_comparison_resnet18_slim")
    told = []
    for budget in ("equal epochs", "equal time"):
        row = row_of(record, "differences", budget=budget, of="finetune", over="scratch")
        told.append(f"{points([p / 100 for p in row['points']])} at {budget}")
    return f"both tuned, five seeds, {record['epochs']} epochs: {', '.join(told)} ({DRAWN})"


def lead_by_size() -> str:
    """Fine-tuning over scratch with few pictures and with many."""
    record, told = recorded("small_data_resnet18_slim"), []
    for count in (100, 2000):
        runs = [
            row_of(record, "accuracy", pictures=count, strategy=s)["accuracy"]
            for s in ("finetune", "scratch")
        ]
        told.append(f"{points([a - b for a, b in zip(*runs, strict=True)])} with {count:,}")
    return f"{' and '.join(told)} {DRAWN} to train on"


def ratio() -> str:
    """Accuracy by how many times faster the head learns."""
    record, told = recorded("rate_ratio_kitchen"), []
    usual = {"lr": 3e-4, "schedule": "one_cycle"}
    for start in ("at once", "head first"):
        by_ratio = [
            f"{share(row_of(record, 'settings', start=start, ratio=r, **usual)['test'])} at {r}"
            for r in (1, 10, 100)
        ]
        told.append(f"{start}: {', '.join(by_ratio)}")
    return f"accuracy by the ratio: {'; '.join(told)} ({DRAWN})"


def lora() -> str:
    """LoRA beside full fine-tuning, on a question that the source was never asked."""
    record = recorded("fewer_parameters_resnet18_slim")
    rows = {
        strategy: row_of(record, "strategies", question="toasted or not", strategy=strategy)
        for strategy in ("lora", "finetune")
    }
    mine, full = (row["accuracy"] for row in rows.values())
    numbers = rows["lora"]["learns"] / rows["finetune"]["learns"]
    return (
        f"LoRA over fine-tuning: {points([a - b for a, b in zip(mine, full, strict=True)])}, "
        f"with {numbers:.0%} of the numbers learning ({DRAWN})"
    )


def many(one: str, other: str) -> str:
    """One way to train over another on 24 classes."""
    runs = {
        row["strategy"]: row["top1"] for row in recorded("many_classes_resnet18_slim")["strategies"]
    }
    return points([a - b for a, b in zip(runs[one], runs[other], strict=True)])


def many_classes() -> str:
    """The comparisons that the tutorial leaves out."""
    return (
        f"24 classes, fine-tuned over frozen: {many('finetune', 'head')}, frozen over scratch: "
        f"{many('head', 'scratch')} ({DRAWN})"
    )


def drawn_again() -> str:
    """How far five draws of the training pictures lie apart."""
    row = row_of(recorded("many_classes_resnet18_slim"), "strategies", strategy="finetune")
    low, high = min(row["top1"]), max(row["top1"])
    return f"five draws of 15 a class, fine-tuned: from {low:.1%} to {high:.1%} ({DRAWN})"


def two_rows() -> str:
    """What the number of test pictures allows for the two published figures."""
    told = []
    for accuracy in (0.774, 0.864):
        low, high = wilson_interval(round(accuracy * 15_187), 15_187)
        told.append(f"{accuracy:.1%} is {low:.1%} to {high:.1%}")
    return f"not chance: {' and '.join(told)}. Which of the two it was, no one can tell"


def one_run() -> str:
    """The interval of one accuracy on 800 pictures."""
    low, high = wilson_interval(752, 800)
    return f"the number of test pictures alone makes 94.0 % mean {low:.1%} to {high:.1%}"


FAULTS: dict[str, tuple[Fault, ...]] = {
    "straight dope": (
        Fault(
            "The F1 that it prints is the mean of the F1 of the batches.",
            faults.mean_of_batches,
            "08_rare_hot_dogs",
            "The F1 of an epoch is not the mean of its batches",
        ),
        Fault(
            "It keeps the epoch with the best F1 on the pictures that it reports on.",
            faults.best_of_forty,
            "08_rare_hot_dogs",
            "The best epoch, and on which pictures it is best",
        ),
        Fault(
            "Its demo, switched on, trains on the pictures that it validates on.",
            faults.nonsense_by_heart,
            "01_small_data",
            "It can learn anything by heart",
        ),
        Fault(
            "It takes the hot dog from row 713. D2L and its slides do so, too.",
            faults.row_713,
            "03_inside_a_pretrained_network",
            "It may know already",
        ),
        Fault(
            "A weight of 5 for hot dogs is to fight the imbalance. A threshold would do.",
            weight_of_five,
            "08_rare_hot_dogs",
            "What a weight does not do",
        ),
        Fault(
            "Its function for new pictures exchanges height and width.",
            swapped,
            "02_the_pictures",
            "As it was trained to see",
        ),
        Fault(
            "It puts random numbers beside the hot dog's row.",
            row_beside_noise,
            "04_a_new_head",
            "The row you are about to throw away",
        ),
    ),
    "d2l": (
        Fault(
            "The loss is a sum over the batch, so that the rate is not the one printed.",
            faults.summed_loss,
            "06_fine_tuning",
            "A rate of 5e-5 that is not one",
        ),
        Fault(
            "The PyTorch edition's third exercise freezes the new head along with the body.",
            faults.everything_frozen,
            "05_freezing",
            "The promise",
        ),
        Fault(
            "Frozen layers are in training mode, where BatchNorm goes on learning.",
            faults.frozen_and_moving,
            "05_freezing",
            "The promise, broken",
        ),
        Fault(
            "Its MXNet edition squashes test pictures to a square.",
            faults.squashed,
            "02_the_pictures",
            "Pictures that are not square",
        ),
        Fault(
            "Fine-tuning and scratch are compared after five epochs, at rates that were not tuned.",
            fair_lead,
            "07_fine_tune_or_scratch",
            "What is left",
        ),
        Fault(
            "The result is one run, on 800 test pictures.",
            one_run,
            "07_fine_tune_or_scratch",
            "What one run would have told",
        ),
        Fault(
            "There are no validation pictures; the test accuracy is drawn after every epoch.",
            faults.best_of_five,
            "07_fine_tune_or_scratch",
            "Tune both sides",
        ),
    ),
    "tutorial": (
        Fault(
            "No frozen network and none from scratch is set beside the fine-tuned ones.",
            many_classes,
            "09_many_classes",
            "One guess, or five",
        ),
        Fault(
            "The two rows of its table differ in the network and in its source.",
            two_rows,
            "09_many_classes",
            "Beside a published figure",
        ),
        Fault(
            "Its script packs 257 folders, its network has 256 outputs.",
            faults.one_class_too_many,
            "09_many_classes",
            "Beside a published figure",
        ),
        Fault(
            "It draws 60 pictures a class without a seed, once.",
            drawn_again,
            "09_many_classes",
            "As many of each",
        ),
    ),
    "slides": (
        Fault(
            "LoRA and adapters are named, in one line, and not shown.",
            lora,
            "10_fewer_parameters",
            "The same pictures, the same budget",
        ),
        Fault(
            "The body's rate should be 10 to 100 times smaller than the head's.",
            ratio,
            "06_fine_tuning",
            "How many times faster?",
        ),
        Fault(
            "Scratch is *much worse*, without a number.",
            lead_by_size,
            "01_small_data",
            "How many pictures are enough?",
        ),
    ),
    "article": (
        Fault(
            "Frozen layers are watched by their gradients, which cannot show what moves.",
            faults.no_gradient_and_moving,
            "05_freezing",
            "The promise, broken",
        ),
        Fault(
            "Pictures are normalised by 0.5, and have 32 pixels.",
            faults.small_and_grey,
            "02_the_pictures",
            "As it was trained to see",
        ),
        Fault(
            "Another number of classes quickly leads to an error, it says.",
            faults.more_rows_than_classes,
            "04_a_new_head",
            "Four ways to get it wrong",
        ),
        Fault(
            "Its first lines call `unsqueeze()` without the dimension.",
            faults.unsqueeze,
            "13_what_goes_wrong",
            "What goes in",
        ),
    ),
}


def sentence(text: str) -> str:
    """With a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:]}."


def table(source: str) -> Markdown:
    """One source's faults, for the page."""
    rows = [
        {"in the original": f.what, "measured here": sentence(f.figure()), "shown in": f.link}
        for f in FAULTS[source]
    ]
    return Markdown(measured.table(rows))
