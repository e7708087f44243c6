"""The third of the composition root that hands out what is kept: the stores, in the table and in the lake bucket."""

from functools import cached_property
from typing import TYPE_CHECKING

from selfheal.approval_ports import ApprovalStore, Decisions
from selfheal.brake_ports import Breakers, Switch
from selfheal.domain.conversation import TokenLimits
from selfheal.harm_ports import Harms
from selfheal.measure_ports import Quarantine, Standings
from selfheal.model_ports import DriftStore, ModelLedger, ModelStore
from selfheal.ports import (
    ActionStore,
    Clock,
    FailureMemory,
    IncidentStore,
    Lake,
    LakeReader,
    Ledger,
    RunStore,
    TokenBudget,
    Waiters,
)
from selfheal.record_ports import Labels, TrackRecords
from selfheal.settings import Settings
from selfheal.verify_ports import VainAttempts

if TYPE_CHECKING:
    from selfheal.adapters.session import Clients


class Stores:
    """Every store, built when it is first asked for and kept for the next invocation."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def _clients(self) -> "Clients":
        from selfheal.adapters.session import Clients

        return Clients()

    @property
    def _table(self) -> str:
        return self.settings.text("SELFHEAL_TABLE")

    @cached_property
    def clock(self) -> Clock:
        """Time."""
        from selfheal.adapters.clock import SystemClock

        return SystemClock()

    @cached_property
    def lake(self) -> Lake:
        """The lake bucket."""
        from selfheal.adapters.s3 import S3Lake

        return S3Lake(self._clients("s3"), self.settings.text("SELFHEAL_LAKE_BUCKET"))

    @cached_property
    def tracks(self) -> TrackRecords:
        """What came of each remedy."""
        from selfheal.adapters.dynamodb.tracks import DynamoTracks

        control = self.settings.text("SELFHEAL_CONTROL_TABLE")
        return DynamoTracks(self._clients("dynamodb"), self._table, control)

    @cached_property
    def labels(self) -> Labels:
        """Labelled failures: the lake bucket, beside the lake."""
        from selfheal.adapters.s3_labels import S3Labels

        return S3Labels(self._clients("s3"), self.settings.text("SELFHEAL_LAKE_BUCKET"))

    @cached_property
    def quarantine(self) -> Quarantine:
        """Where measurements go that cannot be believed: the lake bucket, beside the lake."""
        from selfheal.adapters.s3_quarantine import S3Quarantine

        return S3Quarantine(self._clients("s3"), self.settings.text("SELFHEAL_LAKE_BUCKET"))

    @cached_property
    def lake_reader(self) -> LakeReader:
        """The lake bucket, read back."""
        from selfheal.adapters.s3_reader import S3LakeReader

        return S3LakeReader(self._clients("s3"), self.settings.text("SELFHEAL_LAKE_BUCKET"))

    @cached_property
    def runs(self) -> RunStore:
        """Measured runs."""
        from selfheal.adapters.dynamodb.runs import DynamoRuns

        return DynamoRuns(self._clients("dynamodb"), self._table)

    @cached_property
    def failures(self) -> FailureMemory:
        """Failures by fingerprint."""
        from selfheal.adapters.dynamodb.failures import DynamoFailures

        return DynamoFailures(self._clients("dynamodb"), self._table)

    @cached_property
    def standings(self) -> Standings:
        """How pipelines stand."""
        from selfheal.adapters.dynamodb.standings import DynamoStandings

        return DynamoStandings(self._clients("dynamodb"), self._table)

    @cached_property
    def incidents(self) -> IncidentStore:
        """Incidents."""
        from selfheal.adapters.dynamodb.incidents import DynamoIncidents

        return DynamoIncidents(self._clients("dynamodb"), self._table)

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger: its archive, and the table that follows it."""
        from selfheal.adapters.dynamodb.ledger import DynamoLedger
        from selfheal.adapters.s3_ledger import S3LedgerArchive

        archive = S3LedgerArchive(self._clients("s3"), self.settings.text("SELFHEAL_LEDGER_BUCKET"))
        return DynamoLedger(self._clients("dynamodb"), self._table, archive)

    @cached_property
    def actions(self) -> ActionStore:
        """Actions and budgets."""
        from selfheal.adapters.dynamodb.actions import DynamoActions

        return DynamoActions(self._clients("dynamodb"), self._table)

    @cached_property
    def harms(self) -> Harms:
        """Which alarms incidents are about."""
        from selfheal.adapters.dynamodb.harms import DynamoHarms

        return DynamoHarms(self._clients("dynamodb"), self._table)

    @cached_property
    def breakers(self) -> Breakers:
        """The circuit breakers."""
        from selfheal.adapters.dynamodb.breakers import DynamoBreakers

        return DynamoBreakers(self._clients("dynamodb"), self._table)

    @cached_property
    def switch(self) -> Switch:
        """The kill switch, to be read."""
        from selfheal.adapters.dynamodb.switch import DynamoSwitch

        return DynamoSwitch(self._clients("dynamodb"), self.settings.text("SELFHEAL_CONTROL_TABLE"))

    @cached_property
    def vain(self) -> VainAttempts:
        """What was tried in vain."""
        from selfheal.adapters.dynamodb.vain import DynamoVain

        return DynamoVain(self._clients("dynamodb"), self._table)

    @cached_property
    def decisions(self) -> Decisions:
        """What was decided."""
        from selfheal.adapters.dynamodb.decisions import DynamoDecisions

        return DynamoDecisions(self._clients("dynamodb"), self._table)

    @cached_property
    def approvals(self) -> ApprovalStore:
        """What people were asked, and what they answered."""
        from selfheal.adapters.dynamodb.approvals import DynamoApprovals

        return DynamoApprovals(self._clients("dynamodb"), self._table)

    @cached_property
    def token_budget(self) -> TokenBudget:
        """What models may use, counted in the one table that suggest_remedy may write to."""
        from selfheal.adapters.dynamodb.token_budget import DynamoTokenBudget

        table = self.settings.text("SELFHEAL_MODEL_BUDGET_TABLE")
        limits = TokenLimits(
            per_incident=int(self.settings.number("SELFHEAL_MODEL_TOKENS_PER_INCIDENT", least=0)),
            per_day=int(self.settings.number("SELFHEAL_MODEL_TOKENS_PER_DAY", least=0)),
        )
        return DynamoTokenBudget(self._clients("dynamodb"), table, self.clock, limits)

    @cached_property
    def waiters(self) -> Waiters:
        """Who waits for what."""
        from selfheal.adapters.dynamodb.waiters import DynamoWaiters

        return DynamoWaiters(self._clients("dynamodb"), self._table, self.clock)

    @cached_property
    def models(self) -> ModelStore:
        """The versions of the global model."""
        from selfheal.adapters.s3_models import S3Models

        return S3Models(self._clients("s3"), self.settings.text("SELFHEAL_LAKE_BUCKET"))

    @cached_property
    def hosted_models(self) -> ModelStore:
        """The versions of the hosted forest, by their thresholds."""
        from selfheal.adapters.s3_models import HOSTED, S3Models

        return S3Models(self._clients("s3"), self.settings.text("SELFHEAL_LAKE_BUCKET"), HOSTED)

    @cached_property
    def model_ledger(self) -> ModelLedger:
        """The record of what was decided about models."""
        from selfheal.adapters.dynamodb.models import DynamoModelLedger

        return DynamoModelLedger(self._clients("dynamodb"), self._table)

    @cached_property
    def drift(self) -> DriftStore:
        """What the checks for drift remember."""
        from selfheal.adapters.dynamodb.models import DynamoDrift

        return DynamoDrift(self._clients("dynamodb"), self._table)
