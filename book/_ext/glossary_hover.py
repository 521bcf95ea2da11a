"""Definitions of the glossary, written beside the pages for book/_static/glossary.js to show.

They go into a script, since a page opened from the disk may load a script but may not fetch a file.
"""

from __future__ import annotations

import json
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import glossary
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

WRITTEN = "glossary-terms.js"


def definitions(env: BuildEnvironment) -> dict[str, str]:
    """Anchor of each term -> the first paragraph of its definition, as plain text."""
    found: dict[str, str] = {}
    for page in sorted(env.found_docs):
        for listed in env.get_doctree(page).findall(glossary):
            for item in listed.findall(nodes.definition_list_item):
                paragraph = next(item.findall(nodes.paragraph)).astext()
                for term in item.findall(nodes.term):
                    found.update(dict.fromkeys(term["ids"], " ".join(paragraph.split())))
    return found


def write_definitions(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        text = json.dumps(definitions(app.env), ensure_ascii=False, indent=0, sort_keys=True)
        script = Path(app.outdir) / "_static" / WRITTEN
        script.write_text(f"window.glossaryTerms = {text};\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_js_file(WRITTEN, loading_method="defer")
    app.add_js_file("glossary.js", loading_method="defer")
    app.connect("build-finished", write_definitions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
