"""The chapters of Sections 2.1 to 2.5 and Appendix A account for every equation of theirs."""

import re
from pathlib import Path

import pytest
from paper_equations import target_name

BOOK = Path(__file__).resolve().parents[1] / "book"
EQUATIONS = {
    "soft_spins": [f"2.{k}" for k in range(1, 23)],
    "disorder": [*(f"2.{k}" for k in range(23, 28)), *(f"A.{k}" for k in range(1, 6))],
}


@pytest.mark.parametrize("chapter", EQUATIONS)
def test_every_equation_is_printed_once_with_its_number(chapter):
    text = (BOOK / f"{chapter}.md").read_text(encoding="utf-8")
    assert re.findall(r"\\tag\{([\w.]+)\}", text) == EQUATIONS[chapter]
    for number in EQUATIONS[chapter]:
        block = text.split(f"({target_name(number)})=\n", 1)[1].split("$$", 2)[1]
        assert rf"\tag{{{number}}}" in block, number


@pytest.mark.parametrize("chapter", EQUATIONS)
def test_every_equation_has_a_check_and_the_build_fails_if_one_fails(chapter):
    text = (BOOK / f"{chapter}.md").read_text(encoding="utf-8")
    checked = set(re.findall(r"checks\.(?:identity|estimate|bound|state)\(\s*\"([\w.]+)\"", text))
    assert checked == set(EQUATIONS[chapter])
    assert "assert not checks.missing and not checks.failed\nchecks\n" in text


@pytest.mark.parametrize("chapter", EQUATIONS)
def test_exercises_have_labelled_solutions_that_run(chapter):
    text = (BOOK / f"{chapter}.md").read_text(encoding="utf-8")
    exercises = re.findall(r":label: ex-([\w-]+)", text)
    assert len(exercises) >= 3
    assert re.findall(r":label: sol-([\w-]+)", text) == exercises
    for solution in text.split("```{solution-start}")[1:]:
        assert "```{code-cell}" in solution.split("```{solution-end}")[0]
