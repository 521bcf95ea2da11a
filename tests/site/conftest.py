"""The built book, page by page. `make book` runs these tests after it has built the pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import jupytext
import pytest
import yaml
from bs4 import BeautifulSoup

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
SCREENSHOTS = ROOT / "_build" / "screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# No sandbox because a container has none; the others keep Chromium from calling home.
BROWSER_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
VIOLATIONS = """rules => axe.run(document, rules ? {runOnly: rules} : {}).then(found => found.violations
    .map(one => [one.impact, one.id, one.nodes.map(node => node.target.join(' ')).slice(0, 5)]))"""
MUST_RUN = bool(os.environ.get("PHASEBOOK_REQUIRE_BROWSER"))


@dataclass(frozen=True)
class Page:
    """One page of the table of contents."""

    name: str  # as in _toc.yml, say "book/index"

    @property
    def source(self) -> Path:
        return ROOT / f"{self.name}.md"

    @property
    def html(self) -> Path:
        return HTML / f"{self.name}.html"

    def screenshot(self, *, theme: str, width: int) -> Path:
        """Where a picture of the page is kept for whoever wants to look."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        return SCREENSHOTS / f"{self.html.stem}-{theme}-{width}.jpg"

    def soup(self) -> BeautifulSoup:
        return BeautifulSoup(self.html.read_text(encoding="utf-8"), "html.parser")

    def figures(self) -> list[str]:
        """The names of the figures that the page's code cells make."""
        cells = jupytext.read(self.source).cells
        captions = [cell.metadata.get("mystnb", {}).get("figure") for cell in cells]
        return [caption["name"] for caption in captions if caption]


@pytest.fixture(scope="session")
def page_named() -> type[Page]:
    """Makes a page from its name."""
    return Page


def pages_of(entry: dict[str, Any]) -> list[Page]:
    """All pages below one entry of _toc.yml, in the order of the book."""
    here = [Page(entry[key]) for key in ("root", "file") if key in entry]
    children = [child for key in ("parts", "chapters", "sections") for child in entry.get(key, [])]
    return here + [page for child in children for page in pages_of(child)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with an argument `page` runs once for every page of the book."""
    if "page" in metafunc.fixturenames:
        toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
        metafunc.parametrize("page", pages_of(toc), ids=lambda page: page.name, scope="module")


@pytest.fixture(autouse=True, scope="session")
def built_book() -> Path:
    """The folder of the built pages; without one there is nothing to test."""
    if not (HTML / "index.html").is_file():
        message = "there is no built book: run make book"
        if MUST_RUN:
            pytest.fail(message)
        pytest.skip(message)
    return HTML


@pytest.fixture(scope="session")
def mathjax_is_local() -> bool:
    """Whether `make book` could copy MathJax; else the pages take it from its public CDN."""
    is_here = (ROOT / "book" / "_static" / "vendor" / "mathjax" / "tex-svg.js").is_file()
    if MUST_RUN and not is_here:
        pytest.fail("MathJax was not copied: the pages would need a network")
    return is_here


@pytest.fixture(scope="session")
def violations() -> Callable[..., list[Any]]:
    """What axe-core, which `make book` fetches from npm, finds serious or critical, with the first places."""
    script = ROOT / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        message = "axe-core is not here: make book fetches it from npm"
        if MUST_RUN:
            pytest.fail(message)
        pytest.skip(message)
    source = script.read_text(encoding="utf-8")

    def found(tab: Tab, rules: list[str] | None = None) -> list[Any]:
        tab.evaluate(source)
        return [one for one in tab.evaluate(VIOLATIONS, rules) if one[0] in ("serious", "critical")]

    return found


@pytest.fixture(scope="session")
def opened(browser: Browser) -> Callable[..., AbstractContextManager[Tab]]:
    """Opens a page from the disk, with the network off, and waits for its mathematics.

    What its console complains about goes into `complaints`, if a list is given.
    """

    @contextmanager
    def open_page(
        page: Page,
        *,
        width: int,
        theme: Literal["light", "dark"] = "light",
        complaints: list[str] | None = None,
    ) -> Iterator[Tab]:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, offline=True
        )
        tab = context.new_page()
        if complaints is not None:
            tab.on("console", lambda one: complaints.append(one.text) if one.type == "error" else None)
            tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.goto(page.html.as_uri())
        tab.evaluate("window.MathJax?.startup?.promise")
        try:
            yield tab
        finally:
            context.close()

    return open_page


@pytest.fixture(scope="session")
def browser(built_book: Path) -> Iterator[Browser]:
    """Headless Chromium, the one of the system."""
    found = os.environ.get("PHASEBOOK_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        message = f"no browser to look at the pages with (any of {', '.join(BROWSERS)})"
        if MUST_RUN:
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(BROWSER_FLAGS))
        yield browser
        browser.close()
