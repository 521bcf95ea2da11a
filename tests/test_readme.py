"""What the README and the other guides name exists: files, commands, functions, and one address."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from address import ADDRESS, REPEATED_IN, current, move

import phasebook

ROOT = Path(__file__).resolve().parents[1]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def readme_commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", read("README.md"), re.DOTALL)
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    in_the_text = [code for code in re.findall(r"`([^`\n]+)`", read("README.md")) if " " in code]
    return [line for line in lines + in_the_text if line]


def test_paths_named_in_the_readme_exist():
    links = [target for target in re.findall(r"\]\(([^)\s]+)\)", read("README.md")) if "://" not in target]
    named = [
        word for word in re.findall(r"`([\w./-]+)`", read("README.md")) if "." in word[1:] or "/" in word
    ]
    files = [
        word
        for word in named
        if re.search(r"\.(md|txt|yml|toml|py)$|/", word) and not word.startswith("_build")
    ]
    assert "docs/phase_diagram.png" in links
    missing = [name for name in links + files if not (ROOT / name).exists()]
    assert not missing


@pytest.mark.parametrize("text", ["README.md", "CONTRIBUTING.md", "book/index.md", ".ci/run"])
def test_make_targets_named_exist(text):
    makefile = read("Makefile")
    named = set(re.findall(r"(?:`|^|\n)make ([a-z]+)", read(text)))
    assert {target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)} == set()


def test_two_commands_are_in_the_readme():
    assert {"make book", "make test"} <= set(readme_commands())


@pytest.mark.parametrize(
    "command", sorted({c.split()[1] for c in readme_commands() if c.startswith("phasebook ")})
)
def test_subcommands_named_in_the_readme_exist(command):
    helped = subprocess.run(
        [sys.executable, "-m", "phasebook", command, "--help"], capture_output=True, text=True
    )
    assert helped.returncode == 0, helped.stderr
    assert command in helped.stdout


def test_options_named_in_the_readme_exist():
    for line in readme_commands():
        if line.startswith("phasebook "):
            helped = subprocess.run(
                [sys.executable, "-m", "phasebook", line.split()[1], "--help"], capture_output=True, text=True
            )
            assert all(option in helped.stdout for option in re.findall(r"--[a-z-]+", line)), line


def test_functions_named_in_the_readme_exist():
    for name in re.findall(r"`phasebook\.(\w+)", read("README.md") + read("book/index.md")):
        assert hasattr(phasebook, name)


def test_make_help_lists_every_target():
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: (.*)$", read("Makefile"), re.MULTILINE)
    assert phony is not None
    assert set(re.findall(r"^  make (\w+)", listed, re.MULTILINE)) == set(phony[1].split()) - {"FORCE"}


def written_files() -> list[Path]:
    """Every text file of the project itself."""
    suffixes = {".md", ".yml", ".yaml", ".toml", ".cff", ".py", ".json", ".css", ".js", ".bib", ".txt", ""}
    ours = ("book", "phasebook", "tests", "tools", "benchmarks", ".github", ".ci")
    files = [path for path in ROOT.iterdir() if path.is_file()]
    files += [path for folder in ours for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [
        path for path in files if path.suffix in suffixes and not {"vendor", "__pycache__"} & set(path.parts)
    ]


def test_address_stands_only_where_it_must():
    """_config.yml decides it; the README's badge and the citation repeat it, and nothing else does."""
    here = current()
    holders = {
        path.relative_to(ROOT).as_posix() for path in written_files() if here in path.read_text("utf-8")
    }
    assert holders == {"_config.yml", *REPEATED_IN}


def test_no_other_address_of_the_project():
    """A link to GitHub's or Binder's copy of a repository of this name is a link to this one."""
    repository = current().split("/")[1]
    elsewhere = re.compile(rf"(?:github\.com|mybinder\.org/v2/gh)/([\w-]+/{re.escape(repository)})\b")
    for name in ("_config.yml", *REPEATED_IN):
        assert set(elsewhere.findall(read(name))) == {current()}


def test_address_moves_everywhere(tmp_path):
    for name in ("_config.yml", *REPEATED_IN):
        (tmp_path / name).write_text(read(name), encoding="utf-8")
    move("somebody/elsewhere", root=tmp_path)
    assert current(tmp_path) == "somebody/elsewhere"
    assert "mybinder.org/v2/gh/somebody/elsewhere/main" in (tmp_path / "README.md").read_text("utf-8")
    assert ADDRESS.search((tmp_path / "CITATION.cff").read_text("utf-8"))


def test_speed_table_is_the_benchmark():
    """The ratios in the README are those that `benchmarks/engine.py` wrote."""
    rows = json.loads((ROOT / "benchmarks" / "engine.json").read_text())["rows"]
    best = {row["name"]: row for row in sorted(rows, key=lambda row: -row["nanoseconds"])}
    for name, row in best.items():
        assert f"| {name} | {row['nanoseconds']:,.0f} | {row['ratio']:,.1f} |" in read("README.md")
