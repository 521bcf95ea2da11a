"""Mends five things that Jupyter Book 1.x does to the pages, none of them ours to fix at the source."""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.ext.mathjax import MATHJAX_URL
from sphinx.util import logging

logger = logging.getLogger(__name__)


def fall_back_to_public_mathjax(app: Sphinx, config: Config) -> None:
    """Load MathJax from its public CDN where `make book` could not copy it, and say so."""
    folders = [Path(app.confdir) / folder for folder in config.html_static_path]
    if not any((folder / config.mathjax_path).is_file() for folder in folders):
        logger.info("MathJax is not here: the pages will load it from %s", MATHJAX_URL)
        config.mathjax_path = MATHJAX_URL


def merge_singlehtml_handlers(app: Sphinx) -> None:
    """Give the one-page builder the handlers of the many-page one.

    sphinx-exercise registers handlers for `singlehtml`, and Sphinx then no longer looks at those of `html`.
    """
    handlers = app.registry.translation_handlers
    if "singlehtml" in handlers:
        handlers["singlehtml"] = {**handlers.get("html", {}), **handlers["singlehtml"]}


def drop_repeated_scripts(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Keep one copy of each inline script; two copies are an error in the browser's console."""
    seen: set[str] = set()
    kept = []
    for script in context.get("script_files", []):
        body = getattr(script, "attributes", {}).get("body")
        if body and body in seen:
            continue
        if body:
            seen.add(body)
        kept.append(script)
    context["script_files"] = kept


def mend_names_and_roles(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """What axe-core calls serious, and comes from the tools that write the pages.

    A label with other words than those shown ("Toggle hidden content" on "Show code cell source") is in the
    way of whoever speaks to the browser; and a list of citations that says it is one must hold nothing else,
    but it holds links back to the text.
    """
    for written, better in (
        ('<summary aria-label="Toggle hidden content">', "<summary>"),
        ('<div role="list" class="citation-list">', '<div class="citation-list">'),
        (' role="doc-biblioentry"', ""),
    ):
        context["body"] = context.get("body", "").replace(written, better)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("config-inited", fall_back_to_public_mathjax)
    app.connect("builder-inited", merge_singlehtml_handlers, priority=900)
    app.connect("html-page-context", drop_repeated_scripts, priority=900)
    app.connect("html-page-context", mend_names_and_roles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
