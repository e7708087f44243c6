"""ExamineOutcome: says how the run that an action started failed, if it did."""

from typing import Any

from selfheal.runtime import Runtime, entry
from selfheal.steps.examine_outcome import ExamineRequest, examine_outcome
from selfheal.wire import decode, encode


@entry
def handler(event: dict[str, Any], runtime: Runtime) -> Any:
    """An ExamineRequest in; how the run failed, an Again, out."""
    request = decode(ExamineRequest, event)
    return encode(examine_outcome(request, examiner=runtime.examiner, incidents=runtime.incidents))
