"""The editions for a class, made from a small chapter that was executed by hand."""

import re
import zipfile

import nbformat
import pytest
from classroom import BLANK, Piece, instructor, pack, pieces, student, with_preface
from exercises import BOOK, Exercise, all_exercises, exercises
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from plain_markdown import Context, plain

TEXT = """```{exercise-start} Half of it
:label: ex-half
```
**By code, 10 minutes.** *Goal:* halve
a number.

Halve 4; call the result `half`.

*Check:* it is even.
```{exercise-end}
```

```{solution-start} ex-half
:label: sol-half
:class: dropdown
```

Divide by 2, the secret.
"""
CELLS = [
    new_code_cell("x = 4", outputs=[new_output("stream", name="stdout", text="hi")], execution_count=1),
    new_markdown_cell(TEXT),
    new_code_cell("half = x / 2", execution_count=2),
    new_code_cell("assert half % 2 == 0", metadata={"tags": ["check"]}, execution_count=3),
    new_markdown_cell("That was it.\n\n```{solution-end}\n```\n\n## Summary\n\nDone."),
]
TASKS = {one.label: one for one in exercises("small", TEXT)}


@pytest.fixture
def cells() -> list[Piece]:
    return pieces(new_notebook(cells=CELLS))


def test_head_of_an_exercise_is_read():
    assert list(TASKS.values()) == [
        Exercise("small", "ex-half", "Half of it", "By code", 10, "halve a number.")
    ]
    assert TASKS["ex-half"].points == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("By code", "By heart", "must begin"),
        ("10 minutes", "ten minutes", "must begin"),
        ("*Check:*", "So", "how to check"),
    ],
)
def test_incomplete_exercise_is_refused(old, new, message):
    with pytest.raises(ValueError, match=f"ex-half.*{message}"):
        exercises("small", TEXT.replace(old, new))


def test_cells_are_cut_at_the_edges_of_a_solution(cells):
    assert [piece.solves for piece in cells] == [None, None, "ex-half", "ex-half", "ex-half", "ex-half", None]
    assert [piece.is_check for piece in cells] == [False, False, False, False, True, False, False]


def test_students_get_blanks_and_the_check(cells):
    made = student(cells, TASKS, Context())
    nbformat.validate(made)
    sources = [cell.source for cell in made.cells]
    assert sources[2:5] == [BLANK["markdown"], BLANK["code"], "assert half % 2 == 0"]
    assert not any(word in " ".join(sources) for word in ("secret", "x / 2", "That was it"))
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in made.cells)
    assert "## Summary" in sources[-1]


def test_a_solution_without_code_becomes_one_answer_in_words():
    notebook = new_notebook(cells=[new_markdown_cell(TEXT), CELLS[-1]])
    made = student(pieces(notebook), TASKS, Context())
    assert [cell.source for cell in made.cells].count(BLANK["markdown"]) == 1


def test_a_solution_in_several_pieces_leaves_one_blank_of_each_kind():
    """A derivation by hand has its place even where the solution has code too."""
    notebook = new_notebook(cells=[new_markdown_cell(TEXT), CELLS[2], new_code_cell("half"), CELLS[-1]])
    made = student(pieces(notebook), TASKS, Context())
    blanks = [cell.source for cell in made.cells if cell.metadata.get("nbgrader", {}).get("solution")]
    assert blanks == [BLANK["markdown"], BLANK["code"]]


def test_exercises_are_announced_after_the_title(cells):
    announced = with_preface(cells, TASKS)[1]
    assert announced.solves is None
    assert "1 exercises, 10 minutes." in announced.cell.source
    assert "[Half of it](#ex-half): by code, 10 minutes" in announced.cell.source
    assert "`assert`" in announced.cell.source
    unchecked = [piece for piece in cells if not piece.is_check]
    assert "`assert`" not in with_preface(unchecked, TASKS)[1].cell.source


def test_instructors_get_everything(cells):
    made = instructor(cells, TASKS, Context())
    nbformat.validate(made)
    assert made.cells[0].outputs[0].text == "hi"
    text = "\n".join(cell.source for cell in made.cells)
    assert all(word in text for word in ("secret", "x / 2", "That was it", "### Exercise: Half of it"))


def test_marks_follow_the_rules_of_nbgrader(cells):
    """Those of its validator: unique ids; points where graded; words that are an answer are graded."""
    made = instructor(cells, TASKS, Context())
    marked = [cell for cell in made.cells if "nbgrader" in cell.metadata]
    marks = [cell.metadata.nbgrader for cell in marked]
    assert len({one.grade_id for one in marks}) == len(marks) == 4
    assert all(re.fullmatch(r"[\w-]+", one.grade_id) and one.schema_version == 3 for one in marks)
    assert all(one.grade for cell, one in zip(marked, marks, strict=True) if cell.cell_type == "markdown")
    assert [(one.grade, one.solution, one.locked) for one in marks if one.locked] == [(True, False, True)]
    assert sum(one.points for one in marks) == TASKS["ex-half"].points


@pytest.mark.parametrize(
    ("myst", "markdown"),
    [
        ("see {paper-eq}`2.22`", "see (2.22)"),
        ("{numref}`fig-a` and {glue:text}`n`", "Figure 3 and 7"),
        ("{doc}`dyson`, {doc}`this <dyson>`", "[Levels](dyson.ipynb), [this](dyson.ipynb)"),
        ("[that](dyson), [there](here)", "[that](dyson.ipynb), [there](#here)"),
        ("{cite:t}`a2000` {cite:p}`a2000,b2001`", "A (2000) [A (2000); B (2001)]"),
        ('the <a class="explorer-view"\nhref="explorer.html#t=1">map\nthere</a>', "the map\nthere"),
        ("(here)=\n## Heading", '<a id="here"></a>\n\n## Heading'),
        (":::{admonition} Note\n:class: x\nBody.\n:::", "> **Note**\n>\n> Body."),
        ("```{glue} n\n```", "*7*"),
        ("Term\n: its meaning\n  goes on", "Term  \nits meaning\ngoes on"),
        ("$$ a = b $$ (here)\n\nas {eq}`here` says", "$$ a = b \\tag{here} $$\n\nas (here) says"),
        ("$a_{ij}$ and `{code}`", "$a_{ij}$ and `{code}`"),
    ],
)  # fmt: skip
def test_myst_becomes_plain_markdown(myst, markdown):
    works = {"a2000": "A (2000)", "b2001": "B (2001)"}
    context = Context(numbers={"n": "7"}, figures={"fig-a": 3}, titles={"dyson": "Levels"}, works=works)
    assert plain(myst, context) == markdown


def test_unknown_role_is_an_error():
    with pytest.raises(ValueError, match=r"no plain form of the role \{odd\}"):
        plain("{odd}`x`", Context())


def test_zip_depends_on_the_files_alone(tmp_path):
    inside = tmp_path / "a.txt"
    inside.write_text("a")
    for name in ("one.zip", "two.zip"):
        pack(tmp_path / name, [inside])
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert zipfile.ZipFile(tmp_path / "one.zip").namelist() == ["phasebook-classroom/a.txt"]


def test_every_exercise_is_gated():
    """One that is not would be missed by the reader of exercises, and a cell in it would not run."""
    for path in BOOK.glob("*.md"):
        assert not re.search(r"^[`:]{3,}\{(exercise|solution)\}", path.read_text("utf-8"), re.MULTILINE), path


def test_exercises_are_listed_in_the_order_of_the_book():
    """And none is lost: each file with an exercise is a page of the book."""
    chapters = list(dict.fromkeys(one.chapter for one in all_exercises()))
    contents = (BOOK.parent / "_toc.yml").read_text("utf-8")
    assert chapters == sorted(chapters, key=lambda name: contents.index(f"book/{name}\n"))
    assert set(chapters) == {
        path.stem for path in BOOK.glob("*.md") if "{exercise-start}" in path.read_text("utf-8")
    }


def test_the_book_has_exercises_at_three_levels_in_every_chapter():
    found = all_exercises()
    assert len(found) >= 40
    assert len({one.label for one in found}) == len(found)
    for chapter in {one.chapter for one in found}:
        levels = {one.level for one in found if one.chapter == chapter}
        assert len(levels) == 3, f"{chapter} has exercises of the levels {levels}"
