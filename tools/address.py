"""The project's address: `_config.yml` decides it, a few other files repeat it, and this keeps them together.

Usage: python tools/address.py https://github.com/NAME/REPOSITORY
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONFIG = "_config.yml"
REPEATED_IN = ("README.md", "CITATION.cff")  # the Binder badge; the citation
ADDRESS = re.compile(r"https://github\.com/([\w-]+/[\w.-]+)")


def current(root: Path = ROOT) -> str:
    """The project's "NAME/REPOSITORY", from `_config.yml`.

    Raises:
        ValueError: `repository.url` is missing there or is no address on GitHub.
    """
    found = re.search(
        rf"^repository:\n  url: {ADDRESS.pattern}$", (root / CONFIG).read_text(encoding="utf-8"), re.M
    )
    if found is None:
        raise ValueError(f"{CONFIG}: repository.url is not https://github.com/NAME/REPOSITORY")
    return found[1]


def move(new: str, root: Path = ROOT) -> None:
    """Write "NAME/REPOSITORY" wherever the current one stands."""
    old = current(root)
    for name in (CONFIG, *REPEATED_IN):
        path = root / name
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def main() -> int:
    address = (
        ADDRESS.fullmatch(sys.argv[1].removesuffix("/").removesuffix(".git")) if len(sys.argv) == 2 else None
    )
    if address is None:
        print("address: expected https://github.com/NAME/REPOSITORY", file=sys.stderr)
        return 2
    move(address[1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
