"""States of networks: read, cleaned of the prefixes of wrappers, loaded without a doubt left."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

from hotdog_lib.errors import HotdogError
from hotdog_lib.models.stages import unwrap

State = dict[str, Tensor]
_SHOWN = 3
_FLOATS = ("F64", "F32", "F16", "BF16")


def clean_state(state: Mapping[str, Tensor]) -> State:
    """Today's plain keys: no prefixes of ``torch.compile`` and of data-parallel wrappers.

    DenseNet's layer ``norm1``, which old files of torchvision's call ``norm.1``, is renamed, too.
    """
    return {_plain_key(key): tensor for key, tensor in state.items()}


def _plain_key(key: str) -> str:
    key = re.sub(r"^(module\.)+", "", key.replace("_orig_mod.", ""))
    return re.sub(r"(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)", r"\1\2", key)


def read_state(path: Path) -> State:
    """Tensors of a ``.safetensors`` file on the CPU; half-precision ones come back as float32."""
    try:
        state = load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise HotdogError(f"cannot read the weights in {path} ({error}); fetch it again") from error
    return {key: _to_float32(tensor) for key, tensor in clean_state(state).items()}


def read_shapes(path: Path) -> State:
    """What :func:`read_state` would read, from the file's header alone: tensors on ``meta``."""
    try:
        with safe_open(path, "pt") as file:
            parts = {key: file.get_slice(key) for key in file.keys()}
            shapes = {
                key: torch.empty(
                    part.get_shape(),
                    dtype=torch.float32 if part.get_dtype() in _FLOATS else torch.int64,
                    device="meta",
                )
                for key, part in parts.items()
            }
    except (SafetensorError, OSError, ValueError, RuntimeError, TypeError) as error:
        raise HotdogError(f"cannot read the weights in {path} ({error}); fetch it again") from error
    return clean_state(shapes)


def load_state(model: nn.Module, state: Mapping[str, Tensor], source: str) -> nn.Module:
    """Load every tensor by name and shape, none missing and none left over, into ``model`` itself.

    Auxiliary heads in ``state`` (GoogLeNet, Inception) are passed over where the model has none.

    Args:
        model: the network; its wrappers are looked through.
        state: as ``state_dict()`` gives it.
        source: what ``state`` is, for the message: a file, an address.

    Raises:
        HotdogError: names the model, the source and the first keys that do not fit.
    """
    plain = unwrap(model)
    own = plain.state_dict()
    given = check_fit(own, state, source, type(plain).__name__)
    # Some torchvision networks (MNASNet) refuse a state that has lost its layers' version numbers.
    versions = getattr(state, "_metadata", None) or getattr(own, "_metadata", None)
    ordered = type(own)(given)
    ordered._metadata = versions
    plain.load_state_dict(ordered)
    return model


def check_fit(own: State, state: Mapping[str, Tensor], source: str, whose: str) -> State:
    """``state`` without auxiliary heads that are not in ``own``; HotdogError if it does not fit."""
    given = {k: v for k, v in state.items() if k in own or not k.lower().startswith("aux")}
    if faults := differences(own, given):
        raise HotdogError(
            f"the weights in {source} do not fit {whose}: {faults}; "
            "they belong to another architecture or to another number of classes"
        )
    return given


def differences(own: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> str:
    """The first keys that do not fit, in words; empty when all do."""
    shapes = [
        f"{key} is {tuple(given[key].shape)}, not {tuple(own[key].shape)}"
        for key in own
        if key in given and given[key].shape != own[key].shape
    ]
    types = [
        f"{key} is {given[key].dtype}, not {own[key].dtype}"
        for key in own
        if key in given and given[key].is_floating_point() != own[key].is_floating_point()
    ]
    kinds = {
        "missing": [key for key in own if key not in given],
        "unexpected": [key for key in given if key not in own],
        "of another shape": shapes,
        "of another type": types,
    }
    return "; ".join(
        f"{len(keys)} {kind} ({', '.join(keys[:_SHOWN])}{', ...' if len(keys) > _SHOWN else ''})"
        for kind, keys in kinds.items()
        if keys
    )


def portable_state(model: nn.Module, dtype: torch.dtype | None = None) -> State:
    """State that safetensors can store: on the CPU, contiguous, no two keys sharing memory.

    Args:
        model: the network; its wrappers are looked through.
        dtype: of the stored parameters. Buffers keep theirs: a BatchNorm's running variance may lie
            outside the range of float16, and it is small.

    Raises:
        HotdogError: a parameter that ``dtype`` can not hold.
    """
    plain = unwrap(model)
    parameters = {name for name, _ in plain.named_parameters(remove_duplicate=False)}
    state = {}
    for key, tensor in plain.state_dict().items():
        cast = dtype if key in parameters else None
        copy = tensor.detach().to("cpu", cast or tensor.dtype)
        if cast and not torch.equal(copy.isfinite(), tensor.detach().cpu().isfinite()):
            raise HotdogError(f"{key} has values beyond the range of {dtype}; store it as float32")
        # channels_last tensors are not contiguous, and safetensors refuses tied ones: copy each.
        state[key] = copy.clone(memory_format=torch.contiguous_format)
    return clean_state(state)


def _to_float32(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor
