"""Choice: which remedy of the catalogue is to be decided on. Pure; policy has no say in it."""

from collections.abc import Iterable

from selfheal.domain.diagnosis import Diagnosis, Suspect
from selfheal.domain.remedy import Remedy

NOTIFY = "notify"


def applicable(diagnosis: Diagnosis, catalogue: Iterable[Remedy]) -> list[Remedy]:
    """The remedies that fit the diagnosis, best first; ``notify`` fits everything and comes last.

    A remedy made for the suspected part of the environment goes before a general one; then less risk first.
    """
    fitting = [
        remedy
        for remedy in catalogue
        if remedy.id == NOTIFY
        or (
            diagnosis.cause in remedy.causes
            and remedy.suspect in (Suspect.NONE, diagnosis.suspect)
            and diagnosis.transient is True
        )
    ]
    risks = ["repeats", "changes", "none"]
    return sorted(
        fitting,
        key=lambda r: (
            r.id == NOTIFY,
            r.suspect != diagnosis.suspect,
            risks.index(r.risk),
            -r.delay_seconds,
            r.id,
        ),
    )


def choose(diagnosis: Diagnosis, catalogue: Iterable[Remedy], suggested: str) -> Remedy:
    """The remedy to decide on. A suggestion only reorders what fits anyway; anything else is ignored."""
    fitting = applicable(diagnosis, catalogue)
    return next((remedy for remedy in fitting if remedy.id == suggested), fitting[0])
