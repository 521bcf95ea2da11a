"""The role `{paper-eq}`: a reference to an equation by the number it has in the paper.

An equation that the book prints stands below a target named after its number and has the number as its tag::

    (eq-2-22)=
    $$ V(\\phi) = \\ldots \\tag{2.22} $$

From any page ``{paper-eq}`2.22` `` then prints "(2.22)" and links there. Sphinx's own `{eq}` cannot: it
numbers equations itself. An equation of the paper that no page prints yet gives its number without a link; a
number that the paper does not have is a warning, and so fails the build.
"""

import re

from docutils import nodes
from docutils.nodes import Element, Node, system_message
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

logger = logging.getLogger(__name__)

# The last equation of each section and appendix of arXiv:2509.01349.
LAST_EQUATION = {"2": 30, "3": 6, "4": 15, "A": 5, "B": 9}


def is_in_paper(number: str) -> bool:
    """Whether the paper has an equation of this number, say "2.22" or "B.7"."""
    match = re.fullmatch(r"([234AB])\.([1-9]\d?)", number)
    return match is not None and int(match[2]) <= LAST_EQUATION[match[1]]


def target_name(number: str) -> str:
    """The name of the target above the equation: "B.7" gives "eq-b-7"."""
    return "eq-" + number.lower().replace(".", "-")


class PaperEquation(SphinxRole):
    """One reference; resolved when all pages have been read."""

    def run(self) -> tuple[list[Node], list[system_message]]:
        number = self.text.strip()
        text = nodes.inline(number, f"({number})")
        if not is_in_paper(number):
            logger.warning("the paper has no equation (%s)", number, location=self.get_location())
            return [text], []
        reference = pending_xref(
            self.rawtext,
            text,
            refdomain="std",
            reftype="ref",
            reftarget=target_name(number),
            refdoc=self.env.docname,
            refexplicit=True,
            refwarn=False,
            paper_equation=number,
        )
        return [reference], []


def leave_unlinked(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, contnode: Element
) -> Element | None:
    """The number alone, for an equation that no page prints yet."""
    if "paper_equation" not in node:
        return None
    contnode["classes"].append("paper-eq-elsewhere")
    return contnode


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_role("paper-eq", PaperEquation())
    app.connect("missing-reference", leave_unlinked)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
