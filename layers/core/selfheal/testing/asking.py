"""A world in memory in which approval can be asked for, answered and acted on: one failed build of ``shop``."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from selfheal.domain.action import Action
from selfheal.domain.approval import Answer, Approval
from selfheal.domain.decision import Verdict
from selfheal.steps.answer_approval import Answerer, Reply, SignedStatement, Statement
from selfheal.steps.request_approval import ApprovalRequest, Asker
from selfheal.testing.approvals import ACCOUNT, ALICE, FakeIdentities, proof_of
from selfheal.testing.execution import INCIDENT, World
from selfheal.testing.memory import MemoryBus
from selfheal.testing.waiters import MemoryWaiters, deliver

Guard = Callable[[Any], Any]


def unguarded(port: Any) -> Any:
    """The port as it is."""
    return port


@dataclass
class AskingWorld:
    """Everything the three steps are given; ``executing`` is the world that they share with execute_action."""

    executing: World = field(default_factory=World)
    waiters: MemoryWaiters = field(default_factory=MemoryWaiters)
    bus: MemoryBus = field(default_factory=MemoryBus)
    wait: timedelta = timedelta(hours=1)
    approvers: Sequence[str] = ()

    def __post_init__(self) -> None:
        self.executing.decide(verdict=Verdict.ASK)

    def ask(self, token: str = "token", guard: Guard = unguarded, **changes: str) -> Approval:  # noqa: S107
        """Run request_approval; ``guard`` stands before every port."""
        world = self.executing
        asker = Asker(
            incidents=guard(world.incidents),
            decisions=guard(world.decisions),
            reader=guard(world.service),
            tools=world.tools(guard),
            approvals=guard(world.approvals),
            waiters=guard(self.waiters),
            ledger=guard(world.ledger),
            notifier=guard(self.bus),
            bus=guard(self.bus),
            clock=world.clock,
            policy=world.policy,
            wait=self.wait,
            stack="selfheal",
            actor="execute-action",
        )
        asked = {"run_id": "shop:1", "remedy": "retry_build", "policy_version": "v1"} | changes
        return asker.request(ApprovalRequest(INCIDENT.id, **asked, task_token=token))

    def answer(
        self,
        reply: Reply = Reply.APPROVE,
        by: str = ALICE,
        *,
        reason: str = "",
        digest: str = "",
        guard: Guard = unguarded,
    ) -> Answer:
        """Run answer_approval with a statement that ``by`` has signed, of the digest that was asked about."""
        world = self.executing
        statement = Statement(
            INCIDENT.id, digest or world.approvals.stored[INCIDENT.id].digest, reply, reason
        )
        answerer = Answerer(
            approvals=guard(world.approvals),
            ledger=guard(world.ledger),
            identities=FakeIdentities(),
            bus=guard(self.bus),
            clock=world.clock,
            audience="table",
            account=ACCOUNT,
            approvers=self.approvers,
        )
        return answerer.answer(SignedStatement(statement, proof_of(by, statement.to("table"))))

    def deliver(self) -> list[tuple[str, Any]]:
        """Let the bus resume who waits; gives all that were resumed so far, with what they were given."""
        deliver(self.bus, self.waiters, self.executing.approvals)
        return list(self.waiters.resumed)

    def execute(self) -> Action:
        """Run execute_action."""
        return self.executing.execute()
