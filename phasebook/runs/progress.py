"""How far a sweep is, for whoever watches: a terminal, a log file, or a notebook."""

from __future__ import annotations

import os
import sys
import time
from typing import Any, Protocol, TextIO

from tqdm import tqdm


class Progress(Protocol):
    """What a sweep reports to."""

    def say(self, message: str) -> None:
        """One line for the user."""

    def start(self, *, total: int, done: int) -> None:
        """Work begins: `done` of `total` networks are there already."""

    def advance(self, networks: int) -> None:
        """That many more are there."""

    def close(self) -> None:
        """Work has ended, with success or without."""


class Silent:
    def say(self, message: str) -> None: ...

    def start(self, *, total: int, done: int) -> None: ...

    def advance(self, networks: int) -> None: ...

    def close(self) -> None: ...


class Terminal:
    """A bar on stderr, in networks, with the time left."""

    def __init__(self) -> None:
        self.bar: tqdm | None = None

    def say(self, message: str) -> None:
        tqdm.write(message, file=sys.stderr)

    def start(self, *, total: int, done: int) -> None:
        self.bar = tqdm(total=total, initial=done, unit=" networks", file=sys.stderr, smoothing=0.05)

    def advance(self, networks: int) -> None:
        if self.bar is not None:
            self.bar.update(networks)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None


class Lines:
    """A line per tenth of the work, for log files."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.total = self.before = self.done = 0
        self.started = 0.0

    def say(self, message: str) -> None:
        print(message, file=self.stream, flush=True)

    def start(self, *, total: int, done: int) -> None:
        self.total, self.before, self.done = total, done, done
        self.started = time.monotonic()

    def advance(self, networks: int) -> None:
        tenths = self.done * 10 // self.total
        self.done += networks
        if self.done * 10 // self.total > tenths and self.done < self.total:
            self.say(self.state())

    def close(self) -> None: ...

    def state(self) -> str:
        elapsed = time.monotonic() - self.started
        left = elapsed * (self.total - self.done) / max(self.done - self.before, 1)
        return f"{self.done} of {self.total} networks, about {tqdm.format_interval(left)} left"


class Notebook(Lines):
    """One line of a cell's output that is rewritten; nothing goes to stderr, an error to a book."""

    def __init__(self, display: Any) -> None:
        super().__init__(sys.stdout)
        self.display = display
        self.handle: Any = None

    def say(self, message: str) -> None:
        line = {"text/plain": message}
        if self.handle is None:
            self.handle = self.display(line, raw=True, display_id=True)
        else:
            self.handle.update(line, raw=True)

    def advance(self, networks: int) -> None:
        self.done += networks
        self.say(self.state())


STATIC = "PHASEBOOK_STATIC"
"""Set while the pages of the book are built: nobody waits there."""


def choose(progress: bool | Progress) -> Progress:
    """What fits where we run; nothing at all for False, or while pages are built."""
    if not isinstance(progress, bool):
        return progress
    if not progress or os.environ.get(STATIC):
        return Silent()
    if "ipykernel" in sys.modules:
        from IPython.core.getipython import get_ipython
        from IPython.display import display

        if get_ipython() is not None:
            return Notebook(display)
    return Terminal() if sys.stderr.isatty() else Lines()
