"""This command, as a person has to type it."""

import shutil
import sys
from pathlib import Path


def own_command() -> str:
    """What make calls by its path may be on the PATH of make alone."""
    return (
        "selfheal" if Path(sys.argv[0]).is_absolute() and shutil.which("selfheal") else ".venv/bin/selfheal"
    )
