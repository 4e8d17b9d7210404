"""One forward pass, written down: which module called which operation, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from hotdog_lib.models.modes import evaluating
from hotdog_lib.models.stages import unwrap

Shape = tuple[int, ...]


@dataclass
class Call:
    """A module or an operation as it was called in the pass.

    Attributes:
        path: dotted name of the module, ``layer1.0.conv1``; of an operation, that of the module
            that called it, and the operation's own, ``layer1.0.add``.
        kind: class of the module, or name of the operation, such as ``add``.
        module: None for an operation.
        takes: shape of the first tensor that went in.
        gives: shape of the first tensor that came out.
        joins: paths of what made the tensors, where an operation puts several together.
        calls: what happened inside, in order.
    """

    path: str
    kind: str
    module: nn.Module | None = None
    takes: Shape = ()
    gives: Shape = ()
    joins: tuple[str, ...] = ()
    calls: list[Call] = field(default_factory=list)

    def walk(self) -> Iterator[Call]:
        """This call and all inside it, in the order in which they began."""
        yield self
        for call in self.calls:
            yield from call.walk()


def trace(model: nn.Module, images: Tensor) -> Call:
    """Run ``images`` through ``model`` in eval mode and write down every call.

    The operations are those that the modules' code names (``conv2d``, ``add``, ``cat``), not the
    kernels behind them.

    Args:
        model: the network; a compiled one is unwrapped.
        images: ``(B, 3, h, w)``, normalised, on the network's device.

    Example:
        >>> from torchvision.models import resnet18
        >>> block = trace(resnet18(), torch.zeros(1, 3, 64, 64)).calls[4].calls[0]
        >>> [call.kind for call in block.calls][-3:], block.calls[-2].joins
        (['BatchNorm2d', 'add', 'ReLU'], ('layer1.0.bn2', 'maxpool'))
    """
    plain = unwrap(model)
    recorder = _Recorder()
    recorder.made[id(images)] = "the picture"
    with evaluating(plain), _watched(plain, recorder), recorder:
        plain(images)
    return recorder.top[0]


class _Recorder(TorchFunctionMode):
    """Keeps the open modules as a stack, and who made each tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.top: list[Call] = []
        self.open: list[Call] = []
        self.made: dict[int, str] = {}
        self.alive: list[Tensor] = []  # else the number of a tensor could come back as another's

    def begin(self, call: Call) -> None:
        (self.open[-1].calls if self.open else self.top).append(call)
        self.open.append(call)

    def end(self, output: Any) -> None:
        call = self.open.pop()
        call.gives = self._note(output, call.path)

    def _note(self, output: Any, path: str) -> Shape:
        """Remember who made these tensors; the shape of the first."""
        found = list(_tensors(output))
        self.made |= {id(tensor): path for tensor in found}
        self.alive += found
        return tuple(found[0].shape) if found else ()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = list(_tensors([*args, *(kwargs or {}).values()]))
        joins = tuple(dict.fromkeys(self.made[id(t)] for t in given if id(t) in self.made))
        takes = tuple(given[0].shape) if given else ()
        output = func(*args, **(kwargs or {}))
        kind = _plain_name(func)
        if self.open and joins and kind and next(_tensors(output), None) is not None:
            path = f"{self.open[-1].path}.{kind}".lstrip(".")
            several = joins if len(joins) > 1 else ()
            call = Call(path, kind, None, takes, joins=several)
            self.open[-1].calls.append(call)
            call.gives = self._note(output, path)
        return output


@contextmanager
def _watched(plain: nn.Module, recorder: _Recorder) -> Iterator[None]:
    """Tell ``recorder`` of each module that begins and ends while inside."""
    paths = {module: path for path, module in plain.named_modules()}

    def begin(module: nn.Module, args: tuple[Any, ...]) -> None:
        first = next(_tensors(args), None)
        takes = tuple(first.shape) if first is not None else ()
        recorder.begin(Call(paths[module], type(module).__name__, module, takes))

    hooks = []
    for module in paths:
        hooks.append(module.register_forward_pre_hook(begin))
        hooks.append(module.register_forward_hook(lambda _, __, output: recorder.end(output)))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _tensors(value: Any) -> Iterator[Tensor]:
    """Tensors in a value, lists and tuples opened; no shapes, flags or names."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)) and not isinstance(value, torch.Size):
        for part in value:
            yield from _tensors(part)


def _plain_name(func: Callable[..., Any]) -> str:
    """``__iadd__`` and ``add_`` -> ``add``; nothing for what reads an attribute."""
    name = func.__name__
    if name in ("__get__", "__set__"):
        return ""
    plain = name.strip("_")
    in_place = name.startswith("__i") and hasattr(Tensor, f"__{plain[1:]}__")
    return plain[1:] if in_place else plain
