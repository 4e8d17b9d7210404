"""Pantry drawings that fill the picture: classes of their own, and grounds for others."""

from __future__ import annotations

import torch

from .pantry_shapes import Sketch


def _ground(s: Sketch, *colours: str) -> torch.Tensor:
    """One colour everywhere."""
    everywhere = s.grid.x + s.grid.y
    return s.put(s.pick(*colours), torch.full_like(everywhere, -1.0), line=False)


def gingham(s: Sketch) -> None:
    """Crossed pale stripes, full colour where they meet."""
    _ground(s, "white", "cream")
    dark, light = s.pick(("red", "pink"), ("blue", "sky"), ("green", "lime"), ("navy", "steel"))
    across = s.stripes(light, 0.5, 0.5, line=False)
    down = s.stripes(light, 0.5, 0.5, turn=90, line=False)
    s.put(dark, torch.maximum(across, down), line=False)


def striped(s: Sketch) -> None:
    """Parallel stripes."""
    _ground(s, "white", "yellow", "sky", "cream")
    period = s.j(0.25, 0.7)
    s.stripes(s.pick("red", "navy", "teal", "orange", "black"), period, s.j(0.2, 0.6), line=False)
    if s.maybe(0.3):
        s.stripes(s.pick("pink", "gold"), period, 0.1, line=False)


def dotted(s: Sketch) -> None:
    """Polka dots."""
    _ground(s, "pink", "navy", "white", "yellow", "teal")
    period = s.j(0.3, 0.7)
    s.dots(s.pick("white", "red", "cream", "purple"), period, period * s.j(0.18, 0.33), line=False)


def bricks(s: Sketch) -> None:
    """A brick wall."""
    _ground(s, "paper", "silver", "dark")
    y = s.grid.y * 3.2 + 64
    x = s.grid.x * 1.6 + 64 + 0.5 * (torch.floor(y) % 2)
    d = torch.maximum(
        (torch.frac(x) - 0.5).abs() * 0.62 - 0.285, (torch.frac(y) - 0.5).abs() * 0.31 - 0.13
    )
    s.put(s.pick("brick", "orange", "tan", "grey"), d)


def planks(s: Sketch) -> None:
    """Wooden boards with grain and knots."""
    _ground(s, "wood", "tan", "brown", "sand")
    s.stripes("brown", s.j(0.5, 0.8), 0.05, line=False)
    for k in range(6):
        x = -1.1 + 0.42 * k + s.j(-0.1, 0.1)
        wavy = s.grid.x - x - 0.06 * torch.sin(s.grid.y * s.j(2, 5) + k)
        s.put("crust", wavy.abs() - 0.014, line=False)
    for _ in range(2):
        s.oval("brown", s.j(-0.9, 0.9), s.j(-0.9, 0.9), 0.06, 0.13)


def checker(s: Sketch) -> None:
    """A chess board."""
    _ground(s, "white", "cream", "sand", "yellow")
    size = s.j(0.25, 0.5)
    odd = (torch.floor(s.grid.x / size) + torch.floor(s.grid.y / size)) % 2
    s.put(s.pick("black", "brown", "red", "teal"), (odd - 0.5) * 0.2, line=False)


def zigzags(s: Sketch) -> None:
    """Rows of zigzag lines."""
    _ground(s, "white", "sky", "pink", "cream")
    period, turns = s.j(0.35, 0.6), s.j(0.35, 0.7)
    fold = (torch.frac(s.grid.x / turns + 64) - 0.5).abs() * turns
    saw = (torch.frac((s.grid.y + fold) / period + 64) - 0.5).abs() - s.j(0.12, 0.25)
    s.put(s.pick("teal", "orange", "navy", "red"), saw * period, line=False)


def waves(s: Sketch) -> None:
    """Rows of scales, as water is drawn on old prints."""
    _ground(s, "navy", "teal", "blue")
    y = s.grid.y / 0.3 + 64
    row = torch.floor(y)
    y, x = torch.frac(y), s.grid.x / 0.7 + 0.5 * (row % 2) + 64
    low = torch.hypot(torch.frac(x) - 0.5, (1 - y) * 0.43)  # this row's scale, standing in front
    high = torch.hypot(torch.frac(x + 0.5) - 0.5, (2 - y) * 0.43)  # the one behind
    depth = torch.where(low < 0.5, low, high) * 0.7
    for radius, colour in ((0.35, "white"), (0.29, "blue"), (0.2, "sky"), (0.12, "teal")):
        s.put(colour, depth - radius, line=False)


def grill(s: Sketch) -> None:
    """Iron bars over embers."""
    _ground(s, "black", "dark")
    for _ in range(9):
        s.disc(
            s.pick("red", "orange", "char", "brick"),
            s.j(-1, 1),
            s.j(-1, 1),
            s.j(0.12, 0.3),
            line=False,
        )
    s.stripes(s.pick("steel", "grey", "silver"), s.j(0.3, 0.45), 0.25)
    if s.maybe():
        s.stripes("grey", 1.1, 0.1, turn=90)


def camouflage(s: Sketch) -> None:
    """Soft blotches."""
    _ground(s, "green", "sand", "steel", "pink")
    for colour in s.mix("leaf", "brown", "cream", "dark", "violet")[:3]:
        k, a, b = s.j(3, 6), s.j(0, 6), s.j(0, 6)
        bumps = torch.sin(k * s.grid.x + a) * torch.sin(k * s.grid.y + b)
        bumps = bumps + 0.6 * torch.sin(1.9 * k * s.grid.x - 1.4 * k * s.grid.y + a)
        s.put(colour, (0.55 - bumps) / k, line=False)


def confetti(s: Sketch) -> None:
    """Small bright shapes, thrown."""
    _ground(s, "white", "navy", "cream", "pink")
    colours = ("red", "yellow", "teal", "violet", "orange", "sky")
    for k in range(18):
        x, y = s.j(-1.3, 1.3), s.j(-1.3, 1.3)
        if k % 2:
            s.disc(colours[k % 6], x, y, s.j(0.07, 0.13), line=False)
        else:
            s.box(colours[k % 6], x, y, 0.17, 0.06, turn=s.j(0, 180), line=False)


def tartan(s: Sketch) -> None:
    """Crossing bands of several widths."""
    _ground(s, "red", "green", "navy", "tan")
    for turn in (0, 90):
        s.stripes(s.pick("navy", "leaf", "black"), 0.8, 0.3, turn=turn, line=False)
        s.stripes("yellow", 0.8, 0.04, turn=turn, line=False)
        s.stripes("white", 0.4, 0.05, turn=turn, line=False)


TEXTURES = (
    gingham, striped, dotted, bricks, planks, checker, zigzags, waves, grill, camouflage,
    confetti, tartan,
)  # fmt: skip
