"""Notebooks for a class, made from the chapters: make classroom

Every chapter with exercises gives two notebooks that any notebook program shows: one for instructors, with
solutions and outputs, and one for students, in which each solution is an empty cell. Cells carry nbgrader's
metadata: answers are graded by hand, cells tagged `check` by running them. Outputs are those
of the book's build.
"""

from __future__ import annotations

import re
import sys
import zipfile
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import yaml
from classroom_preface import preface
from exercises import Exercise, exercises
from jupyter_cache import get_cache
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from plain_markdown import Context, plain
from pybtex.database import Entry, parse_file

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"
EXECUTED = ROOT / "_build" / ".jupyter_cache"
OUTPUT = ROOT / "_build" / "classroom"

BLANK = {"code": "# Your code here.", "markdown": "*Your answer here.*"}
_EDGES = re.compile(r"^```\{solution-(start|end)\} ?(\S*)\n(?::[a-z-]+:.*\n)*```$", re.MULTILINE)


@dataclass(frozen=True)
class Piece:
    """A cell or a part of one, and the exercise whose solution it belongs to."""

    cell: NotebookNode
    solves: str | None

    @property
    def is_check(self) -> bool:
        return self.solves is not None and "check" in self.cell.metadata.get("tags", [])


def main(output: Path = OUTPUT) -> int:
    """Write both editions and the zip; returns the exit code."""
    context, written = _book_context(), []
    for name in _chapters():
        text = (BOOK / f"{name}.md").read_text(encoding="utf-8")
        tasks = {one.label: one for one in exercises(name, text)}
        if not tasks:
            continue
        try:
            cells = with_preface(pieces(executed(text)), tasks)
        except KeyError:
            print(f"classroom: {name} has not been executed as it stands: run make book", file=sys.stderr)
            return 2
        here = _chapter_context(context, cells)
        for edition, make in (("student", student), ("instructor", instructor)):
            path = output / edition / f"{name}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(make(cells, tasks, here), path)
            written.append(path)
    (output / "README.md").write_text(_readme(), encoding="utf-8")
    pack(output / "phasebook-classroom.zip", [output / "README.md", *written])
    print(f"{len(written)} notebooks in {output}, and all of them in its phasebook-classroom.zip")
    return 0


def executed(text: str) -> NotebookNode:
    """A chapter with the outputs that the build of the book kept.

    Raises:
        KeyError: the build has not run just this code.
    """
    return get_cache(EXECUTED).merge_match_into_notebook(jupytext.reads(text, fmt="md:myst"))[1]


def pieces(notebook: NotebookNode) -> list[Piece]:
    """The cells, cut where a solution begins or ends, with a cell for the caption below each figure."""
    found: list[Piece] = []
    solves: str | None = None
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            found.append(Piece(cell, solves))
            if figure := cell.metadata.get("mystnb", {}).get("figure"):
                caption = f"*{{numref}}`{figure['name']}`.* {figure['caption']}"
                found.append(Piece(new_markdown_cell(caption), solves))
            continue
        parts = _EDGES.split(cell.source)
        found.append(Piece(new_markdown_cell(parts[0]), solves))
        for edge, label, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            solves = label if edge == "start" else None
            found.append(Piece(new_markdown_cell(text), solves))
    return [piece for piece in found if piece.cell.source.strip()]


def instructor(cells: list[Piece], tasks: dict[str, Exercise], context: Context) -> NotebookNode:
    """Everything, with outputs; each solution under a heading."""
    return _notebook([(piece, _shown(piece, context)) for piece in cells], tasks)


def student(cells: list[Piece], tasks: dict[str, Exercise], context: Context) -> NotebookNode:
    """No outputs, and for each solution one blank for words and one for code, as far as it has both."""
    answered: set[tuple[str, str]] = set()
    kept: list[tuple[Piece, NotebookNode]] = []
    for piece in cells:
        cell = _shown(piece, context)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if piece.solves is not None and not piece.is_check:
            if (piece.solves, cell.cell_type) in answered:
                continue
            answered.add((piece.solves, cell.cell_type))
            cell.source = BLANK[cell.cell_type]
        kept.append((piece, cell))
    return _notebook(kept, tasks)


def with_preface(cells: list[Piece], tasks: dict[str, Exercise]) -> list[Piece]:
    """The cells, with the list of exercises after the first, which has the title."""
    text = preface(list(tasks.values()), has_checks=any(piece.is_check for piece in cells))
    return [cells[0], Piece(new_markdown_cell(text), None), *cells[1:]]


def _shown(piece: Piece, context: Context) -> NotebookNode:
    if piece.cell.cell_type == "markdown":
        return new_markdown_cell(plain(piece.cell.source, context))
    tags = piece.cell.metadata.get("tags", [])
    hidden = {"jupyter": {"source_hidden": True}} if "hide-input" in tags else {}
    cell = new_code_cell(piece.cell.source, metadata={"tags": tags, **hidden} if tags else {})
    cell.outputs = [
        output for output in deepcopy(piece.cell.outputs) if "scrapbook" not in output.get("metadata", {})
    ]
    cell.execution_count = piece.cell.execution_count
    return cell


def _notebook(cells: list[tuple[Piece, NotebookNode]], tasks: dict[str, Exercise]) -> NotebookNode:
    """The cells with names that do not change from one run to the next, and nbgrader's marks."""
    checked = {piece.solves for piece, _ in cells if piece.is_check}
    rewarded: set[str] = set()
    for number, (piece, cell) in enumerate(cells):
        cell.id = f"cell-{number}"
        if piece.solves is None:
            continue
        by_hand = piece.solves not in checked
        counts = (piece.is_check or by_hand) and piece.solves not in rewarded
        if counts:
            rewarded.add(piece.solves)
        cell.metadata["nbgrader"] = {
            "schema_version": 3, "task": False, "grade_id": f"{piece.solves}-{number}",
            "locked": piece.is_check, "solution": not piece.is_check,
            # nbgrader wants every answer in words graded; one cell of an exercise has its points.
            "grade": piece.is_check or by_hand or cell.cell_type == "markdown",
            "points": tasks[piece.solves].points if counts else 0,
        }  # fmt: skip
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=[cell for _, cell in cells], metadata={"kernelspec": kernel})


def _chapters() -> list[str]:
    return sorted(path.stem for path in BOOK.glob("*.md") if path.read_text("utf-8").startswith("---"))


def _book_context() -> Context:
    works: Any = parse_file(str(BOOK / "references.bib")).entries
    titles, labels = {}, {}
    for path in BOOK.glob("*.md"):
        text = path.read_text(encoding="utf-8")
        heading = re.search(r"^# (.+)$", text, re.MULTILINE)
        titles[path.stem] = heading[1] if heading else path.stem
        labels |= dict(re.findall(r"^\(([\w-]+)\)=\n#+ (.+)$", text, re.MULTILINE))
        labels |= {one.label: one.title for one in exercises(path.stem, text)}
    return Context(titles=titles, labels=labels, works={key: _cited(one) for key, one in works.items()})


def _cited(work: Entry) -> str:
    persons, fields = work.persons or {}, work.fields or {}
    names = [" ".join(person.last_names) for person in persons.get("author", [])]
    if len(names) > 2:
        names = [f"{names[0]} et al."]
    return f"{' and '.join(names)} ({fields.get('year', 'no year')})".replace("{", "").replace("}", "")


def _chapter_context(book: Context, cells: list[Piece]) -> Context:
    outputs = [output for piece in cells for output in piece.cell.get("outputs", [])]
    glued = [one for one in outputs if "scrapbook" in one.get("metadata", {})]
    numbers = {one.metadata.scrapbook.name: _text(one) for one in glued}
    figures = [piece.cell.metadata.get("mystnb", {}).get("figure", {}).get("name") for piece in cells]
    order = {name: number for number, name in enumerate(filter(None, figures), start=1)}
    return replace(book, numbers=numbers, figures=order)


def _text(glued: NotebookNode) -> str:
    """What `glue` kept of a value: its type of data has a prefix where the value was not displayed."""
    return next(text for kind, text in glued.data.items() if kind.endswith("text/plain")).strip("'")


def _readme() -> str:
    address = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
    return (ROOT / "tools" / "classroom_readme.md").read_text(encoding="utf-8").replace("ADDRESS", address)


def pack(archive: Path, files: list[Path]) -> None:
    """A zip whose bytes depend on the files alone, not on when it was made."""
    with zipfile.ZipFile(archive, "w") as packed:
        for path in files:
            name = Path("phasebook-classroom") / path.relative_to(archive.parent)
            packed.writestr(zipfile.ZipInfo(str(name)), path.read_bytes(), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    sys.exit(main())
