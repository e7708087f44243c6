"""The console that commands print to."""

import sys

from rich.console import Console

PLAIN_WIDTH = 120


def make_console(*, stderr: bool = False) -> Console:
    """As wide as the terminal; where there is none, wide enough that tables do not break words."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else PLAIN_WIDTH)
