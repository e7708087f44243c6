"""The ledger in any order of writers and deaths: one chain, whole, in both places."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from selfheal.adapters.dynamodb import DynamoIncidents, DynamoLedger
from selfheal.adapters.dynamodb.ledger import DynamoLedgerTable
from selfheal.domain.chain import flaws_of
from selfheal.domain.ledger import LedgerEntry, LedgerKind, Sealed, unseal
from selfheal.testing.archive import MemoryArchive
from selfheal.testing.builders import an_incident
from tests.adapters.conftest import TABLE

NOW = datetime.now(UTC)
LATER = NOW + timedelta(hours=2)
KINDS = (LedgerKind.OPENED, LedgerKind.DECIDED, LedgerKind.OUTCOME, LedgerKind.NOTIFIED)
WRITERS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.sampled_from(["lives", "dies", "is overtaken"])), max_size=5
)


@dataclass
class Fated:
    """The archive of a writer who lives, dies right after his first write, or lets somebody else write before."""

    archive: MemoryArchive
    fate: str
    other: Callable[[], object]

    def put(self, sealed: Sealed) -> bool:
        if self.fate == "is overtaken":
            self.fate = "lives"
            self.other()
        new = self.archive.put(sealed)
        if self.fate == "dies":
            raise KeyboardInterrupt
        return new

    def get(self, incident_id: str, sequence: int) -> Sealed:
        return self.archive.get(incident_id, sequence)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(WRITERS, st.sampled_from(KINDS))
def test_in_any_order_of_writers_and_deaths_there_is_one_whole_chain(
    dynamodb: Any, writers: list[tuple[LedgerKind, str]], overtaking: LedgerKind
) -> None:
    archive, run_id = MemoryArchive(), f"shop:{uuid4()}"
    incident = an_incident(run_id)
    DynamoIncidents(dynamodb, TABLE).open(incident)
    quiet = DynamoLedger(dynamodb, TABLE, archive)

    def entry(kind: LedgerKind, by: str) -> LedgerEntry:
        return LedgerEntry(incident.id, kind, NOW, {"by": by})

    for number, (kind, fate) in enumerate(writers):
        fated = Fated(archive, fate, lambda: quiet.append(entry(overtaking, "another")))
        with suppress(KeyboardInterrupt):
            DynamoLedger(dynamodb, TABLE, fated).append(entry(kind, str(number)))
    quiet.append(entry(LedgerKind.ESCALATED, "the last"))
    kept = DynamoLedgerTable(dynamodb, TABLE).kept(incident.id)
    assert flaws_of(incident.id, archive.versions(incident.id), kept, LATER) == []
    written = [unseal(text).entry.kind for text in archive.objects.values()]
    assert len(written) == len(set(written)) == len(kept.texts)
    assert {kind for kind, fate in writers if fate != "dies"} <= set(written)
