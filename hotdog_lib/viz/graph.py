"""The computational graph of a network, drawn from a real forward pass, to be opened step by step.

It is nested as the network's modules are, and every line says what goes in and what comes out, how
many weights there are, how they are spread, and how large a gradient reaches them. All of it is
text and folding boxes: nothing is loaded, a keyboard opens it, and a phone shows it.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle

import torch
from torch import Tensor, nn

from hotdog_lib.errors import HotdogError
from hotdog_lib.models.stages import stages, unwrap
from hotdog_lib.viz.interpret import root_mean_square
from hotdog_lib.viz.style import OKABE_ITO
from hotdog_lib.viz.trace import Call, Shape, trace

_STYLE = """
.hd-graph{font-size:.9em;line-height:1.4;max-width:100%;container-type:inline-size}
.hd-graph ol{list-style:none;margin:0;padding:0}
.hd-graph ol ol{margin-left:.4rem;padding-left:.7rem;border-left:2px solid rgba(127,127,127,.45)}
.hd-graph li{margin:0}
.hd-graph-row{display:flex;flex-wrap:wrap;align-items:center;gap:0 .6rem;min-height:2rem;
 border-bottom:1px solid rgba(127,127,127,.25)}
.hd-graph summary{cursor:pointer;list-style:none}
.hd-graph summary::-webkit-details-marker{display:none}
.hd-graph-name{flex:1 1 9rem;min-width:0;overflow-wrap:anywhere;padding-left:1em;text-indent:-1em}
.hd-graph-name::before{content:"";display:inline-block;width:1em;text-indent:0}
summary>.hd-graph-name::before{content:"▸" / ""}
details[open]>summary>.hd-graph-name::before{content:"▾" / ""}
.hd-graph-stage{border:1px solid currentColor;border-radius:4px;padding:0 .3em;font-size:.8em}
.hd-graph-shape{flex:0 0 12rem;font-size:.95em;font-variant-numeric:tabular-nums}
.hd-graph-count{flex:0 0 4.8rem;text-align:right;font-variant-numeric:tabular-nums}
.hd-graph-spread{flex:0 0 3.5rem;height:1.2rem}
.hd-graph-bars{flex:0 0 7rem;display:flex;flex-direction:column;gap:2px;font-size:.8em}
.hd-graph-bar{height:6px;border-left:1px solid currentColor}
.hd-graph-bar>i{display:block;height:100%}
.hd-graph-key{display:flex;align-items:center;gap:.4em;line-height:1.2}
.hd-graph-key>i{flex:0 0 .7em;height:.7em}
.hd-graph-more{margin:.2rem 0 .6rem 1.6rem;overflow-wrap:anywhere}
@container(max-width:36rem){.hd-graph-name{flex-basis:100%}.hd-graph-spread{display:none}
 .hd-graph-shape{flex:1 1 7rem}.hd-graph-count{flex-basis:4.2rem}.hd-graph-bars{flex-basis:4.5rem}
 .hd-graph-keys{flex-basis:100%;flex-flow:row wrap;gap:0 .8em}.hd-graph-row{padding-bottom:.3rem}}
"""
#: One for each state, strong enough on white and on black.
_COLORS = [OKABE_ITO[name] for name in ("blue", "vermillion", "green", "purple")]
_ALL = "this.closest('.hd-graph').querySelectorAll('details').forEach(part=>{{part.open={}}})"
_BINS, _SPAN = 25, 3.0  # of a histogram; in standard deviations each way


@dataclass(frozen=True)
class ModelGraph:
    """What :func:`model_graph` gives: a notebook shows it folded, ``print`` as an indented list.

    Attributes:
        root: the whole network's call, with all others inside.
        model: the plain network.
        gradients: state -> name of a parameter -> its gradient.
    """

    root: Call
    model: nn.Module
    gradients: Mapping[str, Mapping[str, Tensor]]

    def size(self, state: str, path: str) -> float | None:
        """Root mean square of the gradients that reach a module; None where none does."""
        inside = f"{path}." if path else ""
        found = [g for name, g in self.gradients[state].items() if name.startswith(inside)]
        return root_mean_square(found) if found else None

    @cached_property
    def text(self) -> str:
        """What the drawing shows, in words."""
        root, total = self.root, sum(p.numel() for p in self.model.parameters())
        tensors = len(list(self.model.parameters()))
        words = (
            f"{root.kind}: a picture of {_shape(root.takes)} becomes {_shape(root.gives)} numbers, "
            f"by way of {len(root.calls)} steps and {total:,} weights in {tensors} tensors."
        )
        for state, found in self.gradients.items():
            words += f" Gradient {state}: at {len(found)} of the {tensors} tensors."
        if self.gradients:
            low, high = (f"{10**power:.0e}" for power in self.range)
            words += f" The bars show its size, in powers of ten from {low} to {high}."
        return words

    def __repr__(self) -> str:
        return "\n".join([self.text, *_lines(self.root, 0)])

    def _repr_html_(self) -> str:
        buttons = "".join(
            f'<button type="button" onclick="{_ALL.format(to)}">{label}</button> '
            for label, to in (("Open all", "true"), ("Close all", "false"))
        )
        legend = (
            '<div class="hd-graph-row"><strong class="hd-graph-name">Step</strong>'
            '<strong class="hd-graph-shape">Shape in → out</strong>'
            '<strong class="hd-graph-count">Weights</strong>'
            '<span class="hd-graph-spread"></span>'
            f"{_key(list(self.gradients))}</div>"
        )
        rows = "".join(_item(self, call) for call in self.root.calls)
        return (
            f'<div class="hd-graph" role="group" aria-label="Graph of {self.root.kind}">'
            f"<style>{_STYLE}</style><p>{html.escape(self.text)}</p><p>{buttons}</p>"
            f"{legend}<ol>{rows}</ol></div>"
        )

    @cached_property
    def stage_names(self) -> dict[nn.Module, str]:
        """Module -> the stage that it is a whole unit of."""
        return {unit: name for name, units in stages(self.model).items() for unit in units}

    @cached_property
    def first_open(self) -> list[Call]:
        """Steps that are shown open: those of a network that has only a few."""
        return self.root.calls if len(self.root.calls) < 5 else []

    @cached_property
    def range(self) -> tuple[float, float]:
        """The smallest and the largest gradient in the drawing, as powers of ten."""
        paths = [call.path for call in self.root.walk() if call.module is not None]
        sizes = [self.size(state, path) for state in self.gradients for path in paths]
        powers = [math.log10(size) for size in sizes if size]
        return (min(powers), max(powers)) if powers else (0.0, 0.0)


def model_graph(
    model: nn.Module,
    images: Tensor,
    gradients: Mapping[str, Mapping[str, Tensor]] | None = None,
) -> ModelGraph:
    """Draw the graph of ``model`` as it is gone through by ``images``.

    Args:
        model: the network; a compiled one is unwrapped. It is run in eval mode, and not changed.
        images: ``(B, 3, h, w)``, normalised, on the network's device; one is enough.
        gradients: name of a state ("while frozen") -> what
            :func:`~hotdog_lib.viz.interpret.weight_gradients` gave in it. Each gets a column.

    Raises:
        HotdogError: gradients of another network.
    """
    plain, gradients = unwrap(model), dict(gradients or {})
    known = {name for name, _ in plain.named_parameters()}
    for state, found in gradients.items():
        if strange := set(found) - known:
            raise HotdogError(
                f"the gradients {state!r} are of another network: this one has no "
                f"{sorted(strange)[0]}; take them by weight_gradients(model, ...)"
            )
    return ModelGraph(trace(plain, images), plain, gradients)


def _item(graph: ModelGraph, call: Call) -> str:
    """One line and what is folded below it."""
    inside = _steps(call)
    parameters = dict(call.module.named_parameters(recurse=False)) if call.module else {}
    below = f"<ol>{''.join(_item(graph, step) for step in inside)}</ol>" if inside else ""
    if parameters:
        below = _about(graph, call, parameters) + below
    row = _row(graph, call)
    if not below:
        return f'<li><div class="hd-graph-row">{row}</div></li>'
    opened = " open" if call in graph.first_open else ""
    summary = f'<summary class="hd-graph-row">{row}</summary>'
    return f"<li><details{opened}>{summary}{below}</details></li>"


def _steps(call: Call) -> list[Call]:
    """What happened inside, unless it is the one operation that the module stands for."""
    alone = len(call.calls) == 1 and call.calls[0].module is None
    return [] if alone else call.calls


def _row(graph: ModelGraph, call: Call) -> str:
    name = call.path.rpartition(".")[2]
    kind = f" <small>{call.kind}</small>" if call.module is not None else ""
    stage = graph.stage_names.get(call.module) if call.module else None
    chip = f' <span class="hd-graph-stage">{stage}</span>' if stage else ""
    joins = f" <small>of {' and '.join(call.joins)}</small>" if call.joins else ""
    count = sum(p.numel() for p in call.module.parameters()) if call.module else 0
    bars = "".join(_bar(graph, at, call) for at in range(len(graph.gradients) if count else 0))
    return (
        f'<span class="hd-graph-name"><code>{html.escape(name)}</code>{kind}{chip}{joins}</span>'
        f'<span class="hd-graph-shape">{_passage(call)}</span>'
        f'<span class="hd-graph-count">{f"{count:,}" if count else ""}</span>'
        f'<span class="hd-graph-spread">{_spread(getattr(call.module, "weight", None))}</span>'
        f'<span class="hd-graph-bars">{bars}</span>'
    )


def _key(states: Sequence[str]) -> str:
    """Which bar is which, from above."""
    keys = "".join(
        f'<span class="hd-graph-key"><i style="background:{color}"></i>{html.escape(state)}</span>'
        for state, color in zip(states, cycle(_COLORS), strict=False)
    )
    title = "<strong>Gradient</strong>" if states else ""
    return f'<span class="hd-graph-bars hd-graph-keys">{title}{keys}</span>'


def _bar(graph: ModelGraph, position: int, call: Call) -> str:
    """How large the gradient of a state is, on a scale of powers of ten; no bar where none is."""
    state, color = list(graph.gradients)[position], _COLORS[position % len(_COLORS)]
    size, (low, high) = graph.size(state, call.path), graph.range
    words = html.escape(f"gradient {state}: {_gradient(size)}")
    share = 6 + 94 * (math.log10(size) - low) / max(high - low, 1e-9) if size else 0
    return (
        f'<span class="hd-graph-bar" role="img" title="{words}" aria-label="{words}">'
        f'<i style="width:{share:.0f}%;background:{color}"></i></span>'
    )


def _about(graph: ModelGraph, call: Call, parameters: Mapping[str, Tensor]) -> str:
    """How the layer is set, what its parameters are like, and the gradients in numbers."""
    assert call.module is not None
    settings = f"<code>{html.escape(f'{call.kind}({call.module.extra_repr()})')}</code>"
    lines = [settings, *(_described(name, p.detach()) for name, p in parameters.items())]
    for state in graph.gradients:
        lines.append(f"gradient {html.escape(state)}: {_gradient(graph.size(state, call.path))}")
    return f'<div class="hd-graph-more">{"<br>".join(lines)}</div>'


def _described(name: str, values: Tensor) -> str:
    spread = f", spread {values.std():.2g}" if values.numel() > 1 else ""
    return f"<code>{name}</code> {_sides(values.shape)}: mean {values.mean():.2g}{spread}"


def _spread(weight: object) -> str:
    """A small histogram of a layer's weights, three standard deviations each way."""
    if not isinstance(weight, Tensor) or weight.numel() < _BINS:
        return ""
    values = weight.detach().float().cpu().flatten()
    edge = _SPAN * float(values.std()) or 1.0
    counts = torch.histc(values - values.mean(), _BINS, -edge, edge)
    heights = (20 * (1 - counts / counts.max().clamp(min=1))).round().int().tolist()
    path = "".join(f"L{i} {h}h1" for i, h in enumerate(heights))
    return (
        f'<svg viewBox="0 0 {_BINS} 20" preserveAspectRatio="none" width="56" height="19" '
        f'aria-hidden="true"><path fill="currentColor" opacity=".6" d="M0 20{path}V20z"/></svg>'
    )


def _lines(call: Call, depth: int) -> list[str]:
    """The call and all inside it as indented text."""
    lines = []
    for step in _steps(call):
        name = step.path.rpartition(".")[2]
        count = sum(p.numel() for p in step.module.parameters()) if step.module else 0
        kind = f" {step.kind}" if step.module is not None else ""
        joins = f" of {' and '.join(step.joins)}" if step.joins else ""
        weights = f", {count:,} weights" if count else ""
        lines.append(f"{'  ' * depth}{name}{kind}{joins}: {_passage(step)}{weights}")
        lines += _lines(step, depth + 1)
    return lines


def _gradient(size: float | None) -> str:
    return "none" if size is None else f"{size:.1e}"


def _passage(call: Call) -> str:
    """Shapes in and out; once where they are the same."""
    inward, outward = _shape(call.takes), _shape(call.gives)
    return outward if inward == outward else f"{inward} → {outward}"


def _shape(shape: Shape) -> str:
    """Without the batch, which is the same all the way."""
    return _sides(shape[1:])


def _sides(shape: Shape) -> str:
    return " × ".join(map(str, shape))
