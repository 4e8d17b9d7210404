"""Whether a probability of 0.8 is right eight times in ten, and what to do where it is not."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from hotdog_lib.errors import HotdogError


@dataclass(frozen=True)
class Bin:
    """Pictures with about the same probability.

    Attributes:
        said: mean probability. found: share of positives among them. count: how many they are.
    """

    said: float
    found: float
    count: int


def reliability(probabilities: Tensor, is_positive: Tensor, bins: int = 10) -> list[Bin]:
    """What was said against what was found, in bins of equal width; empty bins are left out.

    Args:
        probabilities: of the positive class, (N,). is_positive: bool, (N,).
        bins: from 0 to 1.

    Example:
        >>> import torch
        >>> reliability(torch.tensor([0.25, 0.25, 0.75]), torch.tensor([0, 1, 1]) > 0, bins=2)
        [Bin(said=0.25, found=0.5, count=2), Bin(said=0.75, found=1.0, count=1)]
    """
    if len(probabilities) == 0:
        raise HotdogError("there are no probabilities to judge: the split is empty")
    which = (probabilities * bins).long().clamp(0, bins - 1)
    rows = [(probabilities[which == b], is_positive[which == b]) for b in range(bins)]
    return [
        Bin(float(said.double().mean()), float(found.double().mean()), len(said))
        for said, found in rows
        if len(said)
    ]


def calibration_error(probabilities: Tensor, is_positive: Tensor, bins: int = 10) -> float:
    """Mean distance between what was said and what was found (Guo 2017), over pictures.

    Example:
        >>> import torch
        >>> said, found = torch.tensor([0.75, 0.75]), torch.tensor([True, False])
        >>> calibration_error(said, found)
        0.25
    """
    rows = reliability(probabilities, is_positive, bins)
    return sum(row.count * abs(row.said - row.found) for row in rows) / len(probabilities)


def scale_odds(probabilities: Tensor, factor: float) -> Tensor:
    """Probabilities after their odds p / (1 - p) are multiplied by ``factor``.

    Training with a positive weighted w times a negative multiplies the odds by about w, and so
    does drawing positives w times as often; ``factor=1 / w`` takes it back (Elkan 2001).

    Example:
        >>> import torch
        >>> scale_odds(torch.tensor([0.5, 0.8]), 1 / 4)
        tensor([0.2000, 0.5000])
    """
    if not factor > 0:
        raise HotdogError(f"factor is {factor}; odds are multiplied by more than 0")
    return factor * probabilities / (factor * probabilities + 1 - probabilities)
