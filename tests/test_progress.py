"""What a sweep tells whoever watches."""

from __future__ import annotations

import io
import sys

import pytest

from phasebook.runs.progress import STATIC, Lines, Notebook, Progress, Silent, Terminal, choose


def report(progress: Progress, *, blocks: int = 50) -> None:
    """Half of the networks were there, the others come in blocks."""
    progress.say("begin")
    progress.start(total=20 * blocks, done=10 * blocks)
    for _ in range(blocks):
        progress.advance(10)
    progress.close()
    progress.say("end")


def test_terminal_shows_networks_and_time_left(capsys: pytest.CaptureFixture[str]):
    report(Terminal())
    output, errors = capsys.readouterr()
    assert output == ""
    last = errors.split("\r")[-1]
    assert "100%" in last
    assert "1000/1000 [" in last
    assert "<00:00" in last
    assert last.endswith("end\n")


def test_log_file_has_a_line_per_tenth():
    stream = io.StringIO()
    report(Lines(stream))
    lines = stream.getvalue().splitlines()
    assert (lines[0], lines[-1]) == ("begin", "end")
    assert [line.split(" of ")[0] for line in lines[1:-1]] == ["600", "700", "800", "900"]
    assert all("left" in line for line in lines[1:-1])


def test_time_left_is_reckoned_from_this_sitting(monkeypatch: pytest.MonkeyPatch):
    """Of 1000 networks 500 were there; 100 came in 10 s; the other 400 need 40 s."""
    lines = Lines(io.StringIO())
    moment = iter([0.0, 10.0])
    monkeypatch.setattr("phasebook.runs.progress.time.monotonic", lambda: next(moment))
    lines.start(total=1000, done=500)
    lines.done += 100
    assert lines.state() == "600 of 1000 networks, about 00:40 left"


def test_notebook_rewrites_one_line(capsys: pytest.CaptureFixture[str]):
    shown: list[str] = []

    class Handle:
        def update(self, data: dict[str, str], *, raw: bool) -> None:
            shown[-1] = data["text/plain"]

    def display(data: dict[str, str], *, raw: bool, display_id: bool) -> Handle:
        shown.append(data["text/plain"])
        return Handle()

    report(Notebook(display))
    assert shown == ["end"]
    assert capsys.readouterr() == ("", "")


def test_choice(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    own = Silent()
    assert choose(own) is own
    assert isinstance(choose(False), Silent)
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    assert isinstance(choose(True), Lines)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert isinstance(choose(True), Terminal)
    report(own)
    assert capsys.readouterr() == ("", "")


def test_pages_have_no_progress_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv(STATIC, "1")
    report = choose(True)
    report.say("a path of this machine")
    report.start(total=2, done=0)
    report.advance(2)
    report.close()
    assert capsys.readouterr() == ("", "")
