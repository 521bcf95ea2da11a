"""The command `phasebook`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from phasebook import __version__
from phasebook.runs.checks import InvalidConfig, one_of, whole
from phasebook.runs.config import scale
from phasebook.runs.provenance import FLAGS


class UsageError(Exception):
    """A command line that cannot be obeyed; the message is one line."""


class Parser(argparse.ArgumentParser):
    """Reports a bad command line in one line, without the usage block."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}")


def parser() -> Parser:
    top = Parser(prog="phasebook", description="Phase diagram of SGD: compute sweeps and look at them.")
    top.add_argument("--version", action="version", version=f"phasebook {__version__}")
    commands = top.add_subparsers(metavar="COMMAND")
    sweep = commands.add_parser(
        "sweep",
        allow_abbrev=False,
        help="train networks over the phase diagram and write a data set",
        description="Train networks over the phase diagram and write a data set. "
        "Can be stopped or killed at any time: the same command goes on where it was.",
    )
    sweep.set_defaults(action=_sweep, command="phasebook sweep")
    sweep.add_argument("--scale", required=True, metavar="smoke|book|paper")
    sweep.add_argument("--models", metavar="N", help="networks per cell")
    sweep.add_argument("--epochs", metavar="E", help="training time; an epoch is 1000 SGD steps at |B| = 4")
    sweep.add_argument("--temperature", nargs="+", metavar="T", help="learning rate / |B|, as 0.25 or 2^-2")
    sweep.add_argument("--inv-sigma-w", nargs="+", metavar="S", help="1/sigma_W, as 0.25 or 2^-2")
    sweep.add_argument("--seed", metavar="S")
    sweep.add_argument("--batch-size", metavar="B")
    sweep.add_argument("--order", metavar="fixed|shuffled|with_replacement", help="of the training data")
    sweep.add_argument("--precision", metavar="float32|float64")
    sweep.add_argument("--threads", metavar="N", help="default: all processors; never changes a bit")
    sweep.add_argument("--executor", metavar="threads|dask", default="threads", help="default: threads")
    sweep.add_argument("--scheduler", metavar="ADDRESS", help="of Dask, as tcp://host:8786")
    sweep.add_argument("--out", required=True, metavar="FILE.nc", type=Path)
    info = commands.add_parser("info", allow_abbrev=False, help="say what a data set is")
    info.set_defaults(action=_info, command="phasebook info")
    info.add_argument("file", metavar="FILE.nc", type=Path)
    verify = commands.add_parser(
        "verify",
        allow_abbrev=False,
        help="train some networks of a data set again and compare",
        description="Train some networks of a data set again: their weights must have the same bits, their "
        "observables must agree to rounding. Exit code 0 if they do, 1 if not.",
    )
    verify.set_defaults(action=_verify, command="phasebook verify")
    verify.add_argument("file", metavar="FILE.nc", type=Path)
    verify.add_argument(
        "--cells", metavar="K", default="4", help="how many cells, drawn at random; default: 4"
    )
    verify.add_argument(
        "--networks", metavar="N", help="in each cell; default: 16 in all, which train together"
    )
    verify.add_argument("--seed", metavar="S", default="0", help="of the choice of cells and networks")
    verify.add_argument("--max-steps", metavar="M", help="SGD steps at most, added up over networks")
    verify.add_argument("--threads", metavar="N", help="default: all processors")
    claims = commands.add_parser(
        "claims",
        allow_abbrev=False,
        help="judge what the paper says, claim by claim",
        description="Compute the verdict on each claim of the paper and compare it with the recorded one. "
        "Exit code 0 if all agree, 1 if one does not.",
    )
    claims.set_defaults(action=_claims, command="phasebook claims")
    claims.add_argument("--json", action="store_true", help="everything about each claim, as JSON")
    claims.add_argument(
        "--scale", metavar="smoke|book|paper", default="paper", help="the largest data to use; default: paper"
    )
    claims.add_argument("--paper", metavar="P", help="'phase diagram', 'random matrices', 'absorbing states'")
    claims.add_argument("--section", metavar="S", help="of the paper on the phase diagram, as 4 or 4.2 or B")
    return top


def execute(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; errors of the user are one line on stderr and code 2."""
    try:
        options = parser().parse_args(arguments)
        if not hasattr(options, "action"):
            raise UsageError(
                "phasebook: which command? sweep, info, verify or claims (phasebook --help says more)"
            )
    except UsageError as error:
        return _fail(str(error))
    try:
        return options.action(options)
    except InvalidConfig as error:
        return _fail(
            f"{options.command}: {FLAGS.get(error.name, '--' + error.name.replace('_', '-'))} {error.problem}"
        )


def main() -> int:
    """Entry point of the command: as `execute`, and stops at once when interrupted."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    return execute()


def _stop(signum: int, frame: FrameType | None) -> NoReturn:
    """Say how to go on, and leave.

    Not by an exception: one that happens to be raised within a finaliser is lost, and threads in the kernel
    would be waited for. All that is finished is on the disk.
    """
    start_of_line = "\n" if sys.stderr.isatty() else ""
    message = "phasebook: interrupted; what is finished is kept, the same command goes on from there\n"
    os.write(2, (start_of_line + message).encode())
    os._exit(128 + signum)


def _sweep(options: argparse.Namespace) -> int:
    given = {field: getattr(options, flag[2:].replace("-", "_")) for field, flag in FLAGS.items()}
    settings = {field: _parse(value) for field, value in given.items() if value is not None}
    config = replace(scale(options.scale), **settings)
    threads = options.threads and whole("threads", _parse(options.threads), 1, 10_000)
    one_of("executor", options.executor, ("threads", "dask"))
    if (options.executor == "dask") != (options.scheduler is not None):
        raise InvalidConfig("scheduler", "and --executor dask go together: give both or neither")
    # Checked before the slow imports, so that a slip of the keyboard is answered at once.
    from phasebook.runs.store import SweepError
    from phasebook.runs.sweep import run_sweep

    try:
        if options.executor == "threads":
            run_sweep(config, options.out, scale=options.scale, threads=threads)
        else:
            from phasebook.runs.cluster import dask_executor

            with dask_executor(options.scheduler, say=_say) as (executor, workers):
                run_sweep(
                    config, options.out, scale=options.scale, threads=threads or workers, executor=executor
                )
    except (SweepError, OSError) as error:  # a full disk may also be met by Numba, keeping a compiled kernel
        return _fail(f"{options.command}: {error}")
    return 0


def _verify(options: argparse.Namespace) -> int:
    given = {
        name: _parse(getattr(options, name)) for name in ("cells", "networks", "seed", "max_steps", "threads")
    }
    for name, value in given.items():
        if value is not None:
            given[name] = whole(name, value, 0 if name == "seed" else 1, 10**18)
    from phasebook.runs.store import SweepError
    from phasebook.runs.verify import verify_file

    try:
        report = verify_file(options.file, **given)
    except FileNotFoundError:
        return _fail(f"{options.command}: there is no file {options.file}")
    except SweepError as error:
        return _fail(f"{options.command}: {error}")
    print("\n".join([*report.lines(), f"{options.file}: {report.verdict()}"]))
    return 0 if report.verified else 1


def _info(options: argparse.Namespace) -> int:
    from phasebook.runs.describe import describe
    from phasebook.runs.store import SweepError

    try:
        print("\n".join(describe(options.file)))
    except SweepError as error:
        return _fail(f"{options.command}: {error}")
    return 0


def _claims(options: argparse.Namespace) -> int:
    from phasebook.claims.ledger import PAPERS, SCALES, sections, summary

    one_of("scale", options.scale, SCALES)
    if options.paper is not None:
        one_of("paper", options.paper, tuple(PAPERS))
    if options.section is not None:
        options.paper = "phase diagram"
        known = {part for section in sections() for part in (section, section.partition(".")[0])}
        one_of("section", options.section, tuple(sorted(known)))
    # Slow imports after the options are known to be right.
    from phasebook.claims.judge import judge, mismatches, select
    from phasebook.runs.store import SweepError

    try:
        results = judge(select(section=options.section, paper=options.paper), scale=options.scale)
    except SweepError as error:
        return _fail(f"{options.command}: {error}")
    wrong = mismatches(results)
    if options.json:
        print(json.dumps([one.to_json() for one in results], ensure_ascii=False, indent=1))
    else:
        for one in results:
            print(f"{one.claim.id:24} {one.judgement.verdict:26} {one.judgement.found}")
        print(f"Recorded: {summary()}" if options.paper is None else f"{len(results)} claims.")
    for line in wrong:
        _say(f"{options.command}: {line}")
    return 1 if wrong else 0


def _parse(value: Any) -> Any:
    """Numbers, also written as 2^-5 or 1e5; what is no number is left for `Config` to refuse."""
    if isinstance(value, list):
        return tuple(_parse(item) for item in value)
    try:
        base, hat, exponent = value.partition("^")
        return float(base) ** float(exponent) if hat else int(value) if value.isdecimal() else float(value)
    except (AttributeError, ValueError, OverflowError, ZeroDivisionError):
        return value


def _fail(message: str) -> int:
    print(" ".join(message.split()), file=sys.stderr)
    return 2


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
