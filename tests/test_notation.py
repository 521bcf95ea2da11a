"""The tables of notation and equations name things that exist, and nothing that a reader meets is missing."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from data_tables import equation_lines, notation_lines, read_table
from paper_equations import LAST_EQUATION, is_in_paper

from phasebook.runs.variables import COORDINATES, VARIABLES

BOOK = Path(__file__).resolve().parents[1] / "book"
NOTATION, EQUATIONS = read_table("notation"), read_table("equations")
ROWS = [row for rows in NOTATION["groups"].values() for row in rows]
NAMES = sorted(
    {name for row in ROWS for name in row[5]} | {n for _, *ns in EQUATIONS["equations"].values() for n in ns}
)


def resolve(name: str) -> Any:
    """The object that a dotted name below `phasebook` stands for."""
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: Any = import_module(".".join(["phasebook", *parts[:cut]]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            if is_dataclass(found) and part in {field.name for field in fields(found)}:
                return part
            found = getattr(found, part)
        return found
    raise AttributeError(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_the_tables_exists(name):
    """A variable or coordinate of the data set, an attribute of the package, or an argument of a function."""
    if name.startswith("sweep: "):
        assert name.removeprefix("sweep: ") in {*VARIABLES, *COORDINATES}
        return
    attribute, _, argument = name.removesuffix(")").partition("(")
    found = resolve(attribute)
    if argument:
        assert argument in inspect.signature(found).parameters


def test_every_variable_of_the_data_set_has_a_symbol_or_is_said_to_have_none():
    named = {name.removeprefix("sweep: ") for row in ROWS for name in row[5] if name.startswith("sweep: ")}
    without = set(NOTATION["without_symbol"])
    assert named | without == {*VARIABLES, *COORDINATES}
    assert not named & without


def test_what_defines_a_symbol_exists():
    """An equation of the paper, or a chapter."""
    for symbol, _, defined, *_ in ROWS:
        assert is_in_paper(defined) or (BOOK / f"{defined}.md").is_file(), symbol


def test_no_symbol_stands_twice():
    symbols = [row[0] for row in ROWS]
    assert len(symbols) == len(set(symbols))


def test_all_equations_of_the_paper_are_listed_in_order():
    numbers = [f"{section}.{k}" for section, last in LAST_EQUATION.items() for k in range(1, last + 1)]
    assert list(EQUATIONS["equations"]) == numbers


def test_tables_are_markdown_with_as_many_cells_as_columns():
    for lines, columns in ((notation_lines(NOTATION), 6), (equation_lines(EQUATIONS), 4)):
        table = [line for line in lines if line.startswith("|")]
        assert {len(line.split("|")) - 2 for line in table} == {columns}
        assert len(table) > 60


def test_every_reference_is_cited_and_every_citation_is_in_the_list():
    text = "\n".join(path.read_text(encoding="utf-8") for path in BOOK.glob("*.md"))
    cited = {key.strip() for keys in re.findall(r"\{cite:\w+\}`([^`]+)`", text) for key in keys.split(",")}
    listed = re.findall(
        r"^@\w+\{([^,]+),", (BOOK / "references.bib").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(listed) == len(set(listed))
    assert cited == set(listed)
