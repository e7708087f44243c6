"""Decisions on builds that a pipeline started: the protection and freezes of their stage hold, and their own do."""

from dataclasses import replace

from selfheal.domain.brakes import Brakes
from selfheal.domain.decision import Verdict
from selfheal.testing.builders import NOON
from tests.unit.domain.test_decision import EVERYTHING, FROZEN, NETWORK, verdict

IN_PROD = replace(NETWORK, pipeline="shop", stage="Prod")


def test_a_build_in_a_protected_stage_is_asked_for_when_it_is_decided() -> None:
    protected = 'protected = ["codepipeline:*/Prod*"]\n' + EVERYTHING
    decision = verdict(IN_PROD, policy=protected)
    assert decision.verdict is Verdict.ASK and "codepipeline:shop/Prod is protected" in decision.reason
    assert verdict(replace(IN_PROD, stage="Build"), policy=protected).verdict is Verdict.ACT
    assert verdict(NETWORK, policy=protected).verdict is Verdict.ACT


def test_a_build_that_is_protected_itself_is_asked_for_in_whatever_stage_it_is() -> None:
    protected = f'protected = ["codebuild:shop"]\n{EVERYTHING}'
    assert verdict(IN_PROD, policy=protected).reason.startswith("codebuild:shop is protected")
    assert verdict(replace(IN_PROD, stage=""), policy=protected).verdict is Verdict.ASK


def test_a_stage_without_a_pipeline_is_none() -> None:
    protected = f'protected = ["codepipeline:*"]\n{EVERYTHING}'
    assert verdict(replace(IN_PROD, pipeline=""), policy=protected).verdict is Verdict.ACT


def test_what_cools_down_is_the_build_s_own_pipeline() -> None:
    decision = verdict(IN_PROD, policy=f"cool_down_seconds = 60\n{EVERYTHING}", brakes=Brakes(acted_at=NOON))
    assert decision.verdict is Verdict.REFUSE and decision.reason.startswith("codebuild:shop cools down")


def test_a_freeze_of_the_stage_that_a_build_is_in_refuses_and_nobody_is_asked() -> None:
    freeze = FROZEN.replace("[[freeze]]\n", '[[freeze]]\npipelines = ["codepipeline:*/Prod*"]\n')
    frozen = 'protected = ["codepipeline:*/Prod*"]\n' + freeze + EVERYTHING
    decision = verdict(IN_PROD, policy=frozen)
    assert decision.verdict is Verdict.REFUSE and "change freeze 1" in decision.reason
    assert verdict(replace(IN_PROD, stage="Build"), policy=frozen).verdict is Verdict.ACT
