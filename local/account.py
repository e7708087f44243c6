"""The account of one incident: what joins its entries, from the event to what it cost, for somebody who audits it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from local.counting import counted
from selfheal.domain.ledger import LedgerEntry, LedgerKind

Data = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Account:
    """Each field is text for people, empty where nothing of the kind happened (yet)."""

    event: str
    evidence: str
    diagnosis: str
    model: str
    policy: str
    approval: str
    intent: str
    action: str
    outcome: str
    cost: str

    def items(self) -> list[tuple[str, str]]:
        """Names and texts in the order in which things happen, without the empty ones."""
        return [(name, text) for name, text in asdict(self).items() if text]


def account_of(entries: Sequence[LedgerEntry]) -> Account:
    """Read an account off an incident's entries."""
    of = {entry.kind: entry.data for entry in entries}

    def told(kind: LedgerKind, *fields: str) -> str:
        return _told(of.get(kind, {}), fields)

    evidence = of.get(LedgerKind.DIAGNOSED, {}).get("evidence")
    return Account(
        event=told(LedgerKind.OPENED, "run_id", "kind"),
        evidence=counted(len(evidence), "line") if isinstance(evidence, list) else "",
        diagnosis=told(LedgerKind.DIAGNOSED, "cause", "source", "confidence", "fingerprint"),
        model=told(LedgerKind.SUGGESTED, "origin", "prompt"),
        policy=told(LedgerKind.DECIDED, "verdict", "remedy", "policy_version", "reason"),
        approval=_approval(of),
        intent=told(LedgerKind.ACTION_INTENDED, "remedy", "digest"),
        action=told(LedgerKind.ACTION_STARTED, "remedy", "new_run_id")
        or told(LedgerKind.ACTION_REFUSED, "remedy", "reason"),
        outcome=told(LedgerKind.OUTCOME, "status", "reason"),
        cost=_cost(of.get(LedgerKind.SUGGESTED, {})),
    )


_ANSWERS = (LedgerKind.APPROVED, LedgerKind.REJECTED, LedgerKind.APPROVAL_EXPIRED)


def _approval(of: Mapping[LedgerKind, Data]) -> str:
    """Who answered what was asked for, why, and what exactly was signed."""
    answers = [_answer(kind, of[kind]) for kind in _ANSWERS if kind in of]
    if answers:
        return "; ".join(answers)
    return "asked for, not answered" if LedgerKind.APPROVAL_REQUESTED in of else ""


def _answer(kind: LedgerKind, data: Data) -> str:
    signed = [("by", "by"), ("digest", "digest"), ("policy_version", "policy")]
    parts = [f"{word} {data[name]}" for name, word in signed if data.get(name)]
    reason = [f"reason: {data['reason']}"] if data.get("reason") else []
    return ", ".join([f"{kind.replace('_', ' ')} {' '.join(parts[:1])}".strip(), *parts[1:], *reason])


def _cost(data: Data) -> str:
    counts = [value for name in ("input_tokens", "output_tokens") if isinstance(value := data.get(name), int)]
    if not sum(counts):
        return ""
    cost = data.get("cost_usd")
    return f"{sum(counts):,} tokens, " + (
        f"${cost:.5f}" if isinstance(cost, int | float) else "price unknown"
    )


def _told(data: Data, fields: Sequence[str]) -> str:
    return ", ".join(str(value) for name in fields if (value := data.get(name)) not in (None, ""))
