"""decide_action: the first decision written stands."""

from dataclasses import replace

import pytest

from selfheal.domain.action import OutcomeStatus
from selfheal.domain.autonomy import Clearance, Subject, Trial
from selfheal.domain.decision import Decision, Verdict
from selfheal.domain.diagnosis import Cause, Diagnosis, Suggestion
from selfheal.domain.incident import Incident, IncidentKind, Lineage
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.policy import Mode
from selfheal.domain.policy_file import parse_policy
from selfheal.domain.verification import Vain
from selfheal.steps.decide_action import DecideRequest, decide_action
from selfheal.steps.estimate import Estimator
from selfheal.steps.permission import Permission
from selfheal.testing.actions import MemoryActions, MemorySwitch
from selfheal.testing.approvals import MemoryApprovals, MemoryDecisions
from selfheal.testing.builders import NOON, SHOP, an_incident
from selfheal.testing.memory import MemoryIncidents, MemoryLedger, MemoryRuns
from selfheal.testing.service import FixedClock
from selfheal.testing.standings import MemoryStandings
from selfheal.testing.tracks import MemoryTracks
from selfheal.testing.vain import MemoryVain
from selfheal.wire import decode, encode

POLICY = parse_policy(
    '[[rule]]\npipelines = ["codebuild:*"]\ncauses = ["network"]\nremedies = ["retry_build"]\nmode = "act"\n',
    frozenset({"retry_build", "notify"}),
)
INCIDENT = an_incident()
DIAGNOSIS = Diagnosis(Cause.NETWORK, True, 0.9, "signature:x", "f", "the network failed")
REQUEST = DecideRequest(
    INCIDENT.id,
    "shop:1",
    SHOP,
    IncidentKind.FAILED,
    DIAGNOSIS,
    Suggestion("retry_build", "again", "catalogue"),
)


def decided(
    ledger: MemoryLedger,
    ceiling: Mode = Mode.ACT,
    vain: MemoryVain | None = None,
    tracks: MemoryTracks | None = None,
    decisions: MemoryDecisions | None = None,
) -> Decision:
    incidents = MemoryIncidents()
    incidents.open(INCIDENT)
    return decide_action(
        REQUEST,
        incidents=incidents,
        decisions=decisions or MemoryDecisions(),
        ledger=ledger,
        estimator=Estimator(MemoryRuns(), MemoryStandings()),
        permission=Permission(
            POLICY,
            ceiling,
            MemorySwitch(),
            MemoryActions(),
            MemoryApprovals(),
            FixedClock(),
            tracks or MemoryTracks(),
        ),
        vain=vain or MemoryVain(),
    )


def test_suggestion_and_decision_are_written_down() -> None:
    ledger = MemoryLedger()
    decision = decided(ledger)
    assert (decision.verdict, decision.remedy) == (Verdict.ACT, "retry_build")
    assert [entry.kind for entry in ledger.written] == [LedgerKind.SUGGESTED, LedgerKind.DECIDED]


def test_a_second_execution_gets_the_first_decision_even_when_the_stack_has_changed() -> None:
    ledger, decisions = MemoryLedger(), MemoryDecisions()
    first = decided(ledger, decisions=decisions)
    assert decided(ledger, Mode.OBSERVE, decisions=decisions) == first
    assert len(ledger.written) == 2


def test_a_decision_that_the_ledger_does_not_know_yet_is_written_down_by_the_next_attempt() -> None:
    decisions = MemoryDecisions()
    first = decided(MemoryLedger(), decisions=decisions)
    ledger = MemoryLedger()
    decided(ledger, Mode.OBSERVE, decisions=decisions)
    entry = ledger.entry(INCIDENT.id, LedgerKind.DECIDED)
    assert entry and decode(Decision, entry.data) == first


class AtOnce(MemoryDecisions):
    """Another execution keeps its decision while this one is deciding."""

    def keep(self, incident: Incident, decision: Decision) -> Decision:
        super().keep(incident, replace(decision, verdict=Verdict.ASK, reason="another execution's"))
        return super().keep(incident, decision)


def test_of_two_executions_that_decide_at_once_both_have_the_decision_that_is_kept() -> None:
    ledger = MemoryLedger()
    assert decided(ledger, decisions=AtOnce()).reason == "another execution's"
    entry = ledger.entry(INCIDENT.id, LedgerKind.DECIDED)
    assert entry and decode(Decision, entry.data).verdict is Verdict.ASK


def test_what_was_decided_is_not_weighed_again() -> None:
    decisions, vain = MemoryDecisions(), MemoryVain()
    first = decided(MemoryLedger(), decisions=decisions)
    vain.of = pytest.fail  # type: ignore[method-assign, assignment]
    assert decided(MemoryLedger(), vain=vain, decisions=decisions) == first


def test_what_somebody_else_wrote_into_the_ledger_decides_nothing() -> None:
    ledger = MemoryLedger()
    forged = Decision(Verdict.ACT, "retry_build_clean", "because", POLICY.version)
    ledger.append(LedgerEntry(INCIDENT.id, LedgerKind.DECIDED, NOON, encode(forged)))
    assert decided(ledger, Mode.OBSERVE).verdict is Verdict.OBSERVE


@pytest.mark.parametrize(
    ("tried", "verdict"), [("retry_build", Verdict.REFUSE), ("retry_build_clean", Verdict.REFUSE)]
)
def test_a_second_failure_with_the_same_fingerprint_ends_retrying(tried: str, verdict: Verdict) -> None:
    vain = MemoryVain({(INCIDENT.lineage, DIAGNOSIS.fingerprint): Vain(tried, "shop:again-1")})
    decision = decided(MemoryLedger(), vain=vain)
    assert decision.verdict is verdict
    assert (
        f"shop:again-1, which {tried} started on the same commit, failed in the same way" in decision.reason
    )


def test_another_commit_or_another_failure_is_another_matter() -> None:
    other = Lineage(SHOP, "f" * 40)
    vain = MemoryVain(
        {
            (other, DIAGNOSIS.fingerprint): Vain("retry_build", "shop:9"),
            (INCIDENT.lineage, "another"): Vain("retry_build", "shop:9"),
        }
    )
    assert decided(MemoryLedger(), vain=vain).verdict is Verdict.ACT


def test_a_remedy_that_did_harm_is_only_watched_until_a_person_clears_it() -> None:
    tracks = MemoryTracks()
    subject = Subject(SHOP, DIAGNOSIS.cause, "retry_build")
    tracks.note(subject, Trial("i1", NOON, OutcomeStatus.WORSE))
    demoted = decided(MemoryLedger(), tracks=tracks)
    assert demoted.verdict is Verdict.OBSERVE
    assert "demoted: it made things worse in incident i1" in demoted.reason
    tracks.clear(subject, Clearance("ann", NOON))
    assert decided(MemoryLedger(), tracks=tracks).verdict is Verdict.ACT


def test_a_decision_to_observe_says_what_would_have_been_done() -> None:
    decision = decided(MemoryLedger(), Mode.OBSERVE)
    assert (decision.verdict, decision.would, decision.cause) == (Verdict.OBSERVE, "act", DIAGNOSIS.cause)
    assert decided(MemoryLedger()).would == ""
