"""DiagnoseFailure: says what caused an incident, from evidence."""

from typing import Any

from selfheal.runtime import Runtime, entry
from selfheal.steps.diagnose_failure import DiagnoseRequest, diagnose_failure
from selfheal.wire import decode, encode


@entry
def handler(event: dict[str, Any], runtime: Runtime) -> Any:
    """A DiagnoseRequest in; the Diagnosis out."""
    return encode(diagnose_failure(
        decode(DiagnoseRequest, event), incidents=runtime.incidents, reader=runtime.reader, logs=runtime.logs,
        runs=runtime.runs, failures=runtime.failures, harms=runtime.harms, reports=runtime.reports,
        stages=runtime.stages, ledger=runtime.ledger, clock=runtime.clock,
    ))  # fmt: skip
