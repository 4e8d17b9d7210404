"""The book's own Sphinx extension: the public address, texts of pictures, and some repairs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from markdown_it.tree import SyntaxTreeNode
from myst_nb.core.render import MimeData, NbElementRenderer
from myst_nb.sphinx_ import SphinxNbRenderer
from nbclient.output_widget import OutputWidget
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from address import BRANCH, public_address  # noqa: E402

logger = logging.getLogger(__name__)

# nbclient sends the outputs of an Output widget (so of every interact()) back to the kernel over
# the socket on which it waits for the reply; the reply can be missed, and the cell then stalls
# until the timeout (jupyter/nbclient#312). The page needs only the copy that nbclient keeps itself.
OutputWidget.sync_state = lambda self: None

render_image = NbElementRenderer.render_image


def render_image_with_alt(self: NbElementRenderer, data: MimeData) -> list[nodes.Element]:
    """Render an image output; take the text that ``show(figure, alt)`` stored with it."""
    rendered = render_image(self, data)
    alt = data.output_metadata.get(data.mime_type, {}).get("alt")
    if alt:
        rendered[0]["alt"] = alt
    return rendered


NbElementRenderer.render_image = render_image_with_alt

render_outputs = SphinxNbRenderer._render_nb_cell_code_outputs


def render_outputs_caption_once(
    self: SphinxNbRenderer, token: SyntaxTreeNode, outputs: list[NotebookNode]
) -> None:
    """Render a cell's outputs; its caption goes to one of them, the first picture if there is one.

    myst-nb would put the caption, and the name, around every rich output of the cell.
    """
    rich = [output for output in outputs if "data" in output]
    pictures = [o for o in rich if any(kind.startswith("image/") for kind in o["data"])]
    captioned = next(iter(pictures or rich), None)
    with_caption = token.meta["metadata"]
    options = {k: v for k, v in with_caption.get("mystnb", {}).items() if k != "figure"}
    for output in outputs:
        plain = output is not captioned
        token.meta["metadata"] = {**with_caption, "mystnb": options} if plain else with_caption
        render_outputs(self, token, [output])
    token.meta["metadata"] = with_caption


SphinxNbRenderer._render_nb_cell_code_outputs = render_outputs_caption_once


def set_address(app: Sphinx, config: Config) -> None:
    """Fill in the addresses of the repository and of the pages."""
    address = public_address()
    config.html_baseurl = config.ogp_site_url = address.pages
    config.html_theme_options |= {
        "repository_url": address.repository,
        "repository_branch": BRANCH,
        "path_to_docs": "",
        "use_repository_button": True,
        "use_issues_button": True,
        "use_edit_page_button": True,
    }


def demand_alt(app: Sphinx, doctree: nodes.document) -> None:
    """Warn of every picture without a text for those who cannot see it (so the build fails)."""
    for image in doctree.findall(nodes.image):
        if not image.get("alt", "").strip():
            logger.warning("picture without alt text: %s", image["uri"], location=image)


def no_rocket_on_prose(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the theme from offering Markdown pages to Colab, which opens notebooks alone."""
    if app.env.doc2path(app.env.docname).endswith(".md"):
        app.env.metadata[app.env.docname].pop("kernelspec", None)


def drop_thebe(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Leave out sphinx-thebe's scripts: unused, and they declare a constant twice on every page."""
    context["script_files"] = [
        script
        for script in context.get("script_files", [])
        if "thebe" not in (getattr(script, "filename", None) or "").lower()
        and "THEBE" not in str(getattr(script, "attributes", {}).get("body", ""))
    ]


def name_by_text(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Let folded code be called what is written on it: myst-nb gives all of it one hidden name."""
    label = ' aria-label="Toggle hidden content"'
    context["body"] = context.get("body", "").replace(f"<summary{label}>", "<summary>")


def own_templates(app: Sphinx, config: Config) -> None:
    """Templates beside this file go before the theme's of the same name."""
    config.templates_path.append(str(Path(__file__).resolve().parent))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.connect("config-inited", own_templates)
    app.connect("config-inited", set_address, priority=100)
    app.connect("doctree-read", demand_alt, priority=900)
    app.connect("doctree-read", no_rocket_on_prose, priority=900)
    app.connect("html-page-context", drop_thebe, priority=900)
    app.connect("html-page-context", name_by_text, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
