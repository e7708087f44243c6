"""An approval carries exactly what was approved, for as long as it lasts, and not by just anybody."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfheal.domain.action import Plan
from selfheal.domain.approval import Approval, ApprovalStatus, same_person
from selfheal.testing.approvals import ACCOUNT, ALICE, an_approval
from selfheal.testing.builders import NOON

APPROVED = an_approval(status=ApprovalStatus.APPROVED, by=ALICE)
BOB = f"arn:aws:iam::{ACCOUNT}:user/team/bob"
TEXTS = st.text(max_size=6)
PLANS = st.builds(Plan, TEXTS, TEXTS, TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=2), TEXTS)
MOMENTS = st.datetimes(datetime(2026, 1, 14), datetime(2026, 1, 17)).map(
    lambda m: m.replace(tzinfo=NOON.tzinfo)
)


@given(
    st.sampled_from(ApprovalStatus), st.just(APPROVED.plan) | PLANS, st.sampled_from(["v1", "v2"]), MOMENTS
)
def test_only_an_approved_plan_unaltered_and_in_time_is_carried(
    status: ApprovalStatus, plan: Plan, version: str, now: datetime
) -> None:
    approval = replace(APPROVED, status=status)
    same = plan == approval.plan and version == approval.policy_version
    carried = status is ApprovalStatus.APPROVED and same and now < approval.expires_at
    assert (approval.objection(plan, version, now) == "") is carried


@pytest.mark.parametrize(
    "change",
    [
        {"target": "shop:2"},
        {"commit": "f" * 40},
        {"remedy": "retry_build_clean"},
        {"parameters": {"a": "b"}},
        {"pipeline": "codepipeline:shop/Prod"},
    ],
)
def test_any_drift_is_named(change: dict[str, object]) -> None:
    drifted = replace(APPROVED.plan, **change)  # type: ignore[arg-type]
    assert "not what was approved" in APPROVED.objection(drifted, "v1", NOON)


def test_it_is_open_until_it_expires_or_is_answered() -> None:
    pending = an_approval()
    assert pending.open_at(pending.expires_at - timedelta(seconds=1))
    assert not pending.open_at(pending.expires_at)
    assert not APPROVED.open_at(NOON)


def test_it_carries_nothing_from_the_moment_at_which_it_expires() -> None:
    last = APPROVED.expires_at - timedelta(seconds=1)
    assert APPROVED.objection(APPROVED.plan, "v1", last) == ""
    assert "the approval expired" in APPROVED.objection(APPROVED.plan, "v1", APPROVED.expires_at)


@pytest.mark.parametrize(
    ("initiator", "same"),
    [
        ("release/alice", True),
        ("dev/Alice", True),
        (ALICE, True),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/dev/alice", True),
        ("alice", True),
        ("alice@example.com", True),
        ("Alice+ci@example.com", True),
        ("12345+alice@users.noreply.example.com", True),
        ("12345+alice+ci@example.com", True),
        ("bob+alice@example.com", False),
        ("bob+carol+alice@example.com", False),
        ("bob+12345+alice@example.com", False),
        ("bob", False),
        ("bob@alice", False),
        ("bob@example.com", False),
        ("release/malice", False),
        ("codepipeline/shop", False),
        ("", False),
    ],
)
def test_whoever_started_the_run_or_wrote_the_commit_is_known_by_the_name_of_his_session(
    initiator: str, same: bool
) -> None:
    assert same_person(ALICE, initiator) is same


def test_the_number_in_an_address_is_nobody_s_name() -> None:
    numbered = f"arn:aws:sts::{ACCOUNT}:assumed-role/release/12345"
    assert not same_person(numbered, "12345+alice@users.noreply.example.com")
    assert same_person(numbered, "12345")
    assert same_person(numbered, "12345@example.com")


def test_a_protected_pipeline_wants_somebody_else_than_who_started_the_run() -> None:
    protected = an_approval(protected=True, started_by="bob")
    assert "somebody else must approve" in protected.objection_to(BOB, [])
    assert protected.objection_to(ALICE, []) == ""
    assert an_approval(protected=False, started_by="bob").objection_to(BOB, []) == ""


def test_a_protected_pipeline_wants_somebody_else_than_who_wrote_the_commit() -> None:
    protected = an_approval(protected=True, started_by="push", authors=("robert", "bob@example.com"))
    assert "bob@example.com wrote the commit: somebody else must approve" in protected.objection_to(BOB, [])
    assert protected.objection_to(ALICE, []) == ""
    assert replace(protected, protected=False).objection_to(BOB, []) == ""


@pytest.mark.parametrize(
    ("approver", "accepted"),
    [
        (ALICE, True),
        (ALICE.replace("/release/", "/release2/"), False),
        (ALICE.replace(ACCOUNT, f"9{ACCOUNT[1:]}"), False),
        (f"x{ALICE}", False),
        (BOB, False),
    ],
)
def test_an_approver_matches_as_a_whole(approver: str, accepted: bool) -> None:
    pattern = f"arn:aws:sts::{ACCOUNT}:assumed-role/release/*"
    assert (an_approval().objection_to(approver, [pattern]) == "") is accepted


def test_an_approval_is_of_one_incident() -> None:
    assert isinstance(APPROVED, Approval)
    assert APPROVED.answer.by == ALICE
