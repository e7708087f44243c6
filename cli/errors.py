"""How the command fails: one readable line and an exit code, the same for the same mistake whatever the command.

docs/operations.md has the table of exit codes.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError
from rich.console import Console
from rich.text import Text

from local.errors import CloudNotRunning, InvalidScenario, LocalCloudError
from selfheal.domain.errors import IncidentNotFound, InvalidPolicy, ModelNotFound, SelfhealError

NO, WRONG = 1, 2
INTERRUPTED = 130
BROKEN_PIPE = 141
AWS_NEEDS = (
    "A stack on AWS needs AWS_PROFILE, or credentials and AWS_DEFAULT_REGION; the local cloud needs --local."
)


class UsageError(Exception):
    """The command line asks for something that cannot be; says what to write instead."""


class NotDone(Exception):
    """It was asked for rightly, and something that stands already is against it; says what."""


# What was typed is wrong, or names something that is not there.
MISTAKES = (UsageError, InvalidScenario, InvalidPolicy, IncidentNotFound, ModelNotFound, CloudNotRunning)


@contextmanager
def readable_errors() -> Iterator[None]:
    """Turn the errors that are to be expected into a line on stderr and the exit code."""
    try:
        yield
    except MISTAKES as error:
        raise _failed(error, WRONG) from error
    except BrokenPipeError:
        # Nobody reads on. Python would complain once more when it flushes the stream at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(BROKEN_PIPE) from None
    except (NoCredentialsError, NoRegionError) as error:
        raise _failed(f"{str(error).rstrip('.')}. {AWS_NEEDS}", NO) from error
    except (NotDone, LocalCloudError, SelfhealError, ClientError, BotoCoreError, OSError) as error:
        raise _failed(error, NO) from error
    except KeyboardInterrupt as error:
        raise _failed("stopped", INTERRUPTED) from error


def _failed(problem: object, code: int) -> typer.Exit:
    Console(stderr=True).print(Text(f"selfheal: {problem}", style="red"), soft_wrap=True)
    return typer.Exit(code)
