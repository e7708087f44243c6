"""How the command fails: one readable line and an exit code, 2 for wrong usage, 1 for everything else."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError
from rich.console import Console
from rich.text import Text

from local.errors import InvalidScenario, LocalCloudError
from selfheal.domain.errors import SelfhealError

INTERRUPTED = 130
BROKEN_PIPE = 141
AWS_NEEDS = (
    "A stack on AWS needs AWS_PROFILE, or credentials and AWS_DEFAULT_REGION; the local cloud needs --local."
)


class UsageError(Exception):
    """The command line asks for something that cannot be; says what to write instead."""


@contextmanager
def readable_errors() -> Iterator[None]:
    """Turn the errors that are to be expected into a line on stderr and the exit code."""
    try:
        yield
    except (UsageError, InvalidScenario) as error:
        raise _failed(error, 2) from error
    except BrokenPipeError:
        # Nobody reads on. Python would complain once more when it flushes the stream at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(BROKEN_PIPE) from None
    except (NoCredentialsError, NoRegionError) as error:
        raise _failed(f"{str(error).rstrip('.')}. {AWS_NEEDS}", 1) from error
    except (LocalCloudError, SelfhealError, ClientError, BotoCoreError, OSError) as error:
        raise _failed(error, 1) from error
    except KeyboardInterrupt as error:
        raise _failed("stopped", INTERRUPTED) from error


def _failed(problem: object, code: int) -> typer.Exit:
    Console(stderr=True).print(Text(f"selfheal: {problem}", style="red"), soft_wrap=True)
    return typer.Exit(code)
