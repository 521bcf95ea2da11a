"""Glossary, definitions on hovering, index and list of equations, in a small book of three pages."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

BOOK = Path(__file__).resolve().parents[1] / "book"
CONFIGURATION = f"""
import sys
sys.path.insert(0, {str(BOOK / "_ext")!r})
extensions = ["myst_parser", "sphinx_design"]
extensions += ["paper_equations", "data_tables", "page_index", "glossary_hover"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
html_static_path = [{str(BOOK / "_static")!r}]
suppress_warnings = ["ref.doc"]
"""
PAGES = {
    "index": """# Start

```{toctree}
words
lists
```

(eq-2-22)=
$$ V = \\phi^2 \\tag{2.22} $$

A {term}`Quench` and two {term}`quenches <quench>`, in a {term}`spin glass`.
""",
    "words": """# Words

```{glossary}
quench
  A sudden change; see {term}`spin glass`.

  A second paragraph.

spin glass
  Frozen, with 'marks' & <tags>.
```
""",
    "lists": """# Lists

## All

```{page-index}
```

```{equation-table}
```
""",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("book")
    (folder / "conf.py").write_text(CONFIGURATION, encoding="utf-8")
    for name, text in PAGES.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", str(folder), str(folder / "html")]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return folder / "html"


def soup(page: Path) -> BeautifulSoup:
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


def terms_of_the_book() -> list[str]:
    body = (BOOK / "glossary.md").read_text(encoding="utf-8").split("```{glossary}\n")[1].split("```")[0]
    return re.findall(r"^(\S.*)$", body, re.MULTILINE)


def test_definitions_are_written_as_plain_text_for_the_script(site):
    text = (site / "_static" / "glossary-terms.js").read_text(encoding="utf-8")
    assert text.startswith("window.glossaryTerms = ")
    assert text.endswith(";\n")
    assert json.loads(text.removeprefix("window.glossaryTerms = ").removesuffix(";\n")) == {
        "term-quench": "A sudden change; see spin glass.",
        "term-spin-glass": "Frozen, with ‘marks’ & <tags>.",
    }


def test_pages_load_the_script_after_the_definitions(site):
    scripts = [
        str(tag["src"]).split("?")[0] for tag in soup(site / "index.html").find_all("script", src=True)
    ]
    assert scripts.index("_static/glossary-terms.js") < scripts.index("_static/glossary.js")


def test_index_names_the_pages_of_each_term_once_and_the_glossary_first(site):
    items = soup(site / "lists.html").select("ul.page-index > li")
    assert [item.get_text() for item in items] == ["quench: Words; Start", "spin glass: Words; Start"]
    start = soup(site / "index.html")
    for item in items:
        page, anchor = str(item.find_all("a")[-1]["href"]).split("#")
        assert page == "index.html"
        assert start.find(id=anchor) is not None


def test_list_of_equations_links_what_is_printed_and_says_what_is_not(site):
    rows = {row.td.get_text(): row for row in soup(site / "lists.html").select("table tr") if row.td}
    assert len(rows) == 65
    place = rows["(2.22)"].find_all("td")[2]
    assert place.get_text() == "Start"
    assert [link["href"] for link in place.find_all("a")] == ["index.html#eq-2-22"]
    assert rows["(B.7)"].find_all("td")[2].get_text() == "not printed"


def test_glossary_is_sorted_and_two_sentences_each():
    """Sorted as a reader looks, and each definition fit to be shown in a small box, without mathematics."""
    terms = terms_of_the_book()
    assert len(terms) >= 50
    assert terms == sorted(terms, key=str.casefold)
    text = (BOOK / "glossary.md").read_text(encoding="utf-8")
    definitions = re.findall(r"^  (\S.*)$", text, re.MULTILINE)
    assert len(definitions) == len(terms)
    for definition in definitions:
        assert 80 < len(definition) < 330, definition
        assert len(re.findall(r"\.(?: |$)", definition)) == 2, definition
        assert "$" not in definition


def test_every_term_is_used_on_a_page_and_every_use_has_a_definition():
    used = set()
    for path in BOOK.glob("*.md"):
        if path.stem != "glossary":
            for text in re.findall(r"\{term\}`([^`]+)`", path.read_text(encoding="utf-8")):
                used.add(re.sub(r"^.*<(.*)>$", r"\1", text).casefold())
    assert used == {term.casefold() for term in terms_of_the_book()}
