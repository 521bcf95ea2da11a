"""The notebooks for a class, as `make classroom` makes them from the book just built."""

import ast
from pathlib import Path

import nbformat
import pytest
from classroom import BLANK, main
from nbclient import NotebookClient
from nbformat import NotebookNode

QUICK = "soft_spins"


@pytest.fixture(scope="session")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classroom")
    assert main(folder) == 0
    return folder


def notebooks(folder: Path, edition: str) -> dict[str, NotebookNode]:
    found = {path.stem: nbformat.read(path, as_version=4) for path in (folder / edition).glob("*.ipynb")}
    assert QUICK in found
    return found


def solutions(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution")]


def test_every_instructor_notebook_has_run_without_an_error(classroom):
    """Its code is that of the chapter, which the build executed: `main` refuses any other."""
    for name, notebook in notebooks(classroom, "instructor").items():
        nbformat.validate(notebook)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert all(cell.execution_count for cell in code), name
        kinds = {output.output_type for cell in code for output in cell.outputs}
        assert "display_data" in kinds or "execute_result" in kinds, name
        assert "error" not in kinds, name


def test_student_notebooks_hold_no_solution_and_no_output(classroom):
    full, blank = notebooks(classroom, "instructor"), notebooks(classroom, "student")
    assert set(full) == set(blank)
    for name, notebook in blank.items():
        nbformat.validate(notebook)
        assert {cell.source for cell in solutions(notebook)} <= set(BLANK.values()), name
        shown = "\n".join(cell.source for cell in notebook.cells)
        for cell in solutions(full[name]):
            assert cell.source not in shown, f"{name}: {cell.source[:80]}"
        assert not any(cell.get("outputs") for cell in notebook.cells), name


def test_nothing_but_a_check_needs_a_solution(classroom):
    """So a student can run a notebook around the blanks, and skip an exercise."""
    for name, notebook in notebooks(classroom, "instructor").items():
        known: set[str] = set()
        solved: dict[str, str] = {}
        for cell in notebook.cells:
            if cell.cell_type != "code":
                continue
            marks = cell.metadata.get("nbgrader", {})
            task = str(marks.get("grade_id", "")).rpartition("-")[0]
            made, used = names_of(cell.source)
            borrowed = {one for one in used & set(solved) if solved[one] != task and one not in known}
            assert not borrowed - made, f"{name}: {cell.source[:80]} needs {borrowed}"
            if marks.get("solution"):
                solved |= dict.fromkeys(made, task)
            else:
                known |= made


def names_of(source: str) -> tuple[set[str], set[str]]:
    """Names that code binds anywhere, and names that it reads."""
    made, used = set(), set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                made.add(name)
            case ast.Name(id=name):
                used.add(name)
            case ast.arg(arg=name):
                made.add(name)
            case ast.alias(name=name, asname=asname):
                made.add((asname or name).partition(".")[0])
    return made, used


@pytest.mark.parametrize("edition", ["instructor", "student"])
def test_a_notebook_runs_outside_the_book(classroom, edition, tmp_path):
    """From an empty folder; that of students with every blank left blank, and without the checks."""
    notebook = notebooks(classroom, edition)[QUICK]
    if edition == "student":
        notebook.cells = [one for one in notebook.cells if not one.metadata.get("nbgrader", {}).get("locked")]
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": tmp_path}}).execute()
