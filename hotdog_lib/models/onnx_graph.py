"""A network as an ONNX graph with two outputs, and its weights in fewer bytes.

ONNX is the format that other programs read: phones, servers, the browser. Its packages are an
extra of this library (``pip install 'hotdog_lib[onnx]'``) and are imported where they are used.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from hotdog_lib.errors import HotdogError
from hotdog_lib.models.card import METADATA_KEY, ModelCard
from hotdog_lib.models.heads import get_classifier
from hotdog_lib.models.stages import unwrap

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto

#: How weights are stored. The arithmetic is float32 with each of them.
STORAGES = ("fp32", "fp16", "int8")
PACKAGES = ("onnx", "onnxscript", "onnxruntime")
#: Smaller tensors (biases, the numbers of a norm layer) stay as they are: there is nothing to gain.
_WORTH_STORING = 1024


class FeaturesAndLogits(nn.Module):
    """A network with both of its answers in one pass: features ``(B, F)`` and logits ``(B, C)``.

    Example:
        >>> from torchvision.models import resnet18
        >>> [t.shape for t in FeaturesAndLogits(resnet18())(torch.zeros(2, 3, 64, 64))]
        [torch.Size([2, 512]), torch.Size([2, 1000])]
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = unwrap(model)
        self.train(model.training)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Of normalised images ``(B, 3, h, w)``."""
        caught: list[Tensor] = []
        head = get_classifier(self.model)
        hook = head.register_forward_pre_hook(lambda _, inputs: caught.append(inputs[0]))
        try:
            logits = self.model(images)  # (B, C)
        finally:
            hook.remove()
        features = caught[0]
        return (features.mean((2, 3)) if features.ndim == 4 else features), logits


def demand_packages() -> None:
    """Raise HotdogError with the command that installs what ONNX needs, where it is missing."""
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise HotdogError(
            f"exporting to ONNX needs {', '.join(missing)}; pip install 'hotdog_lib[onnx]'"
        )


def onnx_graph(model: nn.Module, card: ModelCard) -> ModelProto:
    """The network, in eval mode, as ``images -> features, logits`` for a batch of any size.

    The card (classes, preprocessing, provenance) is in its metadata, under ``hotdog_lib``.

    Raises:
        HotdogError: a package is missing, or torch cannot turn this network into a graph.
    """
    demand_packages()
    side = card.preprocessing.crop_size
    example = torch.zeros(2, 3, side, side)  # a batch of 1 would be taken for a constant
    try:
        program = torch.onnx.export(
            FeaturesAndLogits(model).eval(),
            (example,),
            dynamo=True,
            input_names=["images"],
            output_names=["features", "logits"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            verbose=False,
        )
    except torch.onnx.OnnxExporterError as error:
        reason = str(error).strip().partition("\n")[0]
        raise HotdogError(
            f"torch cannot export {card.architecture} to ONNX ({reason}); try another network"
        ) from error
    graph = program.model_proto
    _forget_origin(graph)
    note(graph, METADATA_KEY, card.to_json())
    return graph


def note(model: ModelProto, key: str, value: str | Mapping[str, Any]) -> None:
    """Add one entry to a graph's metadata; a mapping is stored as JSON."""
    model.metadata_props.add(key=key, value=value if isinstance(value, str) else json.dumps(value))


def compress(model: ModelProto, storage: str) -> ModelProto:
    """A copy whose large weights are stored as ``storage`` says, each with a node that widens it.

    ``fp16`` halves a file. ``int8`` quarters it: each row of a weight has a scale of its own, and
    its largest number becomes 127.

    Raises:
        HotdogError: an unknown storage, or a weight that float16 cannot hold.
    """
    if storage not in STORAGES:
        raise HotdogError(f"storage {storage!r} is unknown; choose from {', '.join(STORAGES)}")
    import onnx

    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    if storage == "fp32":
        return copy
    narrow = {"fp16": _as_fp16, "int8": _as_int8}[storage]
    for tensor in list(copy.graph.initializer):
        if tensor.data_type == onnx.TensorProto.FLOAT and np.prod(tensor.dims) >= _WORTH_STORING:
            _replace(copy.graph, tensor, *narrow(tensor))
    return copy


def _as_fp16(tensor: TensorProto) -> tuple[list[TensorProto], NodeProto]:
    from onnx import TensorProto, helper, numpy_helper

    values = numpy_helper.to_array(tensor)
    with np.errstate(over="ignore"):
        halves = values.astype(np.float16)
    if not np.isfinite(halves).all():
        raise HotdogError(
            f"{tensor.name} has values beyond the range of float16; use --storage fp32"
        )
    stored = numpy_helper.from_array(halves, f"{tensor.name}.fp16")
    return [stored], helper.make_node("Cast", [stored.name], [tensor.name], to=TensorProto.FLOAT)


def _as_int8(tensor: TensorProto) -> tuple[list[TensorProto], NodeProto]:
    from onnx import helper, numpy_helper

    values = numpy_helper.to_array(tensor)  # (rows, ...)
    largest = np.abs(values).reshape(len(values), -1).max(axis=1)
    scales = np.maximum(largest, np.finfo(np.float32).tiny) / 127  # (rows,)
    bytes_ = np.round(values / scales.reshape(-1, *[1] * (values.ndim - 1))).astype(np.int8)
    stored = [
        numpy_helper.from_array(bytes_, f"{tensor.name}.int8"),
        numpy_helper.from_array(scales.astype(np.float32), f"{tensor.name}.scale"),
    ]
    names = [part.name for part in stored]
    return stored, helper.make_node("DequantizeLinear", names, [tensor.name], axis=0)


def _replace(
    graph: GraphProto, tensor: TensorProto, stored: list[TensorProto], widen: NodeProto
) -> None:
    """Put ``stored`` in the place of ``tensor``, and the node that widens it before all others."""
    graph.initializer.remove(tensor)
    graph.initializer.extend(stored)
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend([widen, *nodes])


def _forget_origin(model: ModelProto) -> None:
    """Remove what the exporter notes of each node: stack traces, with paths of this machine."""
    graph = model.graph
    for part in (graph, *graph.node, *graph.input, *graph.output, *graph.value_info):
        del part.metadata_props[:]
    for tensor in graph.initializer:
        del tensor.metadata_props[:]
    del model.metadata_props[:]
