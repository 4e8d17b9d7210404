"""A figure that moves: one frame for each value of a slider.

Where a reader has a kernel, it is a widget that draws when it is asked. Everywhere else (the book's
page, a preview, a notebook that was executed by a program) the frames are drawn beforehand and come
with the output: nothing is loaded, nobody has to be there to answer.
"""

from __future__ import annotations

import base64
import functools
import html
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hotdog_lib.errors import HotdogError
from hotdog_lib.training.progress import watched_notebook
from hotdog_lib.viz.alt import spoken

if TYPE_CHECKING:
    from ipywidgets import VBox
    from matplotlib.figure import Figure
    from PIL.Image import Image

#: Dots of a frame for each pixel of the page.
SHARPNESS = 2
#: Dots of panel around a figure.
MARGIN = 20
#: More frames than this make a page heavy, and a slider hard to set.
MOST = 24

# The frames lie on each other, so that nothing below jumps when their texts differ in length (the
# page's theme would take hidden ones out of the layout, by an !important of its own).
# Without JavaScript there is no slider, and all of them are seen, one below the other.
_STYLE = """
.hd-frames{max-width:100%}
.hd-frames-control{display:flex;flex-wrap:wrap;align-items:center;gap:.2rem .8rem}
.hd-frames-control input{flex:1 1 8rem;max-width:24rem;min-height:1.5rem;cursor:pointer}
.hd-frames-control output{font-weight:600;min-width:4ch}
.hd-frames-stack{display:grid}
.hd-frames-stack figure{grid-area:1/1;margin:.4rem 0;min-width:0}
.hd-frames-stack figure[hidden]{display:block!important;visibility:hidden}
.hd-frames-stack img{max-width:100%;height:auto;border-radius:6px}
.hd-frames-stack figcaption{font-size:.9em;margin:.3rem 0 0;text-align:left}
"""
_PLAIN = """
.hd-frames-control{display:none}
.hd-frames-stack figure{grid-area:auto}
.hd-frames-stack figure[hidden]{visibility:visible}
"""
# Said in an attribute, not in a script: an attribute finds its own slider wherever it is shown.
_MOVE = (
    "const all=this.closest('.hd-frames').querySelectorAll('figure');"
    "all.forEach((figure,i)=>{figure.hidden=i!=this.value});"
    "const now=all[this.value].dataset.value;"
    "this.setAttribute('aria-valuetext',now);this.nextElementSibling.value=now"
)


@dataclass(frozen=True)
class Frame:
    """One position of a slider.

    Attributes:
        value: as the reader sees it beside the slider.
        text: what the frame shows, in words.
        webp: the drawing.
        width: in pixels of the page. height: the same.
    """

    value: str
    text: str
    webp: bytes
    width: int
    height: int

    def to_html(self) -> str:
        """The picture and its text; screen readers get the text once, as the picture's."""
        data, text = base64.b64encode(self.webp).decode(), html.escape(self.text)
        return (
            f'<img src="data:image/webp;base64,{data}" width="{self.width}" '
            f'height="{self.height}" alt="{text}">'
            f'<figcaption aria-hidden="true">{text}</figcaption>'
        )


def slider(
    draw: Callable[[Any], Figure],
    values: Sequence[Any],
    *,
    label: str,
    alt: Callable[[Any], str],
    start: int = 0,
) -> None:
    """Display the figures ``draw(value)``, one at a time, under a slider over ``values``.

    Give the figures the same size and the same axes, or the eye loses what changed.

    Args:
        draw: a value -> a new figure, which is closed here.
        values: 2 to 24 of them, in order; numbers, or short names.
        label: what the slider sets, such as "layers that train".
        alt: a value -> what its frame shows, in words, which also stand below the picture.
        start: position of the first frame to be seen.

    Raises:
        HotdogError: too few values or too many, no such start, or a text that says nothing.
    """
    from IPython.display import display

    if not 2 <= len(values) <= MOST or not 0 <= start < len(values):
        raise HotdogError(
            f"a slider over {len(values)} values that starts at {start}: give it 2 to {MOST} "
            "values, and the position of one of them"
        )

    @functools.cache
    def frame(position: int) -> Frame:
        value = values[position]
        text = spoken(alt(value))
        return _frame(draw(value), value, text)

    if reader_is_there():
        display(live(frame, [_named(value) for value in values], label, start))
        return
    frames = [frame(position) for position in range(len(values))]
    plain = f"{label}: {frames[start].value}. {frames[start].text}"
    display({"text/html": page(frames, label, start), "text/plain": plain}, raw=True)


def reader_is_there() -> bool:
    """Whether somebody looks at this kernel's outputs. ``HOTDOG_SLIDERS=live`` or ``=frames``
    decides instead."""
    asked = os.environ.get("HOTDOG_SLIDERS", "")
    if asked not in ("", "live", "frames"):
        raise HotdogError(f"HOTDOG_SLIDERS={asked!r} is unknown; it takes live or frames")
    if asked:
        return asked == "live"
    return watched_notebook()


def page(frames: Sequence[Frame], label: str, start: int = 0) -> str:
    """HTML of a slider that needs nothing but itself."""
    stack = "".join(
        f'<figure data-value="{html.escape(frame.value)}"{"" if i == start else " hidden"}>'
        f"{frame.to_html()}</figure>"
        for i, frame in enumerate(frames)
    )
    name, now = html.escape(label), html.escape(frames[start].value)
    return (
        f'<div class="hd-frames"><style>{_STYLE}</style>'
        f"<noscript><style>{_PLAIN}</style></noscript>"
        f'<label class="hd-frames-control"><span>{name}</span>'
        f'<input type="range" min="0" max="{len(frames) - 1}" step="1" value="{start}" '
        f'autocomplete="off" aria-label="{name}" aria-valuetext="{now}" oninput="{_MOVE}">'
        f'<output aria-hidden="true">{now}</output></label>'
        f'<div class="hd-frames-stack" aria-live="polite">{stack}</div></div>'
    )


def live(frame: Callable[[int], Frame], names: Sequence[str], label: str, start: int = 0) -> VBox:
    """The slider as a widget; ``frame(position)`` is asked when the reader gets there.

    The picture goes into an ``HTML`` widget: it takes a text, which an ``Image`` does not, and
    needs no ``Output``, on which programs that execute notebooks can stall.
    """
    import ipywidgets

    options = [(name, position) for position, name in enumerate(names)]
    control = ipywidgets.SelectionSlider(
        options=options,
        value=start,
        description=label,
        continuous_update=False,
        style={"description_width": "initial"},
        layout={"width": "auto", "max_width": "36rem"},
    )
    shown = ipywidgets.HTML()

    def move(_: object = None) -> None:
        shown.value = f'<figure style="margin:0">{frame(control.value).to_html()}</figure>'

    control.observe(move, names="value")
    move()
    return ipywidgets.VBox([control, shown])


def _frame(figure: Figure, value: Any, text: str) -> Frame:
    image = _pixels(figure)
    width, height = (side // SHARPNESS for side in image.size)
    return Frame(_named(value), text, _webp(image), width, height)


def _named(value: Any) -> str:
    return f"{value:,g}" if isinstance(value, float) else str(value)


def _pixels(figure: Figure) -> Image:
    """The whole canvas: cut to its contents, each frame would have a size of its own.

    So what does not fit is cut off; the layout of the book's style makes things fit.
    """
    import matplotlib.pyplot as plt
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import to_hex
    from PIL import Image, ImageOps

    plt.close(figure)
    figure.set_dpi(SHARPNESS * 100)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    return ImageOps.expand(image, MARGIN, to_hex(figure.get_facecolor()))


def _webp(image: Image) -> bytes:
    """The smaller of two codings: lossless is good at lines and letters, lossy at photographs."""
    codings = []
    for how in ({"lossless": True, "quality": 40, "method": 2}, {"quality": 82, "method": 3}):
        buffer = io.BytesIO()
        image.save(buffer, "webp", **how)
        codings.append(buffer.getvalue())
    return min(codings, key=len)
