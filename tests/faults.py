"""One incident healed from end to end in this process, with a fault at a call of anybody's choice.

The machine is the real definition, the functions are the real handlers, everything behind their ports is in memory. A
person approves where one is asked, the new build ends, the bus and the queue deliver as often as they do on AWS.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from selfheal.domain.errors import RequestRejected, ServiceUnavailable, Throttled
from selfheal.domain.run import RunRef, RunStatus
from selfheal.remedy_ports import Case
from selfheal.runtime import Runtime
from selfheal.steps.answer_approval import Statement
from selfheal.testing.approvals import ALICE, proof_of
from selfheal.testing.builders import a_run
from selfheal.wire import decode, event_of
from tests.heal_machine import HealMachine, Json
from tests.unit.test_functions import SHOP_API, sample

# How often each is tried: a message of the intake queue, an asynchronous call with its rule, a person at a command.
RECEIVES, DELIVERIES, TRIES = 4, 3, 5
IN_MEMORY = ("clock", "policy", "model", "tools")


class Died(Exception):
    """The function was killed here."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong: the error, and whether the call has taken effect all the same (its reply was lost)."""

    name: str
    error: type[Exception]
    after: bool = False


FAULTS = [
    Fault("throttled", Throttled),
    Fault("server error", ServiceUnavailable),
    Fault("time-out, nothing done", ServiceUnavailable),
    Fault("time-out, reply lost", ServiceUnavailable, after=True),
    Fault("access denied", RequestRejected),
    Fault("killed before", Died),
    Fault("killed after", Died, after=True),
]
PASSING = [fault for fault in FAULTS if fault.error is not RequestRejected]


@dataclass
class Trouble:
    """Strikes at the ``at``-th call of ``method`` (``port.method``), or at every one from there if it stays; ``more``
    holds other faults by method and call."""

    fault: Fault | None = None
    method: str = ""
    at: int = 1
    stays: bool = False
    more: dict[tuple[str, int], Fault] = field(default_factory=dict)
    struck: int = 0
    seen: dict[str, int] = field(default_factory=dict)

    def _fault(self, name: str, number: int) -> Fault | None:
        here = name == self.method and (number == self.at or (self.stays and number > self.at))
        return self.fault if here else self.more.get((name, number))

    def guard(self, name: str, port: Any) -> Any:
        """The port with the trouble before it."""
        trouble = self

        class Guarded:
            def __getattr__(self, method: str) -> Any:
                found = getattr(port, method)
                return trouble.through(f"{name}.{method}", found) if callable(found) else found

        return Guarded()

    def through(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def made(*arguments: Any, **keywords: Any) -> Any:
            number = self.seen[name] = self.seen.get(name, 0) + 1
            fault = self._fault(name, number)
            self.struck += fault is not None
            if fault and not fault.after:
                raise fault.error(f"{name}: {fault.name}")
            result = call(*arguments, **keywords)
            if fault:
                raise fault.error(f"{name}: {fault.name}")
            return result

        return made


@dataclass
class Healing:
    """One incident on its way. ``invoke`` runs a handler; ``dead`` is what ended in a dead-letter queue."""

    runtime: Runtime
    invoke: Callable[[str, Any], Any]
    trouble: Trouble
    ends: RunStatus = RunStatus.SUCCEEDED
    dead: list[str] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)
    machine: HealMachine = field(init=False)

    def __post_init__(self) -> None:
        ports = vars(self.runtime)
        self.kept = dict(ports)
        for name in set(ports) - {*IN_MEMORY, "settings"}:
            ports[name] = self.trouble.guard(name, ports[name])
        tools = {
            each: self.trouble.guard(f"tools.{each}", getattr(self.kept["tools"], each))
            for each in ("builds", "stages", "deployments")
        }
        ports["tools"] = replace(self.kept["tools"], **tools, case=Case())
        self.machine = HealMachine(self._called, self._waited)

    def heal(self) -> Json:
        """Run the machine to its end; gives the state data then."""
        request = sample("diagnose_failure")
        return self.machine.run({key: request[key] for key in ("incident_id", "run_id", "pipeline", "kind")})

    @property
    def told(self) -> list[str]:
        """The subjects of all messages apart from questions."""
        return [subject for subject, _ in self.kept["bus"].messages if "asks for approval" not in subject]

    def _called(self, function: str, payload: Json) -> Any:
        """A state's function. Its retrier may come late: CodeBuild forgets idempotency tokens after five minutes."""
        try:
            return self.invoke(function, payload)
        finally:
            self.kept["reader"].tokens.clear()

    def _waited(self, state: str, token: str) -> Json | None:
        if state == "RequestApproval":
            self._person()
        else:
            self._build_ends()
        self._deliver()
        return next((dict(output) for held, output in self.kept["waiters"].resumed if held == token), None)

    def _person(self) -> None:
        """Somebody who approves, and tries again when the command fails for now."""
        approval = self.kept["approvals"].get(sample("diagnose_failure")["incident_id"])
        if approval is None:
            return
        said = {
            "incident_id": approval.incident_id,
            "digest": approval.digest,
            "reply": "approve",
            "reason": "",
        }
        proof = {"query": proof_of(ALICE, decode(Statement, said).to("table")).query}
        self._often("answer_approval", {"statement": said, "proof": proof}, TRIES)

    def _build_ends(self) -> None:
        """The build that was started is over, and its event is in the queue."""
        for run_id, run in list(self.kept["reader"].runs.items()):
            if run.status is RunStatus.IN_PROGRESS:
                ended = a_run(
                    run_id, self.ends, ref=RunRef(SHOP_API, run_id), source_version=run.source_version
                )
                self.kept["reader"].runs[run_id] = replace(ended, initiator=run.initiator)
                self._ingest(RunRef(SHOP_API, run_id))

    def _ingest(self, ref: RunRef) -> None:
        record = {**sample("ingest_run")["Records"][0], "body": json.dumps(event_of(ref))}
        for _ in range(RECEIVES):
            if not self.invoke("ingest_run", {"Records": [record]})["batchItemFailures"]:
                return
        self.dead.append("ingest_run")

    def _deliver(self) -> None:
        bus = self.kept["bus"]
        waiting = [event for event in bus.published if event[0] in ("Run Ended", "Approval Answered")]
        bus.published = [event for event in bus.published if event not in waiting]
        for kind, detail in waiting:
            event = {"detail-type": kind, "detail": json.loads(json.dumps(detail))}
            self._often("resume_healing", event, DELIVERIES)

    def _often(self, function: str, event: Json, times: int) -> None:
        """Call it until it works; what never does is set aside, where an alarm rings."""
        for _ in range(times):
            try:
                self.invoke(function, event)
                return
            except Exception:  # noqa: BLE001
                continue
        self.dead.append(function)
