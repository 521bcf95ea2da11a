"""The launch button: it opens the page itself as a notebook, which runs and has the figures of the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from lab_server import Lab, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
CHAPTER = "book/soft_spins"
RUN_SECONDS = 420
WORKBENCH = """---
kernelspec: {display_name: Python 3, language: python, name: python3}
---

```{code-cell} ipython3
from phasebook.lab import laboratory
laboratory("ordered", epochs=0.02)
```
"""
CELLS = """() => [...jupyterapp.shell.currentWidget.content.model.cells]
  .filter(cell => cell.type === 'code')
  .map(cell => ({
    count: cell.executionCount,
    figure: cell.sharedModel.getMetadata('mystnb')?.figure?.name ?? null,
    outputs: cell.outputs.toJSON().map(output => ({
      type: output.output_type, text: output.evalue ?? '', mimes: Object.keys(output.data ?? {})}))}))"""
SHOWN = {"image/png", "application/vnd.jupyter.widget-view+json"}


def launch_path(page: Any) -> str | None:
    """The path that the page's launch button opens in JupyterLab; None without a button."""
    for link in page.soup().find_all("a", href=True):
        query = parse_qs(urlsplit(str(link["href"])).query)
        if "mybinder.org" in str(link["href"]):
            return query["urlpath"][0]
    return None


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One server for all tests of this file."""
    with serving(ROOT, tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture
def tab(browser: Browser, lab: Lab, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A fresh window that can reach the server and nothing else."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.route(
        lambda url: urlsplit(url).hostname != "127.0.0.1", lambda route: route.abort("internetdisconnected")
    )
    page = context.new_page()
    page.set_default_timeout(90_000)
    failed = request.session.testsfailed
    yield page
    if request.session.testsfailed > failed:
        print(lab.log.read_text())
    context.close()


# JupyterLab may exchange a notebook's first kernel as it opens: one that has been idle for a while stays.
SETTLED = """() => {
  const kernel = jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel;
  const idle = kernel?.status === 'idle' ? kernel.id : null;
  if (!idle || window.settled?.id !== idle) window.settled = { id: idle, since: Date.now() };
  return Boolean(idle) && Date.now() - window.settled.since > 2000;
}"""


def run_all(tab: Page) -> None:
    """As a reader does: from the menu."""
    tab.wait_for_function(SETTLED)
    tab.get_by_role("menuitem", name="Run", exact=True).click()
    tab.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def ready(cells: list[dict[str, Any]]) -> bool:
    return all(cell["count"] for cell in cells) or any(
        output["type"] == "error" for cell in cells for output in cell["outputs"]
    )


def wait_until_run(tab: Page) -> list[dict[str, Any]]:
    """The code cells, when each has run or one has failed."""
    cells: list[dict[str, Any]] = []
    for _ in range(RUN_SECONDS):
        cells = tab.evaluate(CELLS)
        if ready(cells):
            return cells
        tab.wait_for_timeout(1000)
    pytest.fail(f"not run after {RUN_SECONDS} s: {[n for n, cell in enumerate(cells) if not cell['count']]}")


def test_launch_button_leads_to_the_page_as_a_notebook(page, lab):
    """On every page with code, and on no other."""
    path = launch_path(page)
    if "kernelspec:" not in page.source.read_text(encoding="utf-8"):
        assert path is None
        return
    assert path == f"lab/tree/{page.name}.md"
    assert lab.contents(f"{page.name}.md")["type"] == "notebook"


def test_chapter_runs_in_jupyterlab_and_has_the_figures_of_the_page(lab, tab, page_named):
    page = page_named(CHAPTER)
    path = launch_path(page)
    assert path is not None
    tab.goto(lab.url(path))
    tab.wait_for_selector(".jp-NotebookPanel:visible .jp-Cell")
    assert not tab.locator(".jp-FileEditor:visible").count(), "it opened as text"
    run_all(tab)
    cells = wait_until_run(tab)
    errors = [output["text"] for cell in cells for output in cell["outputs"] if output["type"] == "error"]
    assert not errors
    drawn = [
        cell["figure"]
        for cell in cells
        if cell["figure"] and any(SHOWN & set(output["mimes"]) for output in cell["outputs"])
    ]
    assert drawn == page.figures()
    tab.locator(".jp-OutputArea-output img").first.scroll_into_view_if_needed()
    assert tab.locator(".jp-OutputArea-output img").first.evaluate("image => image.naturalWidth") > 500


def test_laboratory_trains_at_the_push_of_a_button(lab, tab):
    """The widget, with its own files from the server: another place, Run, and the picture changes."""
    folder = lab.log.parent / "repository" / "book"
    (folder / "workbench.md").write_text(WORKBENCH, encoding="utf-8")
    tab.goto(lab.url("lab/tree/book/workbench.md") + "&reset")  # without the notebook of the test before
    tab.wait_for_selector(".jp-NotebookPanel:visible .jp-Cell")
    run_all(tab)
    picture = tab.locator(".jp-OutputArea-output img").last  # for a moment the old picture may be there too
    picture.wait_for()
    before = picture.get_attribute("src")
    tab.get_by_role("button", name="jammed").click()
    tab.get_by_role("button", name="Run", exact=True).click()
    tab.get_by_text("t = 0.02 epochs, 20 steps; T = ε/|B| = 0.0312").wait_for()
    assert picture.get_attribute("src") != before
    assert picture.evaluate("image => image.naturalWidth") > 500
