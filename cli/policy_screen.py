"""Shows what a policy says: for people and as JSON."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from cli.policy_explanation import Case, Explanation, Judged
from cli.switch import in_words
from selfheal.domain.brakes import Pause
from selfheal.domain.freeze import Freeze, Weekday, Weekly
from selfheal.domain.patterns import matches_any
from selfheal.domain.spending import MICRO, Spent
from selfheal.wire import encode

STYLES = {"act": "green", "ask": "yellow", "observe": "dim", "refuse": "red"}


def explanation_screen(explained: Explanation) -> Group:
    """The case, a line for each remedy that fits, and what else could stop an action."""
    case = explained.case
    at = f"{case.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    head = Text(
        f"{case.pipeline}, cause {case.cause}, confidence {case.confidence:.2f}, {at}, in a stack set to "
        f"{case.ceiling}, by policy {explained.policy.version}\n"
    )
    table = Table(box=None, pad_edge=False)
    for column in ("remedy", "risk", "rule", "verdict", "why"):
        table.add_column(column, overflow="fold")
    for judged in explained.judged:
        mark = "→ " if judged.remedy.id == explained.choice else "  "
        verdict = judged.decision.verdict
        table.add_row(
            mark + judged.remedy.id,
            judged.remedy.risk.value,
            _rule(judged),
            Text(verdict.value, STYLES[verdict]),
            Text(judged.decision.reason),
        )
    lines = Table.grid(padding=(0, 2))
    for name, value in _lines(explained):
        lines.add_row(Text(name, "dim"), Text(value))
    return Group(head, table, Text(), lines)


def explanation_document(explained: Explanation) -> dict[str, Any]:
    """The same as JSON; null for what was not looked at."""
    case, policy = explained.case, explained.policy
    now = explained.judged[0].now
    return {
        "policy": policy.version,
        "pipeline": str(case.pipeline),
        "cause": case.cause.value,
        "confidence": case.confidence,
        "at": case.at.isoformat(),
        "ceiling": case.ceiling.value,
        "choice": explained.choice,
        "remedies": [_judged_document(judged) for judged in explained.judged],
        "protected": explained.protected,
        "paused": now.paused and encode(now.paused),
        "spent": encode(now.spent) if explained.looked_at else None,
        "budget": encode(policy.budget),
        "cool_down_seconds": policy.cool_down_seconds,
        "breaker": encode(policy.breaker),
        "freezes": [
            {"number": freeze.number, "when": in_clock_time(freeze), "until": until and until.isoformat()}
            for freeze, until in explained.holding()
        ],
    }


def _judged_document(judged: Judged) -> dict[str, Any]:
    decision, brakes = judged.decision, judged.now.brakes
    return {
        "remedy": judged.remedy.id,
        "risk": judged.remedy.risk.value,
        "rule": judged.rule and judged.rule.number,
        "verdict": decision.verdict.value,
        "reason": decision.reason,
        "delay_seconds": decision.delay_seconds,
        "failures_in_a_row": brakes.failures,
    }


def _rule(judged: Judged) -> str:
    return f"{judged.rule.number} ({judged.rule.mode})" if judged.rule else "-"


def _lines(explained: Explanation) -> Iterator[tuple[str, str]]:
    policy, now = explained.policy, explained.judged[0].now
    yield (
        "kill switch",
        _switch(now.paused) if explained.looked_at else "not looked at (--stack-name or --local)",
    )
    yield "protected", "yes: a person must always approve" if explained.protected else "no"
    yield "budget", _budget(explained, now.spent)
    yield "cool-down", f"{policy.cool_down_seconds} s after any action on the pipeline"
    yield "breaker", _breaker(explained)
    for freeze, until in explained.holding():
        yield f"freeze {freeze.number}", f"{in_clock_time(freeze)}: {_holds(freeze, explained.case, until)}"


def _holds(freeze: Freeze, case: Case, until: datetime | None) -> str:
    if not matches_any(str(case.pipeline), freeze.pipelines):
        return "is not for this pipeline"
    return f"holds until {until:%Y-%m-%d %H:%M}" if until else "does not hold"


def _switch(pause: Pause | None) -> str:
    return in_words(pause) if pause else "nothing is paused"


def _budget(explained: Explanation, spent: Spent) -> str:
    budget, used = explained.policy.budget, explained.looked_at
    hour = f"{spent.per_pipeline_hour} of " if used else ""
    day = f"{spent.per_account_day} of " if used else ""
    minutes = f"{spent.build_seconds / 60:.0f} of " if used else ""
    dollars = f"${spent.microdollars / MICRO:.2f} of " if used else ""
    return (
        f"{budget.per_commit} actions a commit; {hour}{budget.per_pipeline_hour} in this hour; "
        f"{day}{budget.per_account_day}, {minutes}{budget.build_minutes_per_day} build minutes and "
        f"{dollars}${budget.dollars_per_day:.2f} in the account today"
    )


def _breaker(explained: Explanation) -> str:
    breaker = explained.policy.breaker
    rows = [f"{j.remedy.id} {j.now.brakes.failures}" for j in explained.judged if j.now.brakes.failures]
    return (
        f"opens after {breaker.failures} not healed in a row, lets one attempt through after "
        f"{breaker.half_open_seconds} s" + (f"; in a row now: {', '.join(rows)}" if rows else "")
    )


def in_clock_time(freeze: Freeze) -> str:
    """When a freeze holds, as its file says it."""
    when, zone = freeze.when, freeze.zone.key
    if isinstance(when, Weekly):
        days = ", ".join(day for day in Weekday if day in when.days)
        return f"{days} {when.start:%H:%M} to {when.end:%H:%M} {zone}"
    return f"{when.start:%Y-%m-%d %H:%M} to {when.end:%Y-%m-%d %H:%M} {zone}"
