"""The sources of the book: its configuration, its table of contents, and the form of its chapters."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jupyter_book
import pytest
import yaml
from jupyter_book.config import validate_yaml
from pybtex.database import parse_file
from tidy_chapters import is_notebook, tidy

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = sorted((ROOT / "book").glob("*.md"))
NO_TEXT = {".png", ".jpg", ".gif", ".pdf", ".ipynb"}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pages_of_toc() -> set[str]:
    return set(re.findall(r"(?:root|file): (\S+)", read("_toc.yml")))


def test_configuration_of_the_book_has_only_known_keys():
    """Jupyter Book accepts a misspelt key in silence; its own default configuration lists those it knows."""
    config = yaml.safe_load(read("_config.yml"))
    validate_yaml(config, raise_on_errors=True)
    defaults = yaml.safe_load((Path(jupyter_book.__file__).parent / "default_config.yml").read_text("utf-8"))
    also_known = {"bibtex_bibfiles"}
    assert set(config) <= set(defaults) | also_known
    for section in set(config) & set(defaults):
        if isinstance(defaults[section], dict):
            assert set(config[section]) <= set(defaults[section]), section


def test_failing_cells_fail_the_build():
    config = yaml.safe_load(read("_config.yml"))
    assert config["sphinx"]["config"]["nb_execution_raise_on_error"] is True
    assert config["execute"]["allow_errors"] is False
    assert config["execute"]["stderr_output"] == "error"
    assert re.search(r"jupyter-book build .* -W .*-n", read("Makefile"))


def test_table_of_contents_lists_every_page():
    assert pages_of_toc() == {f"book/{path.stem}" for path in CHAPTERS}


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_is_as_jupytext_writes_it(path):
    text = path.read_text(encoding="utf-8")
    assert not is_notebook(text) or tidy(text) == text, "run make tidy"


def test_cells_hand_numbers_to_the_text_by_the_package():
    """One module does it, which works without MyST-NB too, as notebooks of the classroom edition may run."""
    assert [path.stem for path in CHAPTERS if "myst_nb" in path.read_text(encoding="utf-8")] == []


def test_no_picture_and_no_notebook_is_kept_beside_the_text():
    kept = [path for path in (ROOT / "book").rglob("*") if path.suffix in NO_TEXT]
    assert not [path for path in kept if "vendor" not in path.parts]


def test_measured_chapters_fit_binder():
    """One core, 2 GB, two minutes: what tools/limits.py measured, in seconds of the processor."""
    measured = json.loads(read("benchmarks/limits.json"))
    assert (measured["limits"]["cores"], measured["limits"]["seconds"]) == (1, 120)
    assert set(measured["chapters"]) == {
        path.stem for path in CHAPTERS if is_notebook(path.read_text("utf-8"))
    }
    for name, one in measured["chapters"].items():
        assert one["ended"] == "well", name
        assert one["cpu_seconds"] <= measured["limits"]["seconds"], name
        assert one["bytes"] <= measured["limits"]["bytes"], name


def test_the_bibliography_can_be_read_and_has_what_is_cited():
    entries = set(parse_file(str(ROOT / "book" / "references.bib")).entries)
    pages = "".join(path.read_text(encoding="utf-8") for path in CHAPTERS)
    groups = re.findall(r"\{cite:[tp]\}`([^`]+)`", pages)
    assert entries == {key.strip() for group in groups for key in group.split(",")}


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_numbered_equations_break_lines_with_cr(path):
    r"""Sphinx puts a formula with \\ at its top into `split`, in which MathJax refuses a \tag."""
    formulae = re.findall(r"\$\$(.*?)\$\$", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not [one for one in formulae if "\\tag" in one and "\\\\" in one]
