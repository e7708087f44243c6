"""Choice: which remedy of the catalogue is to be decided on. Pure; what policy permits comes in as a question."""

from collections.abc import Callable, Container, Iterable

from selfheal.domain.diagnosis import Diagnosis, Suspect
from selfheal.domain.incident import IncidentKind
from selfheal.domain.policy import LONGEST_DELAY_SECONDS
from selfheal.domain.remedy import Remedy, Risk
from selfheal.domain.run import Service

NOTIFY = "notify"
_RISKS = list(Risk)


def applicable(
    diagnosis: Diagnosis,
    catalogue: Iterable[Remedy],
    service: Service = Service.CODEBUILD,
    kind: IncidentKind = IncidentKind.FAILED,
    named: Container[str] = (),
) -> list[Remedy]:
    """The remedies that fit the diagnosis, best first; ``notify`` fits everything and comes last.

    ``service`` is the run's, ``named`` are the remedies that rules name (see ``Remedy.only_by_name``). A remedy made
    for the suspected part of the environment goes before one made for the cause, that before a general one; then
    less risk first, and among equals the one that waits.
    """
    through = Service.CODEPIPELINE if diagnosis.pipeline else service
    open_to_choice = [r for r in catalogue if not r.only_by_name or r.id in named]
    fitting = [r for r in open_to_choice if r.id == NOTIFY or _fits(r, diagnosis, through, kind)]
    return sorted(
        fitting,
        key=lambda r: (
            r.id == NOTIFY,
            r.suspect != diagnosis.suspect,
            diagnosis.cause not in r.made_for,
            _RISKS.index(r.risk),
            -r.delay_seconds,
            r.id,
        ),
    )


def _fits(remedy: Remedy, diagnosis: Diagnosis, service: Service, kind: IncidentKind) -> bool:
    return (
        service in remedy.services
        and kind in remedy.kinds
        and diagnosis.cause in remedy.causes
        and remedy.suspect in (Suspect.NONE, diagnosis.suspect)
        and (_can_pass(diagnosis) or not remedy.needs_transient)
    )


def _can_pass(diagnosis: Diagnosis) -> bool:
    """Whether another attempt of the same can pass, within the longest time anything is waited for."""
    return diagnosis.transient is True and diagnosis.retry_after_seconds <= LONGEST_DELAY_SECONDS


def choose(
    fitting: list[Remedy], suggested: str, permitted: Callable[[Remedy], bool] = lambda remedy: False
) -> Remedy:
    """The remedy to decide on, of those that fit: the suggested one if it is permitted, else the first that is.

    When none is permitted it is the suggested or the first one, so that people see what would have been done. A
    suggestion only reorders what fits; anything else is ignored. Whoever suggests to tell a person gets just that.
    """
    wanted = [remedy for remedy in fitting if remedy.id == suggested]
    ordered = [*wanted, *fitting]
    if ordered[0].id == NOTIFY:
        return ordered[0]
    return next((remedy for remedy in ordered if permitted(remedy)), ordered[0])


def delay(remedy: Remedy, diagnosis: Diagnosis, ruled: int | None) -> int:
    """Seconds to wait before the remedy is carried out: as the rule says, else the remedy; never less than the one
    who refused asked for, where the remedy is one that waits."""
    seconds = remedy.delay_seconds if ruled is None else ruled
    asked = diagnosis.retry_after_seconds if remedy.delay_seconds else 0
    return min(max(seconds, asked), LONGEST_DELAY_SECONDS)
