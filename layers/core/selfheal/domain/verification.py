"""Verification: whether what an action started is worse than what it was to heal, and what was tried in vain. Pure."""

from dataclasses import dataclass

from selfheal.domain.remedy import Remedy, Risk
from selfheal.domain.run import Run, RunStatus


@dataclass(frozen=True, slots=True)
class Vain:
    """An action that helped nothing: ``run_id``, which ``remedy`` started, failed as the run before it had failed."""

    remedy: str
    run_id: str

    def objection(self, remedy: Remedy) -> str:
        """Why it speaks against carrying out that remedy for the same failure; empty when it does not.

        More of the same is of no use; something else (more memory, another version) may still be.
        """
        if remedy.risk is not Risk.REPEATS and remedy.id != self.remedy:
            return ""
        return (
            f"{self.run_id}, which {self.remedy} started on the same commit, failed in the same way already"
        )


def worsening(first: Run, again: Run, remedy: Remedy) -> str:
    """In what the failed run ``again``, which the remedy started, is worse than ``first``; empty when it is not.

    A failure of the service itself is, where the first was the commit's; so is one in an earlier phase, which keeps
    from happening what had happened before; and so is a roll back that fails, which leaves neither version in order.
    """
    if remedy.risk is Risk.REPLACES:
        return f"{remedy.id} itself ended {again.status}"
    if again.status is RunStatus.FAULT and first.status is not RunStatus.FAULT:
        return "it ended FAULT: the service itself failed"
    earlier, before = again.failed_phase, first.failed_phase
    if earlier is None or before is None or again.ref.key != first.ref.key:
        return ""
    passed = [phase.name for phase in first.phases if phase.name != before.name]
    reached = passed[: [phase.name for phase in first.phases].index(before.name)]
    if earlier.name not in reached:
        return ""
    return f"it failed in {earlier.name} already, which had succeeded before {before.name} failed"
