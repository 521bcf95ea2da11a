"""Who may import whom: dependencies point one way, from the pages down to the engine."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "phasebook"

# From the bottom up. A module imports from rows above its own, or from its own folder.
LAYERS = [
    {"engine"},
    {"network", "evidence"},
    {"sgd", "spectra"},
    {"systems"},
    {"observables", "dyson"},
    {"runs"},
    {"theory"},
    {"beyond"},
    {"boundaries"},
    {"claims"},
    {"figures"},
    {"lab", "monitor", "explorer", "text"},
    {"cli"},
    {"__init__", "__main__"},
]
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}


def imports(path: Path) -> set[str]:
    """Top-level parts of `phasebook` that a file imports, except for type checkers."""
    found: set[str] = set()
    for node in _at_run_time(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("phasebook."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.ImportFrom) and node.module == "phasebook":
            found.update(alias.name for alias in node.names if alias.name in RANK)
        elif isinstance(node, ast.Import):
            found.update(a.name.split(".")[1] for a in node.names if a.name.startswith("phasebook."))
    return found


def _at_run_time(tree: ast.AST) -> list[ast.AST]:
    """All nodes but those below `if TYPE_CHECKING`."""
    nodes = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            continue
        nodes += [node, *_at_run_time(node)]
    return nodes


FILES = sorted(path for path in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nobody_imports_upward(path):
    here = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for there in imports(path) - {here}:
        assert RANK[there] < RANK[here], f"{path.relative_to(PACKAGE)} imports phasebook.{there}"


def test_engine_is_used_by_sgd_alone():
    users = {path.name for path in FILES if "engine" in imports(path) and path.parent.name != "engine"}
    assert users == {"sgd.py"}


def test_nothing_runs_at_import():
    """Top-level statements define things; none prints, draws, trains or seeds."""
    for path in FILES:
        if path.name == "__main__.py":
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                name = getattr(node.value.func, "id", "")
                assert name.startswith("_define"), f"{path.relative_to(PACKAGE)}:{node.lineno} runs at import"
