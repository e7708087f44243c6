"""What the deployed stack has written down, read through its own adapters."""

from dataclasses import dataclass
from typing import Any

from local.clients import client
from local.hosted import HostedModels
from local.state import CloudState
from selfheal.adapters.dynamodb.actions import DynamoActions
from selfheal.adapters.dynamodb.approvals import DynamoApprovals
from selfheal.adapters.dynamodb.failures import DynamoFailures
from selfheal.adapters.dynamodb.incidents import DynamoIncidents
from selfheal.adapters.dynamodb.ledger import DynamoLedger, DynamoLedgerTable
from selfheal.adapters.dynamodb.models import DynamoModelLedger
from selfheal.adapters.dynamodb.runs import DynamoRuns
from selfheal.adapters.dynamodb.standings import DynamoStandings
from selfheal.adapters.dynamodb.switch import DynamoSwitch
from selfheal.adapters.dynamodb.tracks import DynamoTracks
from selfheal.adapters.s3_ledger import S3ArchiveReader, S3LedgerArchive
from selfheal.adapters.s3_models import S3Models
from selfheal.approval_ports import ApprovalStore
from selfheal.brake_ports import SwitchBoard
from selfheal.domain.policy import Mode
from selfheal.measure_ports import Standings
from selfheal.model_ports import ModelLedger, ModelStore
from selfheal.ports import ActionStore, FailureMemory, IncidentStore, Ledger, RunStore
from selfheal.record_ports import ArchiveReader, LedgerTable, TrackBoard


@dataclass(frozen=True, slots=True)
class Records:
    """The stores of one stack."""

    incidents: IncidentStore
    ledger: Ledger
    runs: RunStore
    standings: Standings
    approvals: ApprovalStore
    failures: FailureMemory


def records(dynamodb: Any, table: str, s3: Any, ledger_bucket: str) -> Records:
    """The stores behind a stack's table, and behind the archive of its ledger."""
    return Records(
        DynamoIncidents(dynamodb, table),
        DynamoLedger(dynamodb, table, S3LedgerArchive(s3, ledger_bucket)),
        DynamoRuns(dynamodb, table),
        DynamoStandings(dynamodb, table),
        DynamoApprovals(dynamodb, table),
        DynamoFailures(dynamodb, table),
    )


def local_records(state: CloudState) -> Records:
    """The stores of the stack in a local cloud."""
    return records(*_places(state))


def local_proof(state: CloudState) -> "Proof":
    """The ledger of the stack in a local cloud, read to be checked."""
    return proof(*_places(state))


def _places(state: CloudState) -> tuple[Any, str, Any, str]:
    outputs = state.outputs
    return (
        client(state, "dynamodb"),
        outputs["TableName"],
        client(state, "s3"),
        outputs["LedgerBucketName"],
    )


@dataclass(frozen=True, slots=True)
class Proof:
    """The two places in which one stack's ledger is kept, to be held against each other."""

    archive: ArchiveReader
    table: LedgerTable


def proof(dynamodb: Any, table: str, s3: Any, ledger_bucket: str) -> Proof:
    """The ledger of a stack, read to be checked."""
    return Proof(S3ArchiveReader(s3, ledger_bucket), DynamoLedgerTable(dynamodb, table))


@dataclass(frozen=True, slots=True)
class Controls:
    """What stops actions in one stack: the kill switch, what budgets and brakes remember, what remedies earned."""

    switch: SwitchBoard
    actions: ActionStore
    tracks: TrackBoard


def controls(dynamodb: Any, table: str, control_table: str) -> Controls:
    """The kill switch and the budgets behind a stack's two tables."""
    return Controls(
        DynamoSwitch(dynamodb, control_table),
        DynamoActions(dynamodb, table),
        DynamoTracks(dynamodb, table, control_table),
    )


@dataclass(frozen=True, slots=True)
class Governed:
    """What a stack was deployed with: its mode, and the name of its policy file."""

    mode: Mode
    policy: str


@dataclass(frozen=True, slots=True)
class Models:
    """The models of one stack, and what was decided about them."""

    store: ModelStore
    ledger: ModelLedger
    hosted: HostedModels | None = None


def models(dynamodb: Any, table: str, s3: Any, bucket: str, hosted: HostedModels | None = None) -> Models:
    """The models behind a stack's bucket and table."""
    return Models(S3Models(s3, bucket), DynamoModelLedger(dynamodb, table), hosted)
