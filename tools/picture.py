"""Draw the README's picture from the data of the book: python tools/picture.py docs/phase_diagram.png."""

import sys

from phasebook import load_sweep
from phasebook.figures.phase_diagram import test_error_map

if __name__ == "__main__":
    test_error_map(load_sweep("book")).savefig(sys.argv[1], dpi=150, bbox_inches="tight", facecolor="white")
