"""The exercises of a chapter as its text has them: level, minutes, goal, and the way to check oneself.

The directive `{exercise-table}` lists those of the whole book, chapter by chapter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

BOOK = Path(__file__).resolve().parents[1]
LEVELS = ("By hand", "By code", "Open")

_EXERCISE = re.compile(
    r"^```\{exercise-start\} (?P<title>[^\n]+)\n:label: (?P<label>\S+)\n```\n"
    r"(?P<body>.*?)^```\{exercise-end\}\n```$",
    re.MULTILINE | re.DOTALL,
)
_HEAD = re.compile(
    r"\*\*(?P<level>[A-Z][a-z ]+), (?P<minutes>\d+) minutes\.\*\* \*Goal:\* (?P<goal>.+?)\n\n", re.DOTALL
)


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes:
        chapter: name of the chapter's file.
        label: its anchor, unique in the book.
        title: as printed.
        level: one of `LEVELS`.
        minutes: what a student needs.
        goal: what is learnt, one sentence.
    """

    chapter: str
    label: str
    title: str
    level: str
    minutes: int
    goal: str

    @property
    def points(self) -> int:
        """For a course that gives points: one for every five minutes."""
        return max(1, round(self.minutes / 5))


def exercises(chapter: str, text: str) -> list[Exercise]:
    """The exercises of a chapter, in its order.

    Args:
        chapter: name of its file.
        text: of that file.

    Raises:
        ValueError: an exercise lacks the line with level, minutes and goal, or the last one, "*Check:* ...".
    """
    return [_exercise(chapter, match) for match in _EXERCISE.finditer(text)]


def all_exercises() -> list[Exercise]:
    """Those of all chapters, in the order of the book."""
    parts = yaml.safe_load((BOOK.parent / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    paths = [BOOK.parent / f"{chapter['file']}.md" for part in parts for chapter in part["chapters"]]
    return [one for path in paths for one in exercises(path.stem, path.read_text(encoding="utf-8"))]


def _exercise(chapter: str, match: re.Match[str]) -> Exercise:
    head = _HEAD.match(match["body"])
    where = f"{chapter}: exercise {match['label']}"
    if head is None or head["level"] not in LEVELS:
        raise ValueError(f"{where} must begin '**LEVEL, N minutes.** *Goal:* ...', LEVEL one of {LEVELS}")
    if "\n*Check:* " not in match["body"]:
        raise ValueError(f"{where} does not say how to check one's own result ('*Check:* ...')")
    goal = " ".join(head["goal"].split())
    return Exercise(chapter, match["label"], match["title"], head["level"], int(head["minutes"]), goal)


class ExerciseTable(SphinxDirective):
    """All exercises with links, as a table."""

    def run(self) -> list[nodes.Node]:
        rows = ["| Chapter | Exercise | Level | Minutes | Goal |", "| --- | --- | --- | --- | --- |"]
        for one in all_exercises():
            self.env.note_dependency(str(BOOK / f"{one.chapter}.md"))
            place = f"{{doc}}`{one.chapter}` | {{ref}}`{one.title} <{one.label}>`"
            rows.append(f"| {place} | {one.level} | {one.minutes} | {one.goal} |")
        container = nodes.container(classes=["exercise-table"])
        self.state.nested_parse(StringList(rows, source=self.env.docname), self.content_offset, container)
        return [container]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("exercise-table", ExerciseTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
