"""The imbalance study's arithmetic: many heads at once are as many heads alone."""

import pytest
import torch
from sklearn.metrics import f1_score
from torch import nn


@pytest.fixture
def imbalance(load_benchmark):
    return load_benchmark("imbalance")


@pytest.fixture
def split():
    generator = torch.Generator().manual_seed(0)
    targets = (torch.arange(180) % 9 > 0).long()
    return torch.randn(180, 6, generator=generator) - targets[:, None], targets


@pytest.mark.parametrize("setting", ["plain", "weight 5, torch's mean", "balanced sampler"])
def test_heads_side_by_side_are_heads_alone(imbalance, split, setting, monkeypatch):
    monkeypatch.setattr(imbalance, "EPOCHS", 2)
    weights, biases = imbalance.train_heads(split, setting, seed=3)
    assert weights.shape == (len(imbalance.RATES), 6, 2)
    for lr, weight, bias in zip(imbalance.RATES, weights, biases, strict=True):
        alone = head_alone(imbalance, split, setting, lr)
        assert torch.allclose(alone.weight.T, weight, atol=1e-5)
        assert torch.allclose(alone.bias, bias, atol=1e-5)


def head_alone(imbalance, split, setting, lr):
    """The same with torch's own SGD."""
    features, targets = split
    torch.manual_seed(3)
    head, counts = nn.Linear(6, 2), targets.bincount()
    loss_of = imbalance.objective(setting, counts)
    optimizer = torch.optim.SGD(head.parameters(), lr=lr, momentum=imbalance.MOMENTUM)
    for _ in range(imbalance.EPOCHS):
        order = torch.randperm(180)
        if "sampler" in setting:
            order = torch.multinomial((1 / counts)[targets], 180, replacement=True)
        for rows in order.split(imbalance.BATCH):
            optimizer.zero_grad()
            loss_of(head(features[rows]), targets[rows]).backward()
            optimizer.step()
    return head


def test_mean_of_batches_is_what_a_loop_over_them_gives(imbalance):
    generator = torch.Generator().manual_seed(1)
    targets = (torch.rand(100, generator=generator) > 0.1).long()
    said = torch.rand(100, generator=generator)
    scores = []
    for seed in range(20):
        order = torch.randperm(100, generator=torch.Generator().manual_seed(seed))
        scores += [
            f1_score(targets[rows] == 0, said[rows] >= 0.5, zero_division=0)
            for rows in order.split(imbalance.BATCH)
        ]
    assert imbalance.batch_f1(said, targets) == pytest.approx(sum(scores) / len(scores))
