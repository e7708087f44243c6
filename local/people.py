"""The people around a stack: who approves, who pauses it, and the clock that lets it look for lost events."""

import json
from collections.abc import Sequence
from typing import Any, Protocol
from urllib.request import ProxyHandler, Request, build_opener

from local.approver import Approver, local_approver
from local.clients import client
from local.state import CloudState
from selfheal.adapters.clock import SystemClock
from selfheal.adapters.dynamodb.switch import DynamoSwitch
from selfheal.adapters.sts import caller_of
from selfheal.brake_ports import SwitchBoard
from selfheal.domain.approval import Approval
from selfheal.domain.brakes import Pause
from selfheal.steps.answer_approval import Reply, Statement

# The simulator is on this machine: a proxy, where one is set, does not know it.
_DIRECT = build_opener(ProxyHandler({}))
WHY = "a scenario of the demo"


class People(Protocol):
    """What people and schedules do around an incident."""

    def answer(self, approval: Approval, reply: Reply) -> None:
        """Approve or reject exactly what is asked."""

    def pause(self) -> None:
        """Throw the kill switch."""

    def resume(self) -> None:
        """Release it."""

    def look_for_lost_events(self) -> Sequence[str]:
        """Let the stack look for runs whose event never came, as its schedule does; gives those it found."""

    def set_events(self, order: bool | str, subject: str) -> None:
        """Lose (True), double (``duplicate``) or deliver (False) the events of a project, pipeline or application."""


class LocalPeople:
    """People of the local cloud, with the account's root credentials."""

    def __init__(self, state: CloudState) -> None:
        self._state = state
        self._approver: Approver = local_approver(state)
        self._switch: SwitchBoard = DynamoSwitch(client(state, "dynamodb"), state.outputs["ControlTableName"])
        self._functions: Any = client(state, "lambda")

    def answer(self, approval: Approval, reply: Reply) -> None:
        """See People."""
        self._approver.answer(Statement(approval.incident_id, approval.digest, reply, WHY))

    def pause(self) -> None:
        """See People."""
        self._switch.pause(Pause(self._who(), SystemClock().now(), WHY))

    def resume(self) -> None:
        """See People."""
        self._switch.resume(self._who(), SystemClock().now())

    def look_for_lost_events(self) -> Sequence[str]:
        """See People."""
        function = self._state.outputs["ReconcileRunsFunctionName"]
        reply = self._functions.invoke(FunctionName=function, Payload=b"{}")
        return list(json.loads(reply["Payload"].read())["queued"])

    def set_events(self, order: bool | str, subject: str) -> None:
        """See People."""
        body = json.dumps({"drop": order, "subject": subject}).encode()
        address = f"{self._state.devtools_url}/_devtools/events"
        _DIRECT.open(Request(address, data=body, method="POST"), timeout=60).close()  # noqa: S310 - our own address

    def _who(self) -> str:
        return caller_of(client(self._state, "sts"))
