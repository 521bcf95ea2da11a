"""MyST, as the chapters have it, as the plain Markdown that any notebook program shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_FENCE = re.compile(r"^(?P<fence>`{3,}|:{3,})\{(?P<name>[a-z-]+)\}\s*(?P<argument>.*)$")
_ROLE = re.compile(r"\{(?P<name>[a-z:-]+)\}`(?P<text>[^`]+)`")
_TARGET = re.compile(r"^\((?P<name>[\w-]+)\)=$")
_NAMED_EQUATION = re.compile(r"\s*\$\$ \((?P<name>[\w-]+)\)$", re.MULTILINE)
_TO_LABEL = re.compile(r"\]\((?P<name>[\w-]+)\)")
_VIEW = re.compile(r'<a class="[a-z]+-view"[^>]*>(?P<text>[^<]*)</a>')  # of a page that is no notebook
_LABELLED = re.compile(r"^(?P<text>.*?)\s*<(?P<target>[^>]+)>$", re.DOTALL)


@dataclass(frozen=True)
class Context:
    """What the text of a chapter refers to.

    Attributes:
        numbers: name -> text that the kernel handed to the page (`glue`).
        figures: name of a figure -> its number in this notebook.
        titles: file name of a chapter -> its title.
        works: key of a publication -> "Authors (year)".
        labels: name of an exercise or section -> its title.
    """

    numbers: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, int] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    works: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


def plain(text: str, context: Context) -> str:
    """One Markdown cell without directives, roles and targets; its mathematics is left as it is."""
    text = _VIEW.sub(r"\g<text>", _NAMED_EQUATION.sub(r" \\tag{\g<name>} $$", text))
    text = _definition_lists(_directives(text.split("\n"), context))
    return _TO_LABEL.sub(lambda m: _address(m["name"], context), _roles(text, context)).strip()


def _directives(lines: list[str], context: Context) -> str:
    written: list[str] = []
    while lines:
        line, lines = lines[0], lines[1:]
        if target := _TARGET.match(line):
            written.append(f'<a id="{target["name"]}"></a>\n')
        elif opening := _FENCE.match(line):
            end = next((i for i, one in enumerate(lines) if one.strip() == opening["fence"]), len(lines))
            body, lines = lines[:end], lines[end + 1 :]
            while body and (option := re.match(r"^:([a-z-]+): *(.*)$", body[0])):
                if option[1] == "label":
                    written.append(f'<a id="{option[2]}"></a>\n')
                body = body[1:]
            inner = _directives(body, context).strip("\n")
            written.append(_directive(opening["name"], opening["argument"], inner, context))
        else:
            written.append(line)
    return "\n".join(written)


def _directive(name: str, argument: str, body: str, context: Context) -> str:
    match name:
        case "exercise-start" | "exercise":
            return f"### Exercise: {argument}\n\n{body}"
        case "solution-start" | "solution":
            return f"**Solution.**\n\n{body}"
        case "exercise-end" | "solution-end":
            return ""
        case "glue":
            return f"*{context.numbers[argument]}*"
        case "bibliography" | "nb-exec-table":
            return ""
    quoted = f"**{argument}**\n\n{body}" if argument and name == "admonition" else body
    return "\n".join(f"> {line}".rstrip() for line in quoted.split("\n"))


def _definition_lists(text: str) -> str:
    """A term, then ": its definition" with the lines after it indented."""
    return re.sub(r"\n: (.+(?:\n  .+)*)", lambda m: "  \n" + re.sub(r"\n  ", "\n", m[1]), text)


def _roles(text: str, context: Context) -> str:
    roles: dict[str, Callable[[str], str]] = {
        "glue:text": lambda name: context.numbers[name],
        "paper-eq": lambda number: f"({number})",
        "eq": lambda name: f"({name})",
        "numref": lambda name: f"Figure {context.figures[name]}" if name in context.figures else "the figure",
        "doc": lambda page: _link(page, context),
        "ref": lambda name: _named(name, context),
        "cite:t": lambda keys: "; ".join(context.works[key.strip()] for key in keys.split(",")),
        "cite:p": lambda keys: f"[{'; '.join(context.works[key.strip()] for key in keys.split(','))}]",
        "term": lambda name: m["text"] if (m := _LABELLED.match(name)) else name,
        "download": lambda name: name,
    }

    def replace(match: re.Match[str]) -> str:
        if match["name"] not in roles:
            raise ValueError(f"no plain form of the role {{{match['name']}}} is known")
        return roles[match["name"]](match["text"])

    return _ROLE.sub(replace, text)


def _link(page: str, context: Context) -> str:
    labelled = _LABELLED.match(page)
    target = labelled["target"] if labelled else page
    name = target.rpartition("/")[2]
    return f"[{labelled['text'] if labelled else context.titles[name]}]({name}.ipynb)"


def _address(name: str, context: Context) -> str:
    return f"]({name}.ipynb)" if name in context.titles else f"](#{name})"


def _named(name: str, context: Context) -> str:
    if labelled := _LABELLED.match(name):
        return labelled["text"]
    return f"“{context.labels[name]}”" if name in context.labels else name
