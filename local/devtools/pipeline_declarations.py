"""What a pipeline's declaration must be like for the simulator to run it."""

from __future__ import annotations

from local.devtools.actions import check_action
from local.devtools.errors import ServiceError
from local.devtools.gates import QUEUED_MODE, SUPERSEDED_MODE
from local.devtools.wire import Json

MODES = (SUPERSEDED_MODE, QUEUED_MODE)
NATIVE = ("ROLLBACK", "RETRY")


def complete(declaration: Json, version: int) -> Json:
    """The declaration with what CodePipeline adds: its version, and what is meant where nothing is said."""
    defaults = {"executionMode": SUPERSEDED_MODE, "pipelineType": "V1"}
    return defaults | declaration | {"version": version}


def check(declaration: Json) -> None:
    """Refuse a declaration that the service would refuse or that the simulator cannot run."""
    mode = declaration.get("executionMode", SUPERSEDED_MODE)
    if mode not in MODES:
        raise _structure(f"executionMode: the simulator offers {' and '.join(MODES)}, not {mode}")
    stages = declaration["stages"]
    names = [stage["name"] for stage in stages]
    if len(set(names)) < len(names):
        raise _structure("stages: no two may have the same name")
    first = [action["actionTypeId"]["category"] for action in stages[0]["actions"]]
    if len(stages) < 2 or first != ["Source"]:
        message = "The simulator offers pipelines of two stages or more, with one source action in the first"
        raise _structure(message)
    for number, stage in enumerate(stages):
        _check_stage(stage, declaration.get("pipelineType", "V1"), is_source=number == 0)


def _check_stage(stage: Json, pipeline_type: str, *, is_source: bool) -> None:
    for member in ("onSuccess", "beforeEntry", "blockers"):
        if stage.get(member):
            raise _stage(f"stage {stage['name']}: {member} is not offered by the simulator")
    if on_failure := stage.get("onFailure"):
        result = on_failure.get("result")
        if pipeline_type != "V2":
            raise _stage(f"stage {stage['name']}: onFailure needs a pipeline of type V2")
        if result not in NATIVE or on_failure.get("conditions"):
            raise _stage(
                f"stage {stage['name']}: onFailure: the simulator offers {' and '.join(NATIVE)} only"
            )
        if result == "ROLLBACK" and is_source:
            raise _stage(f"stage {stage['name']}: a source stage cannot be rolled back")
    for action in stage["actions"]:
        check_action(action)


def _structure(message: str) -> ServiceError:
    return ServiceError("InvalidStructureException", message)


def _stage(message: str) -> ServiceError:
    return ServiceError("InvalidStageDeclarationException", message)
