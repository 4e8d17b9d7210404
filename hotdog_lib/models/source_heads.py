"""New heads that begin with what the source's own head knows of the task's classes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from hotdog_lib.errors import HotdogError
from hotdog_lib.models.heads import get_classifier, put_kept_head, reset_classifier
from hotdog_lib.models.kept import fit_scale_and_shift
from hotdog_lib.models.stages import classifier_name
from hotdog_lib.models.weights import SourceWeights, squeezed

__all__ = ["keep_head", "seed_head_from_rows"]
_INSTEAD = "take a new head (--head new)"


def keep_head(
    model: nn.Module,
    source: SourceWeights,
    class_names: Sequence[str],
    *,
    features: Tensor | None = None,
    targets: Tensor | None = None,
) -> nn.Module:
    """The source's own head, kept whole, in place, with its categories added up to these classes.

    A class that the source has, found by name, is that category. One class may be unknown to the
    source ("not-hotdog"): its probability is the sum of all others'. So the network begins with
    the source's own opinion, in which every category still competes with every other, and
    fine-tuning goes on as the source's training did (Goyal et al. 2023, arXiv 2212.00638).

    With torchvision's SqueezeNet the match is not exact: its own head sets negative responses to
    zero before it averages them.

    Args:
        model: a network with the source's body; its head is replaced.
        source: where the rows come from.
        class_names: of the new task, one a logit.
        features: ``(N, F)`` of training pictures by :func:`~hotdog_lib.models.forward_features` in
            eval mode, and ``targets``, their classes: one common scale and a bias for each class
            are fitted to them.
        targets: see there.

    Returns:
        The same model.

    Raises:
        HotdogError: none of the class names is among the source's categories, or more than one is
            not; two are the same category; no category is left for the unknown one; the network's
            body is not the source's; features without targets.
    """
    weight, bias = _source_head(model, source)  # (C, F), (C,)
    classes = _class_of_each_category(source, class_names)
    old = get_classifier(model).weight
    if weight.shape[1] != old.shape[1]:
        raise HotdogError(
            f"the head of {source.name} looks at {weight.shape[1]} features, this network's at "
            f"{old.shape[1]}: make the network of {source.model!r}"
        )
    if (features is None) != (targets is None):
        raise HotdogError("keep_head takes features and targets together; one of them is missing")
    head = get_classifier(put_kept_head(model, classes))
    with torch.no_grad():
        head.weight.copy_(weight.reshape(head.weight.shape))
        head.bias.copy_(bias)
    if features is not None and targets is not None:
        head.fit(features, targets)
    return model


def _class_of_each_category(source: SourceWeights, class_names: Sequence[str]) -> list[int]:
    """Of each category the class that it counts for, or -1."""
    found = _found(source, class_names)
    unknown = [k for k in range(len(class_names)) if k not in found]
    if len(unknown) > 1:
        names = ", ".join(class_names[k] for k in unknown)
        raise HotdogError(
            f"the classes {names} are not among the categories of {source.name}, and only one "
            f"class can be all the rest; {_INSTEAD}"
        )
    if len(set(found.values())) < len(found):
        names = ", ".join(class_names[k] for k in found)
        raise HotdogError(
            f"of the classes {names} two are one category of {source.name}; {_INSTEAD}"
        )
    classes = [unknown[0] if unknown else -1] * len(source.categories)
    for k, category in found.items():
        classes[category] = k
    if unknown and unknown[0] not in classes:
        raise HotdogError(
            f"each category of {source.name} is a class of its own here, so none is left for "
            f"{class_names[unknown[0]]}; {_INSTEAD}"
        )
    return classes


def seed_head_from_rows(
    model: nn.Module,
    source: SourceWeights,
    class_names: Sequence[str],
    *,
    features: Tensor | None = None,
    targets: Tensor | None = None,
) -> nn.Module:
    """A new head, in place, that starts from what the source's own head knows of these classes.

    A class that the source has, found by name, gets the source's own row. The others ("not-hotdog")
    share a row that stands for all the rest of the source's categories: in a softmax over them all,
    a class competes with ``logsumexp(z)`` of the others' logits z. That is no linear layer, but
    ``p @ z + entropy(p)`` is, lies below it for every distribution p, and touches it at
    ``p = softmax(z)``. So p is the mean softmax over ``features``, or uniform without them.

    With SqueezeNet the match is not exact: its own head sets negative responses to zero before it
    averages them.

    Args:
        model: a network with the source's body; its head is replaced.
        source: where the rows come from.
        class_names: of the new task, one a logit.
        features: ``(N, F)`` of training pictures by :func:`forward_features` in eval mode. Biases
            are then set so that every class gets the same share of the probability.
        targets: ``(N,)`` classes of the same pictures. Biases and one common scale are then fitted
            to them instead, which leaves the rows' directions as they are.

    Returns:
        The same model.

    Raises:
        HotdogError: none of the class names is among the source's categories.
    """
    weight, bias = _source_head(model, source)  # (C, F), (C,)
    found = _found(source, class_names)
    if features is not None:
        features = features.detach().float().cpu()
    rest_row, rest_bias = _rest_row(weight, bias, list(found.values()), features)
    sharing = max(1, len(class_names) - len(found))
    rows = rest_row.repeat(len(class_names), 1)  # (K, F)
    biases = (rest_bias - math.log(sharing)).repeat(len(class_names))  # (K,)
    for k, category in found.items():
        rows[k], biases[k] = weight[category], bias[category]
    if features is not None:
        logits = nn.functional.linear(features, rows, biases)  # (N, K)
        if targets is None:
            scale, shift = 1.0, _even_shift(logits)
        else:
            scale, shift = fit_scale_and_shift(logits, targets.cpu())
        rows, biases = rows * scale, biases * scale + shift
    return reset_classifier(model, len(class_names), rows=rows, bias=biases)


def _found(source: SourceWeights, class_names: Sequence[str]) -> dict[int, int]:
    """Of each class that the source has, the category: class -> row."""
    known = {squeezed(category) for category in source.categories}
    found = {k: source.class_index(n) for k, n in enumerate(class_names) if squeezed(n) in known}
    if not found:
        raise HotdogError(
            f"none of the classes {', '.join(class_names)} is among the {len(source.categories)} "
            f"categories of {source.name}; name one as the source does, or {_INSTEAD}"
        )
    return found


def _source_head(model: nn.Module, source: SourceWeights) -> tuple[Tensor, Tensor]:
    """The source's last layer: weight ``(C, F)`` and bias ``(C,)``."""
    if source.kept is not None:
        raise HotdogError(
            f"the head of {source.name} is a kept one, with many rows for a class: begin from the "
            f"weights that it was made from, or {_INSTEAD}"
        )
    state, name = source.state_dict(), classifier_name(model)
    weight = state[f"{name}.weight"].flatten(1)
    return weight, state.get(f"{name}.bias", torch.zeros(len(weight)))


def _rest_row(
    weight: Tensor, bias: Tensor, taken: list[int], features: Tensor | None
) -> tuple[Tensor, Tensor]:
    """One row and bias for all categories not ``taken``: see :func:`seed_head_from_rows`."""
    free = torch.ones(len(weight), dtype=torch.bool)
    free[taken] = False
    weight, bias = weight[free], bias[free]
    if features is None:
        shares = torch.full_like(bias, 1 / max(1, len(bias)))
    else:
        shares = nn.functional.linear(features, weight, bias).softmax(1).mean(0)
    return shares @ weight, shares @ bias + torch.special.entr(shares).sum()


def _even_shift(logits: Tensor, rounds: int = 100) -> Tensor:
    """Biases ``(K,)`` that give every class the same mean probability over logits ``(N, K)``."""
    shift = torch.zeros(logits.shape[1])
    for _ in range(rounds):
        shift = shift - ((logits + shift).softmax(1).mean(0) * len(shift)).log()
    return shift
