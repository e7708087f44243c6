"""Diagnosis of harm: which alarms, when, with what values; less sure when others may be to blame."""

from dataclasses import replace
from datetime import timedelta

import pytest

from selfheal.diagnose.harm import MAX_EVIDENCE, diagnose_harm
from selfheal.diagnose.redact import Redactor
from selfheal.domain.diagnosis import ALARM, Cause, Diagnosis
from selfheal.domain.errors import InvalidEvent
from selfheal.domain.harm import Alarm, AlarmState, Harm
from selfheal.testing.builders import NOON

REASON = "Threshold Crossed: 1 datapoint [14.0 (15/01/26 12:07:00)] was greater than the threshold (5.0)."
RINGING = Alarm("shop-5xx", AlarmState.ALARM, NOON, REASON, (0.0, 3.0, 14.0), 5.0)
HARM = Harm(RINGING, after_seconds=200.0)


def said(*harms: Harm) -> Diagnosis:
    return diagnose_harm(harms, Redactor(("correct-horse",)))


def lines(diagnosis: Diagnosis) -> list[str]:
    return [line.text for line in diagnosis.evidence]


def test_the_alarm_its_moment_its_values_and_its_words_are_the_evidence() -> None:
    found = said(HARM)
    assert (found.cause, found.source, found.transient) == (Cause.DEPLOY_FAILURE, ALARM, None)
    assert found.summary == (
        "What was deployed is harming users: shop-5xx went off 3 min after the end of the deployment"
    )
    assert lines(found) == [
        "alarm shop-5xx went off 3 min after the end of the deployment (2026-01-15T12:00:00+00:00)",
        "latest values: 0, 3, 14; the threshold is 5",
        f"CloudWatch says: {REASON}",
    ]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5.0, "while it was being deployed"), (12.4, "12 s after the end of the deployment")],
)
def test_the_moment_is_told_as_people_would(seconds: float, words: str) -> None:
    assert words in said(replace(HARM, after_seconds=seconds)).summary


def test_one_of_several_suspects_is_blamed_less_surely_and_the_others_are_named() -> None:
    shared = said(replace(HARM, rivals=("codedeploy:shop/prod d-1",)))
    assert shared.confidence < 0.7 < said(HARM).confidence
    assert "codedeploy:shop/prod d-1 was deployed in the same window" in lines(shared)[-1]


def test_several_alarms_are_all_named_and_the_first_tells_when() -> None:
    latency = Harm(Alarm("shop-latency", AlarmState.ALARM, NOON + timedelta(minutes=2)), 320.0)
    found = said(latency, HARM)
    assert found.summary.endswith("shop-latency, shop-5xx went off 3 min after the end of the deployment")
    assert found.fingerprint == said(HARM).fingerprint != said(latency).fingerprint


def test_a_composite_alarm_has_no_values_to_show() -> None:
    assert len(lines(said(replace(HARM, alarm=replace(RINGING, datapoints=(), threshold=None))))) == 2
    assert "threshold is" not in lines(said(replace(HARM, alarm=replace(RINGING, threshold=None))))[1]


def test_what_anybody_may_write_into_an_alarm_is_redacted_and_bounded() -> None:
    written = replace(RINGING, name="shop\ncorrect-horse", reason="see correct-horse\n" + "x" * 900)
    found = said(*[replace(HARM, alarm=written)] * 20)
    text = found.summary + "".join(lines(found))
    assert "correct-horse" not in text and "\n" not in text
    assert len(found.evidence) == MAX_EVIDENCE and max(map(len, lines(found))) <= 300


def test_harm_without_an_alarm_is_refused() -> None:
    with pytest.raises(InvalidEvent, match="no alarm was noted"):
        said()
