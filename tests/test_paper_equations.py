"""References to equations by the number they have in the paper, in a small book of two pages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from paper_equations import LAST_EQUATION, is_in_paper, target_name

EXTENSIONS = Path(__file__).resolve().parents[1] / "book" / "_ext"
CONFIGURATION = f"""
import sys
sys.path.insert(0, {str(EXTENSIONS)!r})
extensions = ["myst_parser", "paper_equations"]
myst_enable_extensions = ["dollarmath"]
"""
FIRST = """# First

```{toctree}
second
```

(eq-2-22)=
$$ V = \\phi^2 \\tag{2.22} $$

See {paper-eq}`2.22`.
"""


def build(folder: Path, second: str) -> tuple[int, str]:
    """Build the two pages as `make book` builds the book: every warning is an error."""
    (folder / "conf.py").write_text(CONFIGURATION, encoding="utf-8")
    (folder / "index.md").write_text(FIRST, encoding="utf-8")
    (folder / "second.md").write_text("# Second\n\n" + second, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "--keep-going",
        "-n",
        "-q",
        str(folder),
        str(folder / "html"),
    ]
    run = subprocess.run(command, capture_output=True, text=True)
    return run.returncode, run.stderr


def links(page: Path) -> dict[str, str]:
    """Text and target of the links in the page's text."""
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    return {link.get_text(): str(link["href"]) for link in soup.select("div.body p a")}


def test_reference_links_on_its_page_and_across_pages(tmp_path):
    code, complaint = build(tmp_path, "As in {paper-eq}`2.22`.")
    assert code == 0, complaint
    assert links(tmp_path / "html" / "index.html") == {"(2.22)": "#eq-2-22"}
    assert links(tmp_path / "html" / "second.html") == {"(2.22)": "index.html#eq-2-22"}


def test_equation_that_no_page_prints_yet_keeps_its_number(tmp_path):
    code, complaint = build(tmp_path, "As in {paper-eq}`B.7`.")
    assert code == 0, complaint
    assert links(tmp_path / "html" / "second.html") == {}
    assert "(B.7)" in (tmp_path / "html" / "second.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("number", ["2.31", "eq-2-22", "C.1"])
def test_number_that_the_paper_does_not_have_fails_the_build(tmp_path, number):
    code, complaint = build(tmp_path, f"As in {{paper-eq}}`{number}`.")
    assert code != 0
    assert f"the paper has no equation ({number})" in complaint


def test_every_section_of_the_paper_has_its_equations():
    numbers = [f"{section}.{i}" for section, last in LAST_EQUATION.items() for i in range(1, last + 1)]
    assert all(is_in_paper(number) for number in numbers)
    assert len({target_name(number) for number in numbers}) == 65
    assert all(re.fullmatch(r"eq-[234ab]-\d+", target_name(number)) for number in numbers)


@pytest.mark.parametrize("number", ["2.0", "2.031", "5.1", "2", "", "2.22 "])
def test_malformed_numbers_are_not_in_the_paper(number):
    assert not is_in_paper(number)
