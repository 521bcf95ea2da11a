"""Write the counts of verdicts into README.md, from the ledger: python tools/claims_line.py"""

import re
import textwrap
from pathlib import Path

from phasebook.claims.ledger import summary

README = Path(__file__).resolve().parents[1] / "README.md"
FIRST, LAST = "<!-- claims: written by tools/claims_line.py -->\n", "<!-- end of claims -->\n"


def with_counts(text: str) -> str:
    """The README with its line of counts as the ledger has it now."""
    lines = "\n".join(textwrap.wrap(summary(), 110)) + "\n"
    return re.sub(f"(?s)({FIRST}).*?({LAST})", rf"\g<1>{lines}\g<2>", text)


if __name__ == "__main__":
    README.write_text(with_counts(README.read_text(encoding="utf-8")), encoding="utf-8")
