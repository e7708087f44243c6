from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from selfheal.adapters.dynamodb import DynamoIncidents, DynamoLedger
from selfheal.domain.errors import IncidentNotFound, RequestRejected, Throttled
from selfheal.domain.incident import Incident
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.score import Blame, Level, Score
from selfheal.testing.archive import MemoryArchive
from selfheal.testing.builders import NOON, an_incident

TABLE = "selfheal-test"
Scripted = Callable[[str], tuple[Any, Stubber]]
INCIDENT = an_incident()


def an_entry(kind: LedgerKind, seconds: float = 0, **data: object) -> LedgerEntry:
    return LedgerEntry(INCIDENT.id, kind, NOON + timedelta(seconds=seconds), data)


def opened(dynamodb: Any, incident: Incident = INCIDENT) -> tuple[DynamoIncidents, DynamoLedger]:
    incidents = DynamoIncidents(dynamodb, TABLE)
    incidents.open(incident)
    return incidents, DynamoLedger(dynamodb, TABLE, MemoryArchive())


def test_an_incident_comes_back_as_it_was_opened(dynamodb: Any) -> None:
    score = Score(7.25, ready=True, level=Level.HEAL, blame=(Blame("BUILD", 41.0, 10.0, 4.1),))
    incident = replace(INCIDENT, score=score)
    incidents, _ = opened(dynamodb, incident)
    assert incidents.get(incident.id) == incident


def test_a_run_has_one_incident_however_often_it_is_opened(dynamodb: Any) -> None:
    incidents, _ = opened(dynamodb)
    assert incidents.open(replace(INCIDENT, opened_at=NOON + timedelta(hours=1))) is False
    assert incidents.get(INCIDENT.id) == INCIDENT
    assert incidents.open(an_incident("shop:2")) is True


def test_an_incident_that_is_not_there_is_said_by_its_id(dynamodb: Any) -> None:
    with pytest.raises(IncidentNotFound, match="feedface"):
        DynamoIncidents(dynamodb, TABLE).get("feedface")


def test_the_newest_incidents_come_first_and_no_more_than_asked_for(dynamodb: Any) -> None:
    for minute in (2, 0, 3, 1):
        moment = NOON + timedelta(minutes=minute)
        opened(dynamodb, replace(an_incident(f"shop:{minute}"), opened_at=moment))
    incidents = DynamoIncidents(dynamodb, TABLE)
    assert [incident.run.run_id for incident in incidents.recent(3)] == ["shop:3", "shop:2", "shop:1"]
    assert len(incidents.recent(10)) == 4


def test_an_incidents_status_is_its_newest_entry(dynamodb: Any) -> None:
    incidents, ledger = opened(dynamodb)
    for kind in (LedgerKind.DIAGNOSED, LedgerKind.DECIDED):
        assert ledger.append(an_entry(kind)) is True
        assert incidents.get(INCIDENT.id).status == kind.value
    assert incidents.recent(1)[0].status == "decided"


def test_an_entry_is_written_once_and_the_first_one_stays(dynamodb: Any) -> None:
    incidents, ledger = opened(dynamodb)
    ledger.append(an_entry(LedgerKind.DIAGNOSED, 1, cause="oom"))
    ledger.append(an_entry(LedgerKind.DECIDED, 2))
    assert ledger.append(an_entry(LedgerKind.DIAGNOSED, 3, cause="timeout")) is False
    diagnosed = ledger.entries(INCIDENT.id)[0]
    assert diagnosed == an_entry(LedgerKind.DIAGNOSED, 1, cause="oom")
    assert incidents.get(INCIDENT.id).status == "decided"


def test_entries_are_in_order_of_time_and_then_of_kind(dynamodb: Any) -> None:
    _, ledger = opened(dynamodb)
    written = [
        an_entry(LedgerKind.NOTIFIED, 9),
        an_entry(LedgerKind.OUTCOME, 8.5),
        an_entry(LedgerKind.SUGGESTED, 1),
        an_entry(LedgerKind.OPENED, 1),
        an_entry(LedgerKind.DECIDED, 1),
    ]
    for entry in written:
        ledger.append(entry)
    assert [entry.kind.value for entry in ledger.entries(INCIDENT.id)] == [
        "opened",
        "suggested",
        "decided",
        "outcome",
        "notified",
    ]


def test_data_comes_back_as_the_json_it_was(dynamodb: Any) -> None:
    _, ledger = opened(dynamodb)
    data = {"n": 1, "x": 0.1, "none": None, "list": [True, {"a": "ü"}], "empty": ""}
    ledger.append(LedgerEntry(INCIDENT.id, LedgerKind.OUTCOME, NOON, data))
    assert ledger.entries(INCIDENT.id)[0].data == data


def test_entries_are_of_one_incident_only(dynamodb: Any) -> None:
    _, ledger = opened(dynamodb)
    ledger.append(an_entry(LedgerKind.OPENED))
    assert ledger.entries("feedface") == []
    assert len(ledger.entries(INCIDENT.id)) == 1


def test_no_entry_is_written_for_an_incident_that_is_not_there(dynamodb: Any) -> None:
    ledger = DynamoLedger(dynamodb, TABLE, MemoryArchive())
    with pytest.raises(IncidentNotFound, match=INCIDENT.id):
        ledger.append(an_entry(LedgerKind.OPENED))
    assert dynamodb.scan(TableName=TABLE)["Items"] == []


def cancelled(stubber: Stubber, *codes: str) -> None:
    stubber.add_client_error(
        "transact_write_items",
        "TransactionCanceledException",
        modeled_fields={"CancellationReasons": [{"Code": code} for code in codes]},
    )


def test_a_conflict_is_worth_another_attempt(scripted: Scripted) -> None:
    client, stubber = scripted("dynamodb")
    incident = {"Item": {"pk": {"S": "INCIDENT#1"}}}
    stubber.add_response("get_item", incident)
    stubber.add_response("get_item", {})
    cancelled(stubber, "None", "TransactionConflict")
    stubber.add_response("get_item", incident)
    stubber.add_response("get_item", {})
    with pytest.raises(Throttled):
        DynamoLedger(client, TABLE, MemoryArchive()).append(an_entry(LedgerKind.OPENED))


def test_a_transaction_that_is_wrong_is_not_tried_again(scripted: Scripted) -> None:
    client, stubber = scripted("dynamodb")
    stubber.add_response("get_item", {"Item": {"pk": {"S": "INCIDENT#1"}}})
    stubber.add_response("get_item", {})
    cancelled(stubber, "ValidationError", "None")
    with pytest.raises(RequestRejected, match="TransactWriteItems"):
        DynamoLedger(client, TABLE, MemoryArchive()).append(an_entry(LedgerKind.OPENED))


def test_an_opening_that_is_noted_late_takes_no_status_back(dynamodb: Any) -> None:
    incidents, ledger = opened(dynamodb)
    ledger.append(an_entry(LedgerKind.NOTIFIED, 5))
    assert ledger.append(an_entry(LedgerKind.OPENED))
    assert incidents.get(INCIDENT.id).status == LedgerKind.NOTIFIED


def test_one_entry_is_read_by_its_kind(dynamodb: Any) -> None:
    _, ledger = opened(dynamodb)
    assert ledger.entry(INCIDENT.id, LedgerKind.DECIDED) is None
    entry = an_entry(LedgerKind.DECIDED, 1, verdict="act")
    ledger.append(entry)
    assert ledger.entry(INCIDENT.id, LedgerKind.DECIDED) == entry


def test_what_decides_is_read_consistently(dynamodb: Any) -> None:
    """moto is always consistent, so what is asked for is looked at."""
    asked: list[bool] = []

    def note(params: dict[str, Any], **_: object) -> None:
        asked.append(params.get("ConsistentRead", False))

    for operation in ("GetItem", "Query"):
        dynamodb.meta.events.register(f"provide-client-params.dynamodb.{operation}", note)
    incidents, ledger = opened(dynamodb)
    incidents.get(INCIDENT.id)
    ledger.entries(INCIDENT.id)
    ledger.entry(INCIDENT.id, LedgerKind.DECIDED)
    assert asked == [True, True, True]
