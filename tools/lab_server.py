"""A JupyterLab that is set up as Binder sets it up: by the repository's own `postBuild`."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

START_SECONDS = 120


@dataclass(frozen=True)
class Lab:
    """A running server."""

    address: str
    token: str
    log: Path
    process: subprocess.Popen[bytes]

    def url(self, path: str) -> str:
        """Where a browser finds `path`, say "lab/tree/book/time.md"."""
        return f"{self.address}/{path}?token={self.token}"

    def contents(self, path: str) -> dict[str, Any]:
        """What the server says a file is; the file itself is not sent."""
        return self._get(f"api/contents/{path}?content=0")

    def is_up(self) -> bool:
        try:
            return bool(self._get("api"))
        except OSError:
            return False

    def _get(self, path: str) -> dict[str, Any]:
        request = Request(f"{self.address}/{path}", headers={"Authorization": f"token {self.token}"})
        with urlopen(request, timeout=60) as answer:
            return json.load(answer)


@contextmanager
def serving(repository: Path, folder: Path) -> Iterator[Lab]:
    """JupyterLab on a copy of the chapters, with settings, workspaces and kernels' files of its own.

    Args:
        repository: whose `postBuild` is run and whose package the kernels import.
        folder: empty; the user's own settings are neither read nor written.
    """
    root = folder / "repository"
    for name in ("book", "benchmarks"):
        shutil.copytree(repository / name, root / name, ignore=shutil.ignore_patterns("_*", ".*"))
    homes = {"HOME": folder, "JUPYTER_CONFIG_DIR": folder / "config", "JUPYTER_DATA_DIR": folder / "data",
             "JUPYTER_RUNTIME_DIR": folder / "runtime", "IPYTHONDIR": folder / "ipython"}  # fmt: skip
    environment = {key: value for key, value in os.environ.items() if not key.startswith("JUPYTER")}
    environment |= {key: str(path) for key, path in homes.items()}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    environment["PYTHONPATH"] = str(repository)
    environment.pop("PHASEBOOK_NO_PACKAGED", None)  # as a reader has it
    subprocess.run([repository / "postBuild"], cwd=root, env=environment, check=True, timeout=START_SECONDS)

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token, log = secrets.token_hex(16), folder / "server.log"
    arguments = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", f"--notebook-dir={root}",
                 f"--IdentityProvider.token={token}", "--LabApp.expose_app_in_browser=True",
                 "--LabApp.news_url=None",
                 "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]  # fmt: skip
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *arguments],
            cwd=root,
            env=environment,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    lab = Lab(f"http://127.0.0.1:{port}", token, log, process)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not lab.is_up():
            assert process.poll() is None, f"JupyterLab ended at once:\n{log.read_text()}"
            assert time.monotonic() < deadline, f"JupyterLab does not answer:\n{log.read_text()}"
            time.sleep(0.2)
        yield lab
    finally:
        process.terminate()  # it shuts its kernels down
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
