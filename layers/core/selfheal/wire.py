"""Event and state JSON on one side, domain types on the other. Nothing else knows a wire format.

``encode`` and ``decode`` carry any domain type through JSON: enums as their value, moments as ISO 8601 with
a zone, pipeline keys as text, tuples and sets as lists. ``decode`` refuses unknown and missing fields by name.
"""

import json
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar, cast

from cattrs import ClassValidationError, transform_error
from cattrs.preconf.json import make_converter

from selfheal.domain.errors import InvalidEvent
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import PipelineKey, RunRef, Service

T = TypeVar("T")
Json = Mapping[str, Any]

_converter = make_converter(forbid_extra_keys=True)
_converter.register_unstructure_hook(PipelineKey, str)
_converter.register_structure_hook(
    PipelineKey, lambda text, _: PipelineKey.parse(_strictly(text, str, "text"))
)
_converter.register_unstructure_hook(datetime, lambda moment: moment.isoformat())
_converter.register_structure_hook(datetime, lambda text, _: _moment(text))
# cattrs would turn 7 into "7" and "no" into True; on the wire a value has the right type or is refused.
_converter.register_structure_hook(str, lambda value, _: _strictly(value, str, "text"))
_converter.register_structure_hook(bool, lambda value, _: _strictly(value, bool, "true or false"))
_converter.register_structure_hook(int, lambda value, _: _strictly(value, int, "a whole number"))
_converter.register_structure_hook(StrEnum, lambda value, kind: kind(value))
_converter.register_structure_hook(float, lambda value, _: _finite(value))


def encode(value: object) -> dict[str, Any]:
    """A domain object as a JSON object."""
    return cast(dict[str, Any], _converter.unstructure(value))


def decode(kind: type[T], document: object) -> T:
    """The domain object of that kind. Raises InvalidEvent naming every field that is wrong."""
    if not isinstance(document, Mapping):
        raise InvalidEvent(kind.__name__, f"must be a JSON object, not {type(document).__name__}")
    try:
        return _converter.structure(document, kind)
    except ClassValidationError as error:
        raise InvalidEvent(kind.__name__, "; ".join(transform_error(error))) from None


def line_of(measurement: Measurement) -> str:
    """A measurement as a line of the lake."""
    return json.dumps(encode(measurement), sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"


def measurement_of(line: bytes) -> Measurement:
    """Inverse of ``line_of``. Raises InvalidEvent, with the field ``line`` for what is no JSON at all."""
    try:
        document = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidEvent("line", f"is not JSON: {type(error).__name__}") from None
    return decode(Measurement, document)


def _strictly(value: object, kind: type[T], words: str) -> T:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"must be {words}, not {type(value).__name__}")
    return value


def _finite(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError("must be a finite number")
    return float(value)


def _moment(text: object) -> datetime:
    if not isinstance(text, str):
        raise InvalidEvent("time", f"must be ISO 8601 text, not {type(text).__name__}")
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise InvalidEvent("time", f"{text!r} has no time zone")
    return moment


def run_ref(event: object) -> RunRef | None:
    """The run an EventBridge event tells of; None when that run is not over yet.

    Understands the events that the template's rules match (CodeBuild build state, CodePipeline stage and
    action execution state, CodeDeploy deployment state). Raises InvalidEvent for anything else.
    """
    if not isinstance(event, Mapping):
        raise InvalidEvent("event", f"must be a JSON object, not {type(event).__name__}")
    detail_type = text_field(event, "detail-type")
    reader = _READERS.get(detail_type)
    if reader is None:
        raise InvalidEvent("detail-type", f"{detail_type!r} is none of {', '.join(sorted(_READERS))}")
    detail = event.get("detail")
    if not isinstance(detail, Mapping):
        raise InvalidEvent("detail", "must be a JSON object")
    return reader(detail)


def watch_hint(event: object) -> str | PipelineKey:
    """What changed that watch_deployment should look at: the alarm of that name, or that pipeline's deployments.

    Understands "CloudWatch Alarm State Change" and "Run Measured". Raises InvalidEvent for anything else.
    """
    if not isinstance(event, Mapping):
        raise InvalidEvent("event", f"must be a JSON object, not {type(event).__name__}")
    detail = event.get("detail")
    if not isinstance(detail, Mapping):
        raise InvalidEvent("detail", "must be a JSON object")
    detail_type = text_field(event, "detail-type")
    if detail_type == "CloudWatch Alarm State Change":
        return text_field(detail, "alarmName", "detail.")
    if detail_type == "Run Measured":
        return PipelineKey.parse(text_field(detail, "pipeline", "detail."))
    raise InvalidEvent("detail-type", f"{detail_type!r} is neither an alarm's nor a measured run's")


def queued_event(body: str) -> object:
    """The event in the body of a queue message. Raises InvalidEvent."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidEvent("body", f"is not JSON: {error}") from None


def text_field(document: Json, field: str, where: str = "") -> str:
    """A field that must hold text. Raises InvalidEvent."""
    value = document.get(field)
    if not isinstance(value, str) or not value:
        raise InvalidEvent(f"{where}{field}", "must be text that is not empty")
    return value


def _build(detail: Json) -> RunRef | None:
    status = text_field(detail, "build-status", "detail.")
    project = text_field(detail, "project-name", "detail.")
    arn = text_field(detail, "build-id", "detail.")
    _, found, build_id = arn.partition(":build/")
    if not found or build_id.partition(":")[0] != project:
        raise InvalidEvent("detail.build-id", f"{arn!r} is not the ARN of a build of {project!r}")
    if status == "IN_PROGRESS":
        return None
    return RunRef(PipelineKey(Service.CODEBUILD, project), build_id)


def _stage(detail: Json) -> RunRef | None:
    pipeline = text_field(detail, "pipeline", "detail.")
    stage = text_field(detail, "stage", "detail.")
    execution = text_field(detail, "execution-id", "detail.")
    if text_field(detail, "state", "detail.") in ("STARTED", "RESUMED", "STOPPING"):
        return None
    attempt = detail.get("pipeline-execution-attempt", 1)
    if isinstance(attempt, float) and attempt.is_integer():
        attempt = int(attempt)
    if not isinstance(attempt, int) or isinstance(attempt, bool) or attempt < 0:
        raise InvalidEvent(
            "detail.pipeline-execution-attempt", f"must be a whole number from 0, not {attempt!r}"
        )
    # The first attempt is 1, but CodePipeline has been seen to call it 0 (user guide, stage STARTED event).
    run_id = f"{pipeline}/{stage}/{execution}/{max(1, attempt)}"
    return RunRef(PipelineKey.of_stage(pipeline, stage), run_id)


def _action(detail: Json) -> RunRef | None:
    """An action alone is no run; its stage's own event tells when the whole attempt is over."""
    for field in ("pipeline", "stage", "action", "execution-id", "state"):
        text_field(detail, field, "detail.")
    return None


def _deployment(detail: Json) -> RunRef | None:
    application = text_field(detail, "application", "detail.")
    group = text_field(detail, "deploymentGroup", "detail.")
    deployment = text_field(detail, "deploymentId", "detail.")
    if text_field(detail, "state", "detail.") in ("START", "READY"):
        return None
    return RunRef(PipelineKey(Service.CODEDEPLOY, f"{application}/{group}"), deployment)


_READERS: dict[str, Callable[[Json], RunRef | None]] = {
    "CodeBuild Build State Change": _build,
    "CodePipeline Stage Execution State Change": _stage,
    "CodePipeline Action Execution State Change": _action,
    "CodeDeploy Deployment State-change Notification": _deployment,
}


def event_of(ref: RunRef) -> dict[str, Any]:
    """An event that tells of this run, as EventBridge would have delivered it: ``run_ref`` gives ``ref`` back."""
    detail_type, detail = _WRITERS[ref.key.service](ref)
    return {"version": "0", "source": "selfheal.reconcile", "detail-type": detail_type, "detail": detail}


def _build_event(ref: RunRef) -> tuple[str, Json]:
    arn = f"arn:aws:codebuild:::build/{ref.run_id}"
    detail = {"build-status": "UNKNOWN", "project-name": ref.key.name, "build-id": arn}
    return "CodeBuild Build State Change", detail


def _stage_event(ref: RunRef) -> tuple[str, Json]:
    pipeline, stage, execution, attempt = ref.run_id.split("/")
    return "CodePipeline Stage Execution State Change", {
        "pipeline": pipeline,
        "stage": stage,
        "execution-id": execution,
        "state": "UNKNOWN",
        "pipeline-execution-attempt": int(attempt),
    }


def _deployment_event(ref: RunRef) -> tuple[str, Json]:
    application, _, group = ref.key.name.partition("/")
    return "CodeDeploy Deployment State-change Notification", {
        "application": application,
        "deploymentGroup": group,
        "deploymentId": ref.run_id,
        "state": "UNKNOWN",
    }


_WRITERS: dict[Service, Callable[[RunRef], tuple[str, Json]]] = {
    Service.CODEBUILD: _build_event,
    Service.CODEPIPELINE: _stage_event,
    Service.CODEDEPLOY: _deployment_event,
}
