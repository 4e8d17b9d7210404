"""What one training step has to remember, counted: the same on every machine."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.functional import cross_entropy

from hotdog_lib.training.hardware import Hardware


@dataclass(frozen=True)
class StepMemory:
    """Bytes that a step of AdamW needs at its peak, when the backward pass begins.

    Attributes:
        weights: of parameters and buffers.
        gradients: one number for each parameter that learns.
        optimizer: AdamW's two running means of each gradient.
        activations: what the forward pass keeps for the backward pass.
    """

    weights: int
    gradients: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        """All of it."""
        return sum(asdict(self).values())


def step_memory(
    model: nn.Module, images: Tensor, targets: Tensor, hardware: Hardware
) -> StepMemory:
    """Count what a step of training ``model`` as it stands has to remember.

    Call it in training mode, with what is to be frozen frozen. One forward pass is made, so that
    BatchNorm layers that are awake see the pictures once; no weight moves. An allocator takes more
    than this: it rounds up, and kernels need room to work in.

    With a network and pictures on ``meta`` nothing is computed, and the count is the same: it can
    be made for networks that this machine could not hold.

    Args:
        model: the network, on the hardware's device.
        images: ``(B, 3, S, S)``, normalised, on the same device.
        targets: ``(B,)``.
        hardware: its precision counts, too: half of it, half the activations.
    """
    held = {_storage(tensor) for tensor in [*model.parameters(), images]}
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        if _storage(tensor) not in held:
            kept[_storage(tensor)] = tensor.untyped_storage().nbytes()
        return tensor

    with saved_tensors_hooks(note, lambda tensor: tensor):
        with hardware.autocast():
            logits = model(images)
        loss = cross_entropy(logits.float(), targets)
    activations = sum(kept.values())  # the loss holds them all until here, so that none was reused
    del loss, logits
    learning = sum(_bytes(p) for p in model.parameters() if p.requires_grad)
    weights = sum(_bytes(t) for t in [*model.parameters(), *model.buffers()])
    return StepMemory(weights, learning, 2 * learning, activations)


def _storage(tensor: Tensor) -> int:
    """What tells one piece of memory from another, also on ``meta``, where all have address 0."""
    return tensor.untyped_storage()._cdata


def _bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()
