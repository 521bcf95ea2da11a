"""`python -m phasebook`: the same as the command `phasebook`."""

import sys

from phasebook.cli import main

if __name__ == "__main__":
    sys.exit(main())
