"""The handlers that ask, answer and resume, driven by their sample events with in-memory ports."""

import pytest

from selfheal.domain.errors import IdentityUnproven, InvalidEvent
from selfheal.domain.policy_file import parse_policy
from selfheal.remedies.registry import catalogue
from selfheal.runtime import Runtime
from selfheal.steps.answer_approval import Statement
from selfheal.testing.approvals import ALICE, proof_of
from selfheal.wire import decode
from tests.unit.test_functions import POLICY, invoke, sample, world

__all__ = ["world"]
REMEDIES = frozenset(remedy.id for remedy in catalogue())


def test_an_approval_from_the_question_to_the_resumed_execution(world: Runtime) -> None:
    vars(world)["policy"] = parse_policy(POLICY.replace("act", "ask"), REMEDIES)
    decision = invoke("decide_action", sample("decide_action"))
    version = decision["policy_version"]
    assert decision["verdict"] == "ask"
    asked = invoke("request_approval", {**sample("request_approval"), "policy_version": version})
    assert asked == {"status": "pending"}
    approval = world.approvals.get(sample("request_approval")["incident_id"])
    assert approval is not None
    said = {**sample("answer_approval")["statement"], "digest": approval.digest}
    proof = proof_of(ALICE, decode(Statement, said).to("table"))
    answer = invoke("answer_approval", {"statement": said, "proof": {"query": proof.query}})
    assert answer == {"status": "approved", "by": ALICE, "reason": ""}
    assert invoke("resume_healing", sample("approval_answered")) == {"resumed": 1}
    request = {**sample("execute_action"), "policy_version": version}
    assert invoke("execute_action", request)["status"] == "started"


def test_answer_approval_takes_nobody_s_word_for_who_he_is(world: Runtime) -> None:
    with pytest.raises(InvalidEvent, match="by"):
        invoke("answer_approval", {**sample("answer_approval"), "by": ALICE})
    with pytest.raises(IdentityUnproven):
        invoke("answer_approval", sample("answer_approval"))


def test_resume_healing_of_what_is_not_over(world: Runtime) -> None:
    for name in ("resume_healing", "approval_answered"):
        with pytest.raises(InvalidEvent):
            invoke("resume_healing", sample(name))
