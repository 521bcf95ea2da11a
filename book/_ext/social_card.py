"""What others show of a link to a page: title, first sentence, and a picture drawn from the book's own data.

Open Graph asks for the absolute address of the picture. It is absolute as soon as `html: baseurl:` of
_config.yml says where the book stands; until then it is relative to the page, which some do not follow.
"""

from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

CARD = "_static/social-card.png"
ALT = "Phasebook, beside a map of the test error with its ordered, jammed and paramagnetic regions."
LONGEST = 200
BOOK = "An executable companion to arXiv:2509.01349, the phase diagram of stochastic gradient descent."


def describe(doctree: nodes.document) -> str:
    """The first paragraph of the text, cut at a word."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if isinstance(paragraph.parent, (nodes.section, nodes.Admonition)) and len(text) > 40:
            return text if len(text) <= LONGEST else text[:LONGEST].rsplit(" ", 1)[0] + " …"
    return BOOK


def add_tags(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    if not isinstance(doctree, nodes.document):
        return
    base = app.config.html_baseurl
    title = nodes.Text(context.get("title", "")).astext()
    tags = {
        "og:type": "article",
        "og:site_name": app.config.html_title,
        "og:title": title,
        "og:description": describe(doctree),
        "og:image": f"{base.rstrip('/')}/{CARD}" if base else context["pathto"](CARD, 1),
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": ALT,
    }
    if base:
        tags["og:url"] = f"{base.rstrip('/')}/{pagename}.html"
    lines = [f'<meta property="{name}" content="{escape(value)}" />' for name, value in tags.items()]
    lines += [f'<meta name="description" content="{escape(tags["og:description"])}" />',
              '<meta name="twitter:card" content="summary_large_image" />']  # fmt: skip
    context["metatags"] = context.get("metatags", "") + "\n".join(lines)


def draw(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    from phasebook.figures.social_card import social_card
    from phasebook.runs.load import load_sweep

    target = Path(app.outdir) / CARD
    target.parent.mkdir(parents=True, exist_ok=True)
    social_card(load_sweep("book", progress=False)).savefig(target)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", add_tags)
    app.connect("build-finished", draw)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
