"""Two tables of the book that are data: the notation, and the paper's equations with the code behind them.

The directives `{notation-table}` and `{equation-table}` read book/_data/*.toml and hand the table to the
parser as Markdown, so that mathematics and references work in it. Where the book prints an equation is found
when all pages have been read.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.nodes import Node, system_message
from docutils.statemachine import StringList
from paper_equations import is_in_paper, target_name
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

DATA = Path(__file__).resolve().parents[1] / "_data"


def read_table(name: str) -> dict[str, Any]:
    """One of the files of book/_data."""
    return tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))


def code_name(name: str) -> str:
    """How a name of the package or of the data set is printed."""
    if name.startswith("sweep: "):
        return f'`sweep["{name.removeprefix("sweep: ")}"]`'
    return f"`{name}`"


def notation_lines(data: dict[str, Any]) -> list[str]:
    """The notation as Markdown: one section and one table for each group."""
    lines: list[str] = []
    for group, rows in data["groups"].items():
        anchor = group.lower().replace(" ", "-")
        lines += [f"(notation-{anchor})=", f"## {group}", "", ":::{div} data-table notation-table"]
        lines += ["| Symbol | Meaning | In code | Defined | Shape | Unit |", "| --- " * 6 + "|"]
        for symbol, meaning, defined, shape, unit, names in rows:
            where = f"{{doc}}`{defined}`"
            if is_in_paper(defined):
                where = f"{{paper-eq}}`{defined}`, {{paper-eq-place}}`{defined}`"
            code = ", ".join(code_name(name) for name in names)
            lines.append(f"| ${symbol}$ | {meaning} | {code} | {where} | {shape} | {unit} |")
        lines += [":::", ""]
    return lines


def equation_lines(data: dict[str, Any]) -> list[str]:
    """The equations as Markdown, a section for each section of the paper."""
    titles = {"2": "Section 2", "3": "Section 3", "4": "Section 4", "A": "Appendix A", "B": "Appendix B"}
    lines: list[str] = []
    for section, title in titles.items():
        lines += [f"(equations-{section.lower()})=", f"## {title}", "", ":::{div} data-table equation-table"]
        lines += ["| Equation | What it is | Printed in | Computed by |", "| --- " * 4 + "|"]
        for number, (what, *names) in data["equations"].items():
            if number.startswith(section):
                code = ", ".join(code_name(name) for name in names)
                lines.append(f"| {{paper-eq}}`{number}` | {what} | {{paper-eq-place}}`{number}` | {code} |")
        lines += [":::", ""]
    return lines


class DataTable(SphinxDirective):
    """The sections and tables in the place of the directive."""

    source: str
    lines: Any

    def run(self) -> list[Node]:
        self.env.note_dependency(str(DATA / f"{self.source}.toml"))
        lines = type(self).lines(read_table(self.source))
        holder = nodes.section()
        self.state.nested_parse(
            StringList(lines, source=self.source), self.content_offset, holder, match_titles=True
        )
        return list(holder.children)


class NotationTable(DataTable):
    source, lines = "notation", staticmethod(notation_lines)


class EquationTable(DataTable):
    source, lines = "equations", staticmethod(equation_lines)


class EquationPlace(nodes.inline):
    """Stands for the chapter that prints an equation until all pages have been read."""


class PaperEquationPlace(SphinxRole):
    def run(self) -> tuple[list[Node], list[system_message]]:
        return [EquationPlace(number=self.text.strip())], []


def name_places(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put in the title of the chapter, with a link to the equation; or say that no page prints it."""
    targets = app.env.get_domain("std").anonlabels  # type: ignore[attr-defined]
    for place in list(doctree.findall(EquationPlace)):
        page, label = targets.get(target_name(place["number"]), ("", ""))
        if not page:
            place.replace_self(nodes.inline("", "not printed"))
            continue
        address = app.builder.get_relative_uri(docname, page) + f"#{label}"
        title = nodes.inline("", app.env.titles[page].astext())
        place.replace_self(nodes.reference("", "", title, internal=True, refuri=address))


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("notation-table", NotationTable)
    app.add_directive("equation-table", EquationTable)
    app.add_role("paper-eq-place", PaperEquationPlace())
    app.connect("doctree-resolved", name_places)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
