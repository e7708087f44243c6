"""How the command fails: one readable line and an exit code, 2 for wrong usage, 1 for everything else."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.text import Text

from local.errors import InvalidScenario, LocalCloudError
from selfheal.domain.errors import SelfhealError

INTERRUPTED = 130


class UsageError(Exception):
    """The command line asks for something that cannot be; says what to write instead."""


@contextmanager
def readable_errors() -> Iterator[None]:
    """Turn the errors that are to be expected into a line on stderr and the exit code."""
    try:
        yield
    except (UsageError, InvalidScenario) as error:
        raise _failed(error, 2) from error
    except (LocalCloudError, SelfhealError, ClientError, BotoCoreError) as error:
        raise _failed(error, 1) from error
    except KeyboardInterrupt as error:
        raise _failed("stopped", INTERRUPTED) from error


def _failed(problem: object, code: int) -> typer.Exit:
    Console(stderr=True).print(Text(f"selfheal: {problem}", style="red"), soft_wrap=True)
    return typer.Exit(code)
