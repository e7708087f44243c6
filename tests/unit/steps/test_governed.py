"""Never two actions for one incident, never beyond a limit, never against a switch, a freeze or a missing approval: in
memory, in any order."""

from hypothesis import settings

from selfheal.testing.actions import MemoryActions, MemorySwitch
from selfheal.testing.approvals import MemoryApprovals, MemoryDecisions
from selfheal.testing.memory import MemoryIncidents, MemoryLedger
from tests.governed.machine import Governed
from tests.governed.world import Kept


class GovernedInMemory(Governed):
    def kept(self) -> Kept:
        actions = MemoryActions()
        return Kept(
            MemoryIncidents(),
            MemoryLedger(),
            actions,
            actions,
            MemorySwitch(),
            MemoryApprovals(),
            MemoryDecisions(),
        )


TestGovernedInMemory = GovernedInMemory.TestCase
TestGovernedInMemory.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
