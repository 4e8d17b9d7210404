"""A rare class: thresholds, calibration and losses, against scikit-learn and by arithmetic."""

import pytest
import torch
import torch.nn.functional as F
from sklearn import metrics

from hotdog_lib.errors import HotdogError
from hotdog_lib.training.calibration import calibration_error, reliability, scale_odds
from hotdog_lib.training.losses import cross_entropy, focal_loss, normalise_weights
from hotdog_lib.training.thresholds import (
    average_precision,
    best_f1_threshold,
    precision_recall_curve,
    threshold_for_recall,
)


@pytest.fixture(params=["all different", "many equal"])
def scored(request):
    generator = torch.Generator().manual_seed(0)
    is_positive = torch.rand(300, generator=generator) < 1 / 9
    scores = (torch.randn(300, generator=generator) + 1.5 * is_positive).sigmoid()
    return (scores if request.param == "all different" else (scores * 8).round() / 8), is_positive


def test_curve_and_average_precision_are_scikit_learns(scored):
    scores, is_positive = scored
    curve = precision_recall_curve(scores, is_positive)
    precision, recall, thresholds = metrics.precision_recall_curve(is_positive, scores)
    assert curve.thresholds.tolist() == pytest.approx(thresholds[::-1].tolist())
    assert curve.precision.tolist() == pytest.approx(precision[:-1][::-1].tolist())
    assert curve.recall.tolist() == pytest.approx(recall[:-1][::-1].tolist())
    theirs = metrics.average_precision_score(is_positive, scores)
    assert average_precision(scores, is_positive) == pytest.approx(theirs)


def test_no_threshold_has_a_better_f1(scored):
    scores, is_positive = scored
    chosen = metrics.f1_score(is_positive, scores >= best_f1_threshold(scores, is_positive))
    every = [metrics.f1_score(is_positive, scores >= t) for t in torch.linspace(0, 1, 2001)]
    assert chosen >= max(every)


@pytest.mark.parametrize("wanted", [0.05, 0.5, 0.9, 1.0])
def test_a_recall_is_reached_and_the_next_higher_threshold_misses_it(scored, wanted):
    scores, is_positive = scored
    threshold = threshold_for_recall(scores, is_positive, wanted)
    assert metrics.recall_score(is_positive, scores >= threshold) >= wanted
    above = scores[scores >= threshold].min()
    assert metrics.recall_score(is_positive, scores > above) < wanted


@pytest.mark.parametrize("wanted", [0, 1.1, float("nan")])
def test_a_recall_that_makes_no_sense_is_told(wanted):
    with pytest.raises(HotdogError, match=f"recall is {wanted}"):
        threshold_for_recall(torch.tensor([0.5]), torch.tensor([True]), wanted)


def test_without_a_positive_there_is_no_curve():
    with pytest.raises(HotdogError, match="none of the 2 pictures is positive"):
        precision_recall_curve(torch.rand(2), torch.zeros(2, dtype=torch.bool))


def test_honest_probabilities_have_a_small_calibration_error_and_scaled_ones_a_large_one():
    generator = torch.Generator().manual_seed(1)
    honest = torch.rand(20_000, generator=generator)
    is_positive = torch.rand(20_000, generator=generator) < honest
    assert calibration_error(honest, is_positive) < 0.01
    inflated = scale_odds(honest, 5)
    assert calibration_error(inflated, is_positive) > 0.1
    assert torch.allclose(scale_odds(inflated, 1 / 5), honest, atol=1e-5)


def test_bins_hold_every_picture_once_and_the_ends_too():
    probabilities = torch.tensor([0.0, 0.1, 0.55, 1.0])
    rows = reliability(probabilities, torch.tensor([False, False, True, True]))
    assert [row.count for row in rows] == [1, 1, 1, 1]
    with pytest.raises(HotdogError, match="empty"):
        reliability(torch.zeros(0), torch.zeros(0, dtype=torch.bool))


def test_odds_need_a_factor():
    with pytest.raises(HotdogError, match="factor is 0"):
        scale_odds(torch.rand(2), 0)


def test_focal_loss_counts_a_picture_less_the_surer_it_is():
    logits = torch.tensor([[4.0, 0.0], [0.0, 0.0]])
    targets = torch.tensor([0, 0])
    assert torch.allclose(focal_loss(logits, targets, 0.0), F.cross_entropy(logits, targets))
    sure, unsure = (float(focal_loss(row[None], targets[:1])) for row in logits)
    share = logits[0].softmax(0)[0]
    assert sure == pytest.approx(float((1 - share) ** 2 * -share.log()), rel=1e-4)
    assert unsure == pytest.approx(0.25 * 0.6931, rel=1e-3)
    weights = torch.tensor([3.0, 1.0])
    assert float(focal_loss(logits, targets, 0.0, weights)) == pytest.approx(
        3 * float(F.cross_entropy(logits, targets))
    )


def test_a_weight_that_is_not_normalised_is_a_normalised_one_at_a_higher_rate():
    torch.manual_seed(0)
    logits, targets = torch.randn(90, 2), (torch.arange(90) % 9 > 0).long()
    weights, counts = torch.tensor([5.0, 1.0]), targets.bincount()
    mean = float((weights * counts).sum() / counts.sum())
    scaled = mean * cross_entropy(logits, targets, normalise_weights(weights, counts))
    assert torch.allclose(cross_entropy(logits, targets, weights), scaled)
