"""Run one chapter and keep it as a notebook with its outputs: python tools/run_chapter.py phase_diagram."""

import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

BOOK = Path(__file__).resolve().parents[1] / "book"
OUTPUT = BOOK.parent / "_build" / "chapters"


def run_chapter(name: str) -> Path:
    """Execute `book/<name>.md` in a fresh kernel, as the build does.

    Returns:
        The notebook that was written.

    Raises:
        FileNotFoundError: there is no such chapter.
        nbclient.exceptions.CellExecutionError: a cell failed.
    """
    notebook = jupytext.read(BOOK / f"{name}.md")
    NotebookClient(
        notebook, timeout=None, kernel_name="python3", resources={"metadata": {"path": BOOK}}
    ).execute()
    OUTPUT.mkdir(parents=True, exist_ok=True)
    written = OUTPUT / f"{name}.ipynb"
    nbformat.write(notebook, written)
    return written


def main() -> int:
    names = sorted(path.stem for path in BOOK.glob("*.md"))
    if len(sys.argv) != 2 or sys.argv[1] not in names:
        print(f"run_chapter: name one of {', '.join(names)}", file=sys.stderr)
        return 2
    print(run_chapter(sys.argv[1]).relative_to(BOOK.parent))
    return 0


if __name__ == "__main__":
    sys.exit(main())
