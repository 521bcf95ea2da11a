"""Bring every chapter to the form in which jupytext, and so JupyterLab, writes it."""

import re
from pathlib import Path

import jupytext

BOOK = Path(__file__).resolve().parents[1] / "book"


def is_notebook(text: str) -> bool:
    """Whether a page has code: then its front matter names a kernel."""
    return text.startswith("---") and "kernelspec:" in text.split("---")[1]


def tidy(text: str) -> str:
    """`text`, read and written by jupytext; the version of jupytext is not recorded."""
    written = jupytext.writes(jupytext.reads(text, fmt="md:myst"), fmt="md:myst")
    return re.sub(r"^    jupytext_version: .*\n", "", written, flags=re.MULTILINE)


def main() -> None:
    for path in sorted(BOOK.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if is_notebook(text) and tidy(text) != text:
            path.write_text(tidy(text), encoding="utf-8")
            print(f"tidied {path.relative_to(BOOK.parent)}")


if __name__ == "__main__":
    main()
