"""The models room: weights that own their transforms, networks, heads, stages, freezing, adapters,
saving."""

from hotdog_lib.models.adapters import insert, merge, unload, unmerge, wake
from hotdog_lib.models.card import ModelCard
from hotdog_lib.models.create import create_model, list_models
from hotdog_lib.models.freezing import (
    StageSummary,
    freeze,
    freeze_to,
    hold_statistics,
    is_frozen,
    trainable_summary,
    unfreeze,
)
from hotdog_lib.models.heads import (
    classifier_name,
    count_logits,
    forward_features,
    get_classifier,
    has_head_relu,
    head_logits,
    reset_classifier,
)
from hotdog_lib.models.io import load_model, read_metadata, save_adapter, save_model
from hotdog_lib.models.source_heads import keep_head, seed_head_from_rows
from hotdog_lib.models.stages import stages, unwrap
from hotdog_lib.models.weights import SourceWeights, get_weights
from hotdog_lib.models.zero_shot import zero_shot_probability

__all__ = [
    "ModelCard",
    "SourceWeights",
    "StageSummary",
    "classifier_name",
    "count_logits",
    "create_model",
    "forward_features",
    "freeze",
    "freeze_to",
    "get_classifier",
    "get_weights",
    "has_head_relu",
    "head_logits",
    "hold_statistics",
    "insert",
    "is_frozen",
    "keep_head",
    "list_models",
    "load_model",
    "merge",
    "read_metadata",
    "reset_classifier",
    "save_adapter",
    "save_model",
    "seed_head_from_rows",
    "stages",
    "trainable_summary",
    "unfreeze",
    "unload",
    "unmerge",
    "unwrap",
    "wake",
    "zero_shot_probability",
]
