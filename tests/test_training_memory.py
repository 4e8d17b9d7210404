"""The memory of a step, counted by hand on a network small enough for it."""

from __future__ import annotations

import torch
from torch import nn

from hotdog_lib.models import freeze
from hotdog_lib.models.adapters import insert, wake
from hotdog_lib.models.create import create_model
from hotdog_lib.training.hardware import Hardware
from hotdog_lib.training.memory import step_memory

FP32 = Hardware(torch.device("cpu"), bf16=False)


def test_counted_by_hand():
    model = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 2))
    images, targets = torch.randn(4, 10), torch.zeros(4, dtype=torch.int64)
    found = step_memory(model, images, targets, FP32)
    numbers = 10 * 20 + 20 + 20 * 2 + 2
    assert (found.weights, found.gradients, found.optimizer) == (
        4 * numbers,
        4 * numbers,
        8 * numbers,
    )
    hidden, loss = 4 * 4 * 20, 4 * 4 * 2 + 8 * 4 + 4  # log-probabilities, targets, their weight
    assert found.activations == hidden + loss
    assert found.total == 16 * numbers + found.activations
    model[0].requires_grad_(False)
    frozen = step_memory(model, images, targets, FP32)
    assert frozen.weights == found.weights and frozen.gradients == 4 * 42
    assert frozen.activations == found.activations, "the last layer needs its input all the same"


def test_few_numbers_save_gradients_and_optimizer_but_hardly_activations():
    images, targets = torch.randn(8, 3, 64, 64), torch.zeros(8, dtype=torch.int64)
    model = create_model("resnet18_slim", num_classes=2).train()
    full = step_memory(model, images, targets, FP32)
    lora = insert(create_model("resnet18_slim", num_classes=2), "lora", 4)
    wake(freeze(lora), "lora").train()
    few = step_memory(lora, images, targets, FP32)
    assert few.gradients + few.optimizer < 0.1 * (full.gradients + full.optimizer)
    assert few.activations > 0.5 * full.activations
    head = freeze(create_model("resnet18_slim", num_classes=2)).train()
    head.fc.requires_grad_(True)
    assert step_memory(head, images, targets, FP32).activations < 0.01 * full.activations
    assert all(p.grad is None for p in model.parameters())


def test_half_the_precision_half_the_activations():
    model = nn.Sequential(nn.Linear(10, 20), nn.Linear(20, 20), nn.Linear(20, 2))
    images, targets = torch.randn(400, 10), torch.zeros(400, dtype=torch.int64)
    full, half = (
        step_memory(model, images, targets, Hardware(torch.device("cpu"), bf16))
        for bf16 in (False, True)
    )
    assert 0.4 < half.activations / full.activations < 0.8 and half.weights == full.weights


def test_the_count_needs_no_memory():
    model = create_model("resnet18_slim", num_classes=2).train()
    images, targets = torch.randn(8, 3, 64, 64), torch.zeros(8, dtype=torch.int64)
    counted = step_memory(model, images, targets, FP32)
    assert step_memory(model.to("meta"), images.to("meta"), targets.to("meta"), FP32) == counted
