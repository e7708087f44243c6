"""Permission: what stands against an action at a moment, whatever the rule says. Pure.

Asked when a decision is made, and once more right before the call.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from selfheal.domain.autonomy import Trust
from selfheal.domain.brakes import Brakes, Pause
from selfheal.domain.limits import Limits, moment
from selfheal.domain.policy import Mode, Policy
from selfheal.domain.spending import Cost, Spent


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a decision depends on beside policy and diagnosis, as it stands at the moment ``at``.

    ``ceiling`` is the stack's mode: no rule goes beyond it. ``brakes``, ``cost`` and ``trust`` are the remedy's;
    ``vain`` is why it is of no use, by what the same did before.
    """

    at: datetime
    ceiling: Mode
    paused: Pause | None = None
    spent: Spent = field(default_factory=Spent)
    cost: Cost = field(default_factory=Cost)
    brakes: Brakes = field(default_factory=Brakes)
    vain: str = ""
    trust: Trust = field(default_factory=Trust)


def objection(keys: Sequence[str], remedy: str, policy: Policy, now: Circumstances) -> str:
    """Why the remedy must not be carried out now, in plain words; empty when nothing is against it. ``keys`` are the
    pipeline's, which is charged, and those of whatever else is touched."""
    return (
        paused(now.paused)
        or next(filter(None, (frozen(key, policy, now.at) for key in keys)), "")
        or now.vain
        or limits_of(policy, now.cost).objection(keys[0], remedy, now.spent, now.brakes, now.at)
    )


def limits_of(policy: Policy, cost: Cost) -> Limits:
    """What the policy holds one action of that cost to."""
    return Limits(policy.budget, cost, policy.cool_down_seconds, policy.breaker)


def paused(pause: Pause | None) -> str:
    """What the kill switch says; empty when it is not thrown."""
    if pause is None:
        return ""
    why = f": {pause.reason}" if pause.reason else ""
    return f"paused by {pause.by} since {moment(pause.at)}{why}; `selfheal resume` ends it"


def frozen(pipeline: str, policy: Policy, at: datetime) -> str:
    """What the change freezes say: of several that hold, the one that lasts longest; empty when none holds."""
    holding = [(end, freeze) for freeze in policy.freezes if (end := freeze.until(pipeline, at))]
    if not holding:
        return ""
    end, freeze = max(holding, key=lambda each: (each[0].astimezone(UTC), -each[1].number))
    why = f": {freeze.reason}" if freeze.reason else ""
    return f"change freeze {freeze.number} until {end:%Y-%m-%d %H:%M} {freeze.zone.key}{why}"
