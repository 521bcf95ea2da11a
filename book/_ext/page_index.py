"""The index: every use of a glossary term becomes an entry, and `{page-index}` prints all of them.

Sphinx's own index numbers its links, "[1], [2]", and cannot stand in the table of contents; this one names
the pages.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby

from docutils import nodes
from docutils.nodes import Node
from sphinx.addnodes import index, pending_xref
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective


class IndexHere(nodes.General, nodes.Element):
    """Stands for the index until all pages have been read."""


class PageIndex(SphinxDirective):
    def run(self) -> list[Node]:
        return [IndexHere()]


class IndexTerms(SphinxTransform):
    """An index entry at every `{term}`; before Sphinx collects the entries of a page."""

    default_priority = 800

    def apply(self, **kwargs: object) -> None:
        for number, use in enumerate(list(self.document.findall(pending_xref))):
            if use.get("reftype") == "term":
                place = f"index-{number}"
                entry = index(entries=[("single", use["reftarget"], place, "", None)])
                use.parent.insert(use.parent.index(use), [entry, nodes.target("", "", ids=[place])])


def entries_by_page(app: Sphinx) -> dict[str, dict[str, str]]:
    """Entry -> {page: first anchor on it}; entries that differ by capitals alone are one."""
    names: dict[str, str] = {}
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for page, listed in sorted(app.env.get_domain("index").entries.items()):  # type: ignore[attr-defined]
        for kind, value, anchor, main, _ in listed:
            if kind != "single":
                continue
            key = value.casefold()
            if main:  # the glossary: its spelling counts, and it comes first
                names[key], found[key] = value, {page: anchor, **found[key]}
            found[key].setdefault(page, anchor)
            names.setdefault(key, value)
    return {names[key]: pages for key, pages in found.items()}


def print_index(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Letter by letter, each entry with the titles of its pages."""
    for here in list(doctree.findall(IndexHere)):
        found, parts = entries_by_page(app), []
        for letter, names in groupby(sorted(found, key=str.casefold), key=lambda name: name[0].upper()):
            entries = nodes.bullet_list(classes=["page-index"])
            for name in names:
                line = nodes.paragraph("", f"{name}: ")
                for k, (page, anchor) in enumerate(found[name].items()):
                    address = app.builder.get_relative_uri(docname, page) + f"#{anchor}"
                    title = nodes.inline("", app.env.titles[page].astext())
                    line += nodes.Text("; " if k else "")
                    line += nodes.reference("", "", title, internal=True, refuri=address)
                entries += nodes.list_item("", line)
            parts += [nodes.rubric("", letter), entries]
        here.replace_self(parts)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("page-index", PageIndex)
    app.add_transform(IndexTerms)
    app.connect("doctree-resolved", print_index)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
