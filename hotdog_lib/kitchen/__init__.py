"""The kitchen: every picture of the pocket edition, drawn from (seed, index) and nothing else."""

from .pantry import PANTRY_CLASSES, render_pantry, render_pantry_set
from .render import (
    KINDS,
    NEGATIVE_KINDS,
    POSITIVE_KINDS,
    KitchenError,
    Picture,
    RenderedSet,
    render,
    render_set,
)
from .scenes import Domain

__all__ = [
    "KINDS",
    "NEGATIVE_KINDS",
    "PANTRY_CLASSES",
    "POSITIVE_KINDS",
    "Domain",
    "KitchenError",
    "Picture",
    "RenderedSet",
    "render",
    "render_pantry",
    "render_pantry_set",
    "render_set",
]
