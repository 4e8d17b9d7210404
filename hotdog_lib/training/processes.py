"""Several processes that train one network: their parts of the work, and what ends all of them.

``torchrun`` and ``accelerate launch`` start them, on one machine or on several; accelerate connects
them. Every process has the whole set (mapped, not in memory) and takes its part of each batch. What
is decided from files is decided by the first process, which alone writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from hotdog_lib.errors import HotdogError

if TYPE_CHECKING:
    from accelerate import Accelerator

T = TypeVar("T")

#: What gloo, NCCL and the store say when another process is gone or does not answer.
LOST = ("closed by peer", "reset by peer", "timed out", "timeout", "gloo", "nccl", "broken pipe")


@dataclass(frozen=True)
class Processes:
    """This process among those that train together.

    Attributes:
        rank: its number; the first, 0, writes.
        world: how many there are.

    Example:
        >>> [Processes(rank, 3).part(11) for rank in range(3)]
        [slice(0, 3, None), slice(3, 7, None), slice(7, 11, None)]
    """

    rank: int = 0
    world: int = 1

    @property
    def first(self) -> bool:
        """Whether this one writes, logs and decides."""
        return self.rank == 0

    def part(self, total: int) -> slice:
        """Its part of ``total`` things in order: the parts differ by one at most."""
        return slice(self.rank * total // self.world, (self.rank + 1) * total // self.world)

    def rows(self, total: int) -> Tensor:
        """Row numbers of its part; of all where there are fewer things than processes."""
        rows = torch.arange(total)
        return rows if total < self.world else rows[self.part(total)]

    def gather(self, part: Tensor, total: int, device: torch.device) -> Tensor:
        """All parts in order, ``(total, ...)``: each thing once, however uneven the parts are.

        Args:
            part: what this process made of its :meth:`rows`.
            total: things in all.
            device: on which the processes talk.
        """
        if self.world == 1 or total < self.world:
            return part
        longest = -(-total // self.world)
        padded = torch.zeros((longest, *part.shape[1:]), dtype=part.dtype, device=device)
        padded[: len(part)] = part
        parts = [torch.empty_like(padded) for _ in range(self.world)]
        dist.all_gather(parts, padded)
        lengths = [len(range(total)[Processes(rank, self.world).part(total)])
                   for rank in range(self.world)]  # fmt: skip
        whole = [each[:length] for each, length in zip(parts, lengths, strict=True)]
        return torch.cat(whole).to(part.device)

    def mean(self, value: float, weight: int, device: torch.device) -> float:
        """Mean of all processes' values, each with its weight."""
        if self.world == 1:
            return value
        both = torch.tensor([value * weight, weight], dtype=torch.float64, device=device)
        dist.all_reduce(both)
        return float(both[0] / both[1])

    def share(self, thing: T) -> T:
        """What the first process has, in all of them."""
        if self.world == 1:
            return thing
        box = [thing]
        dist.broadcast_object_list(box, src=0)
        return box[0]

    def agree(self, model: nn.Module) -> None:
        """Give every process the first one's weights and buffers."""
        if self.world > 1:
            with torch.no_grad():
                for tensor in model.state_dict().values():
                    plain = tensor.contiguous()  # a channels_last weight is not
                    dist.broadcast(plain, src=0)
                    tensor.copy_(plain)

    def check_same(self, what: dict[str, Any]) -> None:
        """Raise HotdogError in all processes unless these plain values are equal in all."""
        if self.world == 1:
            return
        found: list[dict[str, Any]] = [{}] * self.world
        dist.all_gather_object(found, what)
        for rank, other in enumerate(found):
            differing = [key for key in what if other[key] != found[0][key]]
            if differing:
                raise HotdogError(
                    f"process {rank} has other {', '.join(differing)} than process 0: copy the "
                    "same files to every machine, and give every process the same options"
                )

    def wait(self) -> None:
        """Until all are here."""
        if self.world > 1:
            dist.barrier()


ALONE = Processes()


def connect(device: torch.device) -> Accelerator:
    """accelerate's engine, which wraps networks so that gradients are means over the processes.

    Precision and schedule stay ours, whatever a user's accelerate configuration says.
    """
    from accelerate import Accelerator

    return Accelerator(cpu=device.type == "cpu", mixed_precision="no")


def launched() -> Processes:
    """This process as its launcher has numbered it; alone without one."""
    if dist.is_initialized():
        return Processes(dist.get_rank(), dist.get_world_size())
    return Processes(int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1)))


def own_device(device: str) -> str:
    """The device of this process: of several on a machine, each has a GPU of its own."""
    shared = device in ("auto", "cuda") and torch.cuda.is_available()
    if launched().world == 1 or not shared:
        return device
    return f"cuda:{os.environ.get('LOCAL_RANK', 0)}"


@contextmanager
def together(device: str, timeout: float) -> Iterator[Processes]:
    """Connect to the other processes that the launcher started; an end of one ends all.

    Args:
        device: as :func:`hotdog_lib.training.hardware.pick_hardware` takes it.
        timeout: seconds that one waits for another; one that has ended is noticed at once.

    Raises:
        HotdogError: another process has ended, or does not answer.
    """
    mine = launched()
    if mine.world == 1:
        yield ALONE
        return
    from accelerate import PartialState

    connected = dist.is_initialized()  # by a launcher, which ends it, too
    cpu = device == "cpu" or not torch.cuda.is_available()
    try:
        PartialState(cpu=cpu, timeout=timedelta(seconds=timeout))
        yield mine
    except (RuntimeError, ValueError) as error:
        if isinstance(error, ValueError) or not any(sign in str(error).lower() for sign in LOST):
            raise
        reason = str(error).strip().splitlines()[0]
        raise HotdogError(
            f"it has lost another one ({reason}); see what that one said last, and start all of "
            "them again with --resume"
        ) from error
    if not connected:
        dist.destroy_process_group()
