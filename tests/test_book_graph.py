"""The graph is the one that a picture goes through, with real weights and gradients."""

import pytest
import torch
from bs4 import BeautifulSoup
from torch import nn

from hotdog_lib.errors import HotdogError
from hotdog_lib.models import create_model, freeze_to, unfreeze
from hotdog_lib.viz.graph import model_graph
from hotdog_lib.viz.interpret import weight_gradients
from hotdog_lib.viz.trace import trace

IMAGES = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(1))
TARGETS = torch.tensor([0, 1, 1, 0])


@pytest.fixture
def net():
    torch.manual_seed(0)
    net = create_model("resnet18_slim", num_classes=2)
    nn.init.normal_(net.fc.weight, std=0.1)
    return net


def test_trace_sees_modules_operations_and_skips(net):
    root = trace(net, IMAGES[:1])
    calls = {call.path: call for call in root.walk()}
    assert root.takes == (1, 3, 64, 64) and root.gives == (1, 2)
    assert calls["layer2.0.conv1"].takes == (1, 20, 16, 16)
    assert calls["layer2.0.conv1"].gives == (1, 40, 8, 8)
    assert calls["layer1.0.add"].joins == ("layer1.0.bn2", "maxpool")
    assert calls["layer2.0.add"].joins == ("layer2.0.bn2", "layer2.0.downsample")
    assert [call.kind for call in root.calls[-3:]] == ["AdaptiveAvgPool2d", "flatten", "Linear"]
    called = {call.module for call in root.walk() if call.module is not None}
    assert called == set(net.modules())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())


def test_trace_follows_what_the_code_does_and_not_what_it_owns():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.unused = nn.Linear(4, 4), nn.Linear(4, 4)

        def forward(self, x):
            return torch.cat([self.used(x), self.used(x) * 2], dim=1)

    root = trace(Twice(), torch.zeros(1, 4))
    assert [call.path for call in root.calls] == ["used", "used", "mul", "cat"]
    assert root.calls[-1].joins == ("used", "mul") and root.gives == (1, 8)


def test_a_failing_pass_leaves_no_hook(net):
    with pytest.raises(RuntimeError):
        trace(net, torch.zeros(1, 5, 64, 64))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())


def test_graph_folds_and_compares_gradients(net):
    gradients = {"before": weight_gradients(net, IMAGES, TARGETS)}
    freeze_to(net, "head")
    gradients["while frozen"] = weight_gradients(net, IMAGES, TARGETS)
    graph = model_graph(unfreeze(net), IMAGES[:1], gradients)
    assert graph.size("while frozen", "layer1") is None
    fc = torch.cat([gradients["before"][f"fc.{part}"].flatten() for part in ("weight", "bias")])
    assert graph.size("before", "fc") == pytest.approx(float(fc.square().mean().sqrt()), rel=1e-4)
    page = BeautifulSoup(graph._repr_html_(), "html.parser")
    top = page.select(".hd-graph > ol > li > details > summary")
    rows = {row.code.text: row for row in top}
    assert {"conv1", "bn1", "layer4", "fc"} <= set(rows)
    said = [bar["aria-label"] for bar in rows["fc"].select("[role=img]")]
    assert said[0].startswith("gradient before: ") and "none" not in " ".join(said)
    hollow = rows["layer4"].select("[role=img]")[1]
    assert hollow["aria-label"] == "gradient while frozen: none" and "width:0%" in hollow.i["style"]
    assert "3 × 64 × 64 → 20 × 32 × 32" in rows["conv1"].text
    assert "at 2 of the 62 tensors" in graph.text and graph.text in page.text
    assert not page.find_all(src=True) and "http" not in graph._repr_html_()


def test_graph_as_text(net):
    text = repr(model_graph(net, IMAGES[:1]))
    assert "    add of layer1.0.bn2 and maxpool: 20 × 16 × 16" in text
    assert f"{sum(p.numel() for p in net.parameters()):,} weights in 62 tensors" in text


def test_gradients_of_another_network_are_refused(net):
    with pytest.raises(HotdogError, match="this one has no classifier.1.weight"):
        model_graph(net, IMAGES, {"now": {"classifier.1.weight": torch.zeros(1)}})
