"""Reads policy files as the deployed stack will: `python -m local.policies FILE...` before a deployment."""

import sys
from collections.abc import Sequence
from pathlib import Path

from selfheal.domain.errors import InvalidPolicy
from selfheal.domain.policy_file import parse_policy
from selfheal.remedies.registry import catalogue


def check(files: Sequence[Path]) -> list[str]:
    """What is wrong, a line for each file that cannot be deployed."""
    remedies = frozenset(remedy.id for remedy in catalogue())
    problems = []
    for file in files:
        try:
            parse_policy(file.read_text(), remedies)
        except InvalidPolicy as error:
            problems.append(f"{file}: {error}")
    return problems


if __name__ == "__main__":
    found = check([Path(name) for name in sys.argv[1:]])
    print("\n".join(found) or f"{len(sys.argv) - 1} policies can be deployed")
    sys.exit(bool(found))
