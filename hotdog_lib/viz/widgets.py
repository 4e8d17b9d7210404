"""Pictures of the reader's own: a button that takes files, and Colab's camera.

Where nobody is there to press it (the book's page, a program that executes notebooks), an example
stands in the button's place; the page "Try it" asks a network in the reader's own browser.
"""

from __future__ import annotations

import base64
import html
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotdog_lib.errors import HotdogError
from hotdog_lib.viz.answers import Answer, ask
from hotdog_lib.viz.frames import reader_is_there

if TYPE_CHECKING:
    from ipywidgets import VBox

    from hotdog_lib.training.predict import Classifier

# Evaluated in the output of the cell that asks; its value is the picture as a data URL.
CAMERA = """
(async () => {
  const stream = await navigator.mediaDevices.getUserMedia({video: {facingMode: "environment"}});
  const box = document.createElement("div"), video = document.createElement("video");
  const button = document.createElement("button");
  button.textContent = "Take a picture";
  Object.assign(video, {srcObject: stream, muted: true, playsInline: true});
  video.style.cssText = "display:block;max-width:100%;max-height:320px";
  box.append(video, button);
  document.body.append(box);
  await video.play();
  if (window.google?.colab) google.colab.output.setIframeHeight(box.scrollHeight + 20, true);
  await new Promise(pressed => button.onclick = pressed);
  const canvas = document.createElement("canvas");
  Object.assign(canvas, {width: video.videoWidth, height: video.videoHeight});
  canvas.getContext("2d").drawImage(video, 0, 0);
  stream.getTracks().forEach(track => track.stop());
  box.remove();
  return canvas.toDataURL("image/jpeg", 0.92);
})()
"""


def ask_yourself(classifier: Classifier, example: Path | str) -> None:
    """Display a button that takes a picture and shows the answer; without a reader, an example.

    A phone's browser offers its camera behind the same button.

    Args:
        classifier: who answers.
        example: a picture file, shown where nobody can press a button.
    """
    from IPython.display import display

    if reader_is_there():
        display(live(lambda data: ask(classifier, data)))
        return
    display(ask(classifier, example))


def live(answer: Callable[[bytes], Answer]) -> VBox:
    """The button as a widget, with the last answer below it, or what was wrong with the file."""
    import ipywidgets

    button = ipywidgets.FileUpload(accept="image/*", multiple=False, description="Choose a picture")
    button.layout.width = "auto"
    shown = ipywidgets.HTML()

    def take(_: object = None) -> None:
        for data in uploaded(button.value):
            try:
                shown.value = answer(data)._repr_html_()
            except HotdogError as error:
                shown.value = f'<p role="alert">{html.escape(str(error))}</p>'

    button.observe(take, names="value")
    return ipywidgets.VBox([button, shown])


def uploaded(value: Any) -> list[bytes]:
    """The files that a FileUpload holds: ipywidgets 8 has a tuple of them, 7 (Colab) a dict."""
    files = value.values() if isinstance(value, Mapping) else value
    return [bytes(file["content"]) for file in files]


def photograph() -> bytes:
    """One picture of the reader's camera, as an encoded JPEG; in Colab only.

    Raises:
        HotdogError: the kernel is not Colab's, or the browser gives no camera.
    """
    if "google.colab" not in sys.modules:
        raise HotdogError(
            "a kernel sees no camera outside Colab; choose a file (on a phone that button has the "
            "camera), or use the book's page Try it"
        )
    from google.colab.output import eval_js

    try:
        url = eval_js(CAMERA)
    except Exception as error:  # whatever the browser says comes as an error of Colab's own
        raise HotdogError(
            f"no camera ({error}); allow this page to use it, or choose a file"
        ) from error
    return base64.b64decode(url.partition(",")[2])
