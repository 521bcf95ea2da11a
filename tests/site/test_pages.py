"""What the HTML of the built book says, read without a browser."""

from __future__ import annotations

import re
import struct
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup, Tag

# Elements whose address the browser fetches by itself when the page opens.
FETCHED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}
LARGEST_BYTES = 1_500_000
NOT_FETCHED = {"canonical", "edit", "search", "index", "next", "prev", "author", "help", "copyright"}


@cache
def identifiers(path: Path) -> frozenset[str]:
    """All targets that a link into the page can have."""
    soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    return frozenset(str(tag["id"]) for tag in soup.find_all(id=True)) | {
        str(tag["name"]) for tag in soup.find_all("a", attrs={"name": True})
    }


def article(soup: BeautifulSoup) -> Tag:
    found = soup.find("article")
    assert isinstance(found, Tag), "the page has no article"
    return found


def test_page_exists_and_is_not_empty(page):
    assert page.html.is_file(), f"{page.name} is in _toc.yml, but was not built"
    text = article(page.soup())
    assert text.find("h1") is not None
    assert text.find("h2") is not None, "without a section the theme's script fails on margin notes"
    assert len(text.get_text(" ", strip=True)) > 200


def test_no_cell_failed(page):
    text = article(page.soup())
    assert "Traceback (most recent call last)" not in text.get_text()
    assert not text.select(".output.traceback, .output.stderr")


def test_every_figure_of_the_source_is_on_the_page(page):
    soup = page.soup()
    for name in page.figures():
        figure = soup.find("figure", id=name)
        assert isinstance(figure, Tag), f"{name} is not a figure of the page"
        image = figure.find("img")
        assert isinstance(image, Tag), f"{name} has no image"
        assert str(image.get("alt", "")).strip(), f"{name} has no alternative text"
        assert "_images/" not in str(image["alt"]), f"{name}: the alternative text is only the file's name"
        caption = figure.find("figcaption")
        assert isinstance(caption, Tag), f"{name} has no caption"
        assert re.match(r"Fig\. \d", caption.get_text(strip=True)), f"{name} has no number"


def test_every_figure_says_which_run_made_it(page):
    soup = page.soup()
    assert len(soup.select(".provenance")) >= len(page.figures())


def test_local_links_resolve(page):
    broken = []
    for tag in page.soup().find_all(True):
        for address in filter(None, (tag.get("href"), tag.get("src"))):
            parts = urlsplit(str(address))
            if parts.scheme or parts.netloc:
                continue
            file = (page.html.parent / unquote(parts.path)).resolve() if parts.path else page.html
            # Views of a page; test_explorer.py opens those of the explorer.
            is_view = file.name in ("explorer.html", "live.html") and "=" in parts.fragment
            if not file.exists() or (
                parts.fragment
                and file.suffix == ".html"
                and not is_view
                and unquote(parts.fragment) not in identifiers(file)
            ):
                broken.append(str(address))
    assert not broken


def test_nothing_is_fetched_from_elsewhere(page, mathjax_is_local):
    if not mathjax_is_local:
        pytest.skip("MathJax could not be copied: this book loads it from its public CDN")
    remote = [
        str(tag[attribute])
        for element, attribute in FETCHED.items()
        for tag in page.soup().find_all(element, attrs={attribute: True})
        if urlsplit(str(tag[attribute])).netloc and not NOT_FETCHED & set(tag.get("rel") or ())
    ]
    assert not remote


def test_equations_keep_the_number_of_the_paper(page):
    """A target such as eq-2-22 stands at the equation with the tag 2.22."""
    for equation in page.soup().select("div.math[id^=eq-], span.eq-target[id^=eq-]"):
        section, number = str(equation["id"]).split("-")[1:3]
        assert f"\\tag{{{section.upper()}.{number}}}" in equation.get_text()


def test_every_picture_says_what_it_shows(page):
    for image in page.soup().find_all("img"):
        alt = str(image.get("alt", ""))
        assert alt.strip(), f"{image.get('src')} has no alternative text"
        assert "_images/" not in alt, f"{image.get('src')}: the alternative text is only the file's name"


def test_page_is_light(page):
    """The page and its own pictures; scripts and fonts are shared by all pages."""
    own = {str(image["src"]) for image in page.soup().find_all("img", src=True)}
    pictures = sum((page.html.parent / unquote(address)).stat().st_size for address in own)
    assert page.html.stat().st_size + pictures < LARGEST_BYTES


def test_link_to_the_page_is_shown_with_a_card(page, built_book):
    tags = {str(tag["property"]): str(tag["content"]) for tag in page.soup().select("meta[property^=og]")}
    assert tags["og:title"]
    assert len(tags["og:description"]) > 40
    assert tags["og:image:alt"]
    address = urlsplit(tags["og:image"])
    card = built_book / "_static" / "social-card.png"
    assert address.netloc or (page.html.parent / address.path).resolve() == card.resolve()
    head = card.read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    assert struct.unpack(">II", head[16:24]) == (1200, 630)


def test_front_page_leads_to_every_page(built_book):
    start = (built_book / "index.html").read_text(encoding="utf-8")
    assert 'url=book/index.html"' in start


def test_licence_of_mathjax_comes_with_it(built_book, mathjax_is_local):
    if mathjax_is_local:
        assert "Apache License" in (built_book / "_static/vendor/mathjax/LICENSE").read_text(encoding="utf-8")
