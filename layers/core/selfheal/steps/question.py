"""The question that people are asked: what was established by rule first, what a model wrote last."""

from selfheal.domain.approval import Approval
from selfheal.domain.decision import Decision
from selfheal.domain.diagnosis import Diagnosis, Suggestion
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.remedy import Risk
from selfheal.ports import Ledger
from selfheal.remedies.registry import remedy_module
from selfheal.suggest.inert import defanged
from selfheal.wire import decode

DIGEST_SHOWN = 12
NAMES_SHOWN = 6

RISKS = {
    Risk.NONE: "none: nothing is touched",
    Risk.REPEATS: "repeats work that was done before",
    Risk.SPENDS: "repeats work with more than its project grants, which costs more",
    Risk.CHANGES: "changes something that others share",
    Risk.REPLACES: "replaces what serves users",
}


def facts(approval: Approval) -> list[tuple[str, str]]:
    """What exactly is asked, in the order in which it matters to whoever has to answer."""
    remedy = remedy_module(approval.plan.remedy).REMEDY
    plan = approval.plan
    return [
        ("What", f"{remedy.summary} ({remedy.id})"),
        ("To", f"{plan.target} of {approval.pipeline}"),
        ("Commit", plan.commit or "not known"),
        *((name, value) for name, value in sorted(plan.parameters.items())),
        ("Risk", RISKS[remedy.risk]),
        ("Undo", remedy.undo),
        ("Started by", approval.started_by or "nobody knows whom"),
        ("Written by", _author(approval)),
        ("Expires", f"{approval.expires_at:%Y-%m-%d %H:%M:%S} UTC; without an answer nothing is done"),
        ("Digest", approval.digest[:DIGEST_SHOWN]),
    ]


def _author(approval: Approval) -> str:
    # Quoted, for a name may go on like a sentence of ours.
    quoted = ['"' + author.replace('"', "'") + '"' for author in approval.authors[:NAMES_SHOWN]]
    who = ", ".join(quoted) or "the source does not name the commit's author"
    if not approval.protected:
        return who
    return f"{who}; protected: neither who started the run nor who wrote the commit may approve"


def question(approval: Approval, ledger: Ledger, stack: str) -> tuple[str, str]:
    """Subject and text of the notification. What comes out of logs was redacted before the ledger had it; here it
    becomes what cannot be clicked and mentions nobody. The facts stay as they are: a commit looks like a secret."""
    subject = f"{approval.pipeline} asks for approval: {approval.plan.remedy}"
    lines = ["May Selfheal do this? Nothing is done unless somebody approves.", ""]
    lines += [f"{name + ':':<12}{value}" for name, value in facts(approval)]
    lines += ["", *_reasons(approval, ledger), "", *_commands(approval, stack), *_prose(approval, ledger)]
    return subject, defanged("\n".join(lines))


def _reasons(approval: Approval, ledger: Ledger) -> list[str]:
    lines = []
    if decided := _entry(approval, ledger, LedgerKind.DECIDED):
        lines.append(f"{'Decision:':<12}{decode(Decision, decided.data).reason}")
    if diagnosed := _entry(approval, ledger, LedgerKind.DIAGNOSED):
        diagnosis = decode(Diagnosis, diagnosed.data)
        lines.append(f"{'Diagnosis:':<12}{diagnosis.summary} (confidence {diagnosis.confidence:.2f})")
        lines += [f"    {e.line or '-':>6} | {e.text}" for e in diagnosis.evidence]
    return lines


def _commands(approval: Approval, stack: str) -> list[str]:
    options = f"{approval.incident_id} --stack-name {stack}"
    digest = f"--digest {approval.digest[:DIGEST_SHOWN]}"
    return [
        "Answer with your own credentials; no link and no reply to this message changes anything:",
        f"    selfheal approve {options} {digest}",
        f'    selfheal reject {options} --reason "..."',
    ]


def _prose(approval: Approval, ledger: Ledger) -> list[str]:
    entry = _entry(approval, ledger, LedgerKind.SUGGESTED)
    if entry is None:
        return []
    suggestion = decode(Suggestion, entry.data)
    by_model = suggestion.origin != "catalogue"
    return ["", "Written by a model, not verified:" if by_model else "What to do:", suggestion.explanation]


def _entry(approval: Approval, ledger: Ledger, kind: LedgerKind) -> LedgerEntry | None:
    return ledger.entry(approval.incident_id, kind)
