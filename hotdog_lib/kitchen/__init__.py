"""The kitchen: every picture of the pocket edition, drawn from (seed, index) and nothing else."""

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
    "POSITIVE_KINDS",
    "Domain",
    "KitchenError",
    "Picture",
    "RenderedSet",
    "render",
    "render_set",
]
