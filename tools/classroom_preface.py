"""What a notebook for a class says before its first cell of code: the exercises, and how to work on them."""

from __future__ import annotations

from collections.abc import Sequence

from exercises import Exercise


def preface(tasks: Sequence[Exercise], *, has_checks: bool) -> str:
    """A box of Markdown with all exercises of the notebook.

    Args:
        tasks: in the order of the notebook.
        has_checks: whether a cell after one of them tests the result.
    """
    minutes = sum(one.minutes for one in tasks)
    lines = [
        f"**{len(tasks)} exercises, {minutes} minutes.** Run the cells above them first "
        "(*Run*, *Run All Above Selected Cell*).",
        "Below each exercise there is room for words, for code or for both; add cells as you need them.",
    ]
    if has_checks:
        lines.append("A cell with `assert` checks what you found: no message means that it passes.")
    lines.append("")
    lines += [f"- [{one.title}](#{one.label}): {one.level.lower()}, {one.minutes} minutes" for one in tasks]
    return "\n".join(f"> {line}".rstrip() for line in lines)
