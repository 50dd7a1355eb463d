"""`python -m providers.simulator`: the simulator without Django, for tests and benchmarks."""

import argparse

from providers.simulator.arguments import add_arguments
from providers.simulator.server import run


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m providers.simulator", description=__doc__)
    add_arguments(parser)
    options = vars(parser.parse_args())
    run(**{**options, "registered": dict(options["registered"])})


if __name__ == "__main__":
    main()
