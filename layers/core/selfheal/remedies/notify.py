"""notify: touch nothing, tell a person. The state machine's Notify state does the telling for every incident."""

from selfheal.domain.diagnosis import Cause
from selfheal.domain.remedy import Remedy, Risk
from selfheal.domain.run import Run
from selfheal.ports import Builds

REMEDY = Remedy(
    id="notify",
    summary="change nothing and tell a person what happened and why",
    causes=frozenset(Cause),
    risk=Risk.NONE,
    iam_actions=frozenset(),
    undo="none needed",
)


def preflight(run: Run, builds: Builds) -> str:
    """See RemedyModule. There is nothing that could forbid telling."""
    del run, builds
    return ""


def start(run: Run, builds: Builds, token: str) -> str:
    """See RemedyModule. Starts no run."""
    del run, builds, token
    return ""
