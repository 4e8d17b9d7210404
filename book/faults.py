"""Small measurements of the originals' faults, made anew whenever the book is built."""

from __future__ import annotations

import copy
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate
from torchvision import models
from torchvision.transforms import v2

from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.lab import kitchen_pictures
from hotdog_lib.models import create_model, forward_features, get_weights
from hotdog_lib.models.weights import SourceWeights

#: The validation file of 2017, and the F1 that is reported for it.
PICTURES, HOT_DOGS, F1, BATCH = 1259, 209, 0.74, 256
MODEL = "resnet18_slim"


def f1(hits: Tensor, false_alarms: Tensor, missed: Tensor) -> Tensor:
    """F1 from counts; 0 where there is neither a hot dog nor an alarm."""
    return 2 * hits / (2 * hits + false_alarms + missed).clamp(min=1)


def mean_of_batches() -> str:
    """The same answers, counted as a whole and averaged over batches, in any order."""
    hits = round(F1 * HOT_DOGS)
    truth = torch.arange(PICTURES) < HOT_DOGS  # sorted by class
    says = torch.zeros(PICTURES, dtype=torch.bool)
    says[:hits] = True
    says[HOT_DOGS : 2 * HOT_DOGS - hits] = True  # as many false alarms as missed
    generator = torch.Generator().manual_seed(0)
    mixed = [torch.randperm(PICTURES, generator=generator) for _ in range(1000)]
    means = torch.tensor([_mean_f1(truth[order], says[order]) for order in mixed])
    return (
        f"answers of an F1 of {hits / HOT_DOGS:.3f} on {PICTURES:,} pictures, in batches of "
        f"{BATCH}: the mean is {means.min():.3f} to {means.max():.3f} by their order, and "
        f"{_mean_f1(truth, says):.3f} if they are sorted by class"
    )


def _mean_f1(truth: Tensor, says: Tensor) -> float:
    batches = zip(truth.split(BATCH), says.split(BATCH), strict=True)
    scores = [f1((t & s).sum(), (~t & s).sum(), (t & ~s).sum()) for t, s in batches]
    return float(torch.stack(scores).mean())


def best_of_forty() -> str:
    """Forty equally good networks, and the best F1 among them."""
    torch.manual_seed(0)
    hits = torch.binomial(torch.full((2000, 40), float(HOT_DOGS)), torch.tensor(F1))
    others = PICTURES - HOT_DOGS
    alarms = (1 - F1) * HOT_DOGS / others
    false_alarms = torch.binomial(torch.full((2000, 40), float(others)), torch.tensor(alarms))
    scores = f1(hits, false_alarms, HOT_DOGS - hits)  # (2000, 40)
    gain = scores.max(1).values.mean() - scores.mean()
    return (
        f"the best of 40 equally good epochs looks up to {100 * gain:.1f} points better than they "
        f"are (epochs that err independently, {PICTURES:,} pictures)"
    )


def best_of_five() -> str:
    """The same with an accuracy of 0.94 on 800 pictures and five epochs."""
    torch.manual_seed(0)
    right = torch.binomial(torch.full((20_000, 5), 800.0), torch.tensor(0.94)) / 800
    gain = right.max(1).values.mean() - right.mean()
    return (
        f"picking the best of five equally good epochs by its 800 test pictures flatters by up to "
        f"{100 * gain:.1f} points"
    )


@cache
def source() -> SourceWeights:
    """The embedded source network's weights."""
    found = get_weights(MODEL, "embedded")
    assert found is not None
    return found


@cache
def pictures(seed: int, count: int) -> PictureSet:
    """Some of the kitchen's pictures."""
    return kitchen_pictures(seed, count, source().preprocessing.resize_size)


def nonsense_by_heart() -> str:
    """A head that learned labels from a dice: on those pictures, and on others."""
    torch.manual_seed(0)
    net = create_model(MODEL, weights=source()).eval()
    sets = pictures(9001, 100), pictures(9002, 200)
    with torch.no_grad():
        known, new = (forward_features(net, source().preprocessing(s.images)) for s in sets)
    dice, others = torch.randint(2, (100,)), torch.randint(2, (200,))
    weights = torch.linalg.lstsq(known - known.mean(0), 2.0 * dice[:, None] - 1).solution
    answers = [((x - known.mean(0)) @ weights).flatten() > 0 for x in (known, new)]
    right = [(a == t.bool()).float().mean() for a, t in zip(answers, (dice, others), strict=True)]
    return (
        f"a head that was taught labels from a dice is right on {right[0]:.0%} of the 100 pictures "
        f"it was taught, and on {right[1]:.0%} of new ones"
    )


def row_713() -> str:
    """What stands in that row today, and where the hot dog stands."""
    names = models.SqueezeNet1_1_Weights.IMAGENET1K_V1.meta["categories"]
    return f"in torchvision's list 713 is a {names[713]}; the hot dog is {names.index('hotdog')}"


def summed_loss() -> str:
    """The gradient of a sum over that of a mean, and the rate that it stands for."""
    torch.manual_seed(0)
    inputs, targets = torch.randn(128, 20), torch.randint(2, (128,))
    sizes = []
    for reduction in ("sum", "mean"):
        layer = nn.Linear(20, 2)
        for parameter in layer.parameters():
            nn.init.zeros_(parameter)
        cross_entropy(layer(inputs), targets, reduction=reduction).backward()
        sizes.append(layer.weight.grad.norm())
    times = float(sizes[0] / sizes[1])
    return f"its gradients are {times:.0f} times as long: 5e-5 acts like {times * 5e-5:.4f}"


def everything_frozen() -> str:
    """What the two lines of the exercise leave to learn."""
    net = models.resnet18()
    net.fc = nn.Linear(net.fc.in_features, 2)
    for parameter in net.parameters():
        parameter.requires_grad = False
    left = sum(p.numel() for p in net.parameters() if p.requires_grad)
    try:
        net(torch.zeros(2, 3, 32, 32)).sum().backward()
        told = "without a word"
    except RuntimeError as error:
        told = f"`{str(error).partition(' and')[0]}`"
    return f"{left} numbers learn; `backward` stops: {told}"


@cache
def _thirty_batches() -> tuple[int, int, float, float]:
    """Tensors that changed, parameters among them, what is left of the old statistics, and how far
    the running means moved, in units of their channels' spread."""
    torch.manual_seed(0)
    net = create_model(MODEL, weights=source()).requires_grad_(False).train()
    before = copy.deepcopy(net.state_dict())
    images = source().preprocessing(pictures(9001, 100).images)
    with torch.no_grad():
        for _ in range(30):
            net(images[torch.randperm(100)[:16]])
    after = net.state_dict()
    changed = [k for k in after if not torch.equal(after[k], before[k])]
    means = [k for k in changed if k.endswith("running_mean")]
    spreads = [before[k.replace("mean", "var")].sum().sqrt() for k in means]
    moves = [(after[k] - before[k]).norm() / s for k, s in zip(means, spreads, strict=True)]
    parameters = len(set(changed) & {k for k, _ in net.named_parameters()})
    return len(changed), parameters, 0.9**30, float(torch.stack(moves).mean())


def frozen_and_moving() -> str:
    """Tensors of a frozen ResNet that 30 batches change."""
    changed, parameters, kept, _ = _thirty_batches()
    return (
        f"{changed} tensors of a frozen ResNet changed in 30 batches, {parameters} of them "
        f"parameters; {kept:.0%} of the old statistics is left"
    )


def no_gradient_and_moving() -> str:
    """How far statistics move where there is no gradient."""
    *_, moved = _thirty_batches()
    return (
        f"with no gradient anywhere, BatchNorm's means moved in 30 batches by {moved:.2f} of their "
        "channels' spread"
    )


def squashed() -> str:
    """A 4:3 picture made square in Gluon's way and in torchvision's."""
    wide = torch.zeros(3, 300, 400)
    gluon, kept = v2.Resize((256, 256))(wide), v2.Resize(256)(wide)
    width = (gluon.shape[2] / 400) / (gluon.shape[1] / 300)
    assert kept.shape[2] / kept.shape[1] > 1.3
    return f"a hot dog in a 4:3 photograph keeps {width:.0%} of its length"


def one_class_too_many() -> str:
    """What today's loss says to class 256 of 256."""
    try:
        cross_entropy(torch.zeros(1, 256), torch.tensor([256]))
    except IndexError as error:
        return f"PyTorch refuses the last folder: `{error}`"
    return "PyTorch takes it without a word"


def small_and_grey() -> str:
    """First guesses that stay when pictures are prepared as the article does."""
    net, view = create_model(MODEL, weights=source()).eval(), source().preprocessing
    images = pictures(9002, 200).images
    small = interpolate(images.float(), (32, 32), mode="bilinear", antialias=True) / 255
    with torch.no_grad():
        own, theirs, only_grey = (
            net(x).argmax(1)
            for x in (view(images), (small - 0.5) / 0.5, (images / 255 - 0.5) / 0.5)
        )
    kept = (theirs == own).float().mean(), (only_grey == own).float().mean()
    return (
        f"{kept[0]:.0%} of the embedded source's first guesses on 200 drawn pictures stay the "
        f"same; with 0.5 at full size, {kept[1]:.0%}"
    )


def more_rows_than_classes() -> str:
    """The loss of ten classes with a thousand outputs."""
    loss = cross_entropy(torch.zeros(4, 1000), torch.tensor([0, 3, 5, 9]))
    return f"ten classes on 1,000 outputs give a loss of {loss:.2f}, and no error"


def unsqueeze() -> str:
    """What the call says."""
    try:
        torch.zeros(3, 8, 8).unsqueeze()
    except TypeError as error:
        return f"`{str(error).partition(chr(10))[0]}`"
    return "it works today"
