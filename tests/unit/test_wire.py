"""The wire: domain types survive JSON unchanged, and wrong JSON is refused by name."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfheal.domain.diagnosis import Diagnosis
from selfheal.domain.errors import InvalidEvent
from selfheal.domain.incident import Incident
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import PipelineKey, Service
from selfheal.steps.state import HealState
from selfheal.testing.builders import a_measurement, an_incident
from selfheal.wire import decode, encode, watch_hint

keys = st.builds(PipelineKey, st.sampled_from(Service), st.text(min_size=1))
# Only UTC: Python calls a moment in a zone's fold unequal to the same moment in any other zone.
moments = st.datetimes(timezones=st.just(UTC))
finite = st.floats(allow_nan=False, allow_infinity=False)
measurements = st.builds(
    Measurement,
    pipeline=keys,
    started_at=moments,
    duration_seconds=finite,
    phases=st.dictionaries(st.text(), finite),
    queued_seconds=st.none() | finite,
    cpu_percent=st.none() | finite,
    memory_percent=st.none() | finite,
)


@given(measurements)
def test_a_measurement_survives_json(measurement: Measurement) -> None:
    again = decode(Measurement, json.loads(json.dumps(encode(measurement))))
    assert again == measurement


def test_an_incident_survives_json() -> None:
    incident = an_incident()
    assert decode(Incident, json.loads(json.dumps(encode(incident)))) == incident


def test_a_missing_and_an_unknown_field_are_named() -> None:
    document = encode(a_measurement())
    del document["run_id"]
    document["colour"] = "red"
    with pytest.raises(InvalidEvent, match=r"(?s)run_id.*colour|colour.*run_id"):
        decode(Measurement, document)


@pytest.mark.parametrize("document", [None, [], "text", 7])
def test_what_is_no_object_is_refused(document: object) -> None:
    with pytest.raises(InvalidEvent, match="must be a JSON object"):
        decode(HealState, document)


def test_a_moment_without_a_zone_is_refused() -> None:
    document = encode(a_measurement())
    document["started_at"] = datetime(2026, 1, 1).isoformat()
    with pytest.raises(InvalidEvent, match="time zone"):
        decode(Measurement, document)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("run_id", 7),
        ("duration_seconds", "60"),
        ("duration_seconds", float("nan")),
        ("duration_seconds", True),
        ("phases", {"BUILD": "long"}),
        ("started_at", 7),
        ("status", "FINE"),
    ],
)
def test_a_value_of_another_type_is_refused_not_bent(field: str, value: object) -> None:
    with pytest.raises(InvalidEvent, match=field if field != "started_at" else "time"):
        decode(Measurement, {**encode(a_measurement()), field: value})


@pytest.mark.parametrize("text", ["codebuild", "codebuild:", "jenkins:x", ":x", ""])
def test_what_is_no_pipeline_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidEvent, match="pipeline"):
        PipelineKey.parse(text)


def test_a_cause_outside_the_list_is_refused() -> None:
    document = {
        "cause": "gremlins", "transient": None, "confidence": 0.5, "source": "none", "fingerprint": "f", "summary": "s",
    }  # fmt: skip
    with pytest.raises(InvalidEvent, match="cause"):
        decode(Diagnosis, document)


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ([], "event"),
        ({"detail-type": "CloudWatch Alarm State Change"}, "detail"),
        ({"detail-type": "CloudWatch Alarm State Change", "detail": {}}, "detail.alarmName"),
        ({"detail-type": "CloudWatch Alarm State Change", "detail": {"alarmName": 7}}, "detail.alarmName"),
        ({"detail-type": "Run Measured", "detail": {"pipeline": "shop"}}, "pipeline"),
        ({"detail-type": "Something", "detail": {}}, "detail-type"),
        ({"detail": {}}, "detail-type"),
    ],
)
def test_an_event_that_does_not_say_where_to_look_is_refused_by_field(event: object, field: str) -> None:
    with pytest.raises(InvalidEvent) as caught:
        watch_hint(event)
    assert caught.value.field == field
