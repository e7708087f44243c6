"""resume_healing: what is sent comes out of the table; the event only says where to look."""

import pytest

from selfheal.domain.approval import ApprovalStatus
from selfheal.domain.errors import InvalidEvent
from selfheal.steps.resume_healing import WaitOver, resume_healing
from selfheal.steps.state import approval_of
from selfheal.testing.approvals import ALICE, MemoryApprovals, an_approval
from selfheal.testing.waiters import MemoryWaiters


def test_everybody_who_waits_for_a_run_is_resumed_once() -> None:
    waiters = MemoryWaiters()
    for token in ("first", "second"):
        waiters.add("shop:2", token)
    waiters.add("shop:3", "other")
    waiters.note_end("shop:2", "SUCCEEDED")
    over = WaitOver(run_id="shop:2")
    assert resume_healing(over, waiters=waiters, approvals=MemoryApprovals(), resumer=waiters) == 2
    assert resume_healing(over, waiters=waiters, approvals=MemoryApprovals(), resumer=waiters) == 0
    assert waiters.open_tokens == {"other"}


def test_a_run_whose_end_nobody_noted_resumes_nobody() -> None:
    waiters = MemoryWaiters()
    waiters.add("shop:2", "token")
    with pytest.raises(InvalidEvent, match="run_id"):
        resume_healing(
            WaitOver(run_id="shop:2"), waiters=waiters, approvals=MemoryApprovals(), resumer=waiters
        )
    assert waiters.resumed == []


def test_an_approval_that_nobody_answered_resumes_nobody() -> None:
    waiters, approvals = MemoryWaiters(), MemoryApprovals()
    approval = an_approval()
    over = WaitOver(incident_id=approval.incident_id)
    waiters.add(approval_of(approval.incident_id), "token")
    for stored in ({}, {approval.incident_id: approval}):
        approvals.stored = stored
        with pytest.raises(InvalidEvent, match="incident_id"):
            resume_healing(over, waiters=waiters, approvals=approvals, resumer=waiters)
    assert waiters.resumed == []


def test_an_answer_comes_from_the_approval() -> None:
    waiters, approvals = MemoryWaiters(), MemoryApprovals()
    approval = an_approval(status=ApprovalStatus.APPROVED, by=ALICE)
    approvals.ask(approval)
    waiters.add(approval_of(approval.incident_id), "token")
    over = WaitOver(incident_id=approval.incident_id)
    assert resume_healing(over, waiters=waiters, approvals=approvals, resumer=waiters) == 1
    assert waiters.resumed == [("token", {"status": "approved", "by": ALICE, "reason": ""})]
