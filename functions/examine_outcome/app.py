"""ExamineOutcome: says how the run that an action started failed, if it did."""

from typing import Any

from selfheal.runtime import Runtime, entry
from selfheal.steps.examine_outcome import ExamineRequest, examine_outcome
from selfheal.wire import decode, encode


@entry
def handler(event: dict[str, Any], runtime: Runtime) -> Any:
    """An ExamineRequest in; how the run failed, an Again, out."""
    return encode(examine_outcome(decode(ExamineRequest, event), examiner=runtime.examiner))
