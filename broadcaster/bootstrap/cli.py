"""The launcher's command line: reads what is wanted and hands it to the module that does it."""

import argparse
import signal
import sys
from pathlib import Path

from broadcaster.bootstrap import suite
from broadcaster.bootstrap.console import LaunchError
from broadcaster.bootstrap.project import Project
from broadcaster.bootstrap.start import setup, start

ROOT = Path(__file__).resolve().parent.parent.parent
ALONE = {"setup": setup, "develop": suite.develop}
PASSED_ON = {"test": suite.test, "bench": suite.bench, "soak": suite.soak}
INTERRUPTED = 130  # what a shell reports for Ctrl-C
COMMANDS = """
commands:
  (none)                start web server, workers and simulator, preparing all that is missing
  setup                 prepare environment, keys and database, then end
  develop               install what tests and checks need, then end
  test [ARGUMENT ...]   run the tests; arguments go to pytest, such as tests/test_run.py -k keys
  bench [ARGUMENT ...]  run the benchmarks; --json FILE keeps the numbers
  soak [ARGUMENT ...]   send a million messages while workers are killed a thousand times, and say whether the promise
                        was kept; takes hours: --messages 20000 --kills 20 takes minutes, soak -h tells more
"""


def main(arguments: list[str]) -> int:
    """Do what the arguments say and return the exit status."""
    # Whoever ends us politely gets the same clean end as Ctrl-C at the terminal; a script that starts us in the
    # background has made us ignore the latter.
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, signal.default_int_handler)
    try:
        return _dispatch(Project.at(ROOT), arguments)
    except LaunchError as reason:
        print(f"run.py: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("run.py: interrupted.", file=sys.stderr)
        return INTERRUPTED


def parser() -> argparse.ArgumentParser:
    """Return the parser of everything that is not passed on."""
    built = argparse.ArgumentParser(
        prog="run.py",
        description="Start Broadcaster on this machine.",
        epilog=COMMANDS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    built.add_argument("command", nargs="?", choices=[*ALONE], metavar="COMMAND", help="see below")
    built.add_argument("--port", type=port_number, help="port of the web server (default: the first free from 8000 on)")
    built.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s; 0.0.0.0: all)")
    built.add_argument("--empty", action="store_true", help="no demo data and no simulator")
    return built


def port_number(text: str) -> int:
    """Return a port that can be asked for by number."""
    if not (text.isdigit() and 1 <= int(text) <= 65535):  # noqa: PLR2004  the range of TCP ports
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 1 to 65535")
    return int(text)


def _dispatch(project: Project, arguments: list[str]) -> int:
    if arguments and arguments[0] in PASSED_ON:
        return PASSED_ON[arguments[0]](project, arguments[1:])
    options = parser().parse_args(arguments)
    if options.command in ALONE:
        return ALONE[options.command](project)
    return start(project, host=options.host, port=options.port, empty=options.empty)
