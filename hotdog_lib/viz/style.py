"""One look for every figure: colours by what they stand for, small type, no chart junk.

The colours are Okabe and Ito's eight, told apart with any kind of colour vision; a role also has a
marker and a dash of its own, so that nothing depends on colour alone. Figures keep their light
panel on a dark page.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Okabe and Ito (2008), by their names; "black" is softened.
OKABE_ITO = {
    "black": "#333333",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
}
INK, FAINT, PANEL = "#333333", "#D9D4CC", "#FFFDF9"


@dataclass(frozen=True)
class Look:
    """How a role is drawn; the names are those of matplotlib's ``plot``."""

    color: str
    marker: str = "o"
    linestyle: str | tuple[int, tuple[int, ...]] = "-"


_ROLES = {
    # ways to train, on any axis
    "scratch": Look(OKABE_ITO["black"], "s", (0, (4, 2))),
    "zero_shot": Look(OKABE_ITO["vermillion"], "x", (0, (1, 1.5))),
    "head": Look(OKABE_ITO["orange"], "^", (0, (6, 1.5, 1, 1.5))),
    "finetune": Look(OKABE_ITO["blue"], "o", "-"),
    "kept": Look(OKABE_ITO["purple"], "X", (0, (3, 1))),
    "gradual": Look(OKABE_ITO["sky"], "D", (0, (5, 1))),
    "lora": Look(OKABE_ITO["green"], "v", (0, (3, 1))),
    "adapter": Look(OKABE_ITO["purple"], "P", (0, (2, 1))),
    # parts of a data set
    "train": Look(OKABE_ITO["sky"], "o", (0, (4, 2))),
    "validation": Look(OKABE_ITO["blue"], "o", "-"),
    "test": Look(OKABE_ITO["black"], "o", (0, (1, 1.5))),
    # classes
    "hotdog": Look(OKABE_ITO["vermillion"], "o", "-"),
    "not_hotdog": Look(OKABE_ITO["sky"], "s", (0, (4, 2))),
    # a right and a wrong answer
    "right": Look(OKABE_ITO["green"], "o", "-"),
    "wrong": Look(OKABE_ITO["vermillion"], "x", "-"),
}
_ALIASES = {
    "fine_tune": "finetune",
    "fine_tuned": "finetune",
    "from_scratch": "scratch",
    "hot_dog": "hotdog",
}
_ALIASES |= {
    "training": "train",
    "fine_tuning": "finetune",
    "linear_probe": "head",
    "not_hot_dog": "not_hotdog",
}
_SPARE = [Look(color, marker) for color, marker in zip(OKABE_ITO.values(), "osD^vPX*", strict=True)]

#: Colour of each role, for code that draws by hand: ``PALETTE["finetune"]``.
PALETTE = {role: look.color for role, look in _ROLES.items()}


def look_of(name: str, position: int = 0) -> Look:
    """The look of a role; a name that is no role gets the palette's entry at ``position``.

    Spelling does not matter: "from scratch", "Fine-tuned" and "not-hotdog" are known.

    Example:
        >>> look_of("Fine-tuned").color == PALETTE["finetune"]
        True
    """
    key = name.strip().lower().replace(" ", "_").replace("-", "_")
    return _ROLES.get(_ALIASES.get(key, key)) or _SPARE[position % len(_SPARE)]


def use_style() -> None:
    """Set matplotlib's defaults to the book's style; call it before the first figure."""
    import matplotlib
    from cycler import cycler

    colors = [
        OKABE_ITO[name] for name in ("blue", "orange", "green", "vermillion", "purple", "sky")
    ]
    matplotlib.rcParams.update(
        {
            "figure.figsize": (5.8, 3.2),
            "figure.dpi": 100,
            "figure.facecolor": PANEL,
            "figure.constrained_layout.use": True,
            "savefig.facecolor": PANEL,
            "savefig.bbox": "tight",
            "savefig.pad_inches": 0.12,
            "font.size": 9.5,
            "axes.facecolor": PANEL,
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "axes.labelsize": 9.5,
            "axes.titlesize": 10,
            "axes.titlelocation": "left",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.linewidth": 0.8,
            "axes.grid": True,
            "axes.grid.axis": "y",
            "axes.axisbelow": True,
            "axes.prop_cycle": cycler(color=colors),
            "grid.color": FAINT,
            "grid.linewidth": 0.6,
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "xtick.labelsize": 9,
            "ytick.labelsize": 9,
            "ytick.major.size": 0,
            "legend.frameon": False,
            "legend.fontsize": 9,
            "lines.linewidth": 1.8,
            "lines.markersize": 4.5,
        }
    )
    _sharp_in_notebooks()


def _sharp_in_notebooks() -> None:
    """In a notebook: two dots for each pixel of the page, so that figures are sharp."""
    try:
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        if get_ipython() is not None:  # type: ignore[name-defined]  # noqa: F821
            set_matplotlib_formats("retina")
    except (ImportError, NameError):
        return
