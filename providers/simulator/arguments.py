"""The command line, shared by `python -m providers.simulator` and the project's management command."""

import argparse

from providers.simulator.server import DEFAULT_HOST, DEFAULT_PORT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything that `server.run` takes, except the lookup."""
    parser.add_argument("--host", default=DEFAULT_HOST, help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=DEFAULT_PORT, help="0 takes a free one (default: %(default)s)")
    parser.add_argument(
        "--latency-ms", type=_milliseconds, default=0, help="wait before each answer (default: %(default)s)"
    )
    parser.add_argument(
        "--receipt-delay-ms",
        type=_milliseconds,
        default=1500,
        help="time from acceptance to the delivered receipt (default: %(default)s)",
    )
    parser.add_argument(
        "--callback",
        dest="registered",
        type=_callback,
        action="append",
        default=[],
        metavar="SID=URL",
        help="post the receipts of this Kaleyra account or Qiscus app to this URL; may be repeated",
    )


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:  # noqa: PLR2004 - the highest TCP port
        raise argparse.ArgumentTypeError("a port is a whole number from 0 to 65535.")
    return int(text)


def _milliseconds(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError("give a whole number of milliseconds, 0 or more.")
    return int(text)


def _callback(text: str) -> tuple[str, str]:
    account, separator, url = text.partition("=")
    if not account or not separator or not url.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError("write it as SID=URL, with a URL that starts with http:// or https://.")
    return account, url
