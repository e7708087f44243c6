"""From a raw log to a person's message: whatever the log, the service or a test says, no secret comes along."""

import json

from hypothesis import given
from hypothesis import strategies as st

from selfheal.domain.incident import IncidentKind
from selfheal.domain.run import Phase
from selfheal.ports import TestCase
from selfheal.remedies.registry import catalogue
from selfheal.steps.diagnose_failure import DiagnoseRequest, diagnose_failure
from selfheal.suggest.catalogue import explain
from selfheal.testing.alarms import MemoryHarms
from selfheal.testing.builders import SHOP, a_run, an_incident
from selfheal.testing.failures import MemoryFailures
from selfheal.testing.memory import MemoryIncidents, MemoryLedger, MemoryRuns
from selfheal.testing.service import FakeService, FixedClock
from selfheal.testing.stages import FakeStages
from selfheal.wire import encode
from tests.redaction.places import ANYWHERE
from tests.redaction.tokens import KINDS, survives, token

INCIDENT = an_incident()
KNOWN = "plain words, known to the build"
BEFORE = [
    "npm ERR! network ECONNRESET",
    "error: it broke",
    "make: *** [all] Error 2",
    "AssertionError",
    "all is well",
]
SECRETS = [*(token(kind) for kind in KINDS), KNOWN]


@given(
    secret=st.sampled_from(SECRETS),
    place=st.sampled_from(sorted(ANYWHERE)),
    before=st.sampled_from(BEFORE),
    says=st.sampled_from(["log", "phase", "test name", "test message"]),
)
def test_no_secret_comes_out_of_a_diagnosis(secret: str, place: str, before: str, says: str) -> None:
    line = f"{before} {ANYWHERE[place].format(secret)}"
    service, ledger, incidents = FakeService(), MemoryLedger(), MemoryIncidents()
    incidents.open(INCIDENT)
    phase = Phase("BUILD", "FAILED", 1.0, "COMMAND_EXECUTION_ERROR", line if says == "phase" else "")
    reports = ("arn:report",) if says.startswith("test") else ()
    log = [line if says == "log" else before]
    service.add(a_run(phases=(phase,), report_arns=reports, secrets=(KNOWN,)), *log)
    service.cases = [
        TestCase(line if says == "test name" else "t", "FAILED", line if says == "test message" else "no")
    ]
    diagnosis = diagnose_failure(
        DiagnoseRequest(INCIDENT.id, "shop:1", SHOP, IncidentKind.FAILED),
        incidents=incidents,
        reader=service,
        logs=service,
        runs=MemoryRuns(),
        reports=service,
        stages=FakeStages(),
        harms=MemoryHarms(),
        failures=MemoryFailures(),
        ledger=ledger,
        clock=FixedClock(),
    )
    told = [explain(diagnosis, remedy) for remedy in catalogue()]
    everything = json.dumps(
        [encode(diagnosis), *(dict(entry.data) for entry in ledger.written), *told], default=str
    )
    assert not survives(secret, everything)
