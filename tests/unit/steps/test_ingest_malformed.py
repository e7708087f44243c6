"""ingest_run: what is no event of a finished run is refused by name, and nothing gets past the parser."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfheal.domain.errors import InvalidEvent, SelfhealError
from selfheal.testing.builders import a_run
from tests.unit.steps.test_ingest_run import EVENT, World


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ("text", "event"),
        ({}, "detail-type"),
        ({"detail-type": "Something Else", "detail": {}}, "detail-type"),
        ({"detail-type": EVENT["detail-type"]}, "detail"),
        ({"detail-type": EVENT["detail-type"], "detail": []}, "detail"),
        ({"detail-type": EVENT["detail-type"], "detail": {"build-status": "FAILED"}}, "detail.project-name"),
        (
            {**EVENT, "detail": {**EVENT["detail"], "build-id": "arn:aws:codebuild:::build/other:1"}},
            "detail.build-id",
        ),
        ({**EVENT, "detail": {**EVENT["detail"], "build-status": 7}}, "detail.build-status"),
    ],
)
def test_a_malformed_event_names_its_field(event: Any, field: str) -> None:
    with pytest.raises(InvalidEvent) as caught:
        World().ingest(event)
    assert caught.value.field == field


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["build-status", "project-name", "build-id", "pipeline", "stage", "execution-id", "state", "application",
     "deploymentGroup", "deploymentId", "pipeline-execution-attempt", "action"]
)  # fmt: skip
KINDS = st.sampled_from(
    ["CodeBuild Build State Change", "CodePipeline Stage Execution State Change",
     "CodePipeline Action Execution State Change", "CodeDeploy Deployment State-change Notification"]
)  # fmt: skip


@given(st.fixed_dictionaries({"detail-type": KINDS, "detail": st.dictionaries(FIELDS, JSON)}) | JSON)
def test_no_json_whatever_gets_past_the_parser_unhandled(event: Any) -> None:
    world = World()
    try:
        assert world.ingest(event) is None
    except SelfhealError as error:
        assert str(error)
    assert world.bus.published == []


def test_a_detail_of_256_kb_is_read_by_its_name_alone() -> None:
    world = World()
    world.service.add(a_run())
    event = {**EVENT, "detail": {**EVENT["detail"], "additional-information": {"noise": "x" * 256 * 1024}}}
    assert world.ingest(event) is not None
