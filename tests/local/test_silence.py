"""What nobody answers. The question was put before those of test_asking.py, so that little of its time is left."""

import pytest

from local.approver import local_approver
from local.developer import Developer
from local.records import Records
from local.state import CloudState
from selfheal.domain.approval import ApprovalStatus
from selfheal.domain.ledger import LedgerKind
from tests.local.asking import Question, approves, ended

pytestmark = pytest.mark.local


def test_what_nobody_answers_expires_and_people_are_told(
    state: CloudState, unanswered: Question, stored: Records, developer: Developer
) -> None:
    project, run_id, approval = unanswered
    story = ended(stored, run_id)
    kinds = [entry.kind for entry in story.entries]
    assert story.outcome == "refused" and LedgerKind.NOTIFIED in kinds
    assert LedgerKind.APPROVAL_EXPIRED in kinds
    assert local_approver(state).answer(approves(approval)).status is ApprovalStatus.EXPIRED
    assert list(developer.builds_of(project)) == [run_id]
