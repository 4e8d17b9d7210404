"""What a training run does, as one frozen record: strategy, budget, rates, augmentation."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from hotdog_lib.data.augment import Augmentation
from hotdog_lib.errors import HotdogError

Strategy = Literal["scratch", "head", "finetune", "gradual", "lora", "adapter", "bias", "norm"]
Head = Literal["new", "kept"]
NormPolicy = Literal["freeze", "affine", "adapt"]

#: Passes over the pictures where a recipe names none; a head on cached features passes over those.
DEFAULT_EPOCHS = {"scratch": 10, "head": 60, "finetune": 10, "gradual": 10}
DEFAULT_EPOCHS |= {"lora": 10, "adapter": 10, "bias": 10, "norm": 10}

#: Rate of the pretrained body, or of every layer from scratch, where a recipe names none (AdamW).
DEFAULT_LR = {"scratch": 5e-4, "head": 3e-4, "finetune": 3e-4, "gradual": 3e-4}
DEFAULT_LR |= {"lora": 3e-3, "adapter": 3e-3, "bias": 3e-3, "norm": 3e-3}

#: The same for a body under a kept head, which has little to learn (``kept_rates`` of the records
#: ``small_data``: 1e-5 is within 0.005 of the best, 3e-5 is worse).
KEPT_LR = {"finetune": 1e-5, "gradual": 1e-5}


@dataclass(frozen=True)
class Recipe:
    """Everything but the data and the network. The defaults are those of the command line.

    Example:
        >>> Recipe(strategy="head").learning_rate
        0.0003
    """

    strategy: Strategy = "finetune"
    """scratch: random weights. head: frozen body. finetune: head first, then everything. gradual:
    stage by stage. lora, adapter, bias, norm: head first, then it and few numbers in the frozen
    body."""
    epochs: int | None = None
    """Passes over the training pictures (10), or for a head alone over their cached features
    (60)."""
    seed: int = 0
    """Fixes the split, the new head, the order of the pictures and every augmentation."""
    batch_size: int = 32
    """Pictures a step."""
    lr: float | None = None
    """Highest rate of the body's last stage (from scratch: of every layer). None: the default of
    the strategy and the head."""
    head: Head = "new"
    """new: a linear layer that knows nothing. kept: the source's own, whole, the probabilities of
    its categories added up to those of the classes; at most one class may be unknown to it. It was
    made for the source's statistics: hold_statistics suits it."""
    head_ratio: float = 10.0
    """A new head learns this many times faster than the body; a kept one as fast."""
    stage_decay: float = 1.0
    """Each stage towards the input learns this many times as fast as the next: 1 is equal, 0.7 is
    geometric."""
    weight_decay: float = 0.01
    """Of weights only: biases, norm layers, position embeddings and the like are never decayed."""
    optimizer: Literal["adamw", "sgd"] = "adamw"
    """SGD has Nesterov momentum 0.9."""
    schedule: Literal["one_cycle", "cosine", "constant"] = "one_cycle"
    """Shape of the rate over the run; each phase has its own."""
    head_epochs: int = 60
    """Passes of a new head over the cached features before anything else learns. Of a kept head
    only scale and biases are set, at once."""
    head_lr: float = 3e-3
    """Highest rate of a new head on cached features."""
    cache_features: bool = True
    """Compute a frozen body's features once. Off: a head alone is trained on augmented pictures,
    at picture speed."""
    label_smoothing: float = 0.0
    """Share of the target's mass spread over all classes."""
    class_weights: Literal["none", "balanced"] = "none"
    """balanced: a rare class weighs more, normalised over the training set and never over the
    batch."""
    rank: int = 8
    """lora: rank of the change in each layer. adapter: channels of the narrow part."""
    norm: NormPolicy = "freeze"
    """BatchNorm in frozen stages: freeze (statistics and weights), affine (train the weights),
    adapt (follow the data)."""
    hold_statistics: bool = False
    """BatchNorm keeps the source's statistics in the stages that learn, too (it learns scale and
    shift): those of small batches of few pictures are poor estimates."""
    view: Literal["whole", "centre"] = "whole"
    """Evaluate the whole canvas, or its centre crop as the source did. Training crops have the
    source's size; things
    look larger in them than in a centre crop, so a larger view suits them better (Touvron et al.,
    arXiv 1906.06423)."""
    mirror: bool = True
    """Evaluate each picture and its mirror image, and average their log-odds."""
    select: Literal["accuracy", "f1", "loss", "last"] = "loss"
    """The best epoch is the one with the best of this on the validation pictures."""
    augmentation: Augmentation = Augmentation(
        brightness=0.2, contrast=0.2, saturation=0.2, mixup=0.2
    )
    """How a training picture is varied, each on its own."""

    def __post_init__(self) -> None:
        """Raise HotdogError for a value that cannot train."""
        for name in ("epochs", "batch_size", "head_epochs", "rank"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise HotdogError(f"{name} is {value}; it must be at least 1")
        for name in ("lr", "head_ratio", "stage_decay", "head_lr"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < float("inf"):
                raise HotdogError(f"{name} is {value}; it must be a finite number, 0 or more")
        if not 0 <= self.seed < 2**63:
            raise HotdogError(f"seed is {self.seed}; it must be from 0 to {2**63 - 1}")
        if self.hold_statistics and self.strategy == "scratch":
            raise HotdogError(
                "hold_statistics is on, but from scratch no source has left any: leave "
                "it off, or choose another strategy"
            )
        if self.hold_statistics and self.norm == "adapt":
            raise HotdogError("hold_statistics keeps what norm='adapt' would change: choose one")
        if self.head == "kept" and self.strategy == "scratch":
            raise HotdogError("head is kept, but from scratch no source has left any; take new")
        if not 0 <= self.label_smoothing < 1:
            raise HotdogError(f"label_smoothing is {self.label_smoothing}; it must be in [0, 1)")

    @property
    def learning_rate(self) -> float:
        """``lr``, or the default of the strategy and the head."""
        if self.lr is not None:
            return self.lr
        default = DEFAULT_LR[self.strategy]
        return KEPT_LR.get(self.strategy, default) if self.head == "kept" else default

    @property
    def num_epochs(self) -> int:
        """``epochs``, or the strategy's default."""
        return DEFAULT_EPOCHS[self.strategy] if self.epochs is None else self.epochs

    def with_strategy(self, strategy: str, seed: int) -> Recipe:
        """The same with another strategy and seed; from scratch, without what needs a source."""
        free = {"head": "new", "hold_statistics": False} if strategy == "scratch" else {}
        return replace(self, strategy=strategy, seed=seed, **free)  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able copy; :meth:`from_dict` reads it back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Recipe:
        """Read what :meth:`to_dict` wrote. Raises HotdogError at an unknown name."""
        unknown = set(values) - {f.name for f in fields(cls)}
        if unknown:
            raise HotdogError(
                f"unknown recipe settings {sorted(unknown)}; was it written by another version?"
            )
        augmentation = {
            k: tuple(v) if isinstance(v, list) else v
            for k, v in values.get("augmentation", {}).items()
        }
        return replace(cls(), **{**values, "augmentation": Augmentation(**augmentation)})
