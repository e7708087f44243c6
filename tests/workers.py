"""Which tests stay together on one worker of pytest-xdist.

Its own marks (``xdist_group``) would say the same, but xdist 3.8 writes them where pytest 9.2 does not look.
"""

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

LOCAL = PurePosixPath("tests/local")
STACK = "the deployed stack"
OWN_STACK = "test_hostile_model.py"


def scope_of(nodeid: str) -> str:
    """What a test shares: a server with others of its directory, the deployed stack, or fixtures with its file."""
    file = PurePosixPath(nodeid.partition("::")[0])
    if LOCAL not in file.parents or file.name == OWN_STACK:
        return str(file)
    return STACK if file.parent == LOCAL else str(LOCAL / file.relative_to(LOCAL).parts[0])


def turn_of(nodeid: str) -> int:
    """What takes longest comes first: the tests of the deployed stack, then those of other servers."""
    scope = scope_of(nodeid)
    return 0 if scope == STACK else 1 if PurePosixPath(scope).is_relative_to(LOCAL) else 2


class ByServer(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """Tests of one scope run one after the other on one worker: each server is started once, and files stay whole."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)
