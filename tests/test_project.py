"""The files around the package agree: dependencies, versions, Binder's environment, CI."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import phasebook

ROOT = Path(__file__).resolve().parents[1]
CONDA_NAMES = {"matplotlib-base": "matplotlib", "pytorch-cpu": "torch"}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def project() -> dict[str, Any]:
    return tomllib.loads(read("pyproject.toml"))["project"]


def requirements(lines: list[str]) -> dict[str, SpecifierSet]:
    """Requirement lines as {normalised name: versions}."""
    parsed = [Requirement(line) for line in lines]
    return {canonicalize_name(requirement.name): requirement.specifier for requirement in parsed}


def conda_requirements() -> dict[str, SpecifierSet]:
    """The conda packages of environment.yml, by their names on PyPI; conda's `=1.0` is pip's `==1.0`."""
    lines = [
        line for line in yaml.safe_load(read("environment.yml"))["dependencies"] if isinstance(line, str)
    ]
    in_pip_syntax = [re.sub(r"^([\w-]+)=(?=\d)", r"\1==", line) for line in lines]
    return {
        canonicalize_name(CONDA_NAMES.get(name, name)): versions
        for name, versions in requirements(in_pip_syntax).items()
    }


def constraints() -> dict[str, str]:
    lines = [line for line in read("constraints.txt").splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines), (
        "a name and an exact version, nothing else"
    )
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}


def test_environment_has_the_dependencies_of_the_package():
    conda = conda_requirements()
    for name, versions in requirements(project()["dependencies"]).items():
        assert conda.get(name) == versions, f"{name}: pyproject.toml and environment.yml differ"


def test_environment_takes_the_versions_that_were_tested():
    tested = constraints()
    for name, versions in conda_requirements().items():
        if name in tested:
            # A post-release is the same release to conda's `=1.0.4.*`.
            assert versions.contains(tested[name].partition(".post")[0]), f"environment.yml: {name}{versions}"


def test_environment_is_one_that_binder_can_use():
    environment = yaml.safe_load(read("environment.yml"))
    assert environment["channels"][0] == "conda-forge"
    assert {"jupyterlab", "jupytext"} <= set(conda_requirements())
    assert conda_requirements()["python"].contains("3.11")
    assert {"pip": ["-e ."]} in environment["dependencies"], "the package itself is not installed otherwise"
    assert os.access(ROOT / "postBuild", os.X_OK)
    assert not (ROOT / "binder").exists(), "Binder would ignore the environment.yml of the root"
    assert not (ROOT / ".binder").exists(), "Binder would ignore the environment.yml of the root"


def test_jupyter_book_stays_at_1():
    """Jupyter Book 2 reads neither _config.yml nor _toc.yml; theme 1.3 draws a second header."""
    extras = requirements(project()["optional-dependencies"]["book"])
    assert str(extras["jupyter-book"]) == "==1.0.4.post1"
    assert str(conda_requirements()["jupyter-book"]) == "==1.0.4.*"
    assert constraints()["sphinx-book-theme"] == "1.2.0"


def test_constraints_fix_every_dependency():
    tested = constraints()
    extras = project()["optional-dependencies"]
    for lines in (project()["dependencies"], *extras.values()):
        for name, versions in requirements(lines).items():
            assert versions.contains(tested[name], prereleases=True), f"constraints.txt: {name}"


def test_version_is_the_same_everywhere():
    version = project()["version"]
    assert phasebook.__version__ == version
    assert yaml.safe_load(read("CITATION.cff"))["version"] == version
    assert re.search(rf"^## {re.escape(version)}\b", read("CHANGELOG.md"), re.MULTILINE)


def test_javascript_is_locked_by_checksum_alone():
    lock = read("package-lock.json")
    assert '"integrity"' in lock
    assert "http" not in lock


@pytest.mark.parametrize("name", ["tests", "book"])
def test_workflow_stops_at_the_first_failure(name):
    workflow = yaml.safe_load(read(f".github/workflows/{name}.yml"))
    assert workflow["defaults"]["run"]["shell"].startswith("bash -eo pipefail")


def test_ci_runs_both_commands_and_forbids_skipping_the_browser():
    script = read(".ci/run")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "set -euo pipefail" in script
    places = [script.index(part) for part in ("PHASEBOOK_REQUIRE_BROWSER=1", "make test", "make -j2 book")]
    assert places == sorted(places)
    assert "PHASEBOOK_CACHE" in script  # a cache from elsewhere would hide a network that no longer trains
